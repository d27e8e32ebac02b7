"""Properties of a complete softmax."""

from __future__ import annotations

from ..harness import Harness
from . import pipelines, reference
from .streams import Watch, check_progress, keep_contract, transfer

__all__ = ["complete_order", "complete_progress", "order", "progress", "values"]


def _complete(h: Harness, most: int) -> tuple[reference.Framing, Watch, Watch]:
    """Its slices and its rows, from the input to the output."""
    i, o = h.port.i, h.port.o
    framing = reference.Framing.at(h.m, i, h.component.config)
    enters, leaves = transfer(i) & framing.kept, transfer(o)
    slices = Watch(h, "slice", enters=enters, leaves=leaves, offered=o.valid, most=most)
    ends = transfer(i) & framing.last
    rows = Watch(h, "row", enters=ends, leaves=leaves & o.payload.last, offered=o.valid, most=most)
    return framing, slices, rows


def complete_order(h: Harness, most: int):
    """State the order of slices and rows of a complete softmax, which holds so many slices at most."""
    keep_contract(h)
    o = h.port.o.payload
    framing, slices, rows = _complete(h, most)
    slices.expect(framing.last, o.last, "last")
    rows.expect(framing.cut, o.overlong, "overlong")


def complete_progress(h: Harness, most: int, within: int):
    """State that a complete softmax gives the slices of a complete row, each within so many cycles."""
    keep_contract(h)
    _, _, rows = _complete(h, most)
    check_progress(h, due=(rows.inside != 0) & h.port.o.ready, moves=h.port.o.valid, within=within, name="slice leaves")
    h.cover(~h.port.i.ready, "the input waits")


def _slices_inside(config) -> int:
    """Slices that a complete softmax holds: in the registers before the row buffer, in that, and those after it."""
    return config.plan.slice_latency + config.plan.buffer_depth + config.plan.result_latency


def order(h: Harness):
    """As many slices leave as are kept, in order, with last at the same places; overlong rows are flagged."""
    complete_order(h, _slices_inside(h.component.config))


def progress(h: Harness):
    """No deadlock: while the sink is ready, the slices of a row that is complete leave."""
    complete_progress(h, _slices_inside(h.component.config), h.component.latency)


def values(h: Harness):
    """Every port in every cycle is the reference's: a row's probabilities depend on its own slices alone."""
    keep_contract(h)
    ready, o, sound = pipelines.softermax(h.m, h.port.i, h.component.config)
    h.check(h.port.i.ready == ready, "i is ready when the reference is")
    h.check(sound, "no score lies above its row's maximum")
    pipelines.agree(h, h.port.o, o, "o")
    h.cover(transfer(h.port.o) & h.port.o.payload.last & (o.fields["y"] != 0), "a row's last probabilities")
