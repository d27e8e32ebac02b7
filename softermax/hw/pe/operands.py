"""Operands: the buffers, and the words that a step needs of them."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from softermax.model.pe_config import ProcessingElementConfig

from ..elastic import StageOutput, elastic_register
from .probability_buffer import ProbabilityBuffer
from .query_buffer import QueryBuffer
from .streams import operands, place_of, step, vector
from .weight_buffer import WeightBuffer

__all__ = ["Operands"]


class Operands(wiring.Component):
    """All buffers, and the words that a step needs. A step waits until the word of its row has come.

    Parameters
    ----------
    config : ProcessingElementConfig

    Members
    -------
    q : In, stream of :func:`softermax.hw.pe.streams.vector`
    i : In, stream of :func:`softermax.hw.pe.streams.step`
    o : Out, stream of :func:`softermax.hw.pe.streams.operands`
    p : In, stream of the softmax's probabilities
        With values only.
    all others
        As :class:`WeightBuffer` has them.
    """

    #: Fields of the weight buffer's own.
    INNER = ("read_enable", "read_word", "banks")

    def __init__(self, config: ProcessingElementConfig):
        self.config = config
        self._weights = WeightBuffer(config)
        members = {name: member for name, member in self._weights.signature.members.items() if name not in self.INNER}
        members |= {
            "q": In(stream.Signature(vector(config))),
            "i": In(stream.Signature(step(config))),
            "o": Out(stream.Signature(operands(config))),
        }
        if config.values:
            self._probabilities = ProbabilityBuffer(config)
            members["p"] = In(self._probabilities.i.signature.flip())
        super().__init__(members)

    def elaborate(self, platform):
        m = Module()
        i, o = self.i.payload, self.o.payload
        m.submodules.weight_buffer = weights = self._weights
        self._pass_on(m, weights)
        joined = StageOutput(Signal(name="joined_valid"), Signal(name="joined_ready"))
        # Words that the memories have read stay there, so their read ports are part of this register.
        flags = {name: i[name] for name in ("first", "final", *place_of(self.config))}
        held, [head] = elastic_register(m, joined, flags)
        available, row = self._row(m, joined.transfer, held)
        m.d.comb += [
            joined.valid.eq(self.i.valid & available),
            self.i.ready.eq(joined.ready & available),
            weights.read_word.eq(i.bank_word),
            weights.read_enable.eq(joined.transfer),
            *(o[name].eq(held[name]) for name in flags),
            o.row.eq(row),
            o.banks.eq(weights.banks),
        ]
        head.feed(m, self.o)
        return m

    def _row(self, m, transfer, held) -> tuple[Value, Value]:
        """Whether the word of the step's row is there, and what has been read of a row."""
        i = self.i.payload
        context = i.context if self.config.values else Const(0)
        m.submodules.query_buffer = queries = QueryBuffer(self.config)
        connect(m, flipped(self.q), queries.i)
        m.d.comb += queries.chunks.eq(self.chunks)
        buffers = [(queries, ~context)]
        available, row = queries.available, queries.query
        if self.config.values:
            m.submodules.probability_buffer = probabilities = self._probabilities
            connect(m, flipped(self.p), probabilities.i)
            buffers.append((probabilities, context))
            available = Mux(context, probabilities.available, queries.available)
            unsigned = [Cat(byte, Const(0)) for byte in probabilities.slice]
            signed = [Cat(byte, byte[-1]) for byte in queries.query]
            row = Mux(held["context"], Cat(unsigned), Cat(signed))
        for buffer, wanted in buffers:
            m.d.comb += [
                buffer.chunk.eq(i.chunk),
                buffer.read_enable.eq(transfer & wanted),
                buffer.release.eq(transfer & wanted & i.final & i.last),
            ]
        return available, row

    def _pass_on(self, m, weights):
        """Connect the members that are the weight buffer's."""
        for name, member in weights.signature.members.items():
            if name in self.INNER:
                continue
            outer, inner = getattr(self, name), getattr(weights, name)
            if member.is_signature:
                connect(m, flipped(outer), inner)
            else:
                m.d.comb += outer.eq(inner) if member.flow == Out else inner.eq(outer)
