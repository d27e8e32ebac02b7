"""Unnormed Softmax Unit: IntMax, Power of Two and Reduction, each against what it means in exact arithmetic."""

from math import ceil

import numpy as np
import pytest
from hypothesis import example, given

from softermax.model import UQ, Q, SoftermaxConfig
from softermax.model.rows import to_slices
from softermax.model.unnormed import int_max, power_of_two, reduction, unnormed_softmax

from . import oracle
from .strategies import configs_and_rows, examples

PAPER = SoftermaxConfig.paper(lanes=16, max_len=384)
SCALAR = SoftermaxConfig(lanes=1, max_len=1000)  # a slice for each score

FINE = [
    SoftermaxConfig(lanes=4, max_len=8, input=Q(4, 4)),
    SoftermaxConfig(lanes=4, max_len=8, input=Q(3, 5), power_segments=8),
    SoftermaxConfig(lanes=4, max_len=8, input=Q(4, 8), unnormed=UQ(1, 20)),
    SoftermaxConfig(lanes=4, max_len=8, input=Q(8, 0)),
]


def every_score(config):
    """All raw scores, as int16."""
    return np.arange(config.input.min_raw, config.input.max_raw + 1, dtype=np.int16)


def one_score_slices(*scores):
    """Slices of a single score each, for SCALAR."""
    return SCALAR.input.quantise(scores)[:, None]


# IntMax


def test_int_max_of_every_score_is_its_ceiling():
    x = every_score(PAPER)
    assert int_max(x[:, None], None, PAPER).tolist() == [ceil(raw / 4) for raw in range(-128, 128)]


def test_int_max_of_the_highest_score_needs_the_extra_bit():
    assert int_max(np.array([127], np.int8), None, PAPER) == 32  # ceil(31.75)


def test_int_max_ignores_masked_lanes():
    x = np.array([[127, 5, -3], [127, -100, 0]], np.int8)
    keep = np.array([[False, True, True], [False, False, False]])
    assert int_max(x, keep, PAPER).tolist() == [2, -32]  # ceil(1.25); the lowest maximum


def test_int_max_takes_the_largest_lane():
    x = np.array([[1, 2, 3, 4], [-9, -7, -8, -128], [5, 4, 5, 4]], np.int8)
    assert int_max(x, None, PAPER).tolist() == [1, -1, 2]


# Power of Two


@pytest.mark.parametrize("config", [PAPER, *FINE], ids=lambda config: str(config.input))
def test_power_of_two_of_every_score_and_maximum(config):
    """Within the table's error, shifted as its entry is, and the unit that the shift truncates; never above 1."""
    x = every_score(config)
    scores = config.input.to_real(x)
    unit, error = config.unnormed.ulp, config.power_table.error_bound
    for maximum in range(int(scores.min()), int(np.ceil(scores.max())) + 1):
        below = np.ceil(scores) <= maximum
        shift = maximum - np.floor(scores[below])
        u = power_of_two(x[below][:, None], None, np.full(below.sum(), maximum), config)[:, 0] * unit
        exact = 2.0 ** (scores[below] - maximum)
        assert (u <= exact + error * 2.0**-shift).all()
        assert (u > exact - error * 2.0**-shift - np.where(shift > 0, unit, 2.0**-60)).all()
        assert u.max(initial=0) <= 1
        assert (np.diff(u) >= 0).all()


def test_power_of_two_of_the_paper_is_within_half_a_unit_before_the_shift():
    assert PAPER.power_table.error_bound == 2.0**-16


@pytest.mark.parametrize(
    ("score", "maximum", "u"),
    [
        (0.0, 0, 32768),
        (31.75, 32, 55109 >> 1),
        (-0.25, 0, 55109 >> 1),
        (-0.5, 0, 46341 >> 1),
        (0.25, 1, 38968 >> 1),
        (-15.0, 0, 1),
        (-15.25, 0, 0),
        (-32.0, 32, 0),
    ],
)
def test_power_of_two_by_hand(score, maximum, u):
    assert power_of_two(PAPER.input.quantise([score]), None, np.array(maximum), PAPER).tolist() == [u]


