"""Properties of the row buffer, and of Reciprocal and Row Product, which are pipelines of rows."""

from __future__ import annotations

from amaranth.hdl import Cat, Const

from ..harness import Harness
from . import reference
from .streams import Watch, check_progress, keep_contract, transfer

__all__ = [
    "buffer_order",
    "buffer_progress",
    "product_values",
    "reciprocal_values",
    "row_order",
    "row_progress",
]


def _buffered(h: Harness) -> Watch:
    i, o = h.port.i, h.port.o
    return Watch(h, "slice", enters=transfer(i), leaves=transfer(o), offered=o.valid, most=h.component.depth)


def buffer_order(h: Harness):
    """Slices leave in the order in which they enter, unchanged; none is lost, none comes twice."""
    keep_contract(h)
    _buffered(h).expect(h.port.i.payload, h.port.o.payload, "payload")


def buffer_progress(h: Harness):
    """No deadlock: a slice inside is offered within 2 cycles, and one is taken unless the buffer is full."""
    keep_contract(h)
    watch = _buffered(h)
    check_progress(h, due=watch.inside != 0, moves=h.port.o.valid, within=h.component.latency, name="slice offered")
    check_progress(h, due=watch.inside < h.component.depth - 1, moves=h.port.i.ready, within=1, name="slice taken")


def _rows(h: Harness) -> Watch:
    i, o = h.port.i, h.port.o
    return Watch(h, "row", enters=transfer(i), leaves=transfer(o), offered=o.valid, most=h.component.latency)


def row_order(h: Harness):
    """Rows leave in the order in which they enter, with their flags; none is lost, none comes twice."""
    keep_contract(h)
    watch = _rows(h)
    for flag in ("saturated", "overlong"):
        watch.expect(h.port.i.payload[flag], h.port.o.payload[flag], flag)


def row_progress(h: Harness):
    """No deadlock: while the sink is ready, a row leaves within as many cycles as there are stages, and one enters."""
    keep_contract(h)
    watch, o, stages = _rows(h), h.port.o, h.component.latency
    check_progress(h, due=(watch.inside != 0) & o.ready, moves=o.valid, within=stages, name="row leaves")
    check_progress(h, due=o.ready, moves=h.port.i.ready, within=1, name="row enters")


def reciprocal_values(h: Harness):
    """A row's scale is the reciprocal of its own sum, whatever comes before and however it waits."""
    keep_contract(h)
    i, o, config = h.port.i.payload, h.port.o.payload, h.component.config
    h.assume(~h.port.i.valid | reference.is_sum(i.power_sum, config))
    scale = reference.aligned(h.m, i.power_sum, i.maximum, config)
    watch = _rows(h)
    watch.expect(scale["exponent"], o.exponent, "exponent")
    watch.expect(reference.reciprocal(h.m, scale["index"], config), o.mantissa, "mantissa")


def product_values(h: Harness):
    """A row's products follow from its own reciprocal, exactly, whatever comes before and however it waits."""
    keep_contract(h)
    i, o, config = h.port.i.payload, h.port.o.payload, h.component.config
    h.assume(~h.port.i.valid | (i.mantissa <= int(config.reciprocal_table.values.max())))
    watch = _rows(h)
    watch.expect(i.exponent, o.exponent, "exponent")
    watch.expect(
        Cat(_at_width(reference.row_products(h.m, i.mantissa, config), config.product_width)), o.products, "products"
    )


def _at_width(values, width: int):
    return [Cat(value, Const(0, width))[:width] for value in values]
