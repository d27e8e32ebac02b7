"""The properties of the units. The first line of a function's text is the property that it states."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Value
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out

from ..harness import Harness
from . import pipelines, reference
from .streams import Watch, assume_contract, check_contract, check_progress, transfer

__all__ = [
    "buffer_order",
    "buffer_progress",
    "complete_order",
    "complete_progress",
    "contract",
    "keep_contract",
    "normalization_order",
    "normalization_progress",
    "normalization_values",
    "product_values",
    "reciprocal_values",
    "row_order",
    "row_progress",
    "softermax_order",
    "softermax_progress",
    "softermax_values",
    "unnormed_maxima",
    "unnormed_order",
    "unnormed_progress",
    "unnormed_saturation",
    "unnormed_sums",
    "unnormed_values",
]


def _streams(h: Harness, flow) -> dict[str, stream.Interface]:
    """The unit's streams of a direction, by name."""
    return {
        name: getattr(h.port, name)
        for name, member in h.component.signature.members.items()
        if member.is_signature and isinstance(member.signature, stream.Signature) and member.flow == flow
    }


def keep_contract(h: Harness):
    """The environment keeps the contract of all streams that go in."""
    assume_contract(h, **_streams(h, In))


def contract(h: Harness):
    """What an output offers stays, unchanged, until it is taken."""
    keep_contract(h)
    check_contract(h, **_streams(h, Out))


# Row buffer


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


# Reciprocal and Row Product: a pipeline of rows


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
    h.assume(_sum_in_range(h.port.i, config))
    scale = reference.aligned(h.m, i.power_sum, i.maximum, config)
    watch = _rows(h)
    watch.expect(scale["exponent"], o.exponent, "exponent")
    watch.expect(reference.reciprocal(h.m, scale["index"], config), o.mantissa, "mantissa")


def product_values(h: Harness):
    """A row's products are those of its own reciprocal, exactly, whatever comes before and however it waits."""
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


# Unnormed Softmax Unit


def _same(h: Harness, port: stream.Interface, out: pipelines.Out, name: str):
    """A port is as the reference says, in every cycle."""
    h.m.d.comb += out.head.ready.eq(port.ready)
    h.check(port.valid == out.head.valid, f"{name} is valid when the reference is")
    for field, value in out.fields.items():
        h.check(~port.valid | (Value.cast(port.payload[field]) == value), f"{field} of {name}")


def _framing(h: Harness, config) -> reference.Framing:
    i = h.port.i
    return reference.Framing.of(h.m, transfer(i), i.payload.last, config.max_slices)


def unnormed_order(h: Harness):
    """Slices, and rows, leave in order; none is lost, none comes twice; an overlong row is cut and flagged."""
    keep_contract(h)
    i, o, row, config = h.port.i, h.port.o, h.port.row, h.component.config
    framing = _framing(h, config)
    enters = transfer(i) & framing.kept
    slices = Watch(h, "slice", enters=enters, leaves=transfer(o), offered=o.valid, most=config.slice_stages)
    slices.expect(framing.last, o.payload.last, "last")
    ends = transfer(i) & framing.last
    rows = Watch(h, "row", enters=ends, leaves=transfer(row), offered=row.valid, most=config.summary_stages)
    rows.expect(framing.cut, row.payload.overlong, "overlong")


def unnormed_progress(h: Harness):
    """No deadlock: while sinks are ready, slices and rows leave within their latencies, and one enters."""
    keep_contract(h)
    i, o, row, config = h.port.i, h.port.o, h.port.row, h.component.config
    framing, ready = _framing(h, config), o.ready & row.ready
    enters = transfer(i) & framing.kept
    slices = Watch(h, "slice", enters=enters, leaves=transfer(o), offered=o.valid, most=config.slice_stages)
    ends = transfer(i) & framing.last
    rows = Watch(h, "row", enters=ends, leaves=transfer(row), offered=row.valid, most=config.summary_stages)
    due = (slices.inside != 0) & ready
    check_progress(h, due=due, moves=o.valid, within=config.slice_stages, name="slice leaves")
    due = (rows.inside != 0) & ready
    check_progress(h, due=due, moves=row.valid, within=config.summary_stages, name="row leaves")
    check_progress(h, due=ready, moves=i.ready, within=1, name="slice enters")


def unnormed_values(h: Harness):
    """Every port in every cycle is the reference's: a row's results are those of its own slices alone."""
    keep_contract(h)
    ready, slices, rows, _ = pipelines.unnormed(h.m, h.port.i, h.component.config)
    h.check(h.port.i.ready == ready, "i is ready when the reference is")
    _same(h, h.port.o, slices, "o")
    _same(h, h.port.row, rows, "row")
    h.cover(transfer(h.port.row) & h.before(transfer(h.port.row), "row_before"), "rows in cycles one after the other")


