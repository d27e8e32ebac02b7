"""Tables of cells in Liberty files: delays, transitions, set-up times, energies; in ps, fF, fJ, and nW for leakage."""

from __future__ import annotations

import re
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from ..errors import FlowError
from .liberty import Library
from .liberty_files import LibertyFile
from .liberty_tables import CONSTRAINTS, DELAYS, LARGEST, TRANSITIONS, UnusableError, read_table
from .liberty_text import Group

__all__ = ["Arc", "CellTables", "Energy", "Table", "check_tables", "read_tables"]

RISE, FALL = 0, 1
#: Timing types of one edge of the output.
ONE_EDGE = {"combinational_fall", "combinational_rise"}
#: Meaning of a timing type here; other types, such as of asynchronous pins, do not occur in synthesised netlists.
KINDS = {
    "combinational": "combinational",
    **dict.fromkeys(ONE_EDGE, "combinational"),
    "rising_edge": "clock",
    "setup_rising": "setup",
}
#: The axis that tables are turned to have last.
LOAD_AXIS = "total_output_net_capacitance"


@dataclass(frozen=True)
class Table:
    """A table over one or two axes, interpolated linearly, and outside extrapolated.

    Attributes
    ----------
    rows, columns : ndarray of float
        First axis: a transition at the input, or of what is constrained. Second one: the load, or the clock's
        transition.
    values : ndarray of float, (rows, columns)
    """

    rows: np.ndarray
    columns: np.ndarray
    values: np.ndarray

    def __call__(self, row, column) -> np.ndarray:
        """Values for arrays of places on the axes, of one shape."""
        i, a = _place(self.rows, row)
        j, b = _place(self.columns, column)
        v, next_i, next_j = self.values, np.minimum(i + 1, len(self.rows) - 1), np.minimum(j + 1, len(self.columns) - 1)
        low = v[i, j] + (v[i, next_j] - v[i, j]) * b
        high = v[next_i, j] + (v[next_i, next_j] - v[next_i, j]) * b
        return low + (high - low) * a


def _place(axis: np.ndarray, at) -> tuple[np.ndarray, np.ndarray]:
    """The interval of an axis, and where in it, in units of its length."""
    at = np.asarray(at, float)
    if len(axis) == 1:
        return np.zeros(at.shape, int), np.zeros(at.shape)
    i = np.clip(np.searchsorted(axis, at, side="right") - 1, 0, len(axis) - 2)
    return i, (at - axis[i]) / (axis[i + 1] - axis[i])


@dataclass(frozen=True)
class Arc:
    """From a pin to another one, on one condition of the others.

    Attributes
    ----------
    source, target : str
    sense : str
        ``"positive_unate"``, ``"negative_unate"`` or ``"non_unate"``.
    kind : str
        ``"combinational"``, ``"clock"`` (from a rising clock) or ``"setup"`` (before one).
    delays, transitions : tuple of Table or None
        For a rising and a falling target; of a set-up arc ``delays`` are the times.
    """

    source: str
    target: str
    sense: str
    kind: str
    delays: tuple[Table | None, Table | None]
    transitions: tuple[Table | None, Table | None]


@dataclass(frozen=True)
class Energy:
    """Internal energy of a cell when a pin switches, on one condition of the others.

    Attributes
    ----------
    pin, source : str
        The pin; for an output the input that makes it switch, else empty.
    tables : tuple of Table or None
        For a rising and a falling pin, over the transition of the source (of the pin itself, if it is an input) and the
        load.
    """

    pin: str
    source: str
    tables: tuple[Table | None, Table | None]


@dataclass(frozen=True)
class CellTables:
    """All tables of a cell.

    Attributes
    ----------
    capacitances : dict of str to (float, float)
        Capacitances of each input pin, to a rising and a falling edge.
    arcs : tuple of Arc
    energies : tuple of Energy
    leakage : float
    """

    capacitances: dict[str, tuple[float, float]]
    arcs: tuple[Arc, ...] = ()
    energies: tuple[Energy, ...] = ()
    leakage: float = 0.0


def read_tables(library: Library, names: Collection[str]) -> dict[str, CellTables]:
    """The tables of some cells.

    Raises
    ------
    FlowError
        If the library has no such cell, or not all that is needed of one.
    """
    missing = ", ".join(sorted(name for name in names if name not in library.cells))
    if missing:
        raise FlowError(f"the library must have every cell of the netlist, but has no {missing}")
    found = {}
    for file in library.sources:
        reader = _Reader(file)
        groups = {group.name: group for group in file.library.of_kind("cell")}
        found |= {name: reader.cell(groups[name]) for name in sorted(names) if name in groups}
    return found


def check_tables(library: Library):
    """Check that all cells that a netlist may have can be timed.

    Raises
    ------
    FlowError
        As of :func:`read_tables`, or if an output has no delay.
    """
    names = [name for kind in ("logic", "flop", "clock gate") for name in library.of_kind(kind)]
    for name, tables in read_tables(library, names).items():
        timed = {arc.target for arc in tables.arcs}
        for pin, function in library.cells[name].outputs.items():
            if pin not in timed and re.search("[A-Za-z]", function):
                raise FlowError(f"the library must have delays to {pin} of {name}; --exclude {name} leaves it out")


