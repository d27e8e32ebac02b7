"""Query buffer: the words of two queries."""

from __future__ import annotations

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from softermax.model.pe_config import OPERAND_BITS, ProcessingElementConfig

from ..sram import Sram
from .streams import vector

__all__ = ["QueryBuffer"]


class QueryBuffer(wiring.Component):
    """The input buffer: a ring of words, in which a query stays until it is released.

    Parameters
    ----------
    config : ProcessingElementConfig

    Members
    -------
    i : In, stream of :func:`softermax.hw.pe.streams.vector`
    chunk : In
        Word of the first query.
    available : Out, 1
        Whether that word is there.
    read_enable : In, 1
    query : Out, :func:`softermax.hw.pe.streams.vector`
        The word read last.
    release : In, 1
        Drop the first query, ``chunks`` words.
    chunks : In
    """

    def __init__(self, config: ProcessingElementConfig):
        self.config = config
        super().__init__(
            {
                "i": In(stream.Signature(vector(config))),
                "chunk": In(range(config.max_chunks)),
                "available": Out(1),
                "read_enable": In(1),
                "query": Out(vector(config)),
                "release": In(1),
                "chunks": In(range(config.max_chunks + 1)),
            }
        )

    def elaborate(self, platform):
        m = Module()
        m.submodules.ring = ring = Sram(OPERAND_BITS * self.config.vector_size, self.config.query_words)
        level = Signal(range(ring.depth + 1))
        first = Signal(range(ring.depth))
        free = Signal(range(ring.depth))
        taken = self.i.valid & self.i.ready
        m.d.comb += [
            self.i.ready.eq(level != ring.depth),
            self.available.eq(level > self.chunk),
            ring.write_enable.eq(taken),
            ring.write_address.eq(free),
            ring.write_data.eq(self.i.payload.as_value()),
            ring.read_enable.eq(self.read_enable),
            ring.read_address.eq(first + self.chunk),
            self.query.as_value().eq(ring.read_data),
        ]
        released = Signal.like(self.chunks, name="released")
        m.d.comb += released.eq(Mux(self.release, self.chunks, 0))
        m.d.sync += [level.eq(level + taken - released), first.eq(first + released), free.eq(free + taken)]
        return m
