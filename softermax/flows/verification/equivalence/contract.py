"""Equivalence of two designs under the stream contract: a miter for a model checker, and random simulation of it.

Both designs power up, with paired registers equal, and are reset in the first clock cycle. From then on they must agree
in every cycle without reset on all outputs, except on the payload of an output stream that is not valid. The miter
assumes that the sources keep the contract: an offered item stays, unchanged, until it is accepted or a reset occurs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ...gates.netlist import CLOCK
from .aig import Aig, broadcast, pack
from .aig_builder import TRUE, AigBuilder
from .correspondence import Correspondence
from .model_checking import Trace

__all__ = [
    "RESET",
    "ContractMiter",
    "Difference",
    "contract_miter",
    "differing_outputs",
    "find_difference",
    "simulate_randomly",
]

#: The port that resets a design.
RESET = "rst"
#: Words of stimuli of a random simulation, 64 stimuli each, and its clock cycles.
WORDS, CYCLES = 4, 256
#: Rates of 1 of an input, in 64ths; each input draws one of them for each stimulus.
ONE_RATES = (1, 8, 32, 56, 63)


@dataclass(frozen=True, eq=False)
class ContractMiter:
    """Miter of two designs under the stream contract.

    Attributes
    ----------
    graph : Aig
        Graph whose output is 1 if the designs differ. Its inputs are the golden design's inputs, then the power-up
        value of each class of registers.
    stalls : list of (int, list of int)
        For each input stream, the literal that is 1 if the offered item must stay in the next cycle, and the inputs
        that it consists of.
    """

    graph: Aig
    stalls: list[tuple[int, list[int]]]


@dataclass(frozen=True)
class Difference:
    """Counterexample that shows two designs differ.

    Attributes
    ----------
    cycle : int
        Clock cycle of the difference; the reset is in cycle 0.
    ports : tuple of str
        Output bits that differ in that cycle.
    inputs : tuple of dict of str to int
        Values of the input ports in each cycle up to that one.
    """

    cycle: int
    ports: tuple[str, ...]
    inputs: tuple[dict[str, int], ...]


def contract_miter(golden: Aig, revised: Aig, pairs: Correspondence) -> ContractMiter:
    """The miter of two designs whose paired registers power up with the same value."""
    registers, inputs = len(golden.latches) + len(revised.latches), len(golden.inputs)
    sources = list(_streams(golden.inputs))
    watched = sum(2 + len(payload) for _, payload in sources)
    builder = AigBuilder(
        [*golden.inputs, *(f"class {number}" for number in range(pairs.count))], registers + 2 + watched
    )
    started = builder.latch(registers)
    builder.next_state[registers] = TRUE
    ports = {name: builder.input(place) for place, name in enumerate(golden.inputs)} | {CLOCK: TRUE}
    ports[RESET] = builder.or_(ports[RESET], started ^ 1)
    state = []
    for register, number in enumerate(pairs.classes.tolist()):
        power_up = int(pairs.constants[register]) if number < 0 else builder.input(inputs + number)
        state.append(builder.mux(started, builder.latch(register), power_up))
    outputs, split = [], len(golden.latches)
    for design, held, first in ((golden, state[:split], 0), (revised, state[split:], split)):
        new = builder.add(design, [ports[name] for name in design.inputs], held)
        builder.next_state[first : first + len(held)] = new[design.next_state]
        outputs.append({name: int(new[literal]) for name, literal in design.outputs.items()})
    violated, must_stay = _contract_monitor(builder, sources, ports, outputs[0], registers + 1)
    differ = differing_outputs(builder, *outputs).values()
    assumed = builder.and_(ports[RESET] ^ 1, violated ^ 1)
    graph = builder.build({"differ": builder.and_(builder.any_of(differ), assumed)})
    places = {name: place for place, name in enumerate(golden.inputs)}
    offers = [[places[name] for name in (f"{stream}__valid", *payload)] for stream, payload in sources]
    return ContractMiter(graph, list(zip(must_stay, offers, strict=True)))


def differing_outputs(builder: AigBuilder, golden: dict[str, int], revised: dict[str, int]) -> dict[str, int]:
    """Literal for each output that is 1 if the designs differ on it; a payload only differs while it is valid."""
    return {
        name: builder.and_(builder.xor(literal, revised[name]), golden.get(_valid_of(name), TRUE))
        for name, literal in golden.items()
    }


def _contract_monitor(builder: AigBuilder, sources, ports: dict[str, int], outputs: dict[str, int], first: int):
    """Add a monitor of the sources, with latches from number ``first``.

    Returns the literal that is 1 once any source has violated the contract, and a literal for each source that is 1 if
    its offered item must stay in the next cycle.
    """
    was_violated, violations, must_stay = builder.latch(first), [], []
    at = first + 1
    for stream, payload in sources:
        names = [f"{stream}__valid", *payload]
        stalled, before = builder.latch(at), [builder.latch(at + 1 + n) for n in range(len(names))]
        waits = builder.and_(ports[names[0]], outputs.get(f"{stream}__ready", TRUE) ^ 1)
        must_stay.append(builder.and_(waits, ports[RESET] ^ 1))
        builder.next_state[at] = must_stay[-1]
        builder.next_state[at + 1 : at + 1 + len(names)] = [ports[name] for name in names]
        changed = [builder.xor(old, ports[name]) for old, name in zip(before, names, strict=True)]
        violations.append(builder.and_(stalled, builder.any_of(changed)))
        at += 1 + len(names)
    violated = builder.or_(was_violated, builder.any_of(violations))
    builder.next_state[first] = violated
    return violated, must_stay


def _streams(ports: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    """Yield the name of each stream among some ports, and the bits of its payload."""
    for name in ports:
        if name.endswith("__valid"):
            stream = name.removesuffix("__valid")
            yield stream, [port for port in ports if re.sub(r"\[\d+\]$", "", port) == f"{stream}__payload"]


def _valid_of(output: str) -> str:
    """Name of the valid port of a payload; empty for other outputs."""
    stream, found, _ = output.partition("__payload")
    return f"{stream}__valid" if found else ""


def simulate_randomly(miter: ContractMiter, rng: np.random.Generator) -> Trace | None:
    """Simulate random inputs that keep the contract; return a trace to a difference, if any occurs."""
    graph, stimuli = miter.graph, []
    rates = rng.choice(ONE_RATES, size=(len(graph.inputs), WORDS * 64))
    rates[graph.inputs.index(RESET)] = rng.choice([0, 0, 1], size=WORDS * 64)
    state = np.zeros((len(graph.latches), WORDS), np.uint64)
    values = graph.evaluate(np.zeros((len(graph.inputs), WORDS), np.uint64), state)
    for _ in range(CYCLES):
        inputs = pack(rng.integers(64, size=rates.shape) < rates)
        for literal, places in miter.stalls if stimuli else ():
            stays = graph.read(values, [literal])
            inputs[places] = (stimuli[-1][places] & stays) | (inputs[places] & ~stays)
        stimuli.append(inputs)
        values = graph.evaluate(inputs, state)
        if (differs := graph.read(values, list(graph.outputs.values()))[0]).any():
            stimulus = int(np.flatnonzero(np.unpackbits(differs.view(np.uint8), bitorder="little"))[0])
            word, bit = divmod(stimulus, 64)
            return [(cycle[:, word] >> np.uint64(bit) & np.uint64(1)).astype(bool).tolist() for cycle in stimuli]
        state = graph.read(values, graph.next_state)
    return None


def find_difference(golden: Aig, revised: Aig, pairs: Correspondence, trace: Trace) -> Difference:
    """Replay a trace of :func:`contract_miter` on both designs, and find the outputs that differ at its end.

    Raises
    ------
    RuntimeError
        If no output differs: the solver that made the trace is wrong.
    """
    bits = np.array(trace)
    inputs = len(golden.inputs)
    bits[:, :inputs][:, [name == CLOCK for name in golden.inputs]] = True
    bits[0, golden.inputs.index(RESET)] = True
    power_up = np.array([*bits[0, inputs:], False])[pairs.classes]
    for register, value in pairs.constants.items():
        power_up[register] = value
    last = []
    for design, state in ((golden, power_up[: len(golden.latches)]), (revised, power_up[len(golden.latches) :])):
        order = [golden.inputs.index(name) for name in design.inputs]
        *_, values = design.simulate((broadcast(cycle[order]) for cycle in bits[:, :inputs]), broadcast(state))
        values = design.read(values, list(design.outputs.values()))[:, 0] != 0
        last.append(dict(zip(design.outputs, values.tolist(), strict=True)))
    ports = tuple(
        name for name, value in last[0].items() if value != last[1][name] and last[0].get(_valid_of(name), True)
    )
    if not ports or bits[-1, golden.inputs.index(RESET)]:
        raise RuntimeError("ABC has found a difference that does not replay: its version or its use here is wrong")
    return Difference(len(trace) - 1, ports, tuple(_by_port(golden.inputs, cycle) for cycle in bits.tolist()))


def _by_port(names: Sequence[str], bits: Sequence[bool]) -> dict[str, int]:
    """Values of ports, without the clock, from the values of their bits."""
    values: dict[str, int] = {}
    for name, bit in zip(names, bits, strict=False):
        port, _, place = name.removesuffix("]").partition("[")
        values[port] = values.get(port, 0) | bit << int(place or 0)
    values.pop(CLOCK, None)
    return values
