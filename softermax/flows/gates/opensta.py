"""OpenSTA as a second opinion on timing and energy, where it is installed."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from ..errors import FlowError
from .liberty_files import LibertyFile
from .timing import LOAD

__all__ = ["find_opensta", "opensta_energy", "opensta_period"]

#: Every path is longer than this period, so that the worst slack tells of the slowest one. In ps.
SHORT = 1.0
NANOSECOND = 1000.0
#: Columns of its report.
POWERS = ("internal", "switching", "leakage")

START = """
{libraries}
read_verilog {netlist}
link_design {top}
create_clock -name clock -period {period} [get_ports clk]
set_input_delay 0 -clock clock [all_inputs]
set_output_delay 0 -clock clock [all_outputs]
set_load {load} [all_outputs]
"""
CHECKS = """
report_checks -path_delay max -digits 6
exit
"""
POWER = """
set_power_activity -global -activity {activity} -duty 0.5
report_power -digits 9
exit
"""


def find_opensta() -> str:
    """The path of OpenSTA; a FlowError if it is not installed."""
    program = shutil.which("sta")
    if program is None:
        raise FlowError("OpenSTA, the program sta, must be on the PATH: install the Debian package opensta")
    return program


def opensta_period(netlist: Path, top: str, liberty: Sequence[LibertyFile]) -> float:
    """Least clock period in ps, under the assumptions of :mod:`softermax.flows.gates.timing`.

    Parameters
    ----------
    liberty : sequence of LibertyFile
        The first has the units.

    Raises
    ------
    FlowError
        If OpenSTA is missing or reports no period.
    """
    said = _ask(CHECKS, netlist, top, liberty, SHORT)
    slack = re.search(r"(-?[\d.]+) +slack", said)
    if slack is None:
        raise FlowError(f"OpenSTA must report a slack for {top}, but reported {said.strip()[-200:]!r}")
    return SHORT - float(slack[1]) * liberty[0].ps


def opensta_energy(netlist: Path, top: str, liberty: Sequence[LibertyFile], activity: float) -> dict[str, float]:
    """Energies of a clock cycle in fJ by OpenSTA's power, if every net changes alike and all clocks tick.

    Parameters
    ----------
    activity : float
        Changes of a net in a clock cycle.

    Returns
    -------
    dict of str to float
        ``internal``, ``switching`` and ``leakage``, of a clock of 1 ns.

    Raises
    ------
    FlowError
        If OpenSTA is missing or reports no power.
    """
    said = _ask(POWER, netlist, top, liberty, NANOSECOND, activity=activity)
    total = re.search(r"^Total +(\S+) +(\S+) +(\S+) ", said, re.MULTILINE)
    if total is None:
        raise FlowError(f"OpenSTA must report a power for {top}, but reported {said.strip()[-200:]!r}")
    # W in a nanosecond are 1e6 fJ.
    return {name: float(watts) * 1e6 for name, watts in zip(POWERS, total.groups(), strict=True)}


def _ask(script: str, netlist: Path, top: str, liberty: Sequence[LibertyFile], period: float, **fields) -> str:
    """What OpenSTA says to a script about a netlist that is clocked with a period in ps."""
    program = find_opensta()
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / "script.tcl"
        wireless = [_without_wires(file, Path(scratch) / f"{place}.lib") for place, file in enumerate(liberty)]
        facts = {
            "libraries": "\n".join(f"read_liberty {file}" for file in wireless),
            "netlist": netlist.resolve(),
            "top": top,
            "period": period / liberty[0].ps,
            "load": LOAD / liberty[0].ff,
        }
        file.write_text((START + script).format(**facts, **fields))
        done = subprocess.run([program, "-exit", file], capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def _without_wires(file: LibertyFile, copy: Path) -> Path:
    """A copy of a library that asks for no wire loads of its own accord."""
    copy.write_text(re.sub(r"default_wire_load\s*:[^;]*;", "", file.text))
    return copy
