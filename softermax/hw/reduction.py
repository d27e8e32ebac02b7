"""Reduction: the running maximum and denominator of a row."""

from __future__ import annotations

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from softermax.model import SoftermaxConfig

from .arithmetic import saturate, shift_right
from .streams import shape_of

__all__ = ["Reduction"]


class Reduction(wiring.Component):
    """D' = (D >> (M' - M)) + (S >> (M' - M_s)), for slices with maximum M_s and sum S (paper: Reduction).

    The recurrence closes in one cycle. At most one of the two shifts is not by 0, so there is only one shifter.

    Parameters
    ----------
    config : SoftermaxConfig

    Members
    -------
    slice_sum : In
        Truncated to the fraction of ``config.power_sum``.
    slice_maximum : In, in ``config.maximum``
    last : In
        The slice ends its row: the next one finds D = 0.
    load : In
        Take the slice on this clock edge.
    maximum, power_sum, saturated : Out
        Running values of the row after the slice taken last, in ``config.maximum``, ``config.power_sum`` and a bit.
    """

    def __init__(self, config: SoftermaxConfig):
        config = SoftermaxConfig.of(config)
        self.config = config
        super().__init__(
            {
                "slice_sum": In(config.slice_sum_width),
                "slice_maximum": In(shape_of(config.maximum)),
                "last": In(1),
                "load": In(1),
                "maximum": Out(shape_of(config.maximum)),
                "power_sum": Out(shape_of(config.power_sum)),
                "saturated": Out(1),
            }
        )

    def elaborate(self, platform):
        m = Module()
        config = self.config
        first = Signal(init=1)
        maximum = Signal(self.maximum.shape(), reset_less=True)
        power_sum = Signal(self.power_sum.shape(), reset_less=True)

        # Where the slice lies below the running maximum, its sum is shifted by -distance, which is at least 1: by the
        # distance's complement and 1 more. Where it does not, D is shifted. A row's first slice never lies below, and
        # clears what the row before left in D.
        distance = Signal(range(-(1 << config.input.integer_bits), (1 << config.input.integer_bits) + 1))
        below = Signal()
        shift = Signal(config.maximum.width)
        m.d.comb += [
            distance.eq(self.slice_maximum - maximum),
            below.eq(distance[-1] & ~first),
            shift.eq(Mux(below, ~distance, distance)),
        ]
        shifted = shift_right(Mux(below, self.slice_sum >> 1, power_sum), shift, clear=first)
        total = Signal(
            max(len(self.slice_sum), config.power_sum.width) + 1 if config.sum_can_overflow else len(power_sum)
        )
        m.d.comb += total.eq(shifted + Mux(below, power_sum, self.slice_sum))

        with m.If(self.load):
            m.d.sync += [first.eq(self.last), power_sum.eq(saturate(total, config.power_sum.width))]
            with m.If(~below):
                m.d.sync += maximum.eq(self.slice_maximum)
        m.d.comb += [self.maximum.eq(maximum), self.power_sum.eq(power_sum)]
        if config.sum_can_overflow:
            saturated = Signal(reset_less=True)
            m.d.comb += self.saturated.eq(saturated)
            with m.If(self.load):
                m.d.sync += saturated.eq(total[config.power_sum.width :].any() | (saturated & ~first))
        return m
