"""Framing: rows longer than a unit takes are cut."""

from __future__ import annotations

from amaranth.hdl import Const, Module, Signal, Value
from amaranth.lib import stream

__all__ = ["frame_rows"]


def frame_rows(m: Module, i: stream.Interface, max_slices: int | None) -> tuple[Value, Value, Value]:
    """Count the slices of a row and end it at ``max_slices``; what follows up to its ``last`` is to be dropped.

    Nothing is counted where ``max_slices`` is None.

    Returns
    -------
    keep_slice, last, overlong : Value
        Whether to keep the slice at the input; whether it ends its row; whether that cuts the row.
    """
    if max_slices is None:
        return Const(1), i.payload.last, Const(0)
    position = Signal(range(max_slices))
    dropping = Signal()
    at_end = position == max_slices - 1
    last = i.payload.last
    with m.If(i.valid & i.ready):
        m.d.sync += dropping.eq(~last & (at_end | dropping))
        with m.If(last):
            m.d.sync += position.eq(0)
        with m.Elif(~at_end):
            m.d.sync += position.eq(position + 1)
    return ~dropping, last | at_end, ~last & at_end
