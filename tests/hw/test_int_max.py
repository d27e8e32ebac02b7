"""IntMax: against its definition, exhaustively where it is small."""

from itertools import product
from math import ceil

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from softermax.hw import IntMax
from softermax.model import Q, SoftermaxConfig
from softermax.model.unnormed import int_max
from softermax.sim.amaranth_bench import observe_in_amaranth

from ..model.strategies import configs, examples
from .packing import pack, to_signed


def maxima(config, x, keep):
    """IntMax of every row of ``x`` and ``keep``, (slices, lanes)."""
    inputs = {"x": pack(x, config.input.width), "keep": pack(keep, 1)}
    return [to_signed(m, config.maximum.width) for m in observe_in_amaranth(IntMax(config), inputs)["maximum"]]


def defined(config, x, keep):
    """The largest ceiling over the kept lanes; without one, the least score's."""
    least = -(2 ** (config.input.integer_bits - 1))
    step = 2**config.input.fraction_bits
    return [
        max([least, *(ceil(v / step) for v, k in zip(*row, strict=True) if k)]) for row in zip(x, keep, strict=True)
    ]


@pytest.mark.parametrize("fmt", [Q(3, 2), Q(5, 0), Q(1, 4), Q(1, 0)], ids=str)
def test_every_pair_of_scores_under_every_mask(fmt):
    config = SoftermaxConfig(lanes=2, max_len=2, input=fmt)
    scores = range(fmt.min_raw, fmt.max_raw + 1)
    x, keep = zip(*product(product(scores, repeat=2), product((0, 1), repeat=2)), strict=True)
    assert maxima(config, x, keep) == defined(config, x, keep)


@pytest.mark.parametrize("lanes", [1, 3, 16])
def test_every_paper_score_in_every_lane_among_the_lowest(lanes):
    config = SoftermaxConfig.paper(lanes=lanes, max_len=64)
    x = np.full((256, lanes, lanes), -128)
    x[:, range(lanes), range(lanes)] = np.arange(-128, 128)[:, None]
    x = x.reshape(-1, lanes)
    assert maxima(config, x, np.ones_like(x)) == np.repeat(np.ceil(np.arange(-128, 128) / 4), lanes).tolist()


def test_the_ceiling_of_the_highest_score_does_not_wrap():
    # 31.75 rounds up to 32, which Q(6,2) itself cannot hold.
    config = SoftermaxConfig.paper(lanes=2, max_len=2)
    assert maxima(config, [[127, -128]], [[1, 1]]) == [32]


@examples(25)
@given(config=configs(max_lanes=64), seed=st.integers(0, 999))
def test_random_slices_equal_the_definition_and_the_golden_model(config, seed):
    rng = np.random.default_rng(seed)
    x = rng.integers(config.input.min_raw, config.input.max_raw + 1, size=(60, config.lanes)).astype(np.int16)
    keep = rng.random(x.shape) < rng.choice([0, 0.05, 0.5, 1], size=(60, 1))
    seen = maxima(config, x, keep)
    assert seen == defined(config, x.tolist(), keep)
    assert seen == int_max(x, keep, config).tolist()
