"""Combinational functions: exhaustively, against Python's own arithmetic."""

import pytest
from amaranth.hdl import Cat, Module
from amaranth.lib.wiring import Component, In, Out

from softermax.hw.arithmetic import add_pairs, drop_fraction, linear_piecewise, saturate, shift_right
from softermax.model.tables import power_of_two_table, reciprocal_table
from softermax.sim.amaranth_bench import observe_in_amaranth

from ..model.oracle import table


class Function(Component):
    """``y = function(m, *fields)`` of the fields of ``x``, lowest first."""

    def __init__(self, function, widths, result_width):
        self.function, self.widths = function, widths
        super().__init__({"x": In(sum(widths)), "y": Out(result_width)})

    def elaborate(self, platform):
        m = Module()
        starts = [sum(self.widths[:n]) for n in range(len(self.widths))]
        fields = [self.x[start : start + width] for start, width in zip(starts, self.widths, strict=True)]
        m.d.comb += self.y.eq(self.function(m, *fields))
        return m


def evaluate(function, widths, result_width):
    """The results for every combination of the fields' values."""
    inputs = range(1 << sum(widths))
    return observe_in_amaranth(Function(function, widths, result_width), {"x": inputs})["y"]


@pytest.mark.parametrize("width", range(1, 10))
def test_shift_right_by_every_amount(width):
    seen = evaluate(lambda m, value, amount: shift_right(value, amount), [width, 5], width + 1)
    assert seen == [value >> amount for amount in range(32) for value in range(1 << width)]


def test_shift_right_by_an_amount_too_narrow_for_the_value():
    seen = evaluate(lambda m, value, amount: shift_right(value, amount), [9, 1], 9)
    assert seen == [value >> amount for amount in range(2) for value in range(512)]


def test_shift_right_clears():
    seen = evaluate(lambda m, value, amount, clear: shift_right(value, amount, clear=clear), [5, 4, 1], 5)
    assert seen == [value >> amount for amount in range(16) for value in range(32)] + [0] * 512


def adder_tree(m, values):
    while len(values) > 1:
        values = add_pairs(m, values)
    return values[0]


@pytest.mark.parametrize("widths", [[3], [1] * 9, [4, 4, 4], [1, 2, 3, 4], [2] * 5, [4, 1, 1, 1, 4]])
def test_levels_of_an_adder_tree_are_exact(widths):
    seen = evaluate(lambda m, *values: adder_tree(m, list(values)), widths, 16)
    for packed, total in enumerate(seen):
        expected = 0
        for width in widths:
            expected += packed & ((1 << width) - 1)
            packed >>= width
        assert total == expected


def test_an_adder_tree_of_the_largest_values_needs_all_its_bits():
    ones = observe_in_amaranth(
        Function(lambda m, x: adder_tree(m, [Cat(bit) for bit in x]), [64], 8), {"x": [2**64 - 1, 2**63]}
    )
    assert ones["y"] == [64, 1]


@pytest.mark.parametrize("bits", [0, 1, 3, 5])
def test_drop_fraction_truncates(bits):
    seen = evaluate(lambda m, value: drop_fraction(m, value, bits, 5 - bits, "kept"), [5], 8)
    assert seen == [value >> bits for value in range(32)]


def test_drop_fraction_of_fewer_bits_than_none_appends_zeros():
    seen = evaluate(lambda m, value: drop_fraction(m, value, -2, 7, "kept"), [5], 8)
    assert seen == [4 * value for value in range(32)]


@pytest.mark.parametrize("width", range(1, 8))
def test_saturate(width):
    seen = evaluate(lambda m, value: saturate(value, width), [6], 8)
    assert seen == [min(value, 2**width - 1) for value in range(64)]


@pytest.mark.parametrize(
    ("fraction_bits", "segments", "output_bits"),
    [(0, 1, 8), (2, 4, 15), (2, 1, 15), (4, 4, 15), (6, 8, 20), (8, 256, 12), (8, 1, 6), (1, 256, 1), (5, 2, 30)],
)
def test_power_of_two_table(fraction_bits, segments, output_bits):
    entries = power_of_two_table(fraction_bits, segments, output_bits)
    seen = evaluate(lambda m, index: linear_piecewise(m, entries, index), [fraction_bits], 32)
    assert tuple(seen) == table("2**t", fraction_bits, segments, output_bits)
    for index, result in enumerate(seen):
        assert abs(result / 2**output_bits - 2 ** (index / 2**fraction_bits)) <= entries.error_bound


@pytest.mark.parametrize("truncated", [False, True])
@pytest.mark.parametrize(
    ("mantissa_bits", "segments", "output_bits"), [(9, 8, 7), (3, 8, 1), (4, 16, 10), (10, 1, 8), (12, 64, 10)]
)
def test_reciprocal_table_with_its_negative_slopes(mantissa_bits, segments, output_bits, truncated):
    entries = reciprocal_table(mantissa_bits, segments, output_bits, truncated=truncated)
    seen = evaluate(lambda m, index: linear_piecewise(m, entries, index), [mantissa_bits], 32)
    assert tuple(seen) == table("1/m", mantissa_bits, segments, output_bits, truncated)
    for index, result in enumerate(seen):
        middle = 1 + (index + truncated / 2) / 2**mantissa_bits
        assert abs(result / 2**output_bits - 1 / middle) <= entries.error_bound
