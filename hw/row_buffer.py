"""Row buffer: the slices of a row wait here for the row's summary."""

from __future__ import annotations

from amaranth.hdl import Module
from amaranth.lib import data, fifo, stream, wiring
from amaranth.lib.wiring import In, Out

__all__ = ["RowBuffer"]


class RowBuffer(wiring.Component):
    """A first-in first-out queue of slices, deep enough that one row fills while the row before drains.

    Both move a slice a cycle, so what is pending of the two together is never more than the longer of them and what
    the pipeline around the buffer delays.

    Parameters
    ----------
    layout : amaranth.lib.data.Layout
        Of a slice.
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
        width = self.i.payload.as_value().shape().width
        m.submodules.queue = queue = fifo.SyncFIFOBuffered(width=width, depth=self.depth)
        m.d.comb += [
            queue.w_data.eq(self.i.payload.as_value()),
            queue.w_en.eq(self.i.valid),
            self.i.ready.eq(queue.w_rdy),
            self.o.payload.as_value().eq(queue.r_data),
            self.o.valid.eq(queue.r_rdy),
            queue.r_en.eq(self.o.ready),
        ]
        return m
