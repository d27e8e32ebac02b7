"""The compiled library: what it computes is compared in test_torch.py; here, how it is had and what it is given."""

import os
import subprocess
import sys

import numpy as np
import pytest
import torch

from softermax.model import UQ, Q, SoftermaxConfig
from softermax.model import softmax as golden
from softermax.model import softmax_raw as golden_raw
from softermax.model.torch import kernel, softmax, softmax_raw

CONFIG = SoftermaxConfig.faithful(rounding="cascade", base="e")
EXPECTED = softmax(torch.arange(12.0).view(3, 4), CONFIG).tolist()
CODE = f"""
import torch
from softermax.model import SoftermaxConfig
from softermax.model.torch import kernel, softmax
config = SoftermaxConfig.faithful(rounding="cascade", base="e")
assert softmax(torch.arange(12.0).view(3, 4), config).tolist() == {EXPECTED}
print(kernel.library() is not None)
"""


def has_library(**environment) -> bool:
    """Whether a new process has one; its results are the same anyway."""
    done = subprocess.run(
        [sys.executable, "-c", CODE], env=os.environ | environment, capture_output=True, text=True, check=True
    )
    assert not done.stderr
    return done.stdout == "True\n"


def test_it_is_compiled_once_into_the_users_cache(tmp_path):
    assert has_library(XDG_CACHE_HOME=str(tmp_path))
    [file] = (tmp_path / "softermax").iterdir()
    before = file.stat().st_mtime_ns
    assert has_library(XDG_CACHE_HOME=str(tmp_path))
    assert [file.stat().st_mtime_ns for file in (tmp_path / "softermax").iterdir()] == [before]


@pytest.mark.parametrize("compiler", ["no-such-compiler", "false", "true"])
def test_without_a_compiler_that_works_operations_do_the_work(tmp_path, compiler):
    assert not has_library(XDG_CACHE_HOME=str(tmp_path), CXX=compiler)


def test_where_nothing_can_be_kept_operations_do_the_work(tmp_path):
    (tmp_path / "file").write_text("")
    assert not has_library(XDG_CACHE_HOME=str(tmp_path / "file"))


def test_it_is_not_taken_if_not_wanted():
    assert not has_library(SOFTERMAX_KERNEL="0")


def both(scores, config=CONFIG, mask=None):
    """By the library, which must do it, and by the golden model."""
    y, finite = kernel.kernel_rows(scores, mask, config, torch.float32)
    assert finite
    expected = golden(scores.double().numpy(), config, None if mask is None else mask.numpy())
    np.testing.assert_array_equal(y.double().numpy(), expected)


@pytest.mark.parametrize("length", [1, 2, 15, 16, 17, 31, 33, 108, 110, 384])
def test_rows_of_every_length_around_slices_and_tables(length):
    scores = 6 * torch.randn(40, length, generator=torch.Generator().manual_seed(length))
    mask = torch.rand(40, length, generator=torch.Generator().manual_seed(1)) < 0.5
    mask[3] = False
    for config in (CONFIG, SoftermaxConfig.faithful(), SoftermaxConfig.paper(lanes=32)):
        both(scores, config)
        both(scores, config, mask)


def test_masks_of_any_strides():
    scores = 4 * torch.randn(2, 3, 50, 60, generator=torch.Generator().manual_seed(1))
    dense = torch.rand(60, 50, generator=torch.Generator().manual_seed(2)) < 0.7
    for mask in (
        dense.T,
        dense[::2, ::2].repeat(2, 3)[:50, :60],
        dense.T[None, None, :1],
        dense.T[:, :1],
        torch.ones(2, 1, 1, 1, dtype=torch.bool),
        torch.zeros(2, 3, 1, 60, dtype=torch.bool),
    ):
        both(scores, CONFIG, mask.expand(scores.shape))


def test_tensors_of_more_axes_than_it_has():
    scores = torch.randn(*[1] * 18, 3, 20, generator=torch.Generator().manual_seed(1))
    assert kernel.kernel_rows(scores, None, CONFIG, torch.float32) == (None, True)
    np.testing.assert_array_equal(softmax(scores, CONFIG).double().numpy(), golden(scores.numpy(), CONFIG))


@pytest.mark.parametrize("config", [SoftermaxConfig.paper(lanes=1, max_len=200), SoftermaxConfig(
    lanes=1, max_len=200, input=Q(7, 3), unnormed=UQ(1, 30), power_sum=UQ(10, 20), rounding="nearest",
)], ids=["paper", "fine sums"])  # fmt: skip
def test_maxima_that_rise_again_and_again(config, monkeypatch):
    """What is dropped at each rise adds up: in a loop in the library, all at once in operations."""
    generator = np.random.default_rng(1)
    steps = generator.integers(0, 1 << config.input.fraction_bits, (300, 200))
    span = config.input.max_raw - config.input.min_raw
    raw = config.input.min_raw + np.minimum(np.cumsum(steps, axis=1) * generator.integers(1, 4, (300, 1)), span)
    expected = golden_raw(raw, config)
    np.testing.assert_array_equal(softmax_raw(torch.tensor(raw), config).numpy(), expected)
    monkeypatch.setattr(kernel, "library", lambda: None)
    np.testing.assert_array_equal(softmax_raw(torch.tensor(raw), config).numpy(), expected)
