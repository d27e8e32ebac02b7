"""Yosys, in a process of its own: an error in it must neither end nor pollute the caller."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from .errors import FlowError

__all__ = ["run_yosys"]

_WORKER = """
import sys
from pyosys import libyosys
design = libyosys.Design()
for command in sys.stdin.read().splitlines():
    design.run_pass(command)
"""


def run_yosys(commands: Sequence[str], log: Path):
    """Run Yosys commands one after the other.

    Parameters
    ----------
    commands : sequence of str
    log : Path
        For what Yosys prints.

    Raises
    ------
    FlowError
        With Yosys' own words, if a command fails.
    """
    with log.open("wb") as file:
        done = subprocess.run(
            [sys.executable, "-c", _WORKER], input="\n".join(commands).encode(), stdout=file, stderr=file, check=False
        )
    if done.returncode:
        errors = [line for line in log.read_text(errors="replace").splitlines() if "ERROR" in line]
        raise FlowError(f"Yosys failed: {errors[-1] if errors else f'see {log}'}")