class _Reader:
    """Reads the cells of one file."""

    def __init__(self, file: LibertyFile):
        self._path, self._ps, self._ff, self._nw = file.path, file.ps, file.ff, file.nw
        # An energy is in the unit of capacitance times the squared unit of voltage.
        self._fj = file.ff * file.volts**2
        templates = file.library.of_kind("lu_table_template", "power_lut_template")
        self._templates = {group.name: group for group in templates}

    def cell(self, cell: Group) -> CellTables:
        """The tables of a cell."""
        try:
            return self._cell(cell)
        except (UnusableError, ValueError) as error:
            raise FlowError(f"{self._path}: cell {cell.name} {error}; --exclude {cell.name} leaves it out") from error

    def _cell(self, cell: Group) -> CellTables:
        capacitances, arcs, energies = {}, [], []
        grounds = {pin.name for pin in cell.of_kind("pg_pin") if "ground" in pin.attributes.get("pg_type", "")}
        names = {pin.name for pin in cell.of_kind("pin")}
        for pin in cell.of_kind("pin"):
            facts = pin.attributes
            if facts.get("direction") == "input":
                both = (facts.get(f"{edge}_capacitance", facts.get("capacitance", 0)) for edge in ("rise", "fall"))
                capacitances[pin.name] = tuple(self._capacitance(value, pin.name) for value in both)
            arcs += self._arcs_to(pin, names)
            energies += [
                energy
                for power in pin.of_kind("internal_power")
                if power.attributes.get("related_pg_pin") not in grounds
                for energy in self._energies(pin.name, power)
            ]
        return CellTables(capacitances, tuple(arcs), tuple(energies), self._leakage(cell))

    def _capacitance(self, written, pin: str) -> float:
        with suppress(ValueError):
            if 0 <= (value := float(written)) <= LARGEST:
                return value * self._ff
        raise UnusableError(f"must have a capacitance of 0 or more at pin {pin}, not {written!r}")

    def _leakage(self, cell: Group) -> float:
        """The cell's, or the mean over its states."""
        if "cell_leakage_power" in cell.attributes:
            return _power(cell.attributes["cell_leakage_power"]) * self._nw
        states = [group.attributes for group in cell.of_kind("leakage_power")]
        supplied = {facts.get("related_pg_pin", "") for facts in states}
        total = sum(_power(facts["value"]) for facts in states if "value" in facts)
        return total / max(len(states), 1) * max(len(supplied), 1) * self._nw

    def _energies(self, pin: str, group: Group) -> list[Energy]:
        """Of a group, one for each source that it names."""
        either = group.first("power")
        tables = tuple(self._table(group.first(name) or either, self._fj) for name in ("rise_power", "fall_power"))
        sources = group.attributes.get("related_pin", "").split() or [""]
        return [Energy(pin, source, tables) for source in sources]

    def _arcs_to(self, pin: Group, names: Collection[str]) -> list[Arc]:
        """To a pin, from some names. What only holds for one edge is for sources that have no arc for both."""
        groups = [timing for timing in pin.of_kind("timing") if set(_sources(timing)) <= set(names)]
        arcs = [arc for timing in groups if _type(timing) not in ONE_EDGE for arc in self._arcs(pin.name, timing)]
        both = {arc.source for arc in arcs if arc.kind == "combinational"}
        apart = [arc for timing in groups if _type(timing) in ONE_EDGE for arc in self._arcs(pin.name, timing)]
        return arcs + [arc for arc in apart if arc.source not in both]

    def _arcs(self, target: str, timing: Group) -> list[Arc]:
        """Of a group, one for each source that it names; none of what is no delay from a pin, nor a set-up time."""
        facts = timing.attributes
        kind = KINDS.get(_type(timing))
        if kind is None or not _sources(timing):
            return []
        delays, transitions = (CONSTRAINTS, ("", "")) if kind == "setup" else (DELAYS, TRANSITIONS)
        both = [tuple(self._table(timing.first(name), self._ps) for name in names) for names in (delays, transitions)]
        bare = [delay for delay, transition in zip(*both, strict=True) if delay is not None and transition is None]
        if both[0] == (None, None) or (bare and kind != "setup"):
            raise UnusableError(f"must have tables of delays and of transitions at {target}")
        sense = facts.get("timing_sense", "non_unate").lower()
        return [Arc(source, target, sense, kind, *both) for source in _sources(timing)]

    def _table(self, group: Group | None, unit: float) -> Table | None:
        """A table in a unit, the load last; of energies over a second load, those at the least of it."""
        if group is None:
            return None
        axes, values = read_table(group, self._templates)
        if len(axes[2]) > 1 and unit != self._fj:
            raise UnusableError(f"must have tables of one load, not of two as its {group.kind}")
        rows, columns, _ = (np.array(axis) for axis in axes)
        values = np.array(values).reshape(*map(len, axes))[:, :, 0]
        variables = self._templates[group.name].attributes if group.name in self._templates else {}
        first, second = variables.get("variable_1", ""), variables.get("variable_2", "")
        if first == LOAD_AXIS or second == "constrained_pin_transition":
            rows, columns, values = columns, rows, values.T
        of_columns = self._ff if LOAD_AXIS in (first, second) else self._ps
        return Table(rows * self._ps, columns * of_columns, values * unit)


def _power(written: str) -> float:
    with suppress(ValueError):
        if abs(value := float(written)) <= LARGEST:
            return value
    raise UnusableError(f"must have a number as its leakage, not {written!r}")


def _sources(timing: Group) -> list[str]:
    return timing.attributes.get("related_pin", "").split()


def _type(timing: Group) -> str:
    return timing.attributes.get("timing_type", "combinational")
