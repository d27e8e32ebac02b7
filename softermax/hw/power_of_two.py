"""Power of Two: the unnormed softmax of a slice."""

from __future__ import annotations

from amaranth.hdl import Module, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from softermax.model import SoftermaxConfig

from .arithmetic import linear_piecewise, shift_right
from .streams import shape_of

__all__ = ["PowerOfTwo"]


class PowerOfTwo(wiring.Component):
    """2**(x - maximum) for every kept lane, 0 for the others (paper: Power of Two). Combinational.

    The fraction of a score indexes the linear-piecewise table; the distance of its floor from the integer maximum is
    a right shift.

    Parameters
    ----------
    config : SoftermaxConfig

    Members
    -------
    x : In, array of ``config.lanes`` in ``config.input``
    keep : In, ``config.lanes`` bits
    maximum : In, in ``config.maximum``
        No less than any kept score.
    u : Out, array of ``config.lanes`` in ``config.unnormed``
    """

    def __init__(self, config: SoftermaxConfig):
        config = SoftermaxConfig.of(config)
        self.config = config
        super().__init__(
            {
                "x": In(data.ArrayLayout(shape_of(config.input), config.lanes)),
                "keep": In(config.lanes),
                "maximum": In(shape_of(config.maximum)),
                "u": Out(data.ArrayLayout(shape_of(config.unnormed), config.lanes)),
            }
        )

    def elaborate(self, platform):
        m = Module()
        fraction_bits = self.config.input.fraction_bits
        for lane in range(self.config.lanes):
            x = self.x[lane]
            shift = Signal(self.config.maximum.width, name=f"shift_{lane}")
            m.d.comb += shift.eq(self.maximum - x[fraction_bits:].as_signed())
            power = linear_piecewise(m, self.config.power_table, x[:fraction_bits])
            m.d.comb += self.u[lane].eq(shift_right(power, shift, clear=~self.keep[lane]))
        return m
