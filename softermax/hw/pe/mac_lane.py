"""MAC lane: a dot product of 8-bit pairs a cycle, accumulated."""

from __future__ import annotations

from amaranth.hdl import Module, Mux, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from softermax.model.pe_config import ACCUMULATOR_BITS, ProcessingElementConfig

from .streams import operands, vector

__all__ = ["MacLane"]


class MacLane(wiring.Component):
    """Multiplies ``vector_size`` pairs, adds the products, and a cycle later adds the sum to the accumulator.

    Parameters
    ----------
    config : ProcessingElementConfig

    Members
    -------
    a : In, array of ``vector_size`` signed numbers, the ``row`` of :func:`softermax.hw.pe.streams.operands`
    b : In, array of as many signed 8-bit numbers
    load_sum : In, 1
        Store the sum of the products.
    load_accumulator : In, 1
        Add the stored sum to the accumulator.
    first : In, 1
        To ``start`` instead.
    start : In, signed
        What an accumulation starts from.
    accumulator : Out, signed
    """

    def __init__(self, config: ProcessingElementConfig):
        accumulator = signed(ACCUMULATOR_BITS)
        super().__init__(
            {
                "a": In(operands(config)["row"].shape),
                "b": In(vector(config)),
                "load_sum": In(1),
                "load_accumulator": In(1),
                "first": In(1),
                "start": In(accumulator),
                "accumulator": Out(accumulator),
            }
        )
        self._sum_bits = config.sum_bits

    def elaborate(self, platform):
        m = Module()
        products = Signal(signed(self._sum_bits))
        m.d.comb += products.eq(sum(a * b for a, b in zip(self.a, self.b, strict=True)))
        partial = Signal(signed(self._sum_bits), reset_less=True)
        accumulator = Signal.like(self.accumulator, reset_less=True)
        m.d.comb += self.accumulator.eq(accumulator)
        with m.If(self.load_sum):
            m.d.sync += partial.eq(products)
        with m.If(self.load_accumulator):
            m.d.sync += accumulator.eq(Mux(self.first, self.start, accumulator) + partial)
        return m
