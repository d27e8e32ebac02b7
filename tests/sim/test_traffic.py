"""Stimuli: seeded, and holding everything that they promise to hold."""

from itertools import groupby

import numpy as np
import pytest

from softermax.model import UQ, Q, SoftermaxConfig
from softermax.sim.traffic import bursty, random_rows, rows_to_slices

CONFIG = SoftermaxConfig.paper(lanes=4, max_len=30)
ROWS = random_rows(np.random.default_rng(1), CONFIG, 400)


def fraction(holds):
    """Of the 400 rows, how many."""
    return np.mean([bool(holds(raw.astype(int), mask)) for raw, mask in ROWS])


def slice_maxima(raw, mask):
    x, keep, _ = rows_to_slices([(raw, mask)], CONFIG)
    return np.where(keep, x, -128).max(axis=1)


def test_the_same_seed_gives_the_same_rows_and_another_seed_others():
    first, again, other = (random_rows(np.random.default_rng(seed), CONFIG, 20) for seed in (5, 5, 6))
    for (raw, mask), (raw_again, mask_again) in zip(first, again, strict=True):
        np.testing.assert_array_equal(raw, raw_again)
        np.testing.assert_array_equal(mask, mask_again)
    assert [len(raw) for raw, _ in first] != [len(raw) for raw, _ in other]


def test_rows_are_raw_scores_with_masks():
    assert len(ROWS) == 400
    for raw, mask in ROWS:
        assert raw.dtype == np.int16
        assert mask.dtype == bool
        assert raw.shape == mask.shape


def test_lengths_reach_from_one_to_a_slice_more_than_the_capacity():
    lengths = {len(raw) for raw, _ in ROWS}
    assert lengths <= set(range(1, 32 + 4 + 1))  # 30 rounded up to slices of 4, and a slice
    assert {1, 32, 33, 36} <= lengths


@pytest.mark.parametrize(
    ("least", "holds"),
    [
        (0.04, lambda raw, mask: len(raw) > 32),
        (0.3, lambda raw, mask: len(raw) % 4),
        (0.1, lambda raw, mask: len(raw) <= 4),
        (0.4, lambda raw, mask: mask.all()),
        (0.02, lambda raw, mask: not mask.any()),
        (0.1, lambda raw, mask: mask.any() and not mask.all()),
        (0.05, lambda raw, mask: mask.any() and not rows_to_slices([(raw, mask)], CONFIG)[1].any(axis=1).all()),
        (0.02, lambda raw, mask: len(raw) > 8 and (np.diff(slice_maxima(raw, mask)) > 0).all()),
        (0.02, lambda raw, mask: len(raw) > 8 and (np.diff(slice_maxima(raw, mask)) < 0).all()),
        (0.1, lambda raw, mask: {-128, 127} <= set(raw.tolist())),
        (0.02, lambda raw, mask: len(raw) > 4 and len(set(raw.tolist())) == 1),
    ],
    ids=["overlong", "ragged", "one slice", "all kept", "all masked", "some masked", "a masked slice", "rising maxima",
         "falling maxima", "both extremes", "all equal"],
)  # fmt: skip
def test_what_is_difficult_is_there(least, holds):
    assert fraction(holds) >= least


@pytest.mark.parametrize("fmt", [Q(1, 0), Q(4, 8), Q(12, 0)], ids=str)
def test_scores_stay_in_any_format_and_reach_its_ends(fmt):
    config = SoftermaxConfig(lanes=4, max_len=30, input=fmt, power_sum=UQ(10, 6))
    rows = random_rows(np.random.default_rng(2), config, 200)
    scores = np.concatenate([raw for raw, _ in rows])
    assert (scores.min(), scores.max()) == (fmt.min_raw, fmt.max_raw)


def test_rows_to_slices_by_hand():
    rows = [([1, 2, 3], [1, 0, 1]), ([4, 5], [1, 1]), ([6], [0])]
    config = SoftermaxConfig.paper(lanes=2, max_len=4)
    x, keep, last = rows_to_slices([(np.array(raw, np.uint16), np.array(mask, bool)) for raw, mask in rows], config)
    np.testing.assert_array_equal(x, [[1, 2], [3, 0], [4, 5], [6, 0]])
    np.testing.assert_array_equal(keep, [[1, 0], [1, 0], [1, 1], [0, 0]])
    np.testing.assert_array_equal(last, [0, 1, 1, 1])
    assert (x.dtype, keep.dtype, last.dtype) == (np.uint16, bool, bool)


def test_rows_to_slices_loses_nothing():
    x, keep, last = rows_to_slices(ROWS, CONFIG)
    ends = np.flatnonzero(last) + 1
    assert len(ends) == len(ROWS)
    for (raw, mask), row_x, row_keep in zip(ROWS, np.split(x, ends), np.split(keep, ends), strict=False):
        np.testing.assert_array_equal(row_x.reshape(-1)[: len(raw)], raw)
        np.testing.assert_array_equal(row_keep.reshape(-1)[: len(raw)], mask)
        assert not row_keep.reshape(-1)[len(raw) :].any()
        assert len(row_x) == -(-len(raw) // 4)


@pytest.mark.parametrize("cycles", [1, 2, 17, 5000])
def test_waves_are_as_long_as_asked_and_never_all_false(cycles):
    for seed in range(20):
        permit = bursty(np.random.default_rng(seed), cycles)
        assert permit.shape == (cycles,)
        assert permit.any()


def test_waves_hold_bursts_standstills_and_trickles():
    permit = bursty(np.random.default_rng(3), 5000)
    np.testing.assert_array_equal(permit, bursty(np.random.default_rng(3), 5000))
    lengths = {True: [], False: []}
    for value, run in groupby(permit.tolist()):
        lengths[value].append(len(list(run)))
    assert max(lengths[True]) > 30
    assert max(lengths[False]) > 30
    assert lengths[True].count(1) > 100
    assert 0.3 < permit.mean() < 0.8
