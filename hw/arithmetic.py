"""Combinational functions from values to values that several units use."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.utils import ceil_log2

from softermax.model.tables import PiecewiseLinear

__all__ = ["adder_tree", "linear_piecewise", "shift_right"]


def shift_right(value: Value, amount: Value, *, clear: Value | int = 0) -> Value:
    """``value >> amount`` at the width of ``value``, which must be unsigned; 0 where ``clear`` is high.

    A barrel shifter has only the stages that the width needs: larger amounts clear the result, as ``clear`` does.
    """
    stages = ceil_log2(len(value))
    cleared = amount[stages:].any() | clear
    return Mux(cleared, 0, value >> amount[:stages])


def adder_tree(m: Module, values: list[Value]) -> Value:
    """Exact sum of unsigned values by a balanced tree."""
    while len(values) > 2:
        sums = [Signal(len(a + b), name="partial_sum") for a, b in zip(values[0::2], values[1::2], strict=False)]
        m.d.comb += [s.eq(a + b) for s, a, b in zip(sums, values[0::2], values[1::2], strict=False)]
        values = sums + values[len(values) & ~1 :]
    return values[0] + values[1] if len(values) == 2 else values[0]


def linear_piecewise(m: Module, table: PiecewiseLinear, index: Value) -> Value:
    """The result of a linear-piecewise table for an unsigned index of ``table.fraction_bits`` bits."""
    offset, segment = index[: table.offset_bits], index[table.offset_bits :]
    intercept = _lookup(table.intercepts, segment)
    if not table.offset_bits:
        return intercept
    slope = _lookup(table.slopes, segment)
    result = Signal(table.width)
    unused = Signal(table.guard_bits, name="unused_guard_bits")
    m.d.comb += Cat(unused, result).eq(intercept + slope * offset)
    return result


def _lookup(entries: tuple[int, ...], index: Value) -> Value:
    """A table of constants as a tree of multiplexers, one level for each bit of the index."""
    width = max(entries).bit_length() if min(entries) >= 0 else None
    values = [Const(entry, width) for entry in entries] if width else [Const(entry) for entry in entries]
    for bit in index:
        values = [Mux(bit, odd, even) for even, odd in zip(values[0::2], values[1::2], strict=True)]
    return values[0]
