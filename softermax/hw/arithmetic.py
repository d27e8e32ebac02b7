"""Combinational functions from values to values that several units use."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.utils import ceil_log2

from softermax.model.tables import PiecewiseLinear

__all__ = ["add_pairs", "drop_fraction", "linear_piecewise", "saturate", "shift_right"]


def shift_right(value: Value, amount: Value, *, clear: Value | int = 0) -> Value:
    """``value >> amount`` at the width of ``value``, which must be unsigned; 0 where ``clear`` is high.

    A barrel shifter has only the stages that the width needs: larger amounts clear the result, as ``clear`` does.
    """
    stages = ceil_log2(len(value))
    cleared = amount[stages:].any() | clear
    return Mux(cleared, 0, value >> amount[:stages])


def add_pairs(m: Module, values: list[Value]) -> list[Value]:
    """Exact sums of neighbours, a level of an adder tree; a value that is left over passes."""
    pairs = list(zip(values[0::2], values[1::2], strict=False))
    sums = [Signal(len(a + b), name="partial_sum") for a, b in pairs]
    m.d.comb += [s.eq(a + b) for s, (a, b) in zip(sums, pairs, strict=True)]
    return sums + values[len(values) & ~1 :]


def drop_fraction(m: Module, value: Value, bits: int, width: int, name: str) -> Value:
    """``value >> bits`` at ``width`` bits, for a number of bits known when hardware is made.

    A negative number of bits appends zeros. The whole value is a signal of that name, so that it is computed once.
    """
    whole = Signal(max(width + bits, 1), name=name)
    m.d.comb += whole.eq(value)
    return whole[bits:] if bits >= 0 else Cat(Const(0, -bits), whole)


def saturate(value: Value, width: int) -> Value:
    """An unsigned value at ``width`` bits; all ones where it does not fit."""
    return value[:width] | value[width:].any().replicate(width)


def linear_piecewise(m: Module, table: PiecewiseLinear, index: Value, *, in_rows: bool = False) -> Value:
    """The result of a linear-piecewise table for an unsigned index of ``table.fraction_bits`` bits.

    The slope is multiplied as ``*`` does, or as a plain sum of rows, which is smaller for a few bits.
    """
    offset, segment = index[: table.offset_bits], index[table.offset_bits :]
    intercept = _lookup(table.intercepts, segment)
    if not table.offset_bits:
        return intercept
    # The function is monotone, so its slopes have one sign.
    slopes = tuple(abs(slope) for slope in table.slopes)
    rise = Signal(range(max(slopes) * ((1 << table.offset_bits) - 1) + 1))
    if in_rows:
        slope = Signal(range(max(slopes) + 1))
        m.d.comb += slope.eq(_lookup(slopes, segment))
        m.d.comb += rise.eq(sum((slope & bit.replicate(len(slope))) << place for place, bit in enumerate(offset)))
    else:
        m.d.comb += rise.eq(_lookup(slopes, segment) * offset)
    exact = intercept + rise if table.slopes[0] >= 0 else intercept - rise
    return drop_fraction(m, exact, table.guard_bits, table.width, "table_value")


def _lookup(entries: tuple[int, ...], index: Value) -> Value:
    """A table of constants as a tree of multiplexers, one level for each bit of the index."""
    width = max(entries).bit_length()
    values = [Const(entry, width) for entry in entries]
    for bit in index:
        values = [Mux(bit, odd, even) for even, odd in zip(values[0::2], values[1::2], strict=True)]
    return values[0]
