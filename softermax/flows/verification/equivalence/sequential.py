"""Sequential equivalence: whether two designs of the same ports do the same, for ever, whatever comes in.

First, registers of the two are paired, by their names or by what they take in random states, and a solver is asked
whether from every state in which pairs agree all outputs agree and all pairs still do. If so, the revised design does
on every port and in every cycle what the golden one does, from every state in which it wakes up: the golden one's
registers wake up as those that they are paired with. No reset is needed, nor any promise of who drives the inputs. What
the golden design takes or shows may be undefined: only where it is the same with undefined bits 0 and with undefined
bits 1 does the revised one have to agree.

If not, but registers are paired one by one, those that may differ are looked at apart from all others
(:mod:`softermax.flows.verification.equivalence.containment`): what they do to the others and to outputs may be nothing.

If not so either, both begin with a reset of a cycle, paired registers having woken up alike, and only what the stream
contract promises has to agree from then on (:mod:`softermax.flows.verification.equivalence.contract`). Random play and
bounded model checking look for a difference; induction over equal nodes and property-directed reachability look for a
proof.
"""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...errors import FlowError
from ...gates.netlist import CLOCK
from .aig import UNDEFINED, Aig
from .aig_builder import FALSE, TRUE, AigBuilder
from .containment import is_contained
from .contract import RESET, Difference, contract_question, find_difference, play_at_random
from .correspondence import Correspondence, by_names, by_simulation
from .questions import Trace, always_zero, bounded, swept, zero_forever

__all__ = ["Equivalence", "Limits", "check_clock", "prove_equivalent"]

#: Cycles in which most differences show, before more is done.
FEW = 6


@dataclass(frozen=True)
class Limits:
    """How hard to try.

    Attributes
    ----------
    seconds : float
        For each step.
    cycles : int
        Of bounded model checking.
    contract : bool
        Whether it is enough that both keep the stream contract alike; otherwise designs of which that is all that can
        be shown are undecided. It is not enough for parts of a design, that others rely upon.
    """

    seconds: float = 60
    cycles: int = 20
    contract: bool = True


@dataclass(frozen=True)
class Equivalence:
    """What was found.

    Attributes
    ----------
    verdict : str
        ``"equivalent"``, ``"different"`` or ``"undecided"``.
    method : str
        How that was found.
    depth : int or None
        If undecided, the clock cycles from reset on in which nothing that the contract promises can differ.
    difference : Difference or None
        If different, how to see it; it has been played to both designs.
    """

    verdict: str
    method: str
    depth: int | None = None
    difference: Difference | None = None


def prove_equivalent(golden: Aig, revised: Aig, limits: Limits = Limits()) -> Equivalence:
    """Compare two designs, as :func:`softermax.flows.verification.equivalence.elaboration.read_aig` reads them.

    Undefined bits of the golden one may be anything where registers are paired, and are 0 where that proves nothing.

    Raises
    ------
    FlowError
        If they have not the same ports.
    """
    filled = golden.tied(UNDEFINED, -1) if UNDEFINED in golden.inputs else None
    golden = golden.tied(UNDEFINED, 0)
    for kind, ports in (("inputs", "inputs"), ("outputs", "outputs")):
        names = [set(getattr(design, ports)) for design in (golden, revised)]
        if different := sorted(names[0] ^ names[1]):
            raise FlowError(f"the designs must have the same {kind} to be compared, but {', '.join(different[:5])}")
    with tempfile.TemporaryDirectory() as scratch:
        return _prove(golden, revised, filled, Path(scratch), limits)


def check_clock(netlist: Aig, folder: Path):
    """See that no register takes anything while the clock is 0.

    Parameters
    ----------
    netlist : Aig
        Of cells of :func:`softermax.flows.gates.cell_models.cell_models` for cycles.

    Raises
    ------
    FlowError
        If one does, so that something else than the clock, maybe gated, clocks it.
    """
    count = len(netlist.inputs)
    builder = AigBuilder([*netlist.inputs, *(f"register {place}" for place in range(len(netlist.latches)))])
    ports = [FALSE if name == CLOCK else builder.input(place) for place, name in enumerate(netlist.inputs)]
    held = [builder.input(count + place) for place in range(len(netlist.latches))]
    following = builder.add(netlist, ports, held)[netlist.following]
    moves = [builder.differ(old, new) for old, new in zip(held, following.tolist(), strict=True)]
    if always_zero(builder.build({"moves": builder.any(moves)}), folder, Limits().seconds) is not True:
        raise FlowError("the registers of the netlist must be clocked by clk, gated or not, but some are not")


