"""Sequencers: which words are multiplied in each cycle, row by row."""

from __future__ import annotations

from amaranth.hdl import Module, Mux, Signal, Value
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from softermax.model.pe_config import ProcessingElementConfig

from .streams import settings, step

__all__ = ["ContextSequencer", "ScoreSequencer", "Sequencer"]


def _last(m: Module, row: Signal, number: Value, name: str) -> Signal:
    """The last of a number of rows, or of keys, of which there is one or more."""
    last = Signal.like(row, name=name)
    m.d.comb += last.eq(number[: len(row)] - 1)
    return last


def _rows(m: Module, queries: Value, max_len: int) -> tuple[Signal, Value, Value]:
    """A register that counts rows, its next value and its last one."""
    row = Signal(range(max_len), name="row", reset_less=True)
    next_row = Signal.like(row, name="next_row")
    m.d.comb += next_row.eq(row + 1)
    return row, next_row, _last(m, row, queries, "last_row")


def _last_seen(m: Module, row: Signal, head) -> Value:
    """The last key that a row sees: masks are made here."""
    last_key = _last(m, row, head.keys, "last_key")
    last_seen = Signal.like(row, name="last_seen")
    m.d.comb += last_seen.eq(Mux(head.causal & (row < last_key), row, last_key))
    return last_seen


class _Sequencer(wiring.Component):
    """Offers the steps of a head from the cycle after its start, without a gap between slices, or between rows.

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


class ScoreSequencer(_Sequencer):
    """The steps of scores: slice by slice, chunk by chunk.

    A row ends with the slice that holds the last key that it may see, and that key's lane goes with the slice. What a
    row may not see is not computed.
    """

    def elaborate(self, platform):
        m = Module()
        o, lane_bits = self.o.payload, self.config.lanes.bit_length() - 1
        running = Signal()
        row, next_row, last_row = _rows(m, self.settings.queries, self.config.max_len)
        place = Signal(range(self.config.softmax.max_slices), reset_less=True)
        chunk = Signal(range(self.config.max_chunks), reset_less=True)
        word = Signal(range(self.config.key_words), reset_less=True)
        last_seen = _last_seen(m, row, self.settings)
        m.d.comb += [
            self.o.valid.eq(running),
            o.bank_word.eq(word),
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
                    m.d.sync += [place.eq(0), word.eq(0), row.eq(next_row)]
                    with m.If(row == last_row):
                        m.d.sync += running.eq(0)
        with m.If(self.start):
            m.d.sync += [running.eq(1), row.eq(0), place.eq(0), chunk.eq(0), word.eq(0)]
        return m


class ContextSequencer(_Sequencer):
    """The steps of context: elements of a slice by elements of a slice, and for each the row's slices of probabilities.

    Keys that a row does not see have no probabilities and no steps.
    """

    def elaborate(self, platform):
        m = Module()
        o, lane_bits = self.o.payload, self.config.lanes.bit_length() - 1
        running = Signal()
        first_word = self.config.key_words
        row, next_row, last_row = _rows(m, self.settings.queries, self.config.max_len)
        elements = Signal(range(self.config.max_chunks), reset_less=True)
        place = Signal(range(self.config.softmax.max_slices), reset_less=True)
        # Words of the elements' first values; and of this step's.
        element_word, word = (Signal.like(o.bank_word, name=name, reset_less=True) for name in ("element_word", "word"))
        next_word = Signal.like(element_word, name="next_word")
        m.d.comb += [
            self.o.valid.eq(running),
            o.context.eq(1),
            o.bank_word.eq(word),
            o.chunk.eq(place),
            o.first.eq(place == 0),
            o.final.eq(place == _last_seen(m, row, self.settings) >> lane_bits),
            o.last.eq(elements == self.settings.chunks - 1),
            next_word.eq(element_word + self.settings.key_slices),
        ]
        with m.If(self.o.valid & self.o.ready):
            m.d.sync += [place.eq(place + 1), word.eq(word + 1)]
            with m.If(o.final):
                m.d.sync += [place.eq(0), elements.eq(elements + 1), element_word.eq(next_word), word.eq(next_word)]
                with m.If(o.last):
                    m.d.sync += [elements.eq(0), element_word.eq(first_word), word.eq(first_word), row.eq(next_row)]
                    with m.If(row == last_row):
                        m.d.sync += running.eq(0)
        with m.If(self.start):
            m.d.sync += [running.eq(1), row.eq(0), place.eq(0), elements.eq(0)]
            m.d.sync += [element_word.eq(first_word), word.eq(first_word)]
        return m


class Sequencer(_Sequencer):
    """All steps of a head. With values the context of a row comes after the scores of the next one.

    So the softmax of a row has the scores of another one's time.
    """

    def elaborate(self, platform):
        m = Module()
        m.submodules.scores = scores = ScoreSequencer(self.config)
        m.d.comb += [scores.start.eq(self.start), scores.settings.eq(self.settings)]
        if not self.config.values:
            connect(m, scores.o, flipped(self.o))
            return m
        m.submodules.context = context = ContextSequencer(self.config)
        m.d.comb += [context.start.eq(self.start), context.settings.eq(self.settings)]
        # Rows whose scores have been computed and whose context has not.
        between = Signal(range(3), reset_less=True)
        turn = Signal()
        m.d.comb += [
            turn.eq((between == 2) | ~scores.o.valid),
            self.o.valid.eq(scores.o.valid | context.o.valid),
            self.o.payload.eq(Mux(turn, context.o.payload.as_value(), scores.o.payload.as_value())),
            context.o.ready.eq(self.o.ready & turn),
            scores.o.ready.eq(self.o.ready & ~turn),
        ]
        with m.If(self.o.valid & self.o.ready & self.o.payload.final & self.o.payload.last):
            m.d.sync += between.eq(Mux(turn, between - 1, between + 1))
        with m.If(self.start):
            m.d.sync += between.eq(0)
        return m
