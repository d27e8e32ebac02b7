"""Standard-cell libraries, read from Liberty files, as synthesis needs them."""

from __future__ import annotations

import contextlib
import fnmatch
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from ..errors import FlowError
from .boolean import python_expression, truth_table
from .liberty_files import LibertyFile, read_liberty_files
from .liberty_text import Group

__all__ = ["Cell", "Library", "read_libraries"]

#: Marks of a clock gate's pins.
GATE_PINS = {
    "clock": "clock_gate_clock_pin",
    "enable": "clock_gate_enable_pin",
    "test": "clock_gate_test_pin",
    "out": "clock_gate_out_pin",
}

#: Attributes of cells, or of their pins, that are not to be used as logic, whatever their function.
NOT_FOR_LOGIC = (
    "always_on",
    "dont_use",
    "is_isolation_cell",
    "is_level_shifter",
    "is_macro_cell",
    "pad_cell",
    "retention_cell",
    "switch_cell_type",
    "three_state",
)
#: Names that cells and pins of a netlist can have.
CELL_NAME, PIN_NAME = re.compile(r"[A-Za-z_][\w$.\[\]-]*", re.ASCII), re.compile(r"[A-Za-z_]\w*", re.ASCII)
#: No cell is larger, in whatever unit.
LARGEST_AREA = 1e12
#: Groups of cells of several bits at once.
SEVERAL_BITS = {"bundle", "bus", "ff_bank", "latch_bank"}


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
        For a flip-flop ``clock``, ``next`` (a function), and the names of its state in functions, ``positive``, and its
        inverse, ``negative``. For a clock gate the pins ``clock``, ``enable`` and ``out``, and ``test`` if it has one.
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


@dataclass(frozen=True)
class Library:
    """Cells of one or several Liberty files, by name, without those that are not to be used.

    Attributes
    ----------
    cells : dict of str to Cell
    sources : tuple of LibertyFile
        The files; a cell comes from the last file that has it.
    """

    cells: dict[str, Cell]
    sources: tuple[LibertyFile, ...] = ()

    @property
    def voltage(self) -> float:
        """Nominal, in V, of the first file; a FlowError if it does not tell."""
        library = self.sources[0].library
        usual = library.attributes.get("default_operating_conditions")
        conditions = [group for group in library.of_kind("operating_conditions") if group.name == usual]
        written = [library.attributes.get("nom_voltage"), *(group.attributes.get("voltage") for group in conditions)]
        for voltage in written:
            with contextlib.suppress(TypeError, ValueError):
                if 0 < float(voltage) < math.inf:
                    return float(voltage) * self.sources[0].volts
        raise FlowError("the library must have a nom_voltage to compute energies")

    def smallest(self, function: str) -> tuple[str, str] | None:
        """Name and output pin of the smallest single-output logic cell with a function, if there is one.

        The function is spelled as in Liberty files; pins count in their alphabetical order.
        """
        pins = sorted(set(re.findall("[A-Z]", function)))
        wanted = truth_table(function, pins)
        found = [
            (cell.area, name, *cell.outputs)
            for name, cell in self.cells.items()
            # Tables of many inputs are never asked for.
            if (cell.kind, len(cell.outputs), len(cell.inputs)) == ("logic", 1, len(pins)) and cell.table == wanted
        ]
        return min(found)[1:] if found else None

    @property
    def inverter(self) -> str:
        """Name of the smallest inverter; every library that is read has one."""
        return self.smallest("!A")[0]

    def of_kind(self, kind: str) -> list[str]:
        """Names of the cells of this kind, the smallest first."""
        return sorted((n for n, cell in self.cells.items() if cell.kind == kind), key=lambda n: (self.cells[n].area, n))


def read_libraries(files: Sequence[Path], exclude: Sequence[str] = ()) -> Library:
    """Read Liberty files, .gz too, as one library; without any, the project's generic cells.

    Parameters
    ----------
    exclude : sequence of str
        Names or patterns of cells to leave out.

    Raises
    ------
    FlowError
        If a file is not what it should be, or the cells cannot make a design.
    """
    sources = tuple(read_liberty_files(files))
    cells: dict[str, Cell] = {}
    for source in sources:
        cells |= _cells(source, tuple(exclude))
    library = Library(cells, sources)
    names = ", ".join(source.path.name for source in sources)
    for what, there in (("a flip-flop", library.of_kind("flop")), ("an inverter", library.smallest("!A"))):
        if not there:
            marked = not exclude and len(cells) < sum(len(list(source.library.of_kind("cell"))) for source in sources)
            of = " but for cells that are marked not to be used as such" if marked else ""
            of = f" but for cells that --exclude leaves out ({', '.join(exclude)})" if exclude else of
            raise FlowError(f"the library must have {what}, which {names} has not{of}: add a Liberty file that has one")
    return library


