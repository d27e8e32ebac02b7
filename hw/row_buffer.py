"""Row buffer: the numerators of a row wait here for the row's summary."""

from __future__ import annotations

from amaranth.hdl import Module
from amaranth.lib import fifo, stream, wiring
from amaranth.lib.wiring import In, Out

from softermax.model import SoftermaxConfig

from .streams import require_config, unnormed_slice

__all__ = ["RowBuffer"]


class RowBuffer(wiring.Component):
    """A first-in first-out queue of slices, deep enough that one row fills while the row before drains.

    Both move a slice a cycle, so what is pending of the two together is never more than the longer of them and what
    the pipeline around the buffer delays.

    Parameters
    ----------
    config : SoftermaxConfig

    Members
    -------
    i : In, stream of :func:`unnormed_slice`
    o : Out, stream of :func:`unnormed_slice`

    Attributes
    ----------
    depth : int
        Slices that it holds.
    latency : int
        Clock cycles from a slice entering an empty buffer to its standing at the output.
    """

    latency = 2

    def __init__(self, config: SoftermaxConfig):
        self.config = require_config(config)
        self.depth = config.buffer_depth
        super().__init__(
            {
                "i": In(stream.Signature(unnormed_slice(config))),
                "o": Out(stream.Signature(unnormed_slice(config))),
            }
        )

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
