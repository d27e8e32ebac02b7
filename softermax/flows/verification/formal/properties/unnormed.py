"""Properties of the Unnormed Softmax Unit."""

from __future__ import annotations

from ..harness import Harness
from . import pipelines, reference
from .streams import Watch, check_progress, keep_contract, transfer

__all__ = ["maxima", "order", "progress", "saturation", "sums", "values"]


def order(h: Harness):
    """Slices, and rows, leave in order; none is lost, none comes twice; an overlong row is cut and flagged."""
    keep_contract(h)
    i, o, row, config = h.port.i, h.port.o, h.port.row, h.component.config
    framing = reference.Framing.at(h.m, i, config)
    enters = transfer(i) & framing.kept
    slices = Watch(h, "slice", enters=enters, leaves=transfer(o), offered=o.valid, most=config.plan.slice_latency)
    slices.expect(framing.last, o.payload.last, "last")
    ends = transfer(i) & framing.last
    rows = Watch(h, "row", enters=ends, leaves=transfer(row), offered=row.valid, most=config.plan.summary_latency)
    rows.expect(framing.cut, row.payload.overlong, "overlong")


def progress(h: Harness):
    """No deadlock: while sinks are ready, slices and rows leave within their latencies, and one enters."""
    keep_contract(h)
    i, o, row, config = h.port.i, h.port.o, h.port.row, h.component.config
    framing, ready = reference.Framing.at(h.m, i, config), o.ready & row.ready
    enters = transfer(i) & framing.kept
    slices = Watch(h, "slice", enters=enters, leaves=transfer(o), offered=o.valid, most=config.plan.slice_latency)
    ends = transfer(i) & framing.last
    rows = Watch(h, "row", enters=ends, leaves=transfer(row), offered=row.valid, most=config.plan.summary_latency)
    due = (slices.inside != 0) & ready
    check_progress(h, due=due, moves=o.valid, within=config.plan.slice_latency, name="slice leaves")
    due = (rows.inside != 0) & ready
    check_progress(h, due=due, moves=row.valid, within=config.plan.summary_latency, name="row leaves")
    check_progress(h, due=ready, moves=i.ready, within=1, name="slice enters")


def values(h: Harness):
    """Every port in every cycle is the reference's: a row's results depend on its own slices alone."""
    keep_contract(h)
    ready, slices, rows, _ = pipelines.unnormed(h.m, h.port.i, h.component.config)
    h.check(h.port.i.ready == ready, "i is ready when the reference is")
    pipelines.agree(h, h.port.o, slices, "o")
    pipelines.agree(h, h.port.row, rows, "row")
    h.cover(transfer(h.port.row) & h.before(transfer(h.port.row), "row_before"), "rows in cycles one after the other")


def saturation(h: Harness):
    """A row is flagged saturated if, and only if, its exact sum has gone over the power sum's format."""
    keep_contract(h)
    row = h.port.row
    _, slices, rows, _ = pipelines.unnormed(h.m, h.port.i, h.component.config)
    h.m.d.comb += [slices.head.ready.eq(h.port.o.ready), rows.head.ready.eq(row.ready)]
    h.check(~row.valid | (row.payload.saturated == rows.fields["saturated"]), "saturated")
    for flag in (0, 1):
        h.cover(transfer(row) & (row.payload.saturated == flag), f"a row with saturated {flag}")


def sums(h: Harness):
    """No exact sum goes over the power sum's format, which has no saturation then."""
    keep_contract(h)
    config = h.component.config
    _, slices, rows, exact = pipelines.unnormed(h.m, h.port.i, config)
    h.m.d.comb += [slices.head.ready.eq(h.port.o.ready), rows.head.ready.eq(h.port.row.ready)]
    h.check(exact <= config.power_sum.max_raw, "the exact sum fits its format")
    row = h.port.row
    h.check(~row.valid | (row.payload.power_sum == rows.fields["power_sum"]), "the sum is the exact one")
    h.cover(
        exact == config.capacity << config.power_sum.fraction_bits, "the sum of as many equal scores as a row takes"
    )


def maxima(h: Harness):
    """Maxima stay in the range of the scores' ceilings, and no numerator is above 1."""
    keep_contract(h)
    o, row, config = h.port.o, h.port.row, h.component.config
    ports = {"row": row}
    if config.normalizer == "multiply":
        ports["o"] = o
        one = 1 << config.unnormed.fraction_bits
        for lane, u in enumerate(o.payload.u):
            h.check(~o.valid | (u <= one), f"numerator {lane} is at most 1")
            h.cover(o.valid & (u == one), f"numerator {lane} is 1")
    for name, port in ports.items():
        maximum = port.payload.maximum
        h.check(~port.valid | reference.is_maximum(maximum, config), f"the maximum of {name} is in range")
        h.cover(port.valid & (maximum == -config.lowest_maximum), f"the highest maximum of {name}")