@lru_cache
def _cells(source: LibertyFile, exclude: tuple[str, ...]) -> dict[str, Cell]:
    """The cells of a file that may be used and are not left out, whatever those are like; each file is read once."""
    groups = [g for g in source.library.of_kind("cell") if not any(fnmatch.fnmatchcase(g.name, p) for p in exclude)]
    found = {group.name: _cell(group, source.path) for group in groups}
    return {name: cell for name, cell in found.items() if cell is not None}


def _cell(group: Group, path: Path) -> Cell | None:
    """A cell, None if it is not to be used or of no use to synthesis."""
    area = _area(group, path)
    pins = list(group.of_kind("pin"))
    kinds = {each.kind for each in group.groups}
    gates_clocks = "clock_gating_integrated_cell" in group.attributes
    if not area or not _may_be_used(group, pins) or ("statetable" in kinds and not gates_clocks):
        return None
    state = {role: pin.name for pin in pins for role, mark in GATE_PINS.items() if pin.attributes.get(mark) == "true"}
    kind = "clock gate" if gates_clocks else "latch" if "latch" in kinds else "logic"
    inputs = tuple(pin.name for pin in pins if pin.attributes.get("direction") == "input")
    if (flop := group.first("ff")) is not None and not gates_clocks:
        kind = "flop" if _is_plain(flop.attributes, inputs) else "other flop"
    if flop is not None:
        facts = flop.attributes
        state = {"clock": facts.get("clocked_on", ""), "next": facts.get("next_state", "")}
        state |= dict(zip(("positive", "negative"), flop.arguments, strict=False))
    outputs = {
        pin.name: pin.attributes["function"]
        for pin in pins
        if pin.attributes.get("direction") == "output" and "function" in pin.attributes
    }
    if kind == "logic":
        _check_functions(group.name, inputs, outputs, path)
    return Cell(area, kind, inputs, outputs, state)


def _may_be_used(group: Group, pins: Sequence[Group]) -> bool:
    """Whether names and marks of a cell allow it, and it is of one bit."""
    marks = [group.attributes, *(pin.attributes for pin in pins)]
    return (
        CELL_NAME.fullmatch(group.name) is not None
        and all(PIN_NAME.fullmatch(pin.name) for pin in pins)
        and all(attributes.get(mark, "false").lower() == "false" for attributes in marks for mark in NOT_FOR_LOGIC)
        and not any(group.of_kind(*SEVERAL_BITS))
    )


def _check_functions(name: str, inputs: tuple[str, ...], outputs: dict[str, str], path: Path):
    """A FlowError unless the functions of a cell are some, of its inputs or of outputs before."""
    for pin, function in outputs.items():
        try:
            used = set(re.findall(r"[A-Za-z_]\w*", python_expression(function)))
        except ValueError as error:
            raise FlowError(f"{path}: output {pin} of cell {name}: {error}") from error
        if unknown := sorted(used - {*inputs, *outputs}):
            raise FlowError(f"{path}: output {pin} of cell {name} must be a function of its pins, not of {unknown[0]}")


def _area(group: Group, path: Path) -> float:
    """The area of a cell; 0 if the library gives none, as for a cell that takes no place on a chip."""
    written = group.attributes.get("area", "0")
    with contextlib.suppress(ValueError):
        if 0 <= (area := float(written)) < LARGEST_AREA:
            return area
    raise FlowError(f"{path}: the area of cell {group.name} must be a number of 0 or more, not {written!r}")


def _is_plain(flop: dict[str, str], inputs: tuple[str, ...]) -> bool:
    """A flip-flop that on the clock's rising edge takes one pin, and knows nothing else."""
    used = {*re.findall(r"\w+", flop.get("clocked_on", "")), *re.findall(r"\w+", flop.get("next_state", ""))}
    return (
        used <= {*inputs}
        and not {"clear", "preset"} & flop.keys()
        and re.fullmatch(r"[\s(]*\w+[\s)]*", flop.get("clocked_on", "")) is not None
        and re.fullmatch(r"[\s(]*!?[\s(]*\w+[\s)]*", flop.get("next_state", "")) is not None
    )
