"""Proof that two designs differ in a few registers only, and never on an output, by localisation abstraction.

Registers are paired one to one. The miter has three kinds of pairs:

- *duplicated*: the registers may differ. The miter has both, from their reset values on.
- *visible*: the registers are equal. The miter has one register for both, from its reset value on.
- *cut*: the registers are equal. The miter has an input in its place, so the register may hold any value in any cycle.

If no output ever differs, and no next state of a visible or cut pair, then the designs are equivalent. Most registers
are cut, so that property-directed reachability has to deal with a few registers only, however large the designs are.
Counterexamples refine the abstraction (R. Kurshan, "Computer-Aided Verification of Coordinating Processes", 1994;
E. Clarke et al., "Counterexample-Guided Abstraction Refinement", 2000). Each makes cut pairs visible, first those that
the difference depends on. If none are left to make visible, it duplicates the pairs that differ.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ...gates.netlist import CLOCK
from .aig import ONES, Aig, broadcast
from .aig_builder import TRUE, AigBuilder
from .contract import RESET, differing_outputs
from .correspondence import Correspondence
from .model_checking import Trace, check_combinational, check_unbounded

__all__ = ["prove_by_localisation"]

#: Maximum number of duplicated and visible pairs.
MAX_PAIRS = 200
#: Words of stimuli, 64 each, to find the reset values.
WORDS = 4


def prove_by_localisation(golden: Aig, revised: Aig, pairs: Correspondence, folder: Path, seconds: float) -> bool:
    """Whether the designs are proven to agree after a reset on all outputs, on payloads while they are valid.

    Paired registers without a reset value are equal after the reset. False also if undecided after some seconds.

    Parameters
    ----------
    pairs : Correspondence
        One-to-one pairs.
    """
    values = _reset_values(golden, np.random.default_rng(1))
    if check_combinational(_reset_miter(golden, revised, pairs, values), folder, seconds) is not True:
        return False
    end, duplicated, visible = time.monotonic() + seconds, set(), set()
    while len(duplicated | visible) <= MAX_PAIRS and (left := end - time.monotonic()) > 0:
        abstraction = _Abstraction(golden, revised, pairs, sorted(duplicated), sorted(visible - duplicated), values)
        answer = check_unbounded(abstraction.miter(), folder, max(left, 1))
        if not isinstance(answer, list):
            return answer is True
        differing = abstraction.differing(answer)
        supports = [_support(golden, revised, pairs, some) for some in (differing, duplicated | visible)]
        needed = [support - duplicated - visible for support in supports]
        if more := next((some for some in needed if some and len(duplicated | visible | some) <= MAX_PAIRS), None):
            visible |= more
        elif any(isinstance(key, str) for key in differing):
            return False
        else:
            duplicated |= differing
    return False


def _support(golden: Aig, revised: Aig, pairs: Correspondence, some: set[int | str]) -> set[int]:
    """Registers of the golden design on which some outputs, or next states of some registers, depend in either design.

    A dependence on a register of the revised design counts as one on its partner.
    """
    partners = pairs.classes[len(golden.latches) :]
    registers = [key for key in some if isinstance(key, int)]
    outputs = [key for key in some if isinstance(key, str)]
    read = set()
    for design, own, named in (
        (golden, registers, np.arange(len(golden.latches))),
        (revised, np.argsort(partners)[registers], partners),
    ):
        literals = [*design.next_state[own].tolist(), *(design.outputs[name] for name in outputs)]
        read.update(named[design.support(literals)].tolist())
    return read


def _reset_values(golden: Aig, rng: np.random.Generator) -> dict[int, bool]:
    """Candidates for the reset values of registers: equal next states under reset in all of some random states."""
    inputs, state = (
        rng.integers(1 << 64, size=(count, WORDS), dtype=np.uint64)
        for count in (len(golden.inputs), len(golden.latches))
    )
    inputs[golden.inputs.index(RESET)] = ONES
    next_state = golden.step(inputs, state)
    same = (next_state == next_state[:, :1]).all(axis=1) & np.isin(next_state[:, 0], [0, ONES])
    return {int(register): bool(next_state[register, 0]) for register in np.flatnonzero(same)}


def _reset_miter(golden: Aig, revised: Aig, pairs: Correspondence, values: dict[int, bool]) -> Aig:
    """The miter whose output is 1 if a reset gives any of these registers, or of their partners, another value."""
    designs = golden, revised
    registers = sum(len(design.latches) for design in designs)
    builder = AigBuilder([*golden.inputs, *(f"register {place}" for place in range(registers))])
    ports = {name: builder.input(place) for place, name in enumerate(golden.inputs)} | {CLOCK: TRUE, RESET: TRUE}
    held = [builder.input(len(golden.inputs) + place) for place in range(registers)]
    split = len(golden.latches)
    next_state = [
        int(literal)
        for design, state in zip(designs, (held[:split], held[split:]), strict=True)
        for literal in builder.add(design, [ports[name] for name in design.inputs], state)[design.next_state]
    ]
    wrong = [
        builder.xor(literal, int(values[number]))
        for literal, number in zip(next_state, pairs.classes.tolist(), strict=True)
        if number in values
    ]
    return builder.build({"differ": builder.any_of(wrong)})


class _Abstraction:
    """Abstraction of the miter of two designs: duplicated, visible and cut pairs of registers.

    Parameters
    ----------
    duplicated, visible : sequence of int
        Registers of the golden design; all others are cut.
    values : dict of int to bool
        Reset values. Registers without one start with any value, equal in both designs.
    """

    def __init__(
        self,
        golden: Aig,
        revised: Aig,
        pairs: Correspondence,
        duplicated: Sequence[int],
        visible: Sequence[int],
        values: dict[int, bool],
    ):
        registers, inputs = len(golden.latches), len(golden.inputs)
        latches = [
            *((register, (copy,)) for copy in range(2) for register in duplicated),
            *((r, (0, 1)) for r in visible),
        ]
        names = [*golden.inputs, *(f"register {place}" for place in range(registers))]
        self._builder = builder = AigBuilder(names, len(latches) + 1)
        ports = {name: builder.input(place) for place, name in enumerate(golden.inputs)} | {CLOCK: TRUE}
        started = builder.latch(len(latches))
        builder.next_state[-1] = TRUE
        # An input is the value of a cut register in each cycle, and the first value of one without a reset value.
        anything = [builder.input(inputs + place) for place in range(registers)]
        states = [list(anything), list(anything)]
        for place, (register, copies) in enumerate(latches):
            initial = int(values[register]) if register in values else anything[register]
            for copy in copies:
                states[copy][register] = builder.mux(started, builder.latch(place), initial)
        partners = pairs.classes[registers:]
        outputs, next_state = [], []
        for design, state in ((golden, states[0]), (revised, [states[1][partner] for partner in partners])):
            new = builder.add(design, [ports[name] for name in design.inputs], state)
            outputs.append({name: int(new[literal]) for name, literal in design.outputs.items()})
            next_state.append(new[design.next_state])
        next_state[1] = next_state[1][np.argsort(partners)]
        builder.next_state[:-1] = [next_state[copies[0]][register] for register, copies in latches]
        self._differ: dict[int | str, int] = {
            register: builder.xor(int(next_state[0][register]), int(next_state[1][register]))
            for register in range(registers)
            if register not in duplicated
        }
        for name, literal in differing_outputs(builder, *outputs).items():
            self._differ[name] = builder.and_(literal, ports[RESET] ^ 1)

    def miter(self) -> Aig:
        """The graph whose output is 1 if an output differs, or the next state of a pair that is not duplicated."""
        return self._builder.build({"differ": self._builder.any_of(self._differ.values())})

    def differing(self, trace: Trace) -> set[int | str]:
        """Registers, and names of outputs, that differ at the end of a counterexample to the miter."""
        graph = self._builder.build({str(key): literal for key, literal in self._differ.items()})
        state = np.zeros((len(graph.latches), 1), np.uint64)
        *_, values = graph.simulate(map(broadcast, np.array(trace)), state)
        differs = graph.read(values, list(graph.outputs.values()))[:, 0] != 0
        return {key for key, value in zip(self._differ, differs.tolist(), strict=True) if value}
