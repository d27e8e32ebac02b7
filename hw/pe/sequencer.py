"""Sequencer: which words are multiplied in each cycle, row by row, slice by slice, chunk by chunk."""

from __future__ import annotations

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from softermax.model.pe import ProcessingElementConfig

from .streams import settings, step

__all__ = ["Sequencer"]


class Sequencer(wiring.Component):
    """Offers the steps of a head from the cycle after its start, without a gap between slices, or between rows.

    Masks are made here: a row ends with the slice that holds the last key that it may see, and that key's lane goes
    with the slice. What a row may not see is not computed.

    Parameters
    ----------
    config : ProcessingElementConfig

    Members
    -------
    start : In, 1
    settings : In, :func:`softermax.hw.pe.streams.settings`
        To be held until the last step.
    o : Out, stream of :func:`softermax.hw.pe.streams.step`
    """

    def __init__(self, config: ProcessingElementConfig):
        self.config = config
        super().__init__({"start": In(1), "settings": In(settings(config)), "o": Out(stream.Signature(step(config)))})

    def elaborate(self, platform):
        m = Module()
        o, lane_bits = self.o.payload, self.config.lanes.bit_length() - 1
        running = Signal()
        row = Signal.like(self.settings.queries, name="row", reset_less=True)
        place = Signal(range(self.config.softmax.max_slices), reset_less=True)
        chunk = Signal.like(o.chunk, name="chunk", reset_less=True)
        word = Signal.like(o.key_word, name="word", reset_less=True)

        last_key = Signal.like(self.settings.keys, name="last_key")
        m.d.comb += last_key.eq(self.settings.keys - 1)
        sees_less = self.settings.causal & (row < last_key)
        last_seen = Signal.like(self.settings.keys, name="last_seen")
        m.d.comb += last_seen.eq(Mux(sees_less, row, last_key))
        m.d.comb += [
            self.o.valid.eq(running),
            o.key_word.eq(word),
            o.chunk.eq(chunk),
            o.first.eq(chunk == 0),
            o.final.eq(chunk == self.settings.chunks - 1),
            o.last.eq(place == last_seen >> lane_bits),
            o.last_lane.eq(last_seen[:lane_bits]),
        ]
        with m.If(self.o.valid & self.o.ready):
            m.d.sync += [chunk.eq(chunk + 1), word.eq(word + 1)]
            with m.If(o.final):
                m.d.sync += [chunk.eq(0), place.eq(place + 1)]
                with m.If(o.last):
                    m.d.sync += [place.eq(0), word.eq(0), row.eq(row + 1)]
                    with m.If(row == self.settings.queries - 1):
                        m.d.sync += running.eq(0)
        with m.If(self.start):
            m.d.sync += [running.eq(1), row.eq(0), place.eq(0), chunk.eq(0), word.eq(0)]
        return m