def unnormed_saturation(h: Harness):
    """A row is flagged saturated if, and only if, its exact sum has gone over the power sum's format."""
    keep_contract(h)
    row = h.port.row
    _, slices, rows, _ = pipelines.unnormed(h.m, h.port.i, h.component.config)
    h.m.d.comb += [slices.head.ready.eq(h.port.o.ready), rows.head.ready.eq(row.ready)]
    h.check(~row.valid | (row.payload.saturated == rows.fields["saturated"]), "saturated")
    for flag in (0, 1):
        h.cover(transfer(row) & (row.payload.saturated == flag), f"a row with saturated {flag}")


def unnormed_sums(h: Harness):
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


def unnormed_maxima(h: Harness):
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
        h.check(~port.valid | _is_maximum(maximum, config), f"the maximum of {name} is in range")
        h.cover(port.valid & (maximum == -config.lowest_maximum), f"the highest maximum of {name}")


def _is_maximum(maximum: Value, config) -> Value:
    """Whether it is the ceiling of a score."""
    return (maximum >= config.lowest_maximum) & (maximum <= -config.lowest_maximum)


# Normalization Unit


def _sum_in_range(port: stream.Interface, config) -> Value:
    """The sum is at least 1/2, as in every row with a kept score."""
    return ~port.valid | (port.payload.power_sum >= 1 << (config.power_sum.fraction_bits - 1))


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


def normalization_order(h: Harness):
    """Slices leave in order, none is lost, none comes twice; as many rows of slices are taken as summaries."""
    keep_contract(h)
    _joined(h, h.component.slice_latency)
    _waiting_rows(h, h.component.config.row_stages)


def normalization_progress(h: Harness):
    """No deadlock: while the sink is ready, a slice leaves within its latency, and one is taken within its row's."""
    keep_contract(h)
    i, o, config = h.port.i, h.port.o, h.component.config
    slices, rows = _joined(h, h.component.slice_latency), _waiting_rows(h, config.row_stages)
    leaves = h.component.slice_latency
    check_progress(h, due=(slices.inside != 0) & o.ready, moves=o.valid, within=leaves, name="slice leaves")
    due = (rows.inside != 0) & i.valid & o.ready
    check_progress(h, due=due, moves=i.ready, within=config.row_stages, name="slice is taken")
    check_progress(h, due=rows.inside < config.row_stages, moves=h.port.row.ready, within=1, name="row is taken")


def normalization_values(h: Harness):
    """Every port in every cycle is the reference's: probabilities of a slice and its row, saturated exactly."""
    keep_contract(h)
    i, row, config = h.port.i, h.port.row, h.component.config
    h.assume(_sum_in_range(row, config))
    h.assume(~row.valid | _is_maximum(row.payload.maximum, config))
    if config.normalizer == "multiply":
        h.assume(~i.valid | _is_maximum(i.payload.maximum, config))
        for u in i.payload.u:
            h.assume(~i.valid | (u <= 1 << config.unnormed.fraction_bits))
    ready, row_ready, o, sound = pipelines.normalization(h.m, i, row, config)
    h.assume(sound)
    h.check(i.ready == ready, "i is ready when the reference is")
    h.check(row.ready == row_ready, "row is ready when the reference is")
    _same(h, h.port.o, o, "o")
    h.cover(transfer(h.port.o) & (o.fields["y"] != 0), "a probability above 0")


# Complete softmax


def _complete(h: Harness, most: int) -> tuple[reference.Framing, Watch, Watch]:
    """Its slices and its rows, from the input to the output."""
    i, o = h.port.i, h.port.o
    framing = _framing(h, h.component.config)
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
    """Slices that a complete softmax holds: in the registers before the row buffer, in that, and the output's."""
    return config.slice_stages + config.buffer_depth + 1


def softermax_order(h: Harness):
    """As many slices leave as are kept, in order, with last at the same places; overlong rows are flagged."""
    complete_order(h, _slices_inside(h.component.config))


def softermax_progress(h: Harness):
    """No deadlock: while the sink is ready, the slices of a row that is complete leave."""
    complete_progress(h, _slices_inside(h.component.config), h.component.latency)


def softermax_values(h: Harness):
    """Every port in every cycle is the reference's: a row's probabilities are those of its own slices alone."""
    keep_contract(h)
    ready, o, sound = pipelines.softermax(h.m, h.port.i, h.component.config)
    h.check(h.port.i.ready == ready, "i is ready when the reference is")
    h.check(sound, "no score lies above its row's maximum")
    _same(h, h.port.o, o, "o")
    h.cover(transfer(h.port.o) & h.port.o.payload.last & (o.fields["y"] != 0), "a row's last probabilities")
