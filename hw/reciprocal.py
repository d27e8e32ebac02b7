"""Reciprocal: of a row's denominator."""

from __future__ import annotations

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from softermax.model import SoftermaxConfig

from .arithmetic import linear_piecewise
from .streams import shape_of

__all__ = ["Reciprocal"]


class Reciprocal(wiring.Component):
    """1/D = mantissa * 2**(1 - exponent) (paper: the linear-piecewise reciprocal). Combinational.

    The leading one of D is moved to a fixed place, step by step, each a binary digit of the exponent; what follows
    it indexes the table. D is at least 1/2 for every row with a kept score.

    Parameters
    ----------
    config : SoftermaxConfig

    Members
    -------
    power_sum : In, in ``config.power_sum``
    mantissa : Out, in ``config.reciprocal``
    exponent : Out, 0 to ``config.max_exponent``
    """

    def __init__(self, config: SoftermaxConfig):
        self.config = config
        super().__init__(
            {
                "power_sum": In(shape_of(config.power_sum)),
                "mantissa": Out(shape_of(config.reciprocal)),
                "exponent": Out(range(config.max_exponent + 1)),
            }
        )

    def elaborate(self, platform):
        m = Module()
        config = self.config
        # Aligned, D's leading one is the top bit. An exponent e below the greatest has that many zeros above the one.
        # Each step keeps the bits that the mantissa can still need.
        zeros = Signal.like(self.exponent)
        aligned, lowest = self.power_sum, config.power_sum.width - 1 - config.mantissa_bits
        below = 0
        for digit in reversed(range(len(zeros))):
            places = 1 << digit
            needed = max(lowest - (places - 1), 0)
            following = Signal(config.power_sum.width - needed, name=f"aligned_{digit}")
            m.d.comb += [
                zeros[digit].eq(~aligned[-places:].any()),
                following.eq(Mux(zeros[digit], (aligned << places)[needed - below :], aligned[needed - below :])),
            ]
            aligned, below = following, needed
        index = aligned[:-1]
        m.d.comb += [
            self.mantissa.eq(linear_piecewise(m, config.reciprocal_table, index)),
            self.exponent.eq(config.max_exponent - zeros),
        ]
        return m
