"""The baseline's Normalization Unit: numerators divided by the row's sum."""

from __future__ import annotations

from amaranth.hdl import Const, Module, Mux, Signal

from softermax.model.baseline import BaselineConfig
from softermax.model.binary16 import ONE

from ..elastic import StageOutput, elastic_register
from ..unit import StreamUnit
from .divider import DIVIDER
from .multiplier import MULTIPLIER
from .operator import advance
from .streams import numerator_slice, probability_slice, row_total

__all__ = ["BaselineNormalizationUnit"]


class BaselineNormalizationUnit(StreamUnit):
    """Probabilities from a row's numerators and its sum: a divider for each lane, or a reciprocal and multipliers.

    Takes a slice a cycle, with no bubble between rows. The first slice of a row waits until the row's sum has been
    taken.

    Parameters
    ----------
    config : BaselineConfig

    Members
    -------
    i : In, stream of :func:`numerator_slice`
    row : In, stream of :func:`row_total`
        One for each row, in the same order.
    o : Out, stream of :func:`probability_slice`

    Attributes
    ----------
    row_latency : int
        Clock cycles from a row's sum entering to its first slice being taken.
    slice_latency : int
        Clock cycles from a slice entering to its probabilities standing at the output.
    latency : int
        The two together.
    """

    def __init__(self, config: BaselineConfig):
        config = BaselineConfig.of(config)
        super().__init__(config, inputs={"i": numerator_slice, "row": row_total}, outputs={"o": probability_slice})
        self.row_latency = 1 if config.normalizer == "divide" else DIVIDER.latency
        self.slice_latency = self._operator.latency
        self.latency = self.row_latency + self.slice_latency

    @property
    def _operator(self):
        return DIVIDER if self.config.normalizer == "divide" else MULTIPLIER

    def elaborate(self, platform):
        m = Module()
        i = self.i.payload
        scale, overlong, row_head = self._row_scale(m)

        # A row's scale stays until the row's last slice has passed.
        head = StageOutput(self.i.valid & row_head.valid, Signal(name="joined_ready"))
        m.d.comb += [
            self.i.ready.eq(head.ready & row_head.valid),
            row_head.ready.eq(head.transfer & i.last),
        ]
        lanes = [{"a": u, "b": scale} for u in i.u]
        flags = {"last": i.last, "overlong": overlong}
        for stage in self._operator.stages:
            lanes, flags, [head] = advance(m, head, stage, lanes, flags)

        o = self.o.payload
        head.feed(m, self.o)
        m.d.comb += [y.eq(values["result"]) for y, values in zip(o.y, lanes, strict=True)]
        m.d.comb += [o[flag].eq(value) for flag, value in flags.items()]
        return m

    def _row_scale(self, m):
        """What the lanes divide by, or multiply with; held for a row."""
        row = self.row.payload
        # Only a fully masked row sums to 0.
        divisor = Mux(row.total.any(), row.total, ONE)
        head, flags = StageOutput.of(self.row), {"overlong": row.overlong}
        if self.config.normalizer == "divide":
            held, [head] = elastic_register(m, head, {"divisor": divisor, **flags})
            return held["divisor"], held["overlong"], head
        lanes = [{"a": Const(ONE, 16), "b": divisor}]
        for stage in DIVIDER.stages:
            lanes, flags, [head] = advance(m, head, stage, lanes, flags)
        return lanes[0]["result"], flags["overlong"], head
