"""What two designs must agree on if each is to keep the stream contract, as a question to a model checker.

Both wake up, with registers alike that are paired, and get a reset in the first clock cycle. From then on, in every
cycle without reset, they must agree on all outputs but the payload of an output stream that is not valid; for as long
as the sources keep the contract: what is offered stays, unchanged, until it is taken or a reset comes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ...gates.netlist import CLOCK
from .aig import ONES, Aig
from .aig_builder import TRUE, AigBuilder
from .correspondence import Correspondence
from .questions import Trace

__all__ = [
    "RESET",
    "ContractQuestion",
    "Difference",
    "contract_question",
    "find_difference",
    "outputs_that_differ",
    "play_at_random",
]

#: The port that resets a design.
RESET = "rst"
#: Stimuli side by side in random play, 64 to a word, and clock cycles.
WORDS, CYCLES = 4, 256


@dataclass(frozen=True, eq=False)
class ContractQuestion:
    """Whether two designs may differ.

    Attributes
    ----------
    graph : Aig
        Its output is 1 when they do. Its inputs are the designs', then how each class of registers wakes up.
    held : list of (int, list of int)
        For each input stream, the literal that says that what is offered must stay in the next cycle, and which inputs
        those are.
    """

    graph: Aig
    held: list[tuple[int, list[int]]]


@dataclass(frozen=True)
class Difference:
    """How to see that two designs differ.

    Attributes
    ----------
    cycle : int
        The clock cycle of the difference; the reset is in cycle 0.
    ports : tuple of str
        Output bits that differ in it.
    inputs : tuple of dict of str to int
        Values of the input ports in each cycle up to it.
    """

    cycle: int
    ports: tuple[str, ...]
    inputs: tuple[dict[str, int], ...]


def contract_question(golden: Aig, revised: Aig, pairs: Correspondence) -> ContractQuestion:
    """Whether two designs may differ, if paired registers wake up alike."""
    registers, inputs = len(golden.latches) + len(revised.latches), len(golden.inputs)
    sources = list(_streams(golden.inputs))
    watched = sum(2 + len(payload) for _, payload in sources)
    builder = AigBuilder(
        [*golden.inputs, *(f"class {number}" for number in range(pairs.count))], registers + 2 + watched
    )
    started = builder.latch(registers)
    builder.following[registers] = TRUE
    ports = {name: builder.input(place) for place, name in enumerate(golden.inputs)} | {CLOCK: TRUE}
    ports[RESET] = builder.either(ports[RESET], started ^ 1)
    state = []
    for register, number in enumerate(pairs.classes.tolist()):
        wakes = int(pairs.constants[register]) if number < 0 else builder.input(inputs + number)
        state.append(builder.choose(started, builder.latch(register), wakes))
    shown, split = [], len(golden.latches)
    for design, held, first in ((golden, state[:split], 0), (revised, state[split:], split)):
        new = builder.add(design, [ports[name] for name in design.inputs], held)
        builder.following[first : first + len(held)] = new[design.following]
        shown.append({name: int(new[literal]) for name, literal in design.outputs.items()})
    broken, held = _broken(builder, sources, ports, shown[0], registers + 1)
    differ = outputs_that_differ(builder, *shown).values()
    counts = builder.both(ports[RESET] ^ 1, broken ^ 1)
    graph = builder.build({"differ": builder.both(builder.any(differ), counts)})
    places = {name: place for place, name in enumerate(golden.inputs)}
    stay = [[places[name] for name in (f"{stream}__valid", *payload)] for stream, payload in sources]
    return ContractQuestion(graph, list(zip(held, stay, strict=True)))


def outputs_that_differ(builder: AigBuilder, golden: dict[str, int], revised: dict[str, int]) -> dict[str, int]:
    """For each output whether it differs, a payload while it is valid, from the literals of both designs' outputs."""
    return {
        name: builder.both(builder.differ(literal, revised[name]), golden.get(_valid_of(name), TRUE))
        for name, literal in golden.items()
    }


def _broken(builder: AigBuilder, sources, ports: dict[str, int], shown: dict[str, int], place: int):
    """Whether a source has broken the contract, up to now, and for each whether it must hold what it offers.

    The latches for that begin at a place.
    """
    broken, wrong, held = builder.latch(place), [], []
    at = place + 1
    for stream, payload in sources:
        names = [f"{stream}__valid", *payload]
        owed, before = builder.latch(at), [builder.latch(at + 1 + n) for n in range(len(names))]
        waits = builder.both(ports[names[0]], shown.get(f"{stream}__ready", TRUE) ^ 1)
        held.append(builder.both(waits, ports[RESET] ^ 1))
        builder.following[at] = held[-1]
        builder.following[at + 1 : at + 1 + len(names)] = [ports[name] for name in names]
        changed = [builder.differ(old, ports[name]) for old, name in zip(before, names, strict=True)]
        wrong.append(builder.both(owed, builder.any(changed)))
        at += 1 + len(names)
    now = builder.either(broken, builder.any(wrong))
    builder.following[place] = now
    return now, held


