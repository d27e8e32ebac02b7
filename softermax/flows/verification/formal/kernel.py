"""A kernel: hardware that computes something in a known number of clock edges, what that must be, and a fault."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import z3
from amaranth.lib.wiring import Component, Signature

from softermax.model import SoftermaxConfig

from ...synthesis.verilog import generate_verilog
from ..faults import Fault
from .checks import FAILS, PROVEN, UNDECIDED
from .unrolling import HOLDS, UNKNOWN, VIOLATED, Unrolling, decide

__all__ = ["TOP", "WIDE", "Claim", "Kernel", "bits", "in_range", "passing"]

#: Name of the module.
TOP = "kernel"
#: Bits that are more than a score, a maximum or an exponent has.
WIDE = 16
#: Seconds after which a solver gives up.
LIMIT = 600

RESULTS = {HOLDS: PROVEN, VIOLATED: FAILS, UNKNOWN: UNDECIDED}


@dataclass(frozen=True)
class Claim:
    """Assumptions about a component's signals, and the claim about them.

    Lemmas are equal sums: they are proven first, and the conclusion with their help.
    """

    assumptions: list[z3.BoolRef]
    conclusion: z3.BoolRef
    lemmas: tuple[z3.BoolRef, ...] = ()


@dataclass(frozen=True)
class Kernel:
    """A kernel that a solver compares with its specification, for all operands and from all states of the registers.

    Parameters
    ----------
    unit, config, property : str
        As of :class:`softermax.flows.verification.formal.checks.Check`.
    component : callable
        Makes the hardware.
    edges : int
        Clock edges from operands to results; 0 for a combinational component.
    claim : callable
        From the :class:`Unrolling` to the :class:`Claim`.
    fault : Fault
        Which must violate the claim.
    """

    unit: str
    config: str
    property: str
    component: Callable[[], Component]
    edges: int
    claim: Callable[[Unrolling], Claim]
    fault: Fault

    def prove(self, folder: Path) -> dict:
        """Try the claim on the hardware, and on that with the fault; what a check's ``run`` returns."""
        component = self.component()
        verilog = generate_verilog(component, TOP)
        result = self._decide(component.signature, verilog, folder)
        faulty = self._decide(component.signature, self.fault.seeded(verilog, TOP), folder / "fault")
        return {"method": "SMT, all inputs", "result": RESULTS[result], "fault_found": faulty == VIOLATED}

    def _decide(self, signature: Signature, verilog: str, folder: Path) -> str:
        signals = Unrolling(signature, verilog, TOP, self.edges, folder)
        claim = self.claim(signals)
        known = [*signals.meaning(), *claim.assumptions]
        if claim.lemmas:
            found = decide(known, z3.And(*claim.lemmas), folder / "lemmas.smt2", LIMIT, same_sums=True)
            if found != HOLDS:
                return found
        return decide([*known, *claim.lemmas], claim.conclusion, folder / "claim.smt2", LIMIT)


def passing(signals: Unrolling, edges: int) -> list[z3.BoolRef]:
    """A pipeline takes an item in the first cycle, and nothing stops it on its way."""
    stages = range(edges)
    return [
        signals.moves("i"),
        *(z3.Not(signals.is_high("rst", cycle)) for cycle in stages),
        *(signals.is_high("o__ready", cycle) for cycle in stages),
    ]


def bits(word: z3.BitVecRef) -> list[z3.BoolRef]:
    """A word's bits, the lowest first."""
    return [z3.Extract(place, place, word) == 1 for place in range(word.size())]


def in_range(maximum: z3.BitVecRef, config: SoftermaxConfig) -> z3.BoolRef:
    """Whether a maximum is one of scores."""
    return z3.And(maximum >= config.lowest_maximum, maximum <= -config.lowest_maximum)
