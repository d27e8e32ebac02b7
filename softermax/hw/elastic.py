"""The elastic register: the one flow-control mechanism of all pipelines."""

from __future__ import annotations

from dataclasses import dataclass

from amaranth.hdl import Module, Signal, Value
from amaranth.lib import stream

__all__ = ["StageOutput", "elastic_register"]


@dataclass(frozen=True)
class StageOutput:
    """A point of a pipeline at which an item waits: ``valid`` comes from before, what follows drives ``ready``."""

    valid: Value
    ready: Signal

    @classmethod
    def of(cls, port: stream.Interface) -> StageOutput:
        """The head of a pipeline at a unit's input stream."""
        return cls(port.valid, port.ready)

    def feed(self, m: Module, port: stream.Interface):
        """Connect the end of a pipeline to a unit's output stream; not the payload."""
        m.d.comb += [port.valid.eq(self.valid), self.ready.eq(port.ready)]

    @property
    def transfer(self) -> Value:
        """High in the cycle in which the item moves on."""
        return self.valid & self.ready


def elastic_register(m: Module, head: StageOutput, data: dict[str, Value], *, feeds: tuple[Value, ...] = (1,)):
    """Append an elastic register: latency of 1 cycle, no bubble, an item a cycle; ready passes through unregistered.

    Parameters
    ----------
    data : dict of str to Value
        Data of the item that the register stores. Stored only when an item moves in and never reset, so that clocks can
        be gated and what does not move does not switch.
    feeds : tuple of Value
        The register feeds as many streams as this has entries; an entry says whether the item is for that stream.

    Returns
    -------
    registers : dict of str to Signal
        As ``data``, a clock cycle later.
    heads : list of StageOutput
        One for each stream. The register takes its next item when all of them have taken what was theirs.
    """
    registers = {name: Signal(value.shape(), name=name, reset_less=True) for name, value in data.items()}
    heads = [StageOutput(Signal(name="valid"), Signal(name="ready")) for _ in feeds]
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
