"""Row buffer: the slices of a row wait here for the row's summary."""

from __future__ import annotations

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from .sram import Sram

__all__ = ["RowBuffer"]


class RowBuffer(wiring.Component):
    """A first-in first-out queue of slices, deep enough that one row fills while the row before drains.

    Both move a slice a cycle, so what is pending of the two together is never more than the longer of them and what
    the pipeline around the buffer delays.

    Parameters
    ----------
    layout : amaranth.lib.data.Layout
        Layout of a slice.
    depth : int
        Slices that it holds, at least 2.

    Members
    -------
    i : In, stream of ``layout``
    o : Out, stream of ``layout``

    Raises
    ------
    ValueError
        If the depth is less than 2.

    Attributes
    ----------
    latency : int
        Clock cycles from a slice entering an empty buffer to its standing at the output.
    """

    latency = 2

    def __init__(self, layout: data.Layout, depth: int):
        if depth < 2:
            raise ValueError(f"depth must be 2 or more, not {depth!r}")
        self.depth = depth
        super().__init__({"i": In(stream.Signature(layout)), "o": Out(stream.Signature(layout))})

    def elaborate(self, platform):
        m = Module()
        slice_width = self.i.payload.as_value().shape().width
        m.submodules.memory = memory = Sram(slice_width, self.depth - 1)
        m.d.comb += [
            self.o.payload.as_value().eq(memory.read_data),
            memory.write_data.eq(self.i.payload.as_value()),
            memory.write_enable.eq(self.i.valid & self.i.ready),
        ]
        # The memory's read port is the output's register: it reads as soon as that is free.
        level = Signal(range(memory.depth + 1))
        m.d.comb += [
            self.i.ready.eq(level != memory.depth),
            memory.read_enable.eq((level != 0) & (~self.o.valid | self.o.ready)),
        ]
        with m.If(memory.write_enable & ~memory.read_enable):
            m.d.sync += level.eq(level + 1)
        with m.If(~memory.write_enable & memory.read_enable):
            m.d.sync += level.eq(level - 1)
        valid = Signal()
        with m.If(memory.read_enable | self.o.ready):
            m.d.sync += valid.eq(memory.read_enable)
        m.d.comb += self.o.valid.eq(valid)
        for name in ("write", "read"):
            place = Signal.like(getattr(memory, f"{name}_address"), name=f"{name}_place")
            m.d.comb += getattr(memory, f"{name}_address").eq(place)
            with m.If(getattr(memory, f"{name}_enable")):
                m.d.sync += place.eq(Mux(place == memory.depth - 1, 0, place + 1))
        return m
