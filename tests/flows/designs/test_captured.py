"""Captured heads: those that softmax is measured on, and the rows that energy is measured on."""

import numpy as np
import pytest

from softermax.flows.designs.captured import real_rows, rows_of_length, softmax_heads
from softermax.flows.errors import FlowError
from softermax.model import SoftermaxConfig
from softermax.model.baseline import BaselineConfig
from softermax.sim.attention import load_heads


def test_softmax_is_measured_on_heads_of_one_size():
    heads = softmax_heads(384)
    assert {head.d_head for head in heads} == {32}
    assert len(heads) == 21
    # The figures of README and docs/ are on these rows.
    assert len(real_rows(384)) == sum(head.tokens for head in heads) == 3494


def test_only_rows_that_fit():
    assert {head.tokens for head in softmax_heads(64)} == {16, 31, 64}
    with pytest.raises(FlowError, match="max_len must be 16 or more"):
        real_rows(15)


@pytest.mark.parametrize("length", [1, 100, 384, 1000])
def test_rows_of_any_length_are_the_longest_heads_cut(length):
    rows = rows_of_length(SoftermaxConfig.faithful(lanes=16, max_len=1000), length)
    heads = [head for head in load_heads() if head.tokens == 1024]
    assert len(heads) == 4
    expected = np.concatenate([head.scores[:length, :length] for head in heads])
    np.testing.assert_array_equal([raw for raw, _ in rows], expected)
    assert all(mask.shape == (length,) and mask.all() for _, mask in rows)


def test_rows_of_the_baseline_are_the_same_numbers_in_binary16():
    rows = rows_of_length(SoftermaxConfig.faithful(lanes=16, max_len=384), 30)
    binary16 = rows_of_length(BaselineConfig(lanes=16, max_len=384), 30)
    numbers = np.array([raw for raw, _ in binary16], np.uint16).view(np.float16)
    np.testing.assert_array_equal(numbers, np.array([raw for raw, _ in rows]) / 4)
    np.testing.assert_array_equal([mask for _, mask in binary16], [mask for _, mask in rows])


@pytest.mark.parametrize(
    ("max_len", "length", "count"), [(384, 384, 1536), (384, 385, 0), (2048, 1024, 4096), (2048, 1025, 0), (384, 0, 0)]
)
def test_rows_of_a_length_that_does_not_fit_are_none(max_len, length, count):
    assert len(rows_of_length(SoftermaxConfig.faithful(lanes=16, max_len=max_len), length)) == count
