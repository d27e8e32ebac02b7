"""Cascade: rounds the results of a row so that what one loses, or gains, goes to the next."""

from __future__ import annotations

from collections.abc import Iterator
from math import floor

from amaranth.hdl import Module, Signal, Value
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from softermax.model import SoftermaxConfig

from .arithmetic import saturate

__all__ = ["Cascade", "result_width"]


class Cascade(wiring.Component):
    """y_i = floor(1/2 + C_i) - floor(1/2 + C_(i-1)), C_i the sum of a row's results up to that of a lane.

    Only guard bits are added up, from lane to lane and from slice to slice: y_i is a result's whole part and a carry.
    A parallel prefix sum over the lanes does not depend on the slices before; what they leave, the residual, is added
    last, so that the loop from slice to slice is one short adder. Combinational but for the residual.

    Parameters
    ----------
    config : SoftermaxConfig

    Members
    -------
    results : In, array of lanes
        With ``config.guard_bits + 1`` fraction bits, the last of which is for rounding to nearest.
    last : In
        The slice ends its row: the next one finds a residual of 1/2.
    load : In
        Take the slice on this clock edge.
    y : Out, array of lanes
        In ``config.output``, saturated.
    """

    def __init__(self, config: SoftermaxConfig):
        config = SoftermaxConfig.of(config)
        self.config = config
        lanes = config.lanes
        super().__init__(
            {
                "results": In(data.ArrayLayout(result_width(config), lanes)),
                "last": In(1),
                "load": In(1),
                "y": Out(data.ArrayLayout(config.output.width, lanes)),
            }
        )

    def elaborate(self, platform):
        m = Module()
        guard_bits = self.config.guard_bits
        half = 1 << (guard_bits - 1)
        residual = Signal(guard_bits, init=half)
        roundings = [result[0] for result in self.results]
        sums = _prefix_sums(m, [result[1 : guard_bits + 1] for result in self.results], roundings)
        carried = 0
        for lane, (result, part, rounding) in enumerate(zip(self.results, sums, roundings, strict=True)):
            # A lane changes the whole part of the sum by a carry or not at all, so its lowest bit tells.
            total = Signal(guard_bits + 1, name=f"total_{lane}")
            m.d.comb += total.eq(part + residual + rounding)
            y = Signal(len(result) - guard_bits, name=f"rounded_{lane}")
            m.d.comb += y.eq(result[guard_bits + 1 :] + (total[-1] ^ carried))
            m.d.comb += self.y[lane].eq(saturate(y, len(self.y[lane])) if self.config.output_can_saturate else y)
            carried = total[-1]
        with m.If(self.load):
            m.d.sync += residual.eq(total[:-1])
            with m.If(self.last):
                m.d.sync += residual.eq(half)
        return m


def result_width(config: SoftermaxConfig) -> int:
    """Bits of a lane's result as the cascade takes it, with the bit for rounding to nearest."""
    return floor(config.largest_result * 2**config.result_bits).bit_length() + 1


def _prefix_sums(m: Module, values: list[Value], roundings: list[Value]) -> list[Value]:
    """For each value the sum of all up to it, a bit wider, modulo; and of the roundings before it, not of its own.

    A rounding is the carry into the adder that joins what it belongs to with what follows.
    """
    width = len(values[0]) + 1
    sums = list(values)
    for left, right in _brent_kung(len(values)):
        total = Signal(width, name=f"sum_{right}")
        m.d.comb += total.eq(sums[left] + sums[right] + roundings[left])
        sums[right] = total
    return sums


def _brent_kung(count: int) -> Iterator[tuple[int, int]]:
    """The adders of a parallel prefix sum, in order, as pairs of places: the sum at both goes to the second one.

    After Brent and Kung (1982): twice as deep as it need be, with the fewest adders of those that are logarithmic.
    """
    step = 1
    while step < count:
        yield from ((place - step, place) for place in range(2 * step - 1, count, 2 * step))
        step *= 2
    while step > 1:
        step //= 2
        yield from ((place - step, place) for place in range(3 * step - 1, count, 2 * step))
