"""Bench in Amaranth's own simulator: plays traces into a component, without Verilog and without a build."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

from amaranth.hdl import Cat, ClockDomain, Module, Value
from amaranth.lib.wiring import Component, Out
from amaranth.sim import Simulator

from .trace import Trace

__all__ = ["find_mismatches", "observe_in_amaranth", "play_in_amaranth"]


def observe_in_amaranth(
    component: Component, inputs: dict[str, Sequence[int]], vcd: Path | None = None
) -> dict[str, list[int]]:
    """Outputs of a component, clock cycle by clock cycle, for given inputs.

    Parameters
    ----------
    component : amaranth.lib.wiring.Component
        Its ports have the names that they have in generated Verilog: ``i__valid``, ``i__payload``, ...
    inputs : dict of str to sequence of int
        The bits of input ports, and of ``rst``, all over the same cycles. What is not among them stays 0.
    vcd : Path or None
        File for all signals.

    Returns
    -------
    dict of str to list of int
        The bits of every output port, read when the inputs have settled, before the clock edge that ends the cycle.
    """
    m = Module()
    m.domains.sync = domain = ClockDomain()
    m.submodules.unit = component
    ports = {"rst": domain.rst}
    seen, shown = {}, []
    for path, member, value in component.signature.flatten(component):
        name = "__".join(map(str, path))
        ports[name] = Value.cast(value).as_unsigned()
        if member.flow == Out:
            seen[name] = []
            shown.append((ports[name], seen[name]))
    driven = Cat(ports[name] for name in inputs)
    places = [sum(len(ports[name]) for name in list(inputs)[:before]) for before in range(len(inputs))]

    async def bench(ctx):
        for values in zip(*inputs.values(), strict=True):
            ctx.set(driven, sum(int(value) << place for value, place in zip(values, places, strict=True)))
            for value, values_seen in shown:
                values_seen.append(ctx.get(value))
            await ctx.tick()

    simulator = Simulator(m)
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    with nullcontext() if vcd is None else simulator.write_vcd(str(vcd)):
        simulator.run()
    return seen


def find_mismatches(trace: Trace, seen: dict[str, list[int]]) -> list[dict]:
    """Where the outputs that were seen differ from a trace.

    Returns
    -------
    list of dict
        In order of time: cycle, port, expected and seen bits.
    """
    return [
        {
            "cycle": cycle,
            "port": port,
            "expected": f"{values[cycle]:0{width}b}",
            "seen": f"{seen[port][cycle]:0{width}b}",
        }
        for cycle in range(trace.cycles)
        for (port, values), width in zip(trace.outputs.items(), trace.widths.values(), strict=True)
        if values[cycle] is not None and values[cycle] != seen[port][cycle]
    ]


def play_in_amaranth(component: Component, trace: Trace) -> list[dict]:
    """Play a trace into a component and compare every output port on every clock cycle.

    Returns
    -------
    list of dict
        Every mismatch, as :func:`find_mismatches` describes it.
    """
    return find_mismatches(trace, observe_in_amaranth(component, trace.inputs))
