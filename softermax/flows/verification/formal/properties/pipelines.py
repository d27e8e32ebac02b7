"""Reference pipelines: the reference arithmetic between the hardware's own elastic registers.

What such a pipeline says of each port in each cycle is exact, so that it can be compared with a unit cycle by cycle,
and it computes a row's values from the slices of that row alone. Its flow control is the hardware's, which is proven by
itself; its arithmetic is not.
"""

from __future__ import annotations

from dataclasses import dataclass

from amaranth.hdl import Cat, Module, Mux, Signal, Value
from amaranth.lib import stream

from softermax.hw.elastic import StageOutput, elastic_register
from softermax.hw.row_buffer import RowBuffer
from softermax.hw.streams import row_summary, unnormed_slice
from softermax.model import SoftermaxConfig

from ..harness import Harness
from . import reference

__all__ = ["Out", "agree", "normalization", "softermax", "unnormed"]


@dataclass(frozen=True)
class Out:
    """An output of a reference pipeline: where items wait, and their fields."""

    head: StageOutput
    fields: dict[str, Value]

    def feed(self, m: Module, port: stream.Interface):
        """Let the items go into a port."""
        m.d.comb += [port.valid.eq(self.head.valid), self.head.ready.eq(port.ready)]
        m.d.comb += [Value.cast(port.payload[name]).eq(value) for name, value in self.fields.items()]


def _at(port: stream.Interface, name: str) -> StageOutput:
    """The head of a pipeline that is fed by a port, beside the unit."""
    return StageOutput(port.valid, Signal(name=f"reference_{name}_ready"))


def unnormed(m: Module, i: stream.Interface, config: SoftermaxConfig) -> tuple[Value, Out, Out, Value]:
    """Reference of the Unnormed Softmax Unit: whether it is ready for a slice, its slices, its rows.

    And the exact sum of a row with the slice that is being added, 0 without one.
    """
    entry = _at(i, "i")
    framing = reference.Framing.of(m, entry.transfer, i.payload.last, config.max_slices)
    head = StageOutput(i.valid & framing.kept, entry.ready)
    known = {"x": i.payload.x.as_value(), "keep": i.payload.keep, "last": framing.last, "overlong": framing.cut}
    leaving = tuple(unnormed_slice(config).members)
    slices, registers = None, 0
    for stage, compute, needed in (
        ("int_max", _maximum, ("x", "keep")),
        ("power_of_two", _numerators, ("u",)),
        (f"sum_{config.tree_levels}", _slice_sum, ("slice_sum",)),
    ):
        known |= compute(m, known, config)
        if stage not in config.plan.registered_stages:
            continue
        registers += 1
        leaves = registers == config.plan.slice_latency
        stored = (*needed, "maximum", "last", "overlong", *(leaving if leaves else ()))
        values = {name: value for name, value in known.items() if name in stored}
        known, heads = elastic_register(m, head, values, feeds=(1, 1) if leaves else (1,))
        head = heads[-1]
        slices = Out(heads[0], {name: known[name] for name in leaving}) if leaves else slices
    row = reference.RunningRow.of(m, head.transfer, known["last"], known["maximum"], known["slice_sum"], config)
    adds = head.valid
    # Without a cut a slice leaves from the register beside the running values.
    feeds, stored = (
        ((1, known["last"]), (*leaving, "overlong")) if slices is None else ((known["last"],), ("overlong",))
    )
    held, heads = elastic_register(m, head, {name: known[name] for name in stored}, feeds=feeds)
    slices = slices or Out(heads[0], {name: held[name] for name in leaving})
    summary = {name: getattr(row, name) for name in ("maximum", "power_sum", "saturated")}
    rows = Out(heads[-1], summary | {"overlong": held["overlong"]})
    return entry.ready, slices, rows, Mux(adds, row.exact, 0)


def _scores(known: dict[str, Value], config: SoftermaxConfig) -> list[Value]:
    lanes = [known["x"].word_select(lane, config.input.width) for lane in range(config.lanes)]
    return [x.as_signed() for x in lanes]


def _maximum(m, known, config):
    return {"maximum": reference.slice_maximum(m, _scores(known, config), known["keep"], config)}


def _numerators(m, known, config):
    return {"u": Cat(reference.numerators(m, _scores(known, config), known["keep"], known["maximum"], config))}


def _slice_sum(m, known, config):
    lanes = [known["u"].word_select(lane, config.unnormed.width) for lane in range(config.lanes)]
    return {"slice_sum": reference.slice_sum(m, lanes, config)}


def normalization(
    m: Module, i: stream.Interface, row: stream.Interface, config: SoftermaxConfig
) -> tuple[Value, Value, Out, Value]:
    """Reference of the Normalization Unit: whether it is ready for a slice and for a row, its probabilities.

    And whether the slice that meets its row is sound, as :func:`reference.probabilities` says.
    """
    entry = _at(row, "row")
    flags = {name: row.payload[name] for name in ("saturated", "overlong")}
    scale = reference.aligned(m, row.payload.power_sum, row.payload.maximum, config)
    held, [head] = elastic_register(m, entry, scale | flags)
    held |= {"mantissa": reference.reciprocal(m, held.pop("index"), config)}
    held, [head] = elastic_register(m, head, held)
    if config.normalizer == "row_product":
        products = reference.row_products(m, held.pop("mantissa"), config)
        held, [head] = elastic_register(m, head, {f"product_{t}": value for t, value in enumerate(products)} | held)

    joined = StageOutput(i.valid & head.valid, Signal(name="reference_joined_ready"))
    m.d.comb += head.ready.eq(joined.transfer & i.payload.last)
    values, sound = reference.probabilities(m, i.payload, held, config)
    o, of_slice = joined, {"last": i.payload.last, **{name: held[name] for name in flags}}
    if config.rounding == "cascade":
        # Sound values are no wider.
        width = reference.largest_result(config).bit_length()
        results = {f"result_{lane}": value[:width] for lane, value in enumerate(values)}
        of_slice, [o] = elastic_register(m, o, results | of_slice)
        values = [of_slice.pop(name) for name in results]
        values = reference.cascaded(m, values, o.transfer, of_slice["last"], config)
    y = Cat(reference.saturated(value, config) for value in values)
    result, [o] = elastic_register(m, o, {"y": y, **of_slice})
    return joined.ready & head.valid, entry.ready, Out(o, result), ~joined.valid | sound


def softermax(m: Module, i: stream.Interface, config: SoftermaxConfig) -> tuple[Value, Out, Value]:
    """Reference of the complete softmax: whether it is ready for a slice, its probabilities.

    And whether the slice that meets its row is sound, as :func:`reference.probabilities` says.
    """
    ready, slices, rows, _ = unnormed(m, i, config)
    m.submodules.reference_buffer = buffer = RowBuffer(unnormed_slice(config), config.plan.buffer_depth)
    slices.feed(m, buffer.i)
    summary = stream.Signature(row_summary(config)).create(path=("reference_row",))
    rows.feed(m, summary)
    slice_ready, row_ready, out, sound = normalization(m, buffer.o, summary, config)
    m.d.comb += [buffer.o.ready.eq(slice_ready), summary.ready.eq(row_ready)]
    return ready, out, sound


def agree(h: Harness, port: stream.Interface, out: Out, name: str):
    """A port is as the reference says, in every cycle."""
    h.m.d.comb += out.head.ready.eq(port.ready)
    h.check(port.valid == out.head.valid, f"{name} is valid when the reference is")
    for field, value in out.fields.items():
        h.check(~port.valid | (Value.cast(port.payload[field]) == value), f"{field} of {name}")
