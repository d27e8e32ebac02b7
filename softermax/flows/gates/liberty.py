"""What synthesis needs to know of standard-cell libraries, read from Liberty files with libparse.

libparse ends the process at a syntax error and lets a truncated file pass, so it runs in a process of its own, after
a check that every group is closed.
"""

from __future__ import annotations

import contextlib
import fnmatch
import gzip
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from importlib import resources
from pathlib import Path

import libparse

from ..errors import FlowError
from .boolean import truth_table

__all__ = ["Cell", "Library", "read_libraries", "unpacked"]

#: What marks the pins of a clock gate.
GATE_PINS = {
    "clock": "clock_gate_clock_pin",
    "enable": "clock_gate_enable_pin",
    "test": "clock_gate_test_pin",
    "out": "clock_gate_out_pin",
}

_OPAQUE = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:[^"\\]|\\.)*"', flags=re.DOTALL)


@dataclass(frozen=True)
class Cell:
    """A cell as synthesis sees it.

    Attributes
    ----------
    area : float
        In the library's unit.
    kind : str
        ``"flop"`` (rising edge, neither set nor reset, no scan), ``"other flop"``, ``"latch"``, ``"clock gate"`` or
        ``"logic"``.
    inputs : tuple of str
        Input pins.
    outputs : dict of str to str
        Boolean function of each output pin; of those pins that have one.
    state : dict of str to str
        Of a flip-flop ``clock``, ``next`` (a function), and what functions call its state, ``positive``, and its
        inverse, ``negative``. Of a clock gate the pins ``clock``, ``enable`` and ``out``, and ``test`` if it has one.
    """

    area: float
    kind: str
    inputs: tuple[str, ...]
    outputs: dict[str, str]
    state: dict[str, str] = field(default_factory=dict)

    @property
    def table(self) -> int | None:
        """Truth table of its only output, as :func:`softermax.flows.gates.boolean.truth_table` makes it; or None."""
        [function] = self.outputs.values()
        try:
            return truth_table(function, sorted(self.inputs))
        except ValueError:
            return None


#: Cells of files, by the SHA-256 of what these hold.
_KNOWN: dict[str, dict[str, Cell]] = {}


@dataclass(frozen=True)
class Library:
    """Cells of one or several Liberty files, by name, without those that are not to be used."""

    cells: dict[str, Cell]

    def smallest(self, function: str) -> tuple[str, str] | None:
        """Name and output pin of the smallest single-output logic cell with a function, if there is one.

        The function is spelled as in Liberty files; pins count in their alphabetical order.
        """
        pins = sorted(set(re.findall("[A-Z]", function)))
        wanted = len(pins), truth_table(function, pins)
        found = [
            (cell.area, name, *cell.outputs)
            for name, cell in self.cells.items()
            if cell.kind == "logic" and len(cell.outputs) == 1 and (len(cell.inputs), cell.table) == wanted
        ]
        return min(found)[1:] if found else None

    @property
    def inverter(self) -> str:
        """Name of the smallest inverter; every library that is read has one."""
        return self.smallest("!A")[0]

    def of_kind(self, kind: str) -> list[str]:
        """Names of the cells of this kind, the smallest first."""
        return sorted((n for n, cell in self.cells.items() if cell.kind == kind), key=lambda n: (self.cells[n].area, n))


def read_libraries(files: dict[Path, Path], exclude: Sequence[str] = ()) -> Library:
    """Read Liberty files as one library.

    Parameters
    ----------
    files : dict of Path to Path
        The user's files, for messages, and their copies by :func:`unpacked`.
    exclude : sequence of str
        Names or patterns of cells to leave out.

    Raises
    ------
    FlowError
        If a file is not what it should be, or the cells cannot make a design.
    """
    cells: dict[str, Cell] = {}
    for file, plain in files.items():
        cells |= _read(file, plain)
    kept = {name: cell for name, cell in cells.items() if not any(fnmatch.fnmatchcase(name, p) for p in exclude)}
    library = Library(kept)
    names = ", ".join(file.name for file in files)
    if not library.of_kind("flop"):
        raise FlowError(f"the library must have a flip-flop, which {names} has not: add a Liberty file that has one")
    if library.smallest("!A") is None:
        raise FlowError(f"the library must have an inverter, which {names} has not: add a Liberty file that has one")
    return library


@contextlib.contextmanager
def unpacked(files: Sequence[Path]) -> Iterator[dict[Path, Path]]:
    """Liberty files, and for each a copy that is not compressed, for as long as they are needed.

    Without any, the project's generic cells. Raises a FlowError if a file cannot be read.
    """
    generic = resources.files("softermax.flows.gates") / "cells" / "generic.lib"
    with tempfile.TemporaryDirectory() as scratch, resources.as_file(generic) as own:
        yield {file: _unpack(file, Path(scratch) / f"{place}.lib") for place, file in enumerate(files or [own])}


def _unpack(file: Path, plain: Path) -> Path:
    """Copy a file, decompressed if it is a .gz; the tools to come cannot read every path."""
    if not file.is_file():
        raise FlowError(f"the Liberty file {file} {'is not a file' if file.exists() else 'does not exist'}")
    try:
        content = file.read_bytes()
        plain.write_bytes(gzip.decompress(content) if file.suffix == ".gz" else content)
    except (OSError, EOFError, gzip.zlib.error) as error:
        raise FlowError(f"the Liberty file {file} cannot be read: {error}") from error
    return plain


def _read(file: Path, plain: Path) -> dict[str, Cell]:
    """The cells of a file; what this process has read before it knows, as real libraries take seconds."""
    digest = hashlib.sha256(plain.read_bytes()).hexdigest()
    if digest not in _KNOWN:
        _KNOWN[digest] = _read_anew(file, plain)
    return _KNOWN[digest]


def _read_anew(file: Path, plain: Path) -> dict[str, Cell]:
    bare = _OPAQUE.sub("", plain.read_text(errors="replace"))
    if re.match(r"\s*library\s*\(", bare) is None:
        raise FlowError(f"{file} must be a Liberty file, but does not begin with a library")
    if bare.count("{") != bare.count("}") or not bare.count("{"):
        raise FlowError(f"{file} must be a whole Liberty file, but its braces do not match")
    done = subprocess.run(
        [sys.executable, "-m", "softermax.flows.gates.liberty", str(plain)], capture_output=True, text=True, check=False
    )
    if done.returncode or not done.stdout:
        raise FlowError(f"{file} must be a Liberty file, but has a syntax error")
    return {
        name: Cell(**fields | {"inputs": tuple(fields["inputs"])}) for name, fields in json.loads(done.stdout).items()
    }


def _parse(file: str) -> dict[str, Cell]:
    # libparse closes the file itself, and its tree lives as long as the parser does.
    parser = libparse.LibertyParser(open(os.open(file, os.O_RDONLY), closefd=False))  # noqa: SIM115
    return {group.args[0]: _cell(group) for group in parser.ast.children if group.id == "cell"}


def _cell(group) -> Cell:
    inputs, outputs, state = [], {}, {}
    for pin in (child for child in group.children if child.id == "pin"):
        facts = {child.id: child.value for child in pin.children}
        state |= {role: pin.args[0] for role, mark in GATE_PINS.items() if facts.get(mark) == "true"}
        if facts.get("direction") == "input":
            inputs.append(pin.args[0])
        if facts.get("direction") == "output" and "function" in facts:
            outputs[pin.args[0]] = facts["function"]
    groups = {child.id: child for child in group.children}
    kinds = {"clock_gating_integrated_cell": "clock gate", "ff": "other flop", "latch": "latch"}
    kind = next((kind for key, kind in kinds.items() if key in groups), "logic")
    if kind == "other flop" and _is_plain({child.id: child.value for child in groups["ff"].children}):
        kind = "flop"
    if "ff" in groups:
        facts = {child.id: child.value for child in groups["ff"].children}
        state = {"clock": facts.get("clocked_on", ""), "next": facts.get("next_state", "")}
        state |= dict(zip(("positive", "negative"), groups["ff"].args, strict=False))
    area = 0.0
    with contextlib.suppress(KeyError, ValueError):
        area = float(groups["area"].value)
    return Cell(area, kind, tuple(inputs), outputs, state)


def _is_plain(flop: dict[str, str]) -> bool:
    """A flip-flop that on the clock's rising edge takes one pin, and knows nothing else."""
    return (
        not {"clear", "preset"} & flop.keys()
        and re.fullmatch(r"[\s(]*\w+[\s)]*", flop.get("clocked_on", "")) is not None
        and re.fullmatch(r"[\s(]*!?[\s(]*\w+[\s)]*", flop.get("next_state", "")) is not None
    )


if __name__ == "__main__":
    print(json.dumps({name: asdict(cell) for name, cell in _parse(sys.argv[1]).items()}))
