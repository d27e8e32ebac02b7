"""Properties of the baseline's units, beside those that they share with Softermax's."""

from __future__ import annotations

from ..harness import Harness
from . import softermax
from .streams import Watch, check_progress, keep_contract, transfer

__all__ = ["softmax_order", "softmax_progress", "unnormed_order", "unnormed_progress"]


def _passes(h: Harness) -> tuple[Watch, Watch, Watch]:
    """Rows between the passes; slices in the second one; rows from the second one to their sum."""
    i, again, o, row, unit = h.port.i, h.port.again, h.port.o, h.port.row, h.component
    ends, repeated = transfer(i) & i.payload.last, transfer(again) & again.payload.last
    maxima = Watch(h, "maximum", enters=ends, leaves=repeated, offered=again.ready, most=unit.maximum_latency)
    slices = Watch(h, "slice", enters=transfer(again), leaves=transfer(o), offered=o.valid, most=unit.slice_latency)
    sums = Watch(h, "row", enters=repeated, leaves=transfer(row), offered=row.valid, most=unit.latency)
    slices.expect(again.payload.last, o.payload.last, "last")
    return maxima, slices, sums


def unnormed_order(h: Harness):
    """Slices of the second pass, and rows, leave in order; none is lost, none comes twice."""
    keep_contract(h)
    _passes(h)
    i, row, unit = h.port.i, h.port.row, h.component
    ends, most = transfer(i) & i.payload.last, unit.maximum_latency + unit.latency
    rows = Watch(h, "complete_row", enters=ends, leaves=transfer(row), offered=row.valid, most=most)
    rows.expect(i.payload.overlong, row.payload.overlong, "overlong")


def unnormed_progress(h: Harness):
    """No deadlock: while sinks are ready, slices and sums leave within their latencies, and both passes take slices."""
    keep_contract(h)
    again, o, row, unit = h.port.again, h.port.o, h.port.row, h.component
    maxima, slices, sums = _passes(h)
    ready = o.ready & row.ready
    leaving = (slices.inside != 0) & ready
    check_progress(h, due=leaving, moves=o.valid, within=unit.slice_latency, name="slice leaves")
    check_progress(h, due=(sums.inside != 0) & ready, moves=row.valid, within=unit.latency, name="sum leaves")
    taken = (maxima.inside != 0) & again.valid & ready
    check_progress(h, due=taken, moves=again.ready, within=unit.maximum_latency, name="slice comes again")
    due = maxima.inside < unit.maximum_latency
    check_progress(h, due=due, moves=h.port.i.ready, within=1, name="slice comes first")


def _inside(config) -> int:
    """Slices that the complete baseline holds: both buffers, and the registers behind each."""
    return config.score_depth + config.numerator_latency + config.numerator_depth + config.slice_latency


def softmax_order(h: Harness):
    """As many slices leave as are kept, in order, with last at the same places; overlong rows are flagged."""
    softermax.complete_order(h, _inside(h.component.config))


def softmax_progress(h: Harness):
    """No deadlock: while the sink is ready, the slices of a row that is complete leave."""
    config = h.component.config
    softermax.complete_progress(h, _inside(config), h.component.latency + config.max_slices - 1)
