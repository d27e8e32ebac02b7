"""Yosys, in a process of its own: an error in it must neither end nor pollute the caller."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from ..errors import FlowError

__all__ = ["run_yosys"]

#: Bytes that must still fit when Yosys has ended: it does not notice when what it writes does not.
SPARE = 1 << 16

_WORKER = """
import sys
from pyosys import libyosys
design = libyosys.Design()
for command in sys.stdin.read().splitlines():
    design.run_pass(command)
"""


def run_yosys(commands: Sequence[str], log: Path, inputs: Mapping[str, Path] = MappingProxyType({})):
    """Run Yosys commands one after the other.

    Parameters
    ----------
    commands : sequence of str
        All paths in them are relative to the log's folder: Yosys splits commands at spaces, and abc its own.
    log : Path
        For what Yosys prints. Its folder gets Yosys' own scratch files, too.
    inputs : mapping of str to Path
        Files from elsewhere, under the names by which the commands call them.

    Raises
    ------
    FlowError
        With Yosys' own words, if a command fails, or if there is no space left in the folder.
    """
    for name, path in inputs.items():
        link = log.parent / name
        link.unlink(missing_ok=True)
        link.symlink_to(path.resolve())
    with log.open("wb") as file:
        worker = [sys.executable, "-c", _WORKER]
        given = "\n".join(commands).encode()
        place = {"cwd": log.parent, "env": os.environ | {"TMPDIR": "."}}
        done = subprocess.run(worker, input=given, stdout=file, stderr=file, check=False, **place)
    _check_space(log.parent)
    if done.returncode:
        errors = [line for line in log.read_text(errors="replace").splitlines() if "ERROR" in line]
        raise FlowError(f"Yosys failed: {errors[-1] if errors else f'see {log}'}")


def _check_space(folder: Path):
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(SPARE))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise FlowError(
            f"Yosys needs more space in {folder}: {error.strerror}; TMPDIR may name another folder"
        ) from error
