"""IntMax: the integer maximum of a slice."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from softermax.model import SoftermaxConfig

from .streams import shape_of

__all__ = ["IntMax"]


class IntMax(wiring.Component):
    """The largest ceil(x) over the kept lanes of a slice (paper: IntMax). Combinational.

    A score compares as its floor and a bit that says whether it has a fraction, which orders scores as their
    ceilings do; so only the winner is rounded up.

    Parameters
    ----------
    config : SoftermaxConfig

    Members
    -------
    x : In, array of ``config.lanes`` in ``config.input``
    keep : In, ``config.lanes`` bits
    maximum : Out, in ``config.maximum``
        ``config.lowest_maximum`` if no lane is kept.
    """

    def __init__(self, config: SoftermaxConfig):
        config = SoftermaxConfig.of(config)
        self.config = config
        super().__init__(
            {
                "x": In(data.ArrayLayout(shape_of(config.input), config.lanes)),
                "keep": In(config.lanes),
                "maximum": Out(shape_of(config.maximum)),
            }
        )

    def elaborate(self, platform):
        m = Module()
        # Unsigned keys: the score's sign bit inverted, so that a masked lane, being zero, is the smallest of all.
        keys = [self._key(m, lane) for lane in range(self.config.lanes)]
        while len(keys) > 1:
            winners = [self._larger(m, a, b) for a, b in zip(keys[0::2], keys[1::2], strict=False)]
            keys = winners + keys[len(keys) & ~1 :]
        m.d.comb += self.maximum.eq(keys[0][1:] + keys[0][0] + self.config.lowest_maximum)
        return m

    def _key(self, m, lane):
        x, fraction_bits = self.x[lane], self.config.input.fraction_bits
        key = Signal(self.config.input.integer_bits + 1, name=f"key_{lane}")
        rank = Cat(x[:fraction_bits].any(), x[fraction_bits:-1], ~x[-1])
        m.d.comb += key.eq(Mux(self.keep[lane], rank, 0))
        return key

    @staticmethod
    def _larger(m, a, b):
        larger = Signal.like(a, name="larger")
        m.d.comb += larger.eq(Mux(a > b, a, b))
        return larger
