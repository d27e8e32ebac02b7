"""Tables: every entry keeps the analytic error bound, the bound keeps to theory, and the entries are as documented."""

from itertools import product
from math import log

import numpy as np
import pytest

from softermax.model import SoftermaxConfig
from softermax.model.tables import power_of_two_table, reciprocal_table

from . import oracle

FRACTION_BITS = range(9)
SEGMENTS = [1, 2, 4, 8, 16, 32, 64]
OUTPUT_BITS = range(4, 21)
ROUNDING = 2.0**-48  # of float64, in the measurement

grid = pytest.mark.parametrize("segments", SEGMENTS)
each_size = [(f, o) for f in FRACTION_BITS for o in OUTPUT_BITS]


def theory(segments, fraction_bits, output_bits, curvature):
    """The bound that theory gives, by hand.

    A line on an interval of length h misses a convex function by at most h**2/16 max f''. The result's rounding adds
    half a unit; that of the coefficients, with two bits to spare, an eighth, unless each entry has its own segment.
    """
    if segments >= 2**fraction_bits:
        return 0.5 * 2.0**-output_bits
    return curvature / (16 * segments**2) + (0.5 + 0.125) * 2.0**-output_bits


@grid
def test_power_of_two_error_is_bounded(segments):
    for fraction_bits, output_bits in each_size:
        table = power_of_two_table(fraction_bits, segments, output_bits)
        exact = 2.0 ** (np.arange(2**fraction_bits) / 2**fraction_bits)
        error = np.abs(table.values * 2.0**-output_bits - exact).max()
        assert error <= table.error_bound + ROUNDING, (fraction_bits, output_bits)


@grid
def test_reciprocal_error_is_bounded(segments):
    for mantissa_bits, output_bits in each_size:
        table = reciprocal_table(mantissa_bits, segments, output_bits, truncated=False)
        exact = 1 / (1 + np.arange(2**mantissa_bits) / 2**mantissa_bits)
        error = np.abs(table.values * 2.0**-output_bits - exact).max()
        assert error <= table.error_bound + ROUNDING, (mantissa_bits, output_bits)


@grid
def test_truncated_reciprocal_error_is_bounded(segments):
    """An index stands for every mantissa from its own to the next; 1/m is monotonic, so these two are the worst."""
    for mantissa_bits, output_bits in each_size:
        table = reciprocal_table(mantissa_bits, segments, output_bits, truncated=True)
        index = np.arange(2**mantissa_bits)
        for end in (index, index + 1):
            error = np.abs(table.values * 2.0**-output_bits - 1 / (1 + end / 2**mantissa_bits)).max()
            assert error <= table.error_bound + ROUNDING, (mantissa_bits, output_bits)


@grid
def test_error_bounds_are_not_above_theory(segments):
    for bits, output_bits in each_size:
        of_power = theory(segments, bits, output_bits, curvature=2 * log(2) ** 2)  # f'' = ln(2)**2 * 2**t
        assert power_of_two_table(bits, segments, output_bits).error_bound <= of_power + ROUNDING
        of_reciprocal = theory(segments, bits, output_bits, curvature=2)  # f'' = 2 / m**3
        assert reciprocal_table(bits, segments, output_bits, truncated=False).error_bound <= of_reciprocal + ROUNDING
        # Half a step of the mantissa, where 1/m has a slope of -1 at most.
        cut = reciprocal_table(bits, segments, output_bits, truncated=True).error_bound
        assert cut <= of_reciprocal + 2.0 ** -(bits + 1) + ROUNDING


@pytest.mark.parametrize("segments", [2, 4, 8])
def test_error_bound_is_reached_where_lines_dominate(segments):
    """With many bits the error is that of the lines alone, and the bound tells it to a percent."""
    table = power_of_two_table(8, segments, 20)
    error = np.abs(table.values * 2.0**-20 - 2.0 ** (np.arange(256) / 256)).max()
    assert error >= 0.99 * table.error_bound


def test_power_of_two_of_the_paper_is_a_plain_table():
    """round(2**(k/4) * 2**15) for k = 0 to 3, as the fourth powers of what lies half a unit below and above decide."""
    table = SoftermaxConfig.paper().power_table
    assert (table.offset_bits, table.guard_bits, table.slopes) == (0, 0, (0, 0, 0, 0))
    assert table.values.tolist() == list(table.intercepts) == [32768, 38968, 46341, 55109]
    for k, entry in enumerate(table.intercepts):
        assert (2 * entry - 1) ** 4 < 2 ** (64 + k) < (2 * entry + 1) ** 4


def test_reciprocal_of_the_paper_is_within_a_unit():
    """1/512 for the lines of eight segments, 5/1024 for rounding to UQ(1,7), 1/1024 for cutting the mantissa."""
    assert SoftermaxConfig.paper().reciprocal_table.error_bound <= 1 / 512 + 5 / 1024 + 1 / 1024


