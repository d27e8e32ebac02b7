"""abc, which comes with pyosys, in a process of its own."""

from __future__ import annotations

import subprocess
from importlib.util import find_spec
from pathlib import Path

from ..errors import FlowError

__all__ = ["run_abc"]


def run_abc(script: str, folder: Path, seconds: float | None = None) -> str | None:
    """Output of abc for a script of commands, run in a folder; None if that takes longer than some seconds.

    Raises
    ------
    FlowError
        If abc does not run or fails; the text says where its words are.
    """
    [package] = find_spec("pyosys").submodule_search_locations
    program = Path(package) / "yosys-abc"
    try:
        done = subprocess.run([program, "-q", script], cwd=folder, capture_output=True, timeout=seconds, check=False)
    except subprocess.TimeoutExpired:
        return None
    except OSError as error:
        raise FlowError(f"{program} must run, which it does not: install pyosys again") from error
    said = done.stdout.decode(errors="replace")
    with (folder / "abc.log").open("a") as log:
        log.write(f"{script}\n{said}{done.stderr.decode(errors='replace')}\n")
    if done.returncode:
        raise FlowError(f"abc failed: see {folder / 'abc.log'}")
    return said
