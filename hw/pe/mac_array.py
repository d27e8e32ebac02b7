"""Vector MAC array: a query's dot products with the keys of a slice."""

from __future__ import annotations

from amaranth.hdl import Module, signed
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from softermax.model.pe import ZERO_POINT_BITS, ProcessingElementConfig

from ..elastic import Head, elastic_register
from .mac_lane import MacLane
from .streams import accumulated_slice, operands

__all__ = ["MacArray"]


class MacArray(wiring.Component):
    """A lane for each key of a slice; ``vector_size`` products in each lane and cycle.

    Takes operands in each cycle, and gives a slice after its final ones. The sums wait in the accumulators.

    Parameters
    ----------
    config : ProcessingElementConfig

    Members
    -------
    i : In, stream of :func:`softermax.hw.pe.streams.operands`
    zero_point : In, signed
        What is taken from every dot product.
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
        head = Head.of(self.i)
        flags = {name: i[name] for name in ("first", "final", "last", "last_lane")}
        multiplied, [sums] = elastic_register(m, head, flags)
        place = {name: multiplied[name] for name in ("last", "last_lane")}
        accumulated, [out] = elastic_register(m, sums, place, feeds=(multiplied["final"],))
        m.d.comb += [self.o.valid.eq(out.valid), out.ready.eq(self.o.ready)]
        m.d.comb += [o[name].eq(accumulated[name]) for name in place]
        for number, (key, accumulator) in enumerate(zip(i.keys, o.accumulators, strict=True)):
            m.submodules[f"lane_{number}"] = lane = MacLane(self.config)
            m.d.comb += [
                lane.a.eq(i.query),
                lane.b.eq(key),
                lane.load_sum.eq(head.transfer),
                lane.load_accumulator.eq(sums.transfer),
                lane.first.eq(multiplied["first"]),
                lane.start.eq(-self.zero_point),
                accumulator.eq(lane.accumulator),
            ]
        return m
