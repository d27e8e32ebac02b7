"""The baseline's Normalization Unit: numerators divided by the row's sum."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value

from softermax.model.baseline import BaselineConfig
from softermax.model.binary16 import ONE

from ..elastic import StageOutput, elastic_register
from ..unit import StreamUnit
from .divider import DIVIDER
from .multiplier import FRACTION_MULTIPLIER, MULTIPLIER
from .operator import advance
from .streams import FRACTION_WIDTH, numerator_slice, probability_slice, row_total

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
        if self.config.normalizer == "divide":
            return DIVIDER
        return FRACTION_MULTIPLIER if self.config.fused else MULTIPLIER

    def elaborate(self, platform):
        m = Module()
        i = self.i.payload
        scale, row_flags, row_head = self._row_scale(m)

        # A row's scale stays until the row's last slice has passed.
        head = StageOutput(self.i.valid & row_head.valid, Signal(name="joined_ready"))
        m.d.comb += [
            self.i.ready.eq(head.ready & row_head.valid),
            row_head.ready.eq(head.transfer & i.last),
        ]
        lanes = [self._operands(u, scale) for u in i.u]
        flags = {"last": i.last} | row_flags
        for stage in self._operator.stages:
            lanes, flags, [head] = advance(m, head, stage, lanes, flags)

        o = self.o.payload
        head.feed(m, self.o)
        no_number = flags.pop("no_number", None)
        m.d.comb += [y.eq(_probability(values["result"], no_number)) for y, values in zip(o.y, lanes, strict=True)]
        m.d.comb += [o[flag].eq(value) for flag, value in flags.items()]
        return m

    def _operands(self, u: Value, scale: Value) -> dict[str, Value]:
        """Of a lane's operator, each as wide as it takes them."""
        widths = self._operator.operands
        return {name: _widened(value, widths[name]) for name, value in (("a", u), ("b", scale))}

    def _row_scale(self, m):
        """What the lanes divide by, or multiply with, and the row's flags; held for a row."""
        row = self.row.payload
        flags = {name: row[name] for name in row.shape().members if name != "total"}
        # Only a fully masked row sums to 0, and if numerators are fused, none.
        divisor = row.total if self.config.fused else Mux(row.total.any(), row.total, ONE)
        head = StageOutput.of(self.row)
        if self.config.normalizer == "divide":
            held, [head] = elastic_register(m, head, {"divisor": divisor, **flags})
            return held.pop("divisor"), held, head
        lanes = [{"a": Const(ONE, 16), "b": _widened(divisor, 16)}]
        for stage in DIVIDER.stages:
            lanes, flags, [head] = advance(m, head, stage, lanes, flags)
        return lanes[0]["result"], flags, head


def _widened(value: Value, width: int) -> Value:
    """A number without high bits that are 0 with them, or one with them without."""
    return value[:width] if len(value) >= width else Cat(value, Const(0, width - len(value)))


def _probability(result: Value, no_number: Value | None) -> Value:
    """A result as binary16; where its row gives NaNs, the result, which then is 0, becomes one."""
    if no_number is None:
        return result
    return result[:FRACTION_WIDTH] | (no_number.replicate(6) << 9)
