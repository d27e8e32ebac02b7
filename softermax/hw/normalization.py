"""Normalization Unit: from numerators and the row's summary to probabilities."""

from __future__ import annotations

from amaranth.hdl import Module, Signal
from amaranth.lib.wiring import connect, flipped

from softermax.model import SoftermaxConfig

from .cascade import Cascade
from .elastic import StageOutput, elastic_register
from .lanes import multiply_numerators, select_products
from .reciprocal import Reciprocal
from .row_product import RowProduct
from .streams import probability_slice, row_summary, unnormed_slice
from .unit import StreamUnit

__all__ = ["NormalizationUnit"]


class NormalizationUnit(StreamUnit):
    """Probabilities from a row's slices and its summary (paper: Normalization Unit).

    Multiplying, the paper's style, a lane shifts its numerator to the row maximum and multiplies it by the reciprocal.
    By row product a lane selects the product for its score's fraction and shifts it: there is no multiplier per lane.

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

    def __init__(self, config: SoftermaxConfig):
        config = SoftermaxConfig.of(config)
        super().__init__(config, inputs={"i": unnormed_slice, "row": row_summary}, outputs={"o": probability_slice})
        self.slice_latency = config.plan.result_latency
        self.latency = config.plan.row_latency + self.slice_latency

    def elaborate(self, platform):
        m = Module()
        i, row = self.i.payload, self._row_scale(m)

        # A row's scale stays until the row's last slice has passed.
        joined = StageOutput(self.i.valid & row.valid, Signal(name="joined_ready"))
        m.d.comb += [
            self.i.ready.eq(joined.ready & row.valid),
            row.ready.eq(joined.transfer & i.last),
        ]
        normalize = select_products if self.config.normalizer == "row_product" else multiply_numerators
        results = {f"y_{lane}": y for lane, y in enumerate(normalize(m, i, row.payload, self.config))}
        flags = {"last": i.last, "saturated": row.payload.saturated, "overlong": row.payload.overlong}
        result, [head] = elastic_register(m, joined, {**results, **flags})
        if self.config.rounding == "cascade":
            result, head = self._cascaded(m, head, result, flags)

        o = self.o.payload
        head.feed(m, self.o)
        m.d.comb += [o.y[lane].eq(result[f"y_{lane}"]) for lane in range(self.config.lanes)]
        m.d.comb += [o[flag].eq(result[flag]) for flag in flags]
        return m

    def _cascaded(self, m, head, result, flags):
        """Results and flags rounded by cascade, behind another register."""
        m.submodules.cascade = cascade = Cascade(self.config)
        m.d.comb += [cascade.last.eq(result["last"]), cascade.load.eq(head.transfer)]
        m.d.comb += [cascade.results[lane].eq(result[f"y_{lane}"]) for lane in range(self.config.lanes)]
        rounded = {f"y_{lane}": cascade.y[lane] for lane in range(self.config.lanes)}
        rounded, [head] = elastic_register(m, head, {**rounded, **{flag: result[flag] for flag in flags}})
        return rounded, head

    def _row_scale(self, m):
        """The stream of a row's data for the lanes: its reciprocal, or its row products."""
        m.submodules.reciprocal = reciprocal = Reciprocal(self.config)
        connect(m, flipped(self.row), reciprocal.i)
        if self.config.normalizer != "row_product":
            return reciprocal.o
        m.submodules.row_product = row_product = RowProduct(self.config)
        connect(m, reciprocal.o, row_product.i)
        return row_product.o
