"""Reciprocal: from a row's summary to its scale."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Mux, Signal

from softermax.model import SoftermaxConfig

from .arithmetic import linear_piecewise
from .elastic import StageOutput, elastic_register
from .streams import row_scale, row_summary
from .unit import StreamUnit

__all__ = ["Reciprocal"]


class Reciprocal(StreamUnit):
    """1/D = mantissa * 2**(1 - e), with e added to the row maximum (paper: the linear-piecewise reciprocal).

    An elastic pipeline: first the leading one of D is moved to a fixed place, then what follows it indexes the table.
    Its latency equals the row buffer's, so that rows of a single slice pass without a bubble.

    Parameters
    ----------
    config : SoftermaxConfig

    Members
    -------
    i : In, stream of :func:`row_summary`
        D is at least 1/2 in every row with a kept score.
    o : Out, stream of :func:`row_scale`

    Attributes
    ----------
    latency : int
        Clock cycles from a summary entering to its scale standing at the output.
    """

    latency = 2

    def __init__(self, config: SoftermaxConfig):
        config = SoftermaxConfig.of(config)
        super().__init__(config, inputs={"i": row_summary}, outputs={"o": row_scale})

    def elaborate(self, platform):
        m = Module()
        summary, scale = self.i.payload, self.o.payload
        index, sum_exponent = self._align(m, summary.power_sum)
        exponent = Signal.like(scale.exponent, name="exponent_in")
        m.d.comb += exponent.eq(summary.maximum + sum_exponent)
        flags = {"saturated": summary.saturated, "overlong": summary.overlong}
        aligned, [head] = elastic_register(m, StageOutput.of(self.i), {"index": index, "exponent": exponent, **flags})

        mantissa = linear_piecewise(m, self.config.reciprocal_table, aligned.pop("index"))
        result, [head] = elastic_register(m, head, {"mantissa": mantissa, **aligned})
        head.feed(m, self.o)
        m.d.comb += [scale[name].eq(value) for name, value in result.items()]
        return m

    def _align(self, m, power_sum):
        """Index into the table and exponent of D; the exponent of 1/2 is 0.

        Shifted up by its leading zeros, D's leading one is the top bit; the zeros' number is found digit by digit.
        Each step keeps the bits that the index can still need.
        """
        config = self.config
        zeros = [Signal(name=f"zeros_{digit}") for digit in range(config.max_exponent.bit_length())]
        aligned, below = power_sum, 0
        for digit in reversed(range(len(zeros))):
            places = 1 << digit
            needed = max(config.power_sum.width - config.mantissa_bits - places, 0)
            following = Signal(config.power_sum.width - needed, name=f"aligned_{digit}")
            m.d.comb += [
                zeros[digit].eq(~aligned[-places:].any()),
                following.eq(Mux(zeros[digit], (aligned << places)[needed - below :], aligned[needed - below :])),
            ]
            aligned, below = following, needed
        exponent = Signal(range(config.max_exponent + 1), name="sum_exponent")
        m.d.comb += exponent.eq(config.max_exponent - Cat(zeros))
        return aligned[:-1], exponent
