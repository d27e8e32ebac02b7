"""Unnormed Softmax Unit: from slices of scores to numerators and the row's maximum and denominator."""

from __future__ import annotations

from amaranth.hdl import Module, Value
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from softermax.model import SoftermaxConfig

from .elastic import Head, elastic_register
from .framing import frame_rows
from .int_max import IntMax
from .power_of_two import PowerOfTwo
from .reduction import Reduction
from .streams import require_config, row_summary, score_slice, unnormed_slice

__all__ = ["UnnormedSoftmaxUnit"]


class UnnormedSoftmaxUnit(wiring.Component):
    """IntMax, Power of Two and Reduction as one elastic pipeline (paper: Unnormed Softmax Unit).

    Takes a slice a cycle, with no bubble between rows. A row that is longer than ``config.max_slices`` slices ends
    there, with ``overlong`` in its summary; what follows up to its ``last`` is taken and dropped.

    Parameters
    ----------
    config : SoftermaxConfig

    Members
    -------
    i : In, stream of :func:`score_slice`
    o : Out, stream of :func:`unnormed_slice`
    row : Out, stream of :func:`row_summary`
        One for each row, together with its last slice; the two may be taken in different cycles.

    Attributes
    ----------
    latency : int
        Clock cycles from a slice entering to its numerators, and its row's summary, standing at the outputs.
    """

    latency = 2

    def __init__(self, config: SoftermaxConfig):
        self.config = require_config(config)
        super().__init__(
            {
                "i": In(stream.Signature(score_slice(config))),
                "o": Out(stream.Signature(unnormed_slice(config))),
                "row": Out(stream.Signature(row_summary(config))),
            }
        )

    def elaborate(self, platform):
        m = Module()
        scores = self.i.payload
        keep_slice, last, overlong = frame_rows(m, self.i, self.config.max_slices)
        m.submodules.int_max = int_max = IntMax(self.config)
        m.d.comb += [int_max.x.eq(scores.x), int_max.keep.eq(scores.keep)]

        slice_in = {"x": scores.x.as_value(), "keep": scores.keep, "maximum": int_max.maximum}
        head = Head(self.i.valid & keep_slice, self.i.ready)
        held, [head] = elastic_register(m, head, {**slice_in, "last": last, "overlong": overlong})

        m.submodules.power_of_two = power_of_two = PowerOfTwo(self.config)
        m.d.comb += [
            power_of_two.x.as_value().eq(held["x"]),
            power_of_two.keep.eq(held["keep"]),
            power_of_two.maximum.eq(held["maximum"]),
        ]
        if self.config.normalizer == "row_product":
            slice_out = {"x_out": held["x"], "keep_out": held["keep"]}
        else:
            slice_out = {"u_out": power_of_two.u.as_value(), "maximum_out": held["maximum"]}
        m.submodules.reduction = reduction = Reduction(self.config)
        m.d.comb += [
            reduction.u.eq(power_of_two.u),
            reduction.slice_maximum.eq(held["maximum"]),
            reduction.last.eq(held["last"]),
            reduction.load.eq(head.transfer),
        ]
        flags = {"last_out": held["last"], "overlong_out": held["overlong"]}
        # The running values that Reduction holds are the row's summary, so they wait as the slice's data do.
        result, [o_head, row_head] = elastic_register(m, head, {**slice_out, **flags}, feeds=(1, held["last"]))

        o = self.o.payload
        fields = [o[name.removesuffix("_out")] for name in slice_out]
        m.d.comb += [Value.cast(field).eq(result[name]) for field, name in zip(fields, slice_out, strict=True)]
        m.d.comb += [
            o.last.eq(result["last_out"]),
            self.o.valid.eq(o_head.valid),
            o_head.ready.eq(self.o.ready),
            self.row.valid.eq(row_head.valid),
            row_head.ready.eq(self.row.ready),
            self.row.payload.maximum.eq(reduction.maximum),
            self.row.payload.power_sum.eq(reduction.power_sum),
            self.row.payload.saturated.eq(reduction.saturated),
            self.row.payload.overlong.eq(result["overlong_out"]),
        ]
        return m
