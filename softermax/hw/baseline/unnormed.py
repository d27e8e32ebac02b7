"""The baseline's Unnormed Softmax Unit: the row maximum in a first pass, exponentials and their sum in a second."""

from __future__ import annotations

from functools import partial

from amaranth.hdl import Module, Mux, Signal

from softermax.model import QFormat
from softermax.model.baseline import BaselineConfig

from ..elastic import StageOutput, elastic_register
from ..unit import StreamUnit
from .fused_datapath import FusedDatapath
from .operator import advance
from .operators_datapath import OperatorsDatapath
from .ripple import name_value
from .streams import first_pass_slice, numerator_slice, row_total, score_slice
from .tree import pairwise

__all__ = ["BaselineUnnormedSoftmaxUnit"]


class BaselineUnnormedSoftmaxUnit(StreamUnit):
    """Row maxima of the slices at ``i``; e**(x - maximum) of the same slices, when they come ``again``, and their sums.

    Takes a slice a cycle at both inputs, with no bubble between rows: while a row passes for the second time, the next
    one passes for the first time. Rows are no longer than ``config.max_slices`` slices.

    Parameters
    ----------
    config : BaselineConfig
    score : QFormat or None
        Format of scores that come in fixed point, which only a fused datapath takes; binary16 without.

    Members
    -------
    i : In, stream of :func:`first_pass_slice`
    again : In, stream of :func:`score_slice`
        The same slices in the same order. A row's first slice waits until the row has passed at ``i``.
    o : Out, stream of :func:`numerator_slice`
    row : Out, stream of :func:`row_total`

    Attributes
    ----------
    maximum_latency : int
        Clock cycles from a row's last slice at ``i`` to its first slice being taken ``again``.
    slice_latency : int
        Clock cycles from a slice being taken again to its numerators standing at the output.
    latency : int
        Clock cycles from a row's last slice being taken again to the row's sum standing at the output.
    """

    def __init__(self, config: BaselineConfig, *, score: QFormat | None = None):
        config = BaselineConfig.of(config)
        super().__init__(
            config,
            inputs={"i": partial(first_pass_slice, score=score), "again": partial(score_slice, score=score)},
            outputs={"o": numerator_slice, "row": row_total},
        )
        self._datapath = FusedDatapath(config, score) if config.fused else OperatorsDatapath(config, score)
        self.maximum_latency = config.maximum_stages + 1
        self.slice_latency = config.numerator_latency
        self.latency = self.slice_latency + config.sum_latency

    def elaborate(self, platform):
        m = Module()
        row, maximum_head = self._row_maximum(m)
        numerators, flags, [o_head, tree_head] = self._numerators(m, row, maximum_head)
        total, row_head = self._datapath.total(m, numerators, flags, tree_head)
        shown = [self._datapath.numerator(m, result) for result in numerators]
        m.d.comb += [u.eq(numerator) for u, numerator in zip(self.o.payload.u, shown, strict=True)]
        m.d.comb += self.o.payload.last.eq(flags["last"])
        o_head.feed(m, self.o)
        m.d.comb += [self.row.payload[name].eq(value) for name, value in total.items()]
        row_head.feed(m, self.row)
        return m

    def _row_maximum(self, m):
        """First pass: the running maximum, and a register in which a row's waits for the end of the second pass."""
        i, head, datapath = self.i.payload, StageOutput.of(self.i), self._datapath
        level = [
            name_value(m, datapath.masked(x.as_unsigned(), keep), f"score_{lane}")
            for lane, (x, keep) in enumerate(zip(i.x, i.keep, strict=True))
        ]
        while len(level) > 1:
            level = pairwise(m, datapath.maximum, level)
        of_slice = {"no_number": datapath.no_number(i), "last": i.last, "overlong": i.overlong}
        maximum = level[0]
        for _ in range(self.config.maximum_stages - 1):
            held, [head] = elastic_register(m, head, {"slice_maximum": maximum, **of_slice})
            maximum = held.pop("slice_maximum")
            of_slice = held
        first = Signal(init=1)
        running = Signal(datapath.width, name="running_maximum", reset_less=True)
        with m.If(head.transfer):
            m.d.sync += [
                first.eq(of_slice["last"]),
                running.eq(Mux(first, maximum, datapath.maximum(m, running, maximum))),
            ]
        found = datapath.found(m, of_slice["no_number"], first, head)
        # The running maximum at a row's end is the row's, so it waits as the register's data do.
        seen, [head] = elastic_register(m, head, {"overlong": of_slice["overlong"]}, feeds=(of_slice["last"],))
        held, [head] = elastic_register(m, head, {**datapath.reference(m, running, found), **seen})
        return held, head

    def _numerators(self, m, row, row_head):
        """Second pass: the exponential of a score less the maximum, 0 where masked."""
        again = self.again.payload
        joined = StageOutput(self.again.valid & row_head.valid, Signal(name="joined_ready"))
        m.d.comb += [
            self.again.ready.eq(joined.ready & row_head.valid),
            row_head.ready.eq(joined.transfer & again.last),
        ]
        lanes = [{"x": x.as_unsigned(), "keep": keep} for x, keep in zip(again.x, again.keep, strict=True)]
        flags = {"last": again.last} | {name: row[name] for name in self._datapath.row_flags}
        *stages, last = self._datapath.stages(row)
        for stage in stages:
            lanes, flags, [joined] = advance(m, joined, stage, lanes, flags)
        lanes, flags, heads = advance(m, joined, last, lanes, flags, feeds=(1, 1))
        return [values["result"] for values in lanes], flags, heads
