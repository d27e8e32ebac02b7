"""Coverage of Softermax's units from their runs."""

from __future__ import annotations

import numpy as np

from softermax.hw.streams import probability_slice, row_summary, score_slice, unnormed_slice
from softermax.model import SoftermaxConfig
from softermax.model.framing import Framing, frame
from softermax.model.timing import NormalizationTiming, SoftermaxTiming, UnnormedTiming

from .cascade import CASCADE, CascadeView
from .coverpoints import Coverage
from .flow import FLOW, FlowView
from .normalization import NORMALIZATION, ProbabilitiesView
from .replay import Occupancy, Run, replay, rows_left, scores
from .rows import ROWS
from .unnormed import UNNORMED, ScoresView

__all__ = ["count_normalization", "count_softmax", "count_unnormed"]


def count_unnormed(coverage: Coverage, run: Run, config: SoftermaxConfig):
    """Count what a run of the Unnormed Softmax Unit covers."""
    timing = UnnormedTiming(_framing(run, config), config.plan)
    occupancy = replay(timing, run)
    coverage.count(FLOW, FlowView(run, occupancy, {}))
    _count_rows(coverage, run, occupancy, config)


def count_softmax(coverage: Coverage, run: Run, config: SoftermaxConfig):
    """Count what a run of the complete Softermax covers."""
    occupancy = replay(SoftermaxTiming(_framing(run, config), config), run)
    coverage.count(FLOW, FlowView(run, occupancy, {"buffer": config.plan.buffer_depth - 1}))
    view = _count_rows(coverage, run, occupancy, config)
    if view is not None:
        slices, rows = view.values[0], view.at_ends
        y = run.outputs["o"].fields(probability_slice(config))["y"][: len(slices["last"])]
        _count_probabilities(coverage, ProbabilitiesView(slices, rows, y, config))


def count_normalization(coverage: Coverage, run: Run, config: SoftermaxConfig):
    """Count what a run of the Normalization Unit covers."""
    layout = unnormed_slice(config)
    flags = ("keep",) if "keep" in layout.members else ()
    offered = run.inputs["i"].fields(layout, flags, waiting=True)
    timing = NormalizationTiming(offered["last"], config.plan.row_latency, config.plan.result_latency)
    occupancy = replay(timing, run)
    coverage.count(FLOW, FlowView(run, occupancy, {}))
    y = run.outputs["o"].fields(probability_slice(config))["y"]
    ends = np.flatnonzero(offered["last"][: len(y)]) + 1
    if len(ends):
        slices = {name: values[: ends[-1]] for name, values in offered.items()}
        rows = {name: values[: len(ends)] for name, values in run.inputs["row"].fields(row_summary(config)).items()}
        _count_probabilities(coverage, ProbabilitiesView(slices, rows, y[: ends[-1]], config))


def _count_probabilities(coverage: Coverage, view: ProbabilitiesView):
    coverage.count(NORMALIZATION, view)
    if view.config.rounding == "cascade":
        coverage.count(CASCADE, CascadeView.of(view))


def _framing(run: Run, config: SoftermaxConfig) -> Framing:
    return frame(scores(run, score_slice(config), waiting=True)["last"], config)


def _count_rows(coverage: Coverage, run: Run, occupancy: Occupancy, config: SoftermaxConfig) -> ScoresView | None:
    """Count the rows of which all results have left the unit, and return them; None if there are none."""
    taken = scores(run, score_slice(config))
    view = ScoresView.of(taken, run, occupancy, config, rows_left(run, frame(taken["last"], config)))
    if not len(view.last):
        return None
    coverage.count(ROWS, view)
    coverage.count(UNNORMED, view)
    return view
