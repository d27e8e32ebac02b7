"""OpenSTA as a second opinion on timing, where it is installed."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from ..errors import FlowError
from .timing import LOAD

__all__ = ["opensta_period"]

#: Every path is longer than this period, so that the worst slack tells of the slowest one. In ps.
SHORT = 1.0

SCRIPT = """
{libraries}
read_verilog {netlist}
link_design {top}
create_clock -name clock -period {period} [get_ports clk]
set_input_delay 0 -clock clock [all_inputs]
set_output_delay 0 -clock clock [all_outputs]
set_load {load} [all_outputs]
report_checks -path_delay max -digits 6
exit
"""


def opensta_period(netlist: Path, top: str, liberty: Sequence[Path]) -> float:
    """Least clock period in ps, under the assumptions of :mod:`softermax.flows.gates.timing`.

    Parameters
    ----------
    liberty : sequence of Path
        Plain Liberty files, the first of which has the units.

    Raises
    ------
    FlowError
        If OpenSTA is missing or says no period.
    """
    program = shutil.which("sta")
    if program is None:
        raise FlowError("OpenSTA, the program sta, must be on the PATH: install the Debian package opensta")
    text = liberty[0].read_text(errors="replace")
    in_ps = 1000.0 if re.search(r'time_unit\s*:\s*"1ns"', text) else 1.0
    in_ff = 1000.0 if re.search(r"capacitive_load_unit\s*\(\s*1(?:\.0*)?\s*,\s*\"?pf", text) else 1.0
    with tempfile.TemporaryDirectory() as scratch:
        script = Path(scratch) / "check.tcl"
        wireless = [_without_wires(file, Path(scratch) / f"{place}.lib") for place, file in enumerate(liberty)]
        script.write_text(
            SCRIPT.format(
                libraries="\n".join(f"read_liberty {file}" for file in wireless),
                netlist=netlist.resolve(),
                top=top,
                period=SHORT / in_ps,
                load=LOAD / in_ff,
            )
        )
        done = subprocess.run([program, "-exit", script], capture_output=True, text=True, check=False)
    slack = re.search(r"(-?[\d.]+) +slack", done.stdout)
    if slack is None:
        raise FlowError(f"OpenSTA must say a slack for {top}, but said {(done.stdout + done.stderr).strip()[-200:]!r}")
    return SHORT - float(slack[1]) * in_ps


def _without_wires(file: Path, copy: Path) -> Path:
    """A copy of a library that asks for no wire loads of its own accord."""
    copy.write_text(re.sub(r"default_wire_load\s*:[^;]*;", "", file.read_text(errors="replace")))
    return copy
