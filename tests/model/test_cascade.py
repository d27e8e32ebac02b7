"""Cascade rounding: outputs are floors and ceilings, rows sum to one, bounds hold against rows made to break them."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given

from softermax.model import UQ, SoftermaxConfig
from softermax.model.cascade import cascaded
from softermax.model.error_budget import error_budget
from softermax.model.faithful import FEW_GUARD_BITS, enough_guard_bits
from softermax.model.golden import softmax_raw

from . import oracle
from .strategies import configs_and_rows, examples

STYLES = ("multiply", "row_product")


def cascade(max_len=384, **options):
    return SoftermaxConfig.faithful(max_len=max_len, rounding="cascade", **options)


def test_results_by_hand():
    """Two guard bits: quarters. From 1/2, thirds of a unit are rounded to 1/4 and add up; the last is rounded up."""
    config = cascade(guard_bits=2)
    results = np.array([[[1, 1, 1], [1, 6, 0]]])
    # 1/2, 3/4, 1, 5/4, 3/2, 3, 3: floors 0, 0, 1, 1, 1, 3, 3.
    assert cascaded(results, config).tolist() == [[[0, 1, 0], [0, 2, 0]]]


def test_rows_are_apart():
    config = cascade(guard_bits=2)
    results = np.array([[[1, 0]], [[1, 0]]])
    assert cascaded(results, config).tolist() == [[[0, 0]], [[0, 0]]]


@examples(100)
@given(configs_and_rows(max_lanes=4))
def test_every_output_is_a_floor_or_a_ceiling_and_the_row_sums_to_its_rounded_total(case):
    config, raw, kept = case
    assume(config.rounding == "cascade")
    y = softmax_raw(raw, config, kept).tolist()
    assert not any(np.array(y)[~kept])
    values = results_of(raw, kept, config)
    most = config.output.max_raw
    assert all(min(value // 1, most) <= y_i <= -(-value // 1) for value, y_i in zip(values, y, strict=True))
    if max(values) <= most:
        assert sum(y) == (sum(values) + Fraction(1, 2)) // 1


def results_of(raw, kept, config):
    """What is cascaded, in units of the output: as an output with as many bits more, rounded to nearest, would be."""
    row = oracle.softermax_row(raw, kept, config)
    d = row.power_sum[-1]
    if config.normalizer == "row_product":
        exact = oracle.select(raw.tolist(), kept.tolist(), row.maximum[-1], d, config)
    else:
        exact = []
        for numerators, slice_maximum in zip(row.numerators, row.slice_maximum, strict=True):
            exact += oracle.normalize(numerators, row.maximum[-1] - slice_maximum, d, config)
    assert oracle.rounded(exact, config) == row.y
    unit = Fraction(1, 1 << config.guard_bits)
    return [(value / unit + Fraction(1, 2)) // 1 * unit for value in exact]


@pytest.mark.parametrize("normalizer", STYLES)
@pytest.mark.parametrize("max_len", [512, 1024, 65536])
def test_equal_scores_sum_to_one(max_len, normalizer):
    config = cascade(max_len=max_len, normalizer=normalizer)
    y = softmax_raw(np.zeros(max_len, int), config)
    assert y.sum() == 256
    assert set(y.tolist()) == {0, 1} if max_len > 256 else {1}


def test_one_score_saturates():
    assert softmax_raw([3], cascade()).tolist() == [255]
    assert softmax_raw([3], cascade(output=UQ(1, 7))).tolist() == [128]


@pytest.mark.parametrize("normalizer", STYLES)
@pytest.mark.parametrize("guard_bits", [None, FEW_GUARD_BITS])
@pytest.mark.parametrize("max_len", [96, 1024])
def test_bounds_hold_against_rows_made_to_make_the_sum_drift(max_len, guard_bits, normalizer):
    """Plateaus of every height below one score, whose results are all rounded alike, and random rows."""
    config = cascade(max_len=max_len, guard_bits=guard_bits, normalizer=normalizer, output=UQ(1, 8))
    rng = np.random.default_rng(5)
    top, heights = config.input.max_raw, np.arange(1, 60)
    plateaus = np.repeat(top - heights[:, None], max_len, axis=1)
    plateaus[:, :: max_len // 3] = top
    mixed = top - rng.integers(1, 60, (200, 1)) - (rng.random((200, max_len)) < rng.random((200, 1)))
    rows = np.concatenate([plateaus, plateaus[:, ::-1], mixed, top - rng.geometric(0.1, (200, max_len)).clip(max=99)])
    y = softmax_raw(rows, config)
    exact = np.exp2(config.input.to_real(rows))
    exact /= exact.sum(axis=-1, keepdims=True)
    budget = error_budget(config)
    off = y / 256 - exact
    assert np.abs(off).max() * 256 < 1 + budget.total
    drift = np.abs(y.sum(axis=-1) - 256)
    assert drift.max() <= budget.row_sum
    if guard_bits is None:
        assert drift.max() <= 1
    else:
        # A bound that is far from what happens would be of no use.
        assert drift.max() >= budget.row_sum / 5


def test_guard_bits_follow_from_the_length():
    assert [enough_guard_bits(n) for n in (1, 2, 4, 5, 384, 1024, 1025, 65536)] == [1, 1, 1, 2, 8, 9, 10, 15]
    for max_len in (384, 1024, 4096):
        config = cascade(max_len=max_len)
        assert error_budget(config).row_sum < 2
        assert error_budget(config).total < 0.5
