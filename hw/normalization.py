"""Normalization Unit: from numerators and the row's summary to probabilities."""

from __future__ import annotations

from amaranth.hdl import Module, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from softermax.model import SoftermaxConfig

from .arithmetic import drop_fraction, saturate, shift_right
from .elastic import Head, elastic_register
from .reciprocal import Reciprocal
from .streams import probability_slice, row_summary, unnormed_slice

__all__ = ["NormalizationUnit"]


class NormalizationUnit(wiring.Component):
    """Shift the numerators to the row maximum, multiply them by the reciprocal (paper: Normalization Unit).

    Takes a slice a cycle, with no bubble between rows. The first slice of a row waits until the row's summary has
    been taken.

    Parameters
    ----------
    config : SoftermaxConfig

    Members
    -------
    i : In, stream of :func:`unnormed_slice`
    row : In, stream of :func:`row_summary`
        One for each row, no later than its slices, in the same order.
    o : Out, stream of :func:`probability_slice`

    Attributes
    ----------
    latency : int
        Clock cycles from a row's summary entering to its first probabilities standing at the output.
    slice_latency : int
        Clock cycles from a slice entering to its probabilities standing at the output.
    """

    slice_latency = 1
    latency = Reciprocal.latency + slice_latency

    def __init__(self, config: SoftermaxConfig):
        self.config = config
        super().__init__(
            {
                "i": In(stream.Signature(unnormed_slice(config))),
                "row": In(stream.Signature(row_summary(config))),
                "o": Out(stream.Signature(probability_slice(config))),
            }
        )

    def elaborate(self, platform):
        m = Module()
        m.submodules.reciprocal = reciprocal = Reciprocal(self.config)
        connect(m, flipped(self.row), reciprocal.i)
        i, row = self.i.payload, reciprocal.o.payload

        # A row's scale stays until the row's last slice has passed.
        joined = Head(self.i.valid & reciprocal.o.valid, Signal(name="joined_ready"))
        m.d.comb += [
            self.i.ready.eq(joined.ready & reciprocal.o.valid),
            reciprocal.o.ready.eq(joined.transfer & i.last),
        ]
        shift = Signal(range((1 << self.config.input.integer_bits) + self.config.max_exponent + 1))
        m.d.comb += shift.eq(row.exponent - i.maximum)
        results = {f"y_{lane}": self._normalize(m, u, shift, row.mantissa, lane) for lane, u in enumerate(i.u)}
        flags = {"last": i.last, "saturated": row.saturated, "overlong": row.overlong}
        result, [head] = elastic_register(m, joined, {**results, **flags})

        o = self.o.payload
        m.d.comb += [self.o.valid.eq(head.valid), head.ready.eq(self.o.ready)]
        m.d.comb += [o.y[lane].eq(result[f"y_{lane}"]) for lane in range(self.config.lanes)]
        m.d.comb += [o[flag].eq(result[flag]) for flag in flags]
        return m

    def _normalize(self, m, u, shift, mantissa, lane):
        """One lane: shift, multiply, round to nearest, saturate."""
        config = self.config
        numerator = Signal(config.unnormed.width, name=f"numerator_{lane}")
        m.d.comb += numerator.eq(shift_right(u, shift))
        dropped = config.product_shift
        half = (1 << max(dropped, 0)) >> 1
        # A numerator and a reciprocal are at most 1, and their product is doubled.
        width = max((2 << config.output.fraction_bits).bit_length(), config.output.width)
        rounded = drop_fraction(m, numerator * mantissa + half, dropped, width, f"rounded_{lane}")
        return saturate(rounded, config.output.width) if config.output_can_saturate else rounded[: config.output.width]
