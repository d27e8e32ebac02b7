"""Unnormed Softmax Unit: from slices of scores to numerators and the row's maximum and denominator."""

from __future__ import annotations

from amaranth.hdl import Module, Value

from softermax.model import SoftermaxConfig

from .arithmetic import add_pairs, drop_fraction
from .elastic import StageOutput, elastic_register
from .framing import frame_rows
from .int_max import IntMax
from .power_of_two import PowerOfTwo
from .reduction import Reduction
from .streams import row_summary, score_slice, unnormed_slice
from .unit import StreamUnit

__all__ = ["UnnormedSoftmaxUnit"]


class UnnormedSoftmaxUnit(StreamUnit):
    """IntMax, Power of Two and Reduction as one elastic pipeline (paper: Unnormed Softmax Unit).

    Takes a slice a cycle, with no bubble between rows. A row that is longer than ``config.max_slices`` slices ends
    there, with ``overlong`` in its summary; what follows up to its ``last`` is taken and dropped.

    The pipeline has a register behind each of ``config.plan.registered_stages``, and the running values at its end.
    A slice leaves at ``o`` from the first register that holds all that leaves of it; its sum goes on from there.

    Parameters
    ----------
    config : SoftermaxConfig
    overlong_rows : bool
        Whether rows may be longer. If False, the producer must guarantee that no row is longer; the unit then has no
        slice counter.

    Members
    -------
    i : In, stream of :func:`score_slice`
    o : Out, stream of :func:`unnormed_slice`
    row : Out, stream of :func:`row_summary`
        One for each row, no earlier than its last slice; the two may be taken in different cycles.

    Attributes
    ----------
    slice_latency : int
        Clock cycles from a slice entering to its standing at ``o``.
    latency : int
        Clock cycles from a row's last slice entering to the row's summary standing at the output.
    """

    def __init__(self, config: SoftermaxConfig, *, overlong_rows: bool = True):
        config = SoftermaxConfig.of(config)
        super().__init__(config, inputs={"i": score_slice}, outputs={"o": unnormed_slice, "row": row_summary})
        self._longest = config.max_slices if overlong_rows else None
        self.slice_latency, self.latency = config.plan.slice_latency, config.plan.summary_latency

    def elaborate(self, platform):
        m = Module()
        keep_slice, last, overlong = frame_rows(m, self.i, self._longest)
        head = StageOutput(self.i.valid & keep_slice, self.i.ready)
        scores = {"x": self.i.payload.x.as_value(), "keep": self.i.payload.keep, "last": last, "overlong": overlong}
        pipeline = _Pipeline(m, head, self.config, scores)

        m.submodules.int_max = int_max = IntMax(self.config)
        m.d.comb += [int_max.x.as_value().eq(pipeline["x"]), int_max.keep.eq(pipeline["keep"])]
        pipeline.finish("int_max", ("x", "keep"), maximum=int_max.maximum)

        m.submodules.power_of_two = power_of_two = PowerOfTwo(self.config)
        m.d.comb += [
            power_of_two.x.as_value().eq(pipeline["x"]),
            power_of_two.keep.eq(pipeline["keep"]),
            power_of_two.maximum.eq(pipeline["maximum"]),
        ]
        pipeline.finish("power_of_two", ("u",), u=power_of_two.u.as_value())

        m.submodules.reduction = reduction = Reduction(self.config)
        m.d.comb += [
            reduction.slice_sum.eq(self._slice_sum(m, pipeline)),
            reduction.slice_maximum.eq(pipeline["maximum"]),
            reduction.last.eq(pipeline["last"]),
            reduction.load.eq(pipeline.head.transfer),
        ]
        # The running values that Reduction holds are the row's summary, so they wait as the slice's data do.
        pipeline.end()
        self._connect_outputs(m, pipeline, reduction)
        return m

    def _slice_sum(self, m, pipeline):
        """The exact sum over the lanes, a stage for each level of the tree, truncated to the power sum's fraction."""
        config = self.config
        sums = [pipeline["u"].word_select(lane, config.unnormed.width) for lane in range(config.lanes)]
        for level in range(1, config.tree_levels + 1):
            sums = add_pairs(m, sums)
            if level == config.tree_levels:
                sums = [self._truncated(m, sums[0])]
            named = {f"partial_{n}": value for n, value in enumerate(sums)}
            pipeline.finish(f"sum_{level}", tuple(named), **named)
            sums = [pipeline[name] for name in named]
        return sums[0] if config.tree_levels else self._truncated(m, sums[0])

    def _truncated(self, m, exact):
        config = self.config
        dropped = config.unnormed.fraction_bits - config.power_sum.fraction_bits
        return drop_fraction(m, exact, dropped, config.slice_sum_width, "slice_sum")

    def _connect_outputs(self, m, pipeline, reduction):
        for name, value in pipeline.slice_out.items():
            m.d.comb += Value.cast(self.o.payload[name]).eq(value)
        pipeline.slice_head.feed(m, self.o)
        pipeline.head.feed(m, self.row)
        m.d.comb += [
            self.row.payload.maximum.eq(reduction.maximum),
            self.row.payload.power_sum.eq(reduction.power_sum),
            self.row.payload.saturated.eq(reduction.saturated),
            self.row.payload.overlong.eq(pipeline["overlong"]),
        ]


class _Pipeline:
    """What is known of a slice, and registers between stages.

    Attributes
    ----------
    head : StageOutput
        Output of slices at the present stage; of row summaries at the end.
    slice_head, slice_out : StageOutput, dict of str to Value
        Slices that leave, and their data, from the register on from which they leave.
    """

    #: Fields of a slice that all stages need.
    CARRIED = ("maximum", "last", "overlong")

    def __init__(self, m: Module, head: StageOutput, config: SoftermaxConfig, known: dict[str, Value]):
        self._m, self._config, self._known = m, config, known
        self._registers = 0
        self.head = head

    def __getitem__(self, name: str) -> Value:
        return self._known[name]

    def finish(self, stage: str, needed: tuple[str, ...], **results: Value):
        """A stage has results; at a cut a register stores what is needed, and all else is forgotten."""
        self._known |= results
        if stage in self._config.plan.registered_stages:
            self._register((*needed, *self.CARRIED), 1)

    def end(self):
        """The register beside the running values; it feeds the row summaries."""
        self._register(("overlong",), self._known["last"])

    def _register(self, needed, feeds):
        self._registers += 1
        leaving = (
            tuple(unnormed_slice(self._config).members) if self._registers == self._config.plan.slice_latency else ()
        )
        stored = {name: value for name, value in self._known.items() if name in (*needed, *leaving)}
        every = (1, feeds) if leaving else (feeds,)
        self._known, heads = elastic_register(self._m, self.head, stored, feeds=every)
        self.head = heads[-1]
        if leaving:
            self.slice_head, self.slice_out = heads[0], {name: self._known[name] for name in leaving}