def test_power_of_two_of_masked_lanes_is_zero_whatever_they_hold():
    x = np.array([[127, 0, -128], [-128, 127, 127]], np.int8)
    keep = np.array([[False, True, False], [True, False, False]])
    maximum = np.array([0, -32])
    assert power_of_two(x, keep, maximum, PAPER).tolist() == [[0, 32768, 0], [32768, 0, 0]]


# Reduction


@pytest.mark.parametrize(
    ("scores", "sums", "maxima"),
    [
        ([0, 1, 2, 3], [64, 96, 112, 120], [0, 1, 2, 3]),  # 1, 1/2 + 1, ...
        ([3, 2, 1, 0], [64, 96, 112, 120], [3, 3, 3, 3]),
        ([0, 0, 0], [64, 128, 192], [0, 0, 0]),
        ([-32, 31.75], [64, 53], [-32, 32]),  # a shift of 64 leaves nothing; 27554 / 512 = 53.8
        ([31.75, -32], [53, 53], [32, 32]),
        ([0, 1, 0, 2, -5, 7], [64, 96, 128, 128, 128, 68], [0, 1, 1, 2, 2, 7]),  # truncating each time
    ],
)
def test_reduction_by_hand(scores, sums, maxima):
    rows = unnormed_softmax(one_score_slices(*scores), None, SCALAR)
    assert rows.power_sum.tolist() == sums
    assert rows.maximum.tolist() == maxima
    assert not rows.saturated.any()


def test_reduction_adds_the_lanes_exactly_before_it_truncates():
    """Sixteen numerators of 1.5 units of the sum make 24 units, not 16."""
    rows = reduction(np.full((1, 16), 768), np.array([0]), PAPER)
    assert rows[1].tolist() == [24]


def test_reduction_truncates_slice_sum_and_running_sum_apart():
    """Each of the two shifts drops its own fraction: 63 >> 1 and 2**-9 units make 31, though 31.5 + 31.5 make 63."""
    config = SoftermaxConfig(lanes=1, max_len=9, unnormed=UQ(1, 6))
    assert reduction(np.array([[63], [63]]), np.array([0, 1]), config)[1].tolist() == [63, 31 + 63]
    assert reduction(np.array([[63], [63]]), np.array([1, 0]), config)[1].tolist() == [63, 63 + 31]


def test_reduction_widens_to_a_finer_sum():
    config = SoftermaxConfig(lanes=2, max_len=4, unnormed=UQ(1, 3), power_sum=UQ(4, 10))
    assert reduction(np.array([[8, 5]]), np.array([0]), config)[1].tolist() == [13 << 7]


@pytest.mark.parametrize("masked", [0, 1, 2], ids=["first", "middle", "last"])
def test_a_slice_without_a_kept_lane_changes_nothing(masked):
    x = one_score_slices(3, -2, 5)
    keep = np.ones((3, 1), bool)
    keep[masked] = False
    rows = unnormed_softmax(x, keep, SCALAR)
    without = unnormed_softmax(np.delete(x, masked, axis=0), None, SCALAR)
    assert rows.numerators[masked].tolist() == [0]
    assert rows.slice_maximum[masked] == -32
    assert (rows.power_sum[-1], rows.maximum[-1]) == (without.power_sum[-1], without.maximum[-1])


def test_a_row_without_a_kept_lane_sums_to_zero():
    rows = unnormed_softmax(np.full((3, 16), 99, np.int8), np.zeros((3, 16), bool), PAPER)
    assert not rows.numerators.any()
    assert rows.power_sum.tolist() == [0, 0, 0]
    assert rows.maximum.tolist() == [-32, -32, -32]


# Saturation


