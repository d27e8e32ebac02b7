"""Properties of the Normalization Unit."""

from __future__ import annotations

from ..harness import Harness
from . import pipelines, reference
from .streams import Watch, check_progress, keep_contract, transfer

__all__ = ["order", "progress", "values"]


def _joined(h: Harness, most: int) -> Watch:
    i, o = h.port.i, h.port.o
    watch = Watch(h, "slice", enters=transfer(i), leaves=transfer(o), offered=o.valid, most=most)
    watch.expect(i.payload.last, o.payload.last, "last")
    return watch


def _waiting_rows(h: Harness, most: int) -> Watch:
    """Rows from their summaries until their last slice has been taken."""
    i, row = h.port.i, h.port.row
    ends = transfer(i) & i.payload.last
    return Watch(h, "row", enters=transfer(row), leaves=ends, offered=i.ready, most=most)


def order(h: Harness):
    """Slices leave in order, none is lost, none comes twice; as many rows of slices are taken as summaries."""
    keep_contract(h)
    _joined(h, h.component.slice_latency)
    _waiting_rows(h, h.component.config.plan.row_latency)


def progress(h: Harness):
    """No deadlock: while the sink is ready, a slice leaves within its latency, and one is taken within its row's."""
    keep_contract(h)
    i, o, config = h.port.i, h.port.o, h.component.config
    slices, rows = _joined(h, h.component.slice_latency), _waiting_rows(h, config.plan.row_latency)
    leaves = h.component.slice_latency
    check_progress(h, due=(slices.inside != 0) & o.ready, moves=o.valid, within=leaves, name="slice leaves")
    due = (rows.inside != 0) & i.valid & o.ready
    check_progress(h, due=due, moves=i.ready, within=config.plan.row_latency, name="slice is taken")
    check_progress(h, due=rows.inside < config.plan.row_latency, moves=h.port.row.ready, within=1, name="row is taken")


def values(h: Harness):
    """Every port in every cycle is the reference's: probabilities of a slice and its row, saturated exactly."""
    keep_contract(h)
    i, row, config = h.port.i, h.port.row, h.component.config
    h.assume(~row.valid | reference.is_sum(row.payload.power_sum, config))
    h.assume(~row.valid | reference.is_maximum(row.payload.maximum, config))
    if config.normalizer == "multiply":
        h.assume(~i.valid | reference.is_maximum(i.payload.maximum, config))
        for u in i.payload.u:
            h.assume(~i.valid | (u <= 1 << config.unnormed.fraction_bits))
    ready, row_ready, o, sound = pipelines.normalization(h.m, i, row, config)
    h.assume(sound)
    h.check(i.ready == ready, "i is ready when the reference is")
    h.check(row.ready == row_ready, "row is ready when the reference is")
    pipelines.agree(h, h.port.o, o, "o")
    h.cover(transfer(h.port.o) & (o.fields["y"] != 0), "a probability above 0")
