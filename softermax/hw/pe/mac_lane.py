"""MAC lane: a dot product a cycle, accumulated."""

from __future__ import annotations

from amaranth.hdl import Module, Mux, Signal, signed
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from softermax.model.pe_config import ACCUMULATOR_BITS

__all__ = ["MacLane"]


class MacLane(wiring.Component):
    """Multiplies pairs, adds the products, and a cycle later adds the sum to the accumulator.

    Parameters
    ----------
    row, word : ArrayLayout
        Arrays of as many signed numbers each.

    Members
    -------
    a : In, ``row``
    b : In, ``word``
    load_sum : In, 1
        Store the sum of the products.
    load_accumulator : In, 1
        Add the stored sum to the accumulator.
    first : In, 1
        To ``start`` instead.
    start : In, signed
        Number from which an accumulation starts.
    accumulator : Out, signed

    Attributes
    ----------
    latency : int
        Clock cycles from the pairs to an accumulator that has them.
    """

    latency = 2

    def __init__(self, row: data.ArrayLayout, word: data.ArrayLayout):
        accumulator = signed(ACCUMULATOR_BITS)
        super().__init__(
            {
                "a": In(row),
                "b": In(word),
                "load_sum": In(1),
                "load_accumulator": In(1),
                "first": In(1),
                "start": In(accumulator),
                "accumulator": Out(accumulator),
            }
        )
        self._sum_bits = row.elem_shape.width + word.elem_shape.width + (row.length - 1).bit_length()

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
