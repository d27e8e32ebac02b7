"""Sequential equivalence checking of two designs with the same ports, in three steps.

1. Register correspondence (:mod:`softermax.flows.verification.equivalence.correspondence`) pairs the registers of the
   two designs, by name or by simulation. A SAT solver then proves that the correspondence is inductive: from every
   state in which pairs agree, all outputs agree, and all pairs agree in the next state. If so, the revised design
   behaves as the golden one on every port and in every cycle, from each power-up state in which its registers of one
   class agree: the golden design's registers then power up with the values of their partners. The proof needs no reset
   and no assumptions about the inputs. Undefined bits of the golden design are don't-cares: the revised design only has
   to agree where the golden one gives the same value with undefined bits at 0 and at 1.
2. If that fails and registers are paired one to one, localisation abstraction
   (:mod:`softermax.flows.verification.equivalence.localisation`) tries to prove that the difference stays in a few
   registers and never reaches an output.
3. If that fails, too, both designs power up with equal pairs and are reset for one cycle. From then on they only have
   to agree on what the stream contract promises (:mod:`softermax.flows.verification.equivalence.contract`). Random
   simulation and bounded model checking search for a difference. Signal correspondence and property-directed
   reachability search for a proof.
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
from .contract import RESET, Difference, contract_miter, find_difference, simulate_randomly
from .correspondence import Correspondence, correspondence_by_names, correspondence_by_simulation
from .localisation import prove_by_localisation
from .model_checking import Trace, check_bounded, check_combinational, check_unbounded, merge_equivalent

__all__ = ["Equivalence", "Limits", "check_clock", "prove_equivalent"]

#: Cycles of a first, short bounded check, which finds most differences.
SHORT_CHECK_CYCLES = 6


@dataclass(frozen=True)
class Limits:
    """Limits of an equivalence check.

    Attributes
    ----------
    seconds : float
        Time limit of each step.
    cycles : int
        Number of cycles of bounded model checking.
    contract : bool
        Whether equivalence under the stream contract is enough. If False, designs without a stronger proof are
        undecided. Parts of a design need the stronger proof, since other parts rely on all of their ports.
    """

    seconds: float = 60
    cycles: int = 20
    contract: bool = True


@dataclass(frozen=True)
class Equivalence:
    """Result of an equivalence check.

    Attributes
    ----------
    verdict : str
        ``"equivalent"``, ``"different"`` or ``"undecided"``.
    method : str
        Method that decided the verdict.
    depth : int or None
        If undecided, the number of clock cycles from reset on that are proven equivalent under the contract.
    difference : Difference or None
        If different, a counterexample, replayed on both designs.
    """

    verdict: str
    method: str
    depth: int | None = None
    difference: Difference | None = None


def prove_equivalent(golden: Aig, revised: Aig, limits: Limits = Limits()) -> Equivalence:
    """Check two designs, as read by :func:`softermax.flows.verification.equivalence.elaboration.read_aig`.

    Undefined bits of the golden design are don't-cares in the proof by register correspondence, and 0 in other steps.

    Raises
    ------
    FlowError
        If the designs do not have the same ports.
    """
    x_as_one = golden.tied(UNDEFINED, -1) if UNDEFINED in golden.inputs else None
    golden = golden.tied(UNDEFINED, 0)
    for kind, ports in (("inputs", "inputs"), ("outputs", "outputs")):
        names = [set(getattr(design, ports)) for design in (golden, revised)]
        if different := sorted(names[0] ^ names[1]):
            raise FlowError(f"the designs must have the same {kind} to be compared, but {', '.join(different[:5])}")
    with tempfile.TemporaryDirectory() as scratch:
        return _prove(golden, revised, x_as_one, Path(scratch), limits)


def check_clock(netlist: Aig, folder: Path):
    """Check that no register changes while the clock is 0.

    Parameters
    ----------
    netlist : Aig
        Netlist of cells of :func:`softermax.flows.gates.cell_models.cell_models` for cycles.

    Raises
    ------
    FlowError
        If one does: its clock is neither clk nor gated from it.
    """
    count = len(netlist.inputs)
    builder = AigBuilder([*netlist.inputs, *(f"register {place}" for place in range(len(netlist.latches)))])
    ports = [FALSE if name == CLOCK else builder.input(place) for place, name in enumerate(netlist.inputs)]
    held = [builder.input(count + place) for place in range(len(netlist.latches))]
    next_state = builder.add(netlist, ports, held)[netlist.next_state]
    moves = [builder.xor(old, new) for old, new in zip(held, next_state.tolist(), strict=True)]
    if check_combinational(builder.build({"moves": builder.any_of(moves)}), folder, Limits().seconds) is not True:
        raise FlowError("the registers of the netlist must be clocked by clk, gated or not, but some are not")


def _prove(golden: Aig, revised: Aig, x_as_one: Aig | None, folder: Path, limits: Limits) -> Equivalence:
    named = correspondence_by_names(golden, revised, x_as_one)
    paired_by = "names" if named else "simulation"
    pairs = named or correspondence_by_simulation(
        golden, revised, np.random.default_rng(1), folder, limits.seconds, x_as_one
    )
    reset_pairs = pairs.with_free_power_up()
    if _is_inductive(golden, revised, pairs, folder, limits):
        return Equivalence("equivalent", f"register correspondence by {paired_by}, SAT")
    if not limits.contract or RESET not in golden.inputs:
        return Equivalence("undecided", f"register correspondence by {paired_by}, SAT", 0)
    if reset_pairs.one_to_one and prove_by_localisation(golden, revised, reset_pairs, folder, limits.seconds):
        return Equivalence("equivalent", "localisation abstraction, property-directed reachability, stream contract")
    miter = contract_miter(golden, revised, reset_pairs)
    depth, answer = 0, simulate_randomly(miter, np.random.default_rng(1))
    if answer is None:
        depth, answer = _decide(miter.graph, folder, limits)
    if answer is True:
        return Equivalence("equivalent", "signal correspondence and property-directed reachability, stream contract")
    if answer is None:
        return Equivalence("undecided", "bounded model checking, stream contract", depth)
    difference = find_difference(golden, revised, reset_pairs, answer)
    return Equivalence("different", "simulation or model checking, stream contract", difference=difference)


def _decide(miter: Aig, folder: Path, limits: Limits) -> tuple[int, bool | Trace | None]:
    """Return the number of cycles in which a miter is proven 0, and True if in all, a trace, or None if undecided."""
    depth = check_bounded(miter, SHORT_CHECK_CYCLES, folder, limits.seconds)
    if isinstance(depth, list):
        return 0, depth
    # Merging makes proofs easier, but unrolling harder.
    reduced = merge_equivalent(miter, folder, limits.seconds) or miter
    if not any(reduced.outputs.values()):
        return depth, True
    answer = check_bounded(miter, limits.cycles, folder, limits.seconds)
    if isinstance(answer, list):
        return depth, answer
    return max(depth, answer), check_unbounded(reduced, folder, limits.seconds)


def _is_inductive(golden: Aig, revised: Aig, pairs: Correspondence, folder: Path, limits: Limits) -> bool:
    """Whether the correspondence is proven inductive, and all outputs equal under it.

    Each counterexample refines the classes, until the time is over.
    """
    rng, end = np.random.default_rng(1), time.monotonic() + limits.seconds
    while time.monotonic() < end:
        answer = check_combinational(_induction_miter(golden, revised, pairs), folder, limits.seconds)
        if not isinstance(answer, list):
            return answer is True
        if not pairs.refine_with_counterexample(rng, np.array(answer[0], bool)):
            return False
    return False


def _induction_miter(golden: Aig, revised: Aig, pairs: Correspondence) -> Aig:
    """The graph without latches whose output is 1 if outputs, or next states of a class, differ beyond don't-cares."""
    builder = AigBuilder([*golden.inputs, *(f"class {number}" for number in range(pairs.count))])
    ports = {name: TRUE if name == CLOCK else builder.input(place) for place, name in enumerate(golden.inputs)}
    state = [
        int(pairs.constants[register]) if number < 0 else builder.input(len(golden.inputs) + number)
        for register, number in enumerate(pairs.classes.tolist())
    ]
    registers = len(golden.latches)
    golden_new, x_as_one_new, revised_new = (
        builder.add(design, [ports[name] for name in design.inputs], held)
        for design, held in (
            (golden, state[:registers]),
            (pairs.x_as_one, state[:registers]),
            (revised, state[registers:]),
        )
    )
    revised_next = revised_new[revised.next_state].tolist()
    with_zero = golden_new[golden.next_state].tolist() + revised_next
    with_one = x_as_one_new[pairs.x_as_one.next_state].tolist() + revised_next
    differ = [
        _differ(
            builder,
            int(golden_new[literal]),
            int(x_as_one_new[pairs.x_as_one.outputs[name]]),
            int(revised_new[revised.outputs[name]]),
        )
        for name, literal in golden.outputs.items()
    ]
    for first, *rest in pairs.members():
        differ += [_differ(builder, with_zero[register], with_one[register], with_zero[first]) for register in rest]
    return builder.build({"differ": builder.any_of(differ)})


def _differ(builder: AigBuilder, with_zero: int, with_one: int, other: int) -> int:
    """Literal that is 1 if a value differs from the golden design's, which is the same with undefined bits 0 and 1."""
    return builder.and_(builder.xor(with_zero, other), builder.xor(with_zero, with_one) ^ 1)
