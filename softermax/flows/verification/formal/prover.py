"""Tries the statements of a harness: proofs for any number of cycles, bounded model checking, witnesses.

Yosys makes one netlist of ands and inverters of the unit's Verilog and its surroundings, and abc, which comes with it,
reasons about that: signal correspondence, which is induction over a cycle for all pairs of signals at once; property
directed reachability (PDR), which finds an inductive invariant; and bounded model checking.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ...files import write_whole
from ...tools.yosys import run_yosys
from ...tools.yosys_abc import run_abc
from .checks import FAILS, PROVEN, UNDECIDED, holds_to
from .harness import TOP, Harness
from .traces import write_trace

__all__ = ["Limits", "Problem", "Verdict"]

#: From Verilog and RTLIL to a netlist that abc takes. Undefined bits may take any value, a new one in each cycle.
PREPARE = (
    f"hierarchy -check -top {TOP}",
    "proc",
    "flatten",
    "opt_clean",
    "memory -nomap",
    "memory_map",
    "async2sync",
    "chformal -lower",
    "opt",
    "formalff -clk2ff",
    "dffunmap",
    "setundef -undriven -anyseq",
    "setundef -anyseq",
    "opt_clean",
    "techmap",
    "aigmap",
    "opt_clean",
)
#: Time limit of bounded model checking, in seconds.
BMC_SECONDS = 600
#: Messages of abc at the end of an engine, and for a failure; cycles count from 0.
STATUS = re.compile(r"Status = +(-?\d+) ")
ASSERTED = re.compile(r"Output +(\d+) of miter .* was asserted in frame +(\d+)")


@dataclass(frozen=True)
class Limits:
    """How far a proof is driven.

    Parameters
    ----------
    seconds : int
        For a proof for any number of cycles; 0 does without.
    depth : int
        Clock cycles that are looked at otherwise, and in the search for faults and witnesses.
    """

    seconds: int = 120
    depth: int = 20


@dataclass(frozen=True)
class Verdict:
    """Result of a problem: the ``method``, its ``depth`` and the ``result`` as in a row of the table."""

    method: str
    depth: int | None
    result: str


class Problem:
    """A unit in its surroundings as a netlist for abc.

    Registers may hold anything before the first reset.

    Parameters
    ----------
    harness : Harness
    verilog : str
        Verilog of the unit.
    folder : Path
        For all files; a counterexample is ``counterexample.vcd`` there.
    covering : bool
        Try the situations to be covered instead of the assertions.
    """

    def __init__(self, harness: Harness, verilog: str, folder: Path, *, covering: bool = False):
        self._folder = folder = folder.resolve()
        names = harness.names("cover" if covering else "check")
        write_whole(folder / "unit.v", verilog)
        write_whole(folder / "harness.il", harness.netlist(covering=covering))
        read = ["read_verilog unit.v", "read_rtlil harness.il"]
        write = "write_aiger -zinit -symbols -vmap netlist.map netlist.aig"
        run_yosys([*read, *PREPARE, write], folder / "yosys.log")
        outputs = re.findall(r"(?m)^output (\d+) 0 statement_(\d+)$", (folder / "netlist.map").read_text())
        self._statements = {int(place): names[int(number)] for place, number in outputs}

    def prove(self, limits: Limits) -> Verdict:
        """Try a proof; where there is none in time, look at all traces up to a depth."""
        if limits.seconds:
            # Without a register left, all that is asserted has been merged, or something fails at once.
            merged = not self._registers
            status, said = self._run("scorr; iprove" if merged else f"scorr; pdr -T {limits.seconds}")
            if status == 1:
                method = ("induction (signal correspondence)", 1) if merged else ("inductive invariant (PDR)", None)
                return Verdict(*method, PROVEN)
            failing = ASSERTED.search(said)
            if failing:
                return self.search(int(failing[2]) + 1)
        return self.search(limits.depth)

    def search(self, depth: int) -> Verdict:
        """Look at all traces of a number of clock cycles; a counterexample is written."""
        status, said = self._run(f"{'scorr; ' if self._registers else ''}bmc3 -F {depth} -T {BMC_SECONDS}")
        if status == 0:
            return Verdict("bounded", self._counterexample(int(ASSERTED.search(said)[2]) + 1), FAILS)
        done = re.findall(r"No output asserted in (\d+) frames", said)
        reached = int(done[-1]) if done else 0
        return Verdict("bounded", reached, holds_to(reached) if reached >= depth else UNDECIDED)

    def _counterexample(self, depth: int) -> int:
        """Write one of so many clock cycles, from the whole netlist; returns its depth."""
        _, said = self._run(f"bmc3 -F {depth}", "write_cex -a counterexample.aiw")
        output, frame = map(int, ASSERTED.search(said).groups())
        write_trace(self._folder, self._statements[output])
        return frame + 1

    def witnesses(self, depth: int) -> dict[str, int]:
        """The situations that can be reached, and in which clock cycle at the earliest, the first reset's being 1."""
        found = {}
        for output, name in self._statements.items():
            status, said = self._run(f"cone -O {output}; bmc3 -F {depth} -T {BMC_SECONDS}")
            if status == 0:
                found[name] = int(ASSERTED.search(said)[2]) + 1
        return found

    @cached_property
    def _registers(self) -> int:
        """Those that are left when signal correspondence has merged all that it can."""
        return int(re.search(r"lat = +(\d+) ", self._abc("scorr; print_stats"))[1])

    def _run(self, engine: str, afterwards: str = "") -> tuple[int, str]:
        """What an engine finds: 1 if nothing fails, 0 if something does, -1 if it does not know; and what it says."""
        said = self._abc(f"{engine}; print_status; {afterwards}")
        return int(STATUS.findall(said)[-1]), said

    def _abc(self, script: str) -> str:
        """Output of abc for the netlist; assumptions become part of the assertions."""
        return run_abc(f"read_aiger netlist.aig; fold; {script}", self._folder)