def _streams(ports: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    """Streams among some ports and the bits of their payloads."""
    for name in ports:
        if name.endswith("__valid"):
            stream = name.removesuffix("__valid")
            yield stream, [port for port in ports if re.sub(r"\[\d+\]$", "", port) == f"{stream}__payload"]


def _valid_of(output: str) -> str:
    """The name of the port that says whether an output means anything; of most outputs there is none."""
    stream, found, _ = output.partition("__payload")
    return f"{stream}__valid" if found else ""


def play_at_random(question: ContractQuestion, rng: np.random.Generator) -> Trace | None:
    """Some hundred cycles of random inputs that keep the contract, in many stimuli; a trace to a difference if any."""
    graph, played = question.graph, []
    density = rng.choice([1, 8, 32, 56, 63], size=(len(graph.inputs), WORDS * 64))
    density[graph.inputs.index(RESET)] = rng.choice([0, 0, 1], size=WORDS * 64)
    state = np.zeros((len(graph.latches), WORDS), np.uint64)
    values = graph.settle(np.zeros((len(graph.inputs), WORDS), np.uint64), state)
    for _ in range(CYCLES):
        inputs = np.packbits(rng.integers(64, size=density.shape) < density, axis=1, bitorder="little").view(np.uint64)
        for literal, places in question.held if played else ():
            stays = graph.read(values, [literal])
            inputs[places] = (played[-1][places] & stays) | (inputs[places] & ~stays)
        played.append(inputs)
        values = graph.settle(inputs, state)
        if (differs := graph.read(values, list(graph.outputs.values()))[0]).any():
            stimulus = int(np.flatnonzero(np.unpackbits(differs.view(np.uint8), bitorder="little"))[0])
            word, bit = divmod(stimulus, 64)
            return [(cycle[:, word] >> np.uint64(bit) & np.uint64(1)).astype(bool).tolist() for cycle in played]
        state = graph.read(values, graph.following)
    return None


def find_difference(golden: Aig, revised: Aig, pairs: Correspondence, trace: Trace) -> Difference:
    """Play a trace that answers :func:`contract_question` to both designs, and say what differs at its end.

    Raises
    ------
    RuntimeError
        If nothing does: what made the trace is wrong then.
    """
    bits = np.array(trace)
    inputs = len(golden.inputs)
    bits[:, :inputs][:, [name == CLOCK for name in golden.inputs]] = True
    bits[0, golden.inputs.index(RESET)] = True
    woken = np.array([*bits[0, inputs:], False])[pairs.classes]
    for register, value in pairs.constants.items():
        woken[register] = value
    last = []
    for design, state in ((golden, woken[: len(golden.latches)]), (revised, woken[len(golden.latches) :])):
        order = [golden.inputs.index(name) for name in design.inputs]
        *_, values = design.play((_words(cycle[order]) for cycle in bits[:, :inputs]), _words(state))
        seen = design.read(values, list(design.outputs.values()))[:, 0] != 0
        last.append(dict(zip(design.outputs, seen.tolist(), strict=True)))
    ports = tuple(
        name for name, value in last[0].items() if value != last[1][name] and last[0].get(_valid_of(name), True)
    )
    if not ports or bits[-1, golden.inputs.index(RESET)]:
        raise RuntimeError("abc has found a difference that is none: its version or this project's use of it is wrong")
    return Difference(len(trace) - 1, ports, tuple(_by_port(golden.inputs, cycle) for cycle in bits.tolist()))


def _words(bits: np.ndarray) -> np.ndarray:
    return np.where(bits[:, None], ONES, np.uint64(0))


def _by_port(names: Sequence[str], bits: Sequence[bool]) -> dict[str, int]:
    """Values of ports, from those of their bits; the clock is none."""
    values: dict[str, int] = {}
    for name, bit in zip(names, bits, strict=False):
        port, _, place = name.removesuffix("]").partition("[")
        values[port] = values.get(port, 0) | bit << int(place or 0)
    values.pop(CLOCK, None)
    return values