@grid
@pytest.mark.parametrize("fraction_bits", [0, 1, 2, 5, 8])
@pytest.mark.parametrize("output_bits", [1, 4, 7, 15, 24])
def test_entries_are_the_documented_construction(fraction_bits, segments, output_bits):
    """Against tables rebuilt with 40-digit decimals."""
    power = power_of_two_table(fraction_bits, segments, output_bits)
    assert tuple(power.values) == oracle.table("2**t", fraction_bits, segments, output_bits)
    for cut in (False, True):
        reciprocal = reciprocal_table(fraction_bits, segments, output_bits, truncated=cut)
        assert tuple(reciprocal.values) == oracle.table("1/m", fraction_bits, segments, output_bits, cut)


ONE_SIDED_BITS = [1, 4, 7, 12, 20]


@grid
@pytest.mark.parametrize("fraction_bits", [0, 1, 2, 5, 8])
def test_one_sided_entries_are_the_documented_construction(fraction_bits, segments):
    for output_bits, direction in product(ONE_SIDED_BITS, ("down", "up")):
        power = power_of_two_table(fraction_bits, segments, output_bits, direction)
        assert tuple(power.values) == oracle.table("2**t", fraction_bits, segments, output_bits, direction=direction)
    for output_bits, cut in product(ONE_SIDED_BITS, (False, True)):
        reciprocal = reciprocal_table(fraction_bits, segments, output_bits, truncated=cut, direction="up")
        assert tuple(reciprocal.values) == oracle.table("1/m", fraction_bits, segments, output_bits, cut, "up")


@grid
def test_one_sided_powers_are_on_their_side_within_the_bound(segments):
    for fraction_bits, output_bits in each_size:
        exact = 2.0 ** (np.arange(2**fraction_bits) / 2**fraction_bits)
        for direction, sign in (("down", -1), ("up", 1)):
            table = power_of_two_table(fraction_bits, segments, output_bits, direction)
            excess = sign * (table.values * 2.0**-output_bits - exact)
            assert excess.min() >= 0
            assert excess.max() <= table.error_bound + ROUNDING, (fraction_bits, output_bits, direction)


@grid
def test_reciprocals_rounded_up_are_so_for_every_mantissa_of_an_index_within_the_bound(segments):
    """In integers: entry * 2**-o >= 1 / (1 + k / 2**b), and nowhere up to the next index by more than the bound."""
    for bits, output_bits in each_size:
        mantissas = 2**bits + np.arange(2**bits)
        for cut in (False, True):
            table = reciprocal_table(bits, segments, output_bits, truncated=cut, direction="up")
            assert (table.values * mantissas >= 2 ** (bits + output_bits)).all()
            least = 2**bits / (mantissas + cut)
            assert (table.values * 2.0**-output_bits - least).max() <= table.error_bound + ROUNDING


def test_a_plain_table_of_powers_rounded_to_either_side_by_hand():
    """2**(k/4) * 2**7 is 128, 152.2, 181.02 and 215.3."""
    assert power_of_two_table(2, 4, 7, "down").values.tolist() == [128, 152, 181, 215]
    assert power_of_two_table(2, 4, 7, "up").values.tolist() == [128, 153, 182, 216]


def test_reciprocals_rounded_up_by_hand():
    """16 / m for m = 1, 5/4, 3/2 and 7/4 is 16, 12.8, 10.7 and 9.1: each stands for all mantissas up to the next."""
    assert reciprocal_table(2, 4, 4, truncated=True, direction="up").values.tolist() == [16, 13, 11, 10]


@grid
@pytest.mark.parametrize("bits", [2, 8])
def test_a_table_has_no_more_segments_than_entries(segments, bits):
    for table in (power_of_two_table(bits, segments, 10), reciprocal_table(bits, segments, 10, truncated=True)):
        assert table.segments == len(table.slopes) == min(segments, 2**bits)
        assert len(table.values) == 2**bits
        assert table.segments << table.offset_bits == 2**bits


@grid
def test_entries_stay_in_their_formats(segments):
    """2**t up to 2 and 1/m up to 1, both included: what the formats of numerators and mantissas hold."""
    for bits, output_bits in each_size:
        assert power_of_two_table(bits, segments, output_bits).values.max() <= 2 << output_bits
        for cut in (False, True):
            values = reciprocal_table(bits, segments, output_bits, truncated=cut).values
            assert values.min() > 0
            assert values.max() <= 1 << output_bits


def test_width_is_that_of_the_largest_entry():
    assert SoftermaxConfig.paper().power_table.width == 16  # 55109
    assert power_of_two_table(0, 1, 15).width == 16  # 32768
    assert reciprocal_table(4, 1, 7, truncated=True).width == 7  # below 128
