"""Payloads of the streams between the units, made from a config, and the elastic register that all pipelines use."""

from __future__ import annotations

from dataclasses import dataclass

from amaranth.hdl import Module, Signal, Value, signed, unsigned
from amaranth.lib import data, stream

from softermax.model import QFormat, SoftermaxConfig

__all__ = [
    "Head",
    "elastic_register",
    "probability_slice",
    "row_summary",
    "score_slice",
    "shape_of",
    "unnormed_slice",
]


def shape_of(fmt: QFormat):
    """Amaranth shape of a format's raw integers."""
    return signed(fmt.width) if fmt.signed else unsigned(fmt.width)


def score_slice(config: SoftermaxConfig) -> data.StructLayout:
    """Scores: ``x`` (an array of lanes), ``keep`` (a bit per lane, 1 where the score takes part), ``last`` of a row."""
    return data.StructLayout(
        {"x": data.ArrayLayout(shape_of(config.input), config.lanes), "keep": config.lanes, "last": 1}
    )


def unnormed_slice(config: SoftermaxConfig) -> data.StructLayout:
    """Numerators ``u`` (an array of lanes), the ``maximum`` that they were computed with, ``last`` of a row."""
    return data.StructLayout(
        {
            "u": data.ArrayLayout(shape_of(config.unnormed), config.lanes),
            "maximum": shape_of(config.maximum),
            "last": 1,
        }
    )


def row_summary(config: SoftermaxConfig) -> data.StructLayout:
    """A row's ``maximum`` and ``power_sum``; ``saturated``: the sum did; ``overlong``: the row was cut."""
    return data.StructLayout(
        {
            "maximum": shape_of(config.maximum),
            "power_sum": shape_of(config.power_sum),
            "saturated": 1,
            "overlong": 1,
        }
    )


def probability_slice(config: SoftermaxConfig) -> data.StructLayout:
    """Probabilities ``y`` (an array of lanes), ``last`` of a row, and the row's ``saturated`` and ``overlong``."""
    return data.StructLayout(
        {"y": data.ArrayLayout(shape_of(config.output), config.lanes), "last": 1, "saturated": 1, "overlong": 1}
    )


@dataclass(frozen=True)
class Head:
    """A point of a pipeline at which an item waits: ``valid`` comes from before, ``ready`` is driven by what follows."""

    valid: Value
    ready: Signal

    @classmethod
    def of(cls, port: stream.Interface) -> Head:
        """The head of a pipeline at a unit's input stream."""
        return cls(port.valid, port.ready)

    @property
    def transfer(self) -> Value:
        """High in the cycle in which the item moves on."""
        return self.valid & self.ready


def elastic_register(m: Module, head: Head, data: dict[str, Value], *, feeds: tuple[Value, ...] = (1,)):
    """Append an elastic register: latency of 1 cycle, no bubble, an item a cycle; ready passes through unregistered.

    Parameters
    ----------
    data : dict of str to Value
        What the register stores of the item. Stored only when an item moves in and never reset, so that clocks can
        be gated and what does not move does not switch.
    feeds : tuple of Value
        The register feeds as many streams as this has entries; an entry says whether the item is for that stream.

    Returns
    -------
    registers : dict of str to Signal
        As ``data``, a clock cycle later.
    heads : list of Head
        One for each stream. The register takes its next item when all of them have taken what was theirs.
    """
    registers = {name: Signal(value.shape(), name=name, reset_less=True) for name, value in data.items()}
    heads = [Head(Signal(name="valid"), Signal(name="ready")) for _ in feeds]
    free = Value.cast(1)
    for after in heads:
        free &= ~after.valid | after.ready
    m.d.comb += head.ready.eq(free)
    with m.If(head.transfer):
        m.d.sync += [register.eq(data[name]) for name, register in registers.items()]
    for after, wanted in zip(heads, feeds, strict=True):
        with m.If(head.ready):
            m.d.sync += after.valid.eq(head.valid & wanted)
        with m.Elif(after.ready):
            m.d.sync += after.valid.eq(0)
    return registers, heads
