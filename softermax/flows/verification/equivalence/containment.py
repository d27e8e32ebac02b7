"""Whether what two designs do differently stays in a few registers and never shows.

Registers are paired one to one. Those that may come to differ are there twice and go on from what a reset has set them
to, and all others are there once: as long as nothing else differs, they are the same in both designs. So if no output
ever differs, nor what any other register takes, the designs do the same for ever. Of the others, those that the few
depend on go on as well, from cycle to cycle; the rest hold anything at any time. That makes a question about a few
registers, however large the designs are. Which ones they are is found by counterexamples: first more of the others go
on, those first that what differs depends on; and if that does not help, a register that takes something else joins the
few.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ...gates.netlist import CLOCK
from .aig import ONES, Aig
from .aig_builder import TRUE, AigBuilder
from .contract import RESET, outputs_that_differ
from .correspondence import Correspondence
from .questions import Trace, always_zero, zero_forever

__all__ = ["is_contained"]

#: Registers that may differ, or be what those depend on, at most.
MOST = 200
#: 64 stimuli to a word, to find what a reset sets.
WORDS = 4


def is_contained(golden: Aig, revised: Aig, pairs: Correspondence, folder: Path, seconds: float) -> bool:
    """Whether, after a reset, the two do the same on all outputs, payloads where they are valid.

    Registers that a reset does not set are alike after it. False if that is not so, or not found within some seconds.

    Parameters
    ----------
    pairs : Correspondence
        One to one.
    """
    values = _reset_values(golden, np.random.default_rng(1))
    if always_zero(_reset_question(golden, revised, pairs, values), folder, seconds) is not True:
        return False
    end, apart, moving = time.monotonic() + seconds, set(), set()
    while len(apart | moving) <= MOST and (left := end - time.monotonic()) > 0:
        graph = _Graph(golden, revised, pairs, sorted(apart), sorted(moving - apart), values)
        answer = zero_forever(graph.question(), folder, max(left, 1))
        if not isinstance(answer, list):
            return answer is True
        found = graph.that_differ(answer)
        needed = [_read_by(golden, revised, pairs, some) - apart - moving for some in (found, apart | moving)]
        if more := next((some for some in needed if some and len(apart | moving | some) <= MOST), None):
            moving |= more
        elif any(isinstance(key, str) for key in found):
            return False
        else:
            apart |= found
    return False


def _read_by(golden: Aig, revised: Aig, pairs: Correspondence, some: set[int | str]) -> set[int]:
    """Registers of the golden design that in either design some outputs, or what some registers take, depend on."""
    partners = pairs.classes[len(golden.latches) :]
    registers = [key for key in some if isinstance(key, int)]
    outputs = [key for key in some if isinstance(key, str)]
    read = set()
    for design, own, named in (
        (golden, registers, np.arange(len(golden.latches))),
        (revised, np.argsort(partners)[registers], partners),
    ):
        literals = [*design.following[own].tolist(), *(design.outputs[name] for name in outputs)]
        read.update(named[design.latches_read(literals)].tolist())
    return read


def _reset_values(golden: Aig, rng: np.random.Generator) -> dict[int, bool]:
    """What a reset may set registers to, as far as some random states tell."""
    inputs, state = (
        rng.integers(1 << 64, size=(count, WORDS), dtype=np.uint64)
        for count in (len(golden.inputs), len(golden.latches))
    )
    inputs[golden.inputs.index(RESET)] = ONES
    taken = golden.read(golden.settle(inputs, state), golden.following)
    same = (taken == taken[:, :1]).all(axis=1) & np.isin(taken[:, 0], [0, ONES])
    return {int(register): bool(taken[register, 0]) for register in np.flatnonzero(same)}


def _reset_question(golden: Aig, revised: Aig, pairs: Correspondence, values: dict[int, bool]) -> Aig:
    """Whether a reset may leave anything else in these registers, or in their partners."""
    designs = golden, revised
    registers = sum(len(design.latches) for design in designs)
    builder = AigBuilder([*golden.inputs, *(f"register {place}" for place in range(registers))])
    ports = {name: builder.input(place) for place, name in enumerate(golden.inputs)} | {CLOCK: TRUE, RESET: TRUE}
    held = [builder.input(len(golden.inputs) + place) for place in range(registers)]
    split = len(golden.latches)
    taken = [
        int(literal)
        for design, state in zip(designs, (held[:split], held[split:]), strict=True)
        for literal in builder.add(design, [ports[name] for name in design.inputs], state)[design.following]
    ]
    wrong = [
        builder.differ(literal, int(values[number]))
        for literal, number in zip(taken, pairs.classes.tolist(), strict=True)
        if number in values
    ]
    return builder.build({"differ": builder.any(wrong)})


class _Graph:
    """The two designs in a clock cycle, some registers apart.

    Parameters
    ----------
    apart, moving : sequence of int
        Registers of the golden design that are there twice, and those that are there once and go on.
    values : dict of int to bool
        What those of them that a reset sets begin with; others begin with anything, alike.
    """

    def __init__(
        self,
        golden: Aig,
        revised: Aig,
        pairs: Correspondence,
        apart: Sequence[int],
        moving: Sequence[int],
        values: dict[int, bool],
    ):
        registers, inputs = len(golden.latches), len(golden.inputs)
        latches = [*((register, (copy,)) for copy in range(2) for register in apart), *((r, (0, 1)) for r in moving)]
        names = [*golden.inputs, *(f"register {place}" for place in range(registers))]
        self._builder = builder = AigBuilder(names, len(latches) + 1)
        ports = {name: builder.input(place) for place, name in enumerate(golden.inputs)} | {CLOCK: TRUE}
        started = builder.latch(len(latches))
        builder.following[-1] = TRUE
        # An input is what a register holds that does not go on, and what one that does begins with.
        anything = [builder.input(inputs + place) for place in range(registers)]
        states = [list(anything), list(anything)]
        for place, (register, copies) in enumerate(latches):
            begins = int(values[register]) if register in values else anything[register]
            for copy in copies:
                states[copy][register] = builder.choose(started, builder.latch(place), begins)
        partners = pairs.classes[registers:]
        shown, taken = [], []
        for design, state in ((golden, states[0]), (revised, [states[1][partner] for partner in partners])):
            new = builder.add(design, [ports[name] for name in design.inputs], state)
            shown.append({name: int(new[literal]) for name, literal in design.outputs.items()})
            taken.append(new[design.following])
        taken[1] = taken[1][np.argsort(partners)]
        builder.following[:-1] = [taken[copies[0]][register] for register, copies in latches]
        self._differ: dict[int | str, int] = {
            register: builder.differ(int(taken[0][register]), int(taken[1][register]))
            for register in range(registers)
            if register not in apart
        }
        for name, literal in outputs_that_differ(builder, *shown).items():
            self._differ[name] = builder.both(literal, ports[RESET] ^ 1)

    def question(self) -> Aig:
        """Whether anything ever differs but the registers that are apart."""
        return self._builder.build({"differ": self._builder.any(self._differ.values())})

    def that_differ(self, trace: Trace) -> set[int | str]:
        """Registers, and names of outputs, that differ at the end of an answer to the question."""
        graph = self._builder.build({str(key): literal for key, literal in self._differ.items()})
        state = np.zeros((len(graph.latches), 1), np.uint64)
        *_, values = graph.play((np.where(cycle, ONES, np.uint64(0))[:, None] for cycle in np.array(trace)), state)
        seen = graph.read(values, list(graph.outputs.values()))[:, 0] != 0
        return {key for key, differs in zip(self._differ, seen.tolist(), strict=True) if differs}
