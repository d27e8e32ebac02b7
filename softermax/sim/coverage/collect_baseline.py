"""Coverage of the baseline's units from their runs."""

from __future__ import annotations

import numpy as np

from softermax.hw.baseline.streams import (
    first_pass_slice,
    numerator_slice,
    probability_slice,
    row_total,
    score_slice,
)
from softermax.model.baseline import BaselineConfig
from softermax.model.baseline_timing import BaselineSoftmaxTiming, BaselineUnnormedTiming
from softermax.model.framing import frame
from softermax.model.timing import NormalizationTiming

from .baseline import BASELINE_NORMALIZATION, BASELINE_UNNORMED, Binary16View, QuotientsView
from .coverpoints import Coverage
from .flow import FLOW, FlowView
from .replay import Occupancy, Run, replay, rows_left, scores
from .rows import ROWS

__all__ = ["count_normalization", "count_softmax", "count_unnormed"]


def count_unnormed(coverage: Coverage, run: Run, config: BaselineConfig):
    """Count what a run of the baseline's Unnormed Softmax Unit covers."""
    layout = first_pass_slice(config)
    offered = scores(run, layout, waiting=True)
    occupancy = replay(BaselineUnnormedTiming(offered["last"].astype(bool), config), run)
    coverage.count(FLOW, FlowView(run, occupancy, {}))
    _count_rows(coverage, run, occupancy, config, layout, cuts=False)


def count_softmax(coverage: Coverage, run: Run, config: BaselineConfig):
    """Count what a run of the complete baseline softmax covers."""
    layout = score_slice(config)
    framing = frame(scores(run, layout, waiting=True)["last"], config)
    occupancy = replay(BaselineSoftmaxTiming(framing, config), run)
    depths = {"score buffer": config.score_depth - 1, "numerator buffer": config.numerator_depth - 1}
    coverage.count(FLOW, FlowView(run, occupancy, depths))
    view = _count_rows(coverage, run, occupancy, config, layout)
    if view is not None:
        values, last = view.values, view.framing.last
        y = run.outputs["o"].fields(probability_slice(config))["y"][: len(last)]
        _count_quotients(coverage, values["u"], y, last, values["total"][last], values["overlong"][last], config)


def _count_rows(coverage: Coverage, run: Run, occupancy: Occupancy, config, layout, cuts=True):
    """Count the rows of which all results have left the unit, and return their view; None if there are none."""
    taken = scores(run, layout)
    view = Binary16View.of(taken, run, occupancy, config, rows_left(run, frame(taken["last"], config)), cuts)
    if not len(view.last):
        return None
    coverage.count(ROWS, view)
    coverage.count(BASELINE_UNNORMED, view)
    return view


def count_normalization(coverage: Coverage, run: Run, config: BaselineConfig):
    """Count what a run of the baseline's Normalization Unit covers."""
    offered = run.inputs["i"].fields(numerator_slice(config), waiting=True)
    last = offered["last"].astype(bool)
    occupancy = replay(NormalizationTiming(last, config.row_latency, config.slice_latency), run)
    coverage.count(FLOW, FlowView(run, occupancy, {}))
    y = run.outputs["o"].fields(probability_slice(config))["y"]
    ends = np.flatnonzero(last[: len(y)]) + 1
    if len(ends):
        count, rows = ends[-1], run.inputs["row"].fields(row_total(config))
        of_rows = (rows[name][: len(ends)] for name in ("total", "overlong"))
        _count_quotients(coverage, offered["u"][:count], y[:count], last[:count], *of_rows, config)


def _count_quotients(coverage, u, y, last, total, overlong, config):
    row = np.r_[0, np.cumsum(last)[:-1]].astype(int)
    coverage.count(BASELINE_NORMALIZATION, QuotientsView(u, y, total, overlong.astype(bool), row, config))
