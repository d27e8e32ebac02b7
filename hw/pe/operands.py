"""Operand buffers: the keys of a sequence, two queries, and the words that a step reads of them."""

from __future__ import annotations

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from softermax.model.pe import OPERAND_BITS, ProcessingElementConfig

from ..elastic import Head, elastic_register
from ..sram import Sram
from .streams import operands, step, vector

__all__ = ["KeyBuffer", "Operands", "QueryBuffer"]


class KeyBuffer(wiring.Component):
    """The weight buffer: a bank for each lane; key j is in bank j mod lanes.

    Keys come in order, each in ``chunks`` words. The first word after a start begins a new sequence; until then the
    keys stay, for further queries.

    Parameters
    ----------
    config : ProcessingElementConfig

    Members
    -------
    i : In, stream of :func:`softermax.hw.pe.streams.vector`
        Taken neither while ``busy``, nor in the cycle of ``start`` or ``discard``, nor when ``max_len`` keys are there.
    chunks : In
    start, busy : In, 1
    discard : In, 1
        Forget the keys.
    loaded : Out
        Number of whole keys.
    read_enable, read_word : In
    keys : Out, array of lanes of :func:`softermax.hw.pe.streams.vector`
        The words read last.
    """

    def __init__(self, config: ProcessingElementConfig):
        self.config = config
        super().__init__(
            {
                "i": In(stream.Signature(vector(config))),
                "chunks": In(range(config.max_chunks + 1)),
                "start": In(1),
                "busy": In(1),
                "discard": In(1),
                "loaded": Out(range(config.max_len + 1)),
                "read_enable": In(1),
                "read_word": In(range(config.key_words)),
                "keys": Out(operands(config)["keys"].shape),
            }
        )

    def elaborate(self, platform):
        m = Module()
        loaded, fresh = Signal.like(self.loaded, name="loaded"), Signal(init=1)
        room = fresh | (loaded != self.config.max_len)
        m.d.comb += [
            self.i.ready.eq(room & ~self.busy & ~self.start & ~self.discard),
            self.loaded.eq(loaded),
        ]
        taken = self.i.valid & self.i.ready
        word, lane, completes = self._write_place(m, taken)
        with m.If(taken):
            m.d.sync += [fresh.eq(0), loaded.eq(Mux(fresh, 0, loaded) + completes)]
        with m.If(self.start | self.discard):
            m.d.sync += fresh.eq(1)
        with m.If(self.discard):
            m.d.sync += loaded.eq(0)
        for number, key in enumerate(self.keys):
            bank = Sram(OPERAND_BITS * self.config.vector_size, self.config.key_words, one_port=True)
            m.submodules[f"bank_{number}"] = bank
            m.d.comb += [
                bank.write_enable.eq(taken & (lane == number)),
                bank.write_address.eq(word),
                bank.write_data.eq(self.i.payload.as_value()),
                bank.read_enable.eq(self.read_enable),
                bank.read_address.eq(self.read_word),
                key.as_value().eq(bank.read_data),
            ]
        return m

    def _write_place(self, m, taken):
        """Where a word goes: its word in a bank, its lane; and whether it completes a key."""
        config = self.config
        first_word, word = (Signal(range(config.key_words), name=name) for name in ("first_word", "word"))
        chunk, lane = Signal(range(config.max_chunks)), Signal(range(config.lanes))
        completes = chunk == self.chunks - 1
        with m.If(taken):
            m.d.sync += [chunk.eq(chunk + 1), word.eq(word + 1)]
            with m.If(completes):
                m.d.sync += [chunk.eq(0), lane.eq(lane + 1), word.eq(first_word)]
                with m.If(lane == config.lanes - 1):
                    m.d.sync += [first_word.eq(word + 1), word.eq(word + 1)]
        with m.If(self.start | self.discard):
            m.d.sync += [place.eq(0) for place in (first_word, word, chunk, lane)]
        return word, lane, completes


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
        first, free = Signal(range(ring.depth)), Signal(range(ring.depth))
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


class Operands(wiring.Component):
    """Both buffers, and the words that a step needs. A step waits until its query's word has come.

    Parameters
    ----------
    config : ProcessingElementConfig

    Members
    -------
    k, q : In, streams of :func:`softermax.hw.pe.streams.vector`
    chunks, start, busy, discard, loaded
        As :class:`KeyBuffer` has them.
    i : In, stream of :func:`softermax.hw.pe.streams.step`
    o : Out, stream of :func:`softermax.hw.pe.streams.operands`
    """

    def __init__(self, config: ProcessingElementConfig):
        self.config = config
        super().__init__(
            {
                "k": In(stream.Signature(vector(config))),
                "q": In(stream.Signature(vector(config))),
                "chunks": In(range(config.max_chunks + 1)),
                "start": In(1),
                "busy": In(1),
                "discard": In(1),
                "loaded": Out(range(config.max_len + 1)),
                "i": In(stream.Signature(step(config))),
                "o": Out(stream.Signature(operands(config))),
            }
        )

    def elaborate(self, platform):
        m = Module()
        m.submodules.key_buffer = keys = KeyBuffer(self.config)
        m.submodules.query_buffer = queries = QueryBuffer(self.config)
        connect(m, flipped(self.k), keys.i)
        connect(m, flipped(self.q), queries.i)
        i, o = self.i.payload, self.o.payload
        joined = Head(self.i.valid & queries.available, Signal(name="joined_ready"))
        m.d.comb += [
            self.i.ready.eq(joined.ready & queries.available),
            *(getattr(keys, name).eq(getattr(self, name)) for name in ("chunks", "start", "busy", "discard")),
            self.loaded.eq(keys.loaded),
            queries.chunks.eq(self.chunks),
            queries.chunk.eq(i.chunk),
            queries.release.eq(joined.transfer & i.final & i.last),
            keys.read_word.eq(i.key_word),
            keys.read_enable.eq(joined.transfer),
            queries.read_enable.eq(joined.transfer),
        ]
        # What the memories have read stays there, so their read ports are part of this register.
        flags = {name: i[name] for name in ("first", "final", "last", "last_lane")}
        held, [head] = elastic_register(m, joined, flags)
        m.d.comb += [o[name].eq(held[name]) for name in flags]
        m.d.comb += [
            o.query.eq(queries.query),
            o.keys.eq(keys.keys),
            self.o.valid.eq(head.valid),
            head.ready.eq(self.o.ready),
        ]
        return m