def test_saturation_starts_at_the_first_sum_that_does_not_fit_and_stays_flagged():
    """16 slices of 64 ones reach 1024; after one slice of the next maximum, 65535 >> 1 and 4096 fit again."""
    config = SoftermaxConfig.paper(lanes=64, max_len=17 * 64, saturate=True)
    x = np.repeat(np.array([0] * 16 + [4], np.int8), 64).reshape(17, 64)
    rows = unnormed_softmax(x, None, config)
    assert rows.power_sum.tolist() == [4096 * n for n in range(1, 16)] + [65535, 32767 + 4096]
    assert rows.saturated.tolist() == [False] * 15 + [True] * 2


def test_a_sum_that_just_fits_is_not_saturated():
    """1 + 1/2 + 1/4 is the largest UQ(1,2); another 1/8 is truncated to nothing."""
    config = SoftermaxConfig(lanes=1, max_len=9, power_sum=UQ(1, 2), saturate=True)
    rows = unnormed_softmax(one_score_slices(0, -1, -2, -3), None, config)
    assert rows.power_sum.tolist() == [4, 6, 7, 7]
    assert not rows.saturated.any()


def test_a_saturated_sum_stays_saturated():
    config = SoftermaxConfig(lanes=1, max_len=9, power_sum=UQ(1, 2), saturate=True)
    rows = unnormed_softmax(one_score_slices(0, 0, 0, -1, -30), None, config)
    assert rows.power_sum.tolist() == [4, 7, 7, 7, 7]
    assert rows.saturated.tolist() == [False, True, True, True, True]


@pytest.mark.parametrize("rows", [(), (3,)], ids=["one row", "three rows"])
@pytest.mark.parametrize(("lanes", "power_sum"), [(64, UQ(1, 1)), (64, UQ(1, 2)), (256, UQ(3, 2)), (1024, UQ(6, 6))])
def test_a_single_slice_that_far_exceeds_the_sum_saturates(lanes, power_sum, rows):
    config = SoftermaxConfig(lanes=lanes, max_len=lanes, power_sum=power_sum, saturate=True)
    reduced = unnormed_softmax(np.zeros((*rows, 1, lanes), np.int8), None, config)
    assert (reduced.power_sum == power_sum.max_raw).all()
    assert reduced.saturated.all()


# Against the oracle


def _all_equal(value, integer_bits, fraction_bits, *, lanes=64):
    config = SoftermaxConfig(
        lanes=lanes, max_len=2 * lanes, power_sum=UQ(integer_bits, fraction_bits), unnormed=UQ(1, 15), saturate=True
    )
    return config, np.full(2 * lanes, value), np.ones(2 * lanes, bool)


def _far_apart(first, second):
    config = SoftermaxConfig(lanes=2, max_len=4, power_sum=UQ(10, 38))
    return config, np.array([first, first, second, second]), np.ones(4, bool)


@examples(400)
@given(configs_and_rows())
@example(_all_equal(0, 1, 1))  # found: the slice's sum overflowed the type that holds the power sum
@example(_all_equal(127, 1, 2))
@example(_all_equal(-5, 1, 5, lanes=4))
@example(_far_apart(-128, 127))  # found: a shift beyond 31 left a sum of more than 32 bits too large
@example(_far_apart(127, -128))
@example(_far_apart(0, 127))
def test_every_running_value_equals_the_oracles(case):
    config, raw, kept = case
    rows = unnormed_softmax(*to_slices(raw, kept, config), config)
    expected = oracle.softermax_row(raw, kept, config)
    assert rows.numerators.reshape(-1)[: len(raw)].tolist() == [u for us in expected.numerators for u in us]
    assert rows.slice_maximum.tolist() == expected.slice_maximum
    assert rows.maximum.tolist() == expected.maximum
    assert rows.power_sum.tolist() == expected.power_sum
    assert rows.saturated.tolist() == expected.saturated