def _prove(golden: Aig, revised: Aig, filled: Aig | None, folder: Path, limits: Limits) -> Equivalence:
    named = by_names(golden, revised, filled)
    how = "names" if named else "simulation"
    pairs = named or by_simulation(golden, revised, np.random.default_rng(1), folder, limits.seconds, filled)
    woken = pairs.waking()
    if _step_proves(golden, revised, pairs, folder, limits):
        return Equivalence("equivalent", f"register correspondence by {how}, SAT")
    if not limits.contract or RESET not in golden.inputs:
        return Equivalence("undecided", f"register correspondence by {how}, SAT", 0)
    if woken.one_to_one and is_contained(golden, revised, woken, folder, limits.seconds):
        return Equivalence("equivalent", "contained difference, property-directed reachability, stream contract")
    question = contract_question(golden, revised, woken)
    depth, found = 0, play_at_random(question, np.random.default_rng(1))
    if found is None:
        depth, found = _decide(question.graph, folder, limits)
    if found is True:
        return Equivalence("equivalent", "signal correspondence and property-directed reachability, stream contract")
    if found is None:
        return Equivalence("undecided", "bounded model checking, stream contract", depth)
    difference = find_difference(golden, revised, woken, found)
    return Equivalence("different", "simulation or model checking, stream contract", difference=difference)


def _decide(question: Aig, folder: Path, limits: Limits) -> tuple[int, bool | Trace | None]:
    """Up to which cycle an output is 0, and whether it is for ever: True, a trace, or None if that is not found."""
    depth = bounded(question, FEW, folder, limits.seconds)
    if isinstance(depth, list):
        return 0, depth
    # What is swept is the easier to prove, and the harder to unroll.
    reduced = swept(question, folder, limits.seconds) or question
    if not any(reduced.outputs.values()):
        return depth, True
    found = bounded(question, limits.cycles, folder, limits.seconds)
    if isinstance(found, list):
        return depth, found
    return max(depth, found), zero_forever(reduced, folder, limits.seconds)


def _step_proves(golden: Aig, revised: Aig, pairs: Correspondence, folder: Path, limits: Limits) -> bool:
    """Whether a step from every state in which pairs agree keeps them so, and all outputs alike.

    Pairs that do not stay alike are given up, one counterexample and what is near it after the other, until the time is
    over.
    """
    rng, end = np.random.default_rng(1), time.monotonic() + limits.seconds
    while time.monotonic() < end:
        answer = always_zero(_step_question(golden, revised, pairs), folder, limits.seconds)
        if not isinstance(answer, list):
            return answer is True
        if not pairs.refute(rng, np.array(answer[0], bool)):
            return False
    return False


def _step_question(golden: Aig, revised: Aig, pairs: Correspondence) -> Aig:
    """A graph without latches, whose output is 1 if an output or registers of a class differ."""
    builder = AigBuilder([*golden.inputs, *(f"class {number}" for number in range(pairs.count))])
    ports = {name: TRUE if name == CLOCK else builder.input(place) for place, name in enumerate(golden.inputs)}
    state = [
        int(pairs.constants[register]) if number < 0 else builder.input(len(golden.inputs) + number)
        for register, number in enumerate(pairs.classes.tolist())
    ]
    registers = len(golden.latches)
    golden_new, filled_new, revised_new = (
        builder.add(design, [ports[name] for name in design.inputs], held)
        for design, held in (
            (golden, state[:registers]),
            (pairs.filled, state[:registers]),
            (revised, state[registers:]),
        )
    )
    others = revised_new[revised.following].tolist()
    empty = golden_new[golden.following].tolist() + others
    filled = filled_new[pairs.filled.following].tolist() + others
    differ = [
        _differ(
            builder,
            int(golden_new[literal]),
            int(filled_new[pairs.filled.outputs[name]]),
            int(revised_new[revised.outputs[name]]),
        )
        for name, literal in golden.outputs.items()
    ]
    for first, *rest in pairs.members():
        differ += [_differ(builder, empty[register], filled[register], empty[first]) for register in rest]
    return builder.build({"differ": builder.any(differ)})


def _differ(builder: AigBuilder, empty: int, filled: int, other: int) -> int:
    """Whether what is taken with undefined bits 0, and with undefined bits 1 as well, is something else."""
    return builder.both(builder.differ(empty, other), builder.differ(empty, filled) ^ 1)
