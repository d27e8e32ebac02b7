"""An operator: a sequence of pipeline stages, and the component that makes it a unit of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from amaranth.hdl import Module, Value, unsigned
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from softermax.model.scalars import positive_int

from ..elastic import StageOutput, elastic_register

__all__ = ["Operator", "Pipeline", "Stage", "advance"]

#: Combinational: adds what it needs to the module, and returns what its register stores of the item.
Stage = Callable[[Module, dict[str, Value]], dict[str, Value]]


@dataclass(frozen=True)
class Operator:
    """A pipelined operator. Each stage ends in a register; the last one's holds ``result``, a binary16.

    Parameters
    ----------
    name : str
    operands : dict of str to int
        Their widths. The first stage finds them by these names.
    stages : tuple of Stage
    """

    name: str
    operands: dict[str, int]
    stages: tuple[Stage, ...]

    @property
    def latency(self) -> int:
        """Clock cycles from the operands entering to the result standing at the output."""
        return len(self.stages)


def advance(
    m: Module,
    head: StageOutput,
    stage: Stage,
    lanes: Sequence[dict[str, Value]],
    carried: dict[str, Value] | None = None,
    *,
    feeds: tuple[Value, ...] = (1,),
):
    """A stage of every lane of a slice, side by side, and one elastic register for the slice.

    Parameters
    ----------
    carried : dict of str to Value
        Values that pass beside the lanes.
    feeds : tuple of Value
        As for :func:`softermax.hw.elastic.elastic_register`.

    Returns
    -------
    lanes : list of dict of str to Signal
    carried : dict of str to Signal
    heads : list of StageOutput
    """
    results = [stage(m, values) for values in lanes]
    stored = {f"{name}_{lane}": value for lane, values in enumerate(results) for name, value in values.items()}
    carried = carried or {}
    registers, heads = elastic_register(m, head, stored | carried, feeds=feeds)
    held = [{name: registers[f"{name}_{lane}"] for name in values} for lane, values in enumerate(results)]
    return held, {name: registers[name] for name in carried}, heads


class Pipeline(wiring.Component):
    """An operator by itself, as an elastic pipeline that takes and gives a slice a cycle.

    Parameters
    ----------
    operator : Operator
    lanes : int
        Operators side by side; they share the handshake.

    Members
    -------
    i : In, stream of arrays of ``lanes`` structs of the operands
    o : Out, stream of arrays of ``lanes`` binary16 results

    Attributes
    ----------
    latency : int
        Clock cycles from operands entering to their results standing at the output.

    Raises
    ------
    TypeError
        If the operator is none.
    ValueError
        If there is no lane.
    """

    def __init__(self, operator: Operator, lanes: int = 1):
        if not isinstance(operator, Operator):
            raise TypeError(f"operator must be an Operator, not {operator!r}")
        lanes = positive_int("lanes", lanes)
        self.operator = operator
        self.latency = operator.latency
        operands = data.StructLayout({name: unsigned(width) for name, width in operator.operands.items()})
        super().__init__(
            {
                "i": In(stream.Signature(data.ArrayLayout(operands, lanes))),
                "o": Out(stream.Signature(data.ArrayLayout(unsigned(16), lanes))),
            }
        )

    def elaborate(self, platform):
        m = Module()
        head = StageOutput.of(self.i)
        lanes = [{name: operands[name] for name in self.operator.operands} for operands in self.i.payload]
        for stage in self.operator.stages:
            lanes, _, [head] = advance(m, head, stage, lanes)
        m.d.comb += [o.eq(values["result"]) for o, values in zip(self.o.payload, lanes, strict=True)]
        head.feed(m, self.o)
        return m
