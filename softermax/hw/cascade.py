"""Cascade: rounds the results of a row so that what one loses, or gains, goes to the next."""

from __future__ import annotations

from math import floor, isqrt

from amaranth.hdl import Module, Signal, Value
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from softermax.model import SoftermaxConfig

from .arithmetic import saturate

__all__ = ["Cascade", "result_width"]


class Cascade(wiring.Component):
    """y_i = floor(1/2 + C_i) - floor(1/2 + C_(i-1)), C_i the sum of a row's results up to the i-th.

    Only guard bits are added up, from lane to lane and from slice to slice: y_i is a result's whole part and a carry.
    Lanes are in groups. A group's own sums do not depend on what is before it, so that those of all groups are made at
    once; what the slices before leave, the residual, then goes from group to group. That is smaller than a parallel
    prefix sum over all lanes, and as deep (docs/explanation/faithful.md). Combinational but for the residual.

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
        guard_bits, lanes = self.config.guard_bits, self.config.lanes
        half = 1 << (guard_bits - 1)
        residual = Signal(guard_bits, init=half)
        before = residual
        for first in range(0, lanes, group_size(lanes)):
            group = range(first, min(first + group_size(lanes), lanes))
            before = self._group(m, group, before)
        with m.If(self.load):
            m.d.sync += residual.eq(before[:guard_bits])
            with m.If(self.last):
                m.d.sync += residual.eq(half)
        return m

    def _group(self, m: Module, group: range, before: Value) -> Value:
        """Round the lanes of a group; returns the sum up to its last lane, from the sum of the lanes before."""
        width = self.config.guard_bits + 1
        # A lane changes the whole part of the sum by a carry or not at all, so its lowest bit tells.
        carried = before[width - 1 :]
        parts = rounding = 0
        for lane in group:
            result = self.results[lane]
            # Rounding up is the carry into the adder of the next lane.
            through = Signal(width, name=f"part_{lane}")
            m.d.comb += through.eq(parts + result[1:width] + rounding)
            parts, rounding = through, result[0]
            total = Signal(width, name=f"total_{lane}")
            m.d.comb += total.eq(before + parts + rounding)
            y = Signal(len(result) - width + 1, name=f"rounded_{lane}")
            m.d.comb += y.eq(result[width:] + (total[-1] ^ carried))
            m.d.comb += self.y[lane].eq(saturate(y, len(self.y[lane])) if self.config.output_can_saturate else y)
            carried = total[-1]
        return total


def group_size(lanes: int) -> int:
    """Lanes of a group: as many as there are groups, about, so that both sums are short."""
    return isqrt(lanes - 1) + 1


def result_width(config: SoftermaxConfig) -> int:
    """Bits of a lane's result as the cascade takes it, with the bit for rounding to nearest."""
    return floor(config.largest_result * 2**config.result_bits).bit_length() + 1
