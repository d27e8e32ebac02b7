"""Mutants of a unit: small changes of its netlist, sampled by Yosys, which the benches must notice.

The netlist is what Yosys makes of the unit's Verilog before it becomes gates: flat, with operators, registers and
memories as cells. A mutant changes one bit of one port of one cell: it is inverted, stuck at 0 or at 1, or inverted
whenever another bit of the port is 0 or is 1. All mutants are in one design, whose input ``mutant`` says which one is
in force.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import FlowError
from ..files import write_whole
from ..tools.yosys import run_yosys
from .equivalence.aig import Aig
from .equivalence.aig_builder import AigBuilder

__all__ = ["MOST", "SELECT", "Mutant", "MutatedUnit", "mutate", "with_mutant"]

#: The input that says which mutant is in force, and its bits; 0 is none.
SELECT, SELECT_BITS = "mutant", 16
#: Mutants that a unit can have.
MOST = (1 << SELECT_BITS) - 1

#: Effect of a mutant on a bit, by Yosys' name.
MODES = {
    "inv": "inverted",
    "const0": "stuck at 0",
    "const1": "stuck at 1",
    "cnot0": "inverted while bit {} is 0",
    "cnot1": "inverted while bit {} is 1",
}

#: Bits of a vector may now follow from others, and Verilator would rather have them apart.
LINT_OFF = "// verilator lint_off UNOPTFLAT\n"

#: Preparation of the Verilog: no hierarchy, no processes, nothing twice, nothing unused.
NETLIST = ("proc", "flatten", "opt -full", "memory_collect", "opt_clean -purge")


@dataclass(frozen=True)
class Mutant:
    """A change of one bit.

    Attributes
    ----------
    number : int
        Value of the input that puts it in force, from 1.
    command : str
        By which Yosys makes it in the unit.
    """

    number: int
    command: str

    @property
    def switchable(self) -> str:
        """The command that makes it so that the input puts it in force."""
        return f"{self.command} -ctrl {SELECT} {SELECT_BITS} {self.number}"

    @property
    def place(self) -> dict[str, str]:
        """Place by Yosys: mode, cell, port, port bit, other bit, and wire and lines of the Verilog, if any."""
        return dict(re.findall(r"-(\w+) (\S+)", self.command))

    def describe(self) -> str:
        """Where it is and what it does, for a person with the unit's Verilog."""
        place = self.place
        what = MODES[place["mode"]].format(place.get("ctrlbit"))
        bit = f"{place['cell']} {place['port']}[{place['portbit']}]"
        return f"{bit} {what}" + (f", of {place['wire']}[{place['wirebit']}]" if "wire" in place else "")


@dataclass(frozen=True)
class MutatedUnit:
    """A unit with all of its mutants.

    Attributes
    ----------
    top : str
    verilog, netlist : Path
        The design with the input :data:`SELECT`, in Verilog and in Yosys' own format.
    mutants : sequence of Mutant
    """

    top: str
    verilog: Path
    netlist: Path
    mutants: Sequence[Mutant]


def mutate(verilog: Path, top: str, number: int, seed: int, folder: Path) -> MutatedUnit:
    """Sample mutants of a unit evenly over its cells, wires and lines, and build them into one design.

    Clocks are left alone: a register with another clock is not a fault of the logic.

    Parameters
    ----------
    verilog : Path
        As :func:`softermax.flows.synthesis.verilog.generate_verilog` makes it.
    top : str
        Name of the unit's module.
    number : int
        Number of mutants; there are fewer if the unit does not have so many.
    seed : int
        Seed of the sample.
    folder : Path
        For the design; made if it does not exist.

    Raises
    ------
    FlowError
        If Yosys fails, or there are too many.
    """
    if not 1 <= number <= MOST:
        raise FlowError(f"the number of mutants must be from 1 to {MOST}, not {number}")
    folder.mkdir(parents=True, exist_ok=True)
    folder = folder.resolve()
    write_whole(folder / f"{top}.v", verilog.read_text())
    sample = f"mutate -list {number + number // 8 + 8} -seed {seed} -o mutants.ys"
    read = [f"read_verilog {top}.v", f"hierarchy -check -top {top}"]
    run_yosys([*read, *NETLIST, "write_rtlil original.il", sample], folder / "sample.log")
    logic = [line for line in (folder / "mutants.ys").read_text().splitlines() if not re.search(r"-port \w*CLK ", line)]
    mutants = [Mutant(n, line) for n, line in enumerate(logic[:number], start=1)]
    unit = MutatedUnit(top, folder / "mutated.v", folder / "mutated.il", mutants)
    write = [f"write_rtlil {unit.netlist.name}", f"write_verilog -noattr {unit.verilog.name}"]
    commands = [mutant.switchable for mutant in mutants]
    run_yosys(["read_rtlil original.il", *commands, "opt_clean", *write], folder / "mutate.log")
    write_whole(unit.verilog, LINT_OFF + unit.verilog.read_text())
    return unit


def with_mutant(design: Aig, number: int) -> Aig:
    """A design that has the input :data:`SELECT`, as a graph in which one mutant is in force for good; 0 for none."""
    ports = [name for name in design.inputs if not name.startswith(f"{SELECT}[")]
    builder = AigBuilder(ports, len(design.latches))
    literals = iter(builder.input(place) for place in range(len(ports)))
    inputs = [next(literals) if name in ports else number >> _bit(name) & 1 for name in design.inputs]
    new = builder.add(design, inputs, [builder.latch(place) for place in range(len(design.latches))])
    builder.next_state[:] = new[design.next_state]
    return builder.build({name: int(new[literal]) for name, literal in design.outputs.items()})


def _bit(name: str) -> int:
    return int(name.removesuffix("]").partition("[")[2])
