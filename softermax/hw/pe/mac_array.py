"""Vector MAC array: a query's dot products with the keys of a slice, or a row's probabilities with values."""

from __future__ import annotations

from amaranth.hdl import Module, Mux, Signal, signed
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from softermax.model.pe_config import ACCUMULATOR_BITS, ZERO_POINT_BITS, ProcessingElementConfig

from ..elastic import StageOutput, elastic_register
from .mac_lane import MacLane
from .streams import accumulated_slice, operands, place_of

__all__ = ["MacArray"]


class MacArray(wiring.Component):
    """A lane for each key of a slice, or element of context; ``vector_size`` products in each lane and cycle.

    Takes operands in each cycle, and gives a slice after its final ones. The sums wait in the accumulators.

    Parameters
    ----------
    config : ProcessingElementConfig

    Members
    -------
    i : In, stream of :func:`softermax.hw.pe.streams.operands`
    zero_point : In, signed
        Number that is subtracted from every dot product of a query.
    o : Out, stream of :func:`softermax.hw.pe.streams.accumulated_slice`

    Attributes
    ----------
    latency : int
        Clock cycles from a slice's final operands entering to its sums standing at the output.
    """

    latency = 2

    def __init__(self, config: ProcessingElementConfig):
        self.config = config
        super().__init__(
            {
                "i": In(stream.Signature(operands(config))),
                "zero_point": In(signed(ZERO_POINT_BITS)),
                "o": Out(stream.Signature(accumulated_slice(config))),
            }
        )

    def elaborate(self, platform):
        m = Module()
        i, o = self.i.payload, self.o.payload
        head = StageOutput.of(self.i)
        flags = {name: i[name] for name in ("first", "final", *place_of(self.config))}
        multiplied, [sums] = elastic_register(m, head, flags)
        place = {name: multiplied[name] for name in place_of(self.config)}
        accumulated, [out] = elastic_register(m, sums, place, feeds=(multiplied["final"],))
        out.feed(m, self.o)
        m.d.comb += [o[name].eq(accumulated[name]) for name in place]
        start = Signal(signed(ACCUMULATOR_BITS))
        m.d.comb += start.eq(
            Mux(multiplied["context"], 0, -self.zero_point) if self.config.values else -self.zero_point
        )
        for number, (word, accumulator) in enumerate(zip(i.banks, o.accumulators, strict=True)):
            m.submodules[f"lane_{number}"] = lane = MacLane(i.row.shape(), word.shape())
            m.d.comb += [
                lane.a.eq(i.row),
                lane.b.eq(word),
                lane.load_sum.eq(head.transfer),
                lane.load_accumulator.eq(sums.transfer),
                lane.first.eq(multiplied["first"]),
                lane.start.eq(start),
                accumulator.eq(lane.accumulator),
            ]
        return m
