"""Tables of cells in Liberty files: delays, transitions, set-up times, energies; in ps, fF, fJ, and nW for leakage.

libparse runs in a process of its own, see :mod:`softermax.flows.gates.liberty`.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import libparse
import numpy as np

from ..errors import FlowError

__all__ = ["Arc", "CellTables", "Energy", "Table", "read_tables"]

RISE, FALL = 0, 1
#: Names in Liberty files of an arc's tables, by edge of the output, or of what is constrained.
DELAYS, TRANSITIONS = ("cell_rise", "cell_fall"), ("rise_transition", "fall_transition")
CONSTRAINTS = ("rise_constraint", "fall_constraint")
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
    """What a cell itself takes when a pin switches, on one condition of the others.

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
        Of each input pin, to a rising and a falling edge.
    arcs : tuple of Arc
    energies : tuple of Energy
    leakage : float
    """

    capacitances: dict[str, tuple[float, float]]
    arcs: tuple[Arc, ...] = ()
    energies: tuple[Energy, ...] = ()
    leakage: float = 0.0


def read_tables(files: Sequence[Path], names: Collection[str]) -> dict[str, CellTables]:
    """Read some cells of plain Liberty files.

    Raises
    ------
    FlowError
        If a cell is in none of them, or lacks a table.
    """
    found: dict[str, CellTables] = {}
    wanted = sorted(names)
    for file in files:
        command = [sys.executable, "-m", "softermax.flows.gates.cell_tables", str(file), *wanted]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise FlowError(f"{file} must be a Liberty file with tables of delays, which it is not")
        found |= {name: _cell(name, facts) for name, facts in json.loads(done.stdout).items()}
    missing = ", ".join(name for name in wanted if name not in found)
    if missing:
        raise FlowError(f"the library must have every cell of the netlist, but has no {missing}")
    return found


def _cell(name: str, facts: dict) -> CellTables:
    def tables(some):
        return tuple(None if t is None else Table(*(np.array(part, float) for part in t)) for t in some)

    def missing(arc) -> bool:
        """Whether there is neither delay, or one without its transition; a set-up arc has no transitions."""
        both = list(zip(arc["delays"], arc["transitions"], strict=True))
        bare = [delay for delay, transition in both if delay is not None and transition is None]
        return not any(arc["delays"]) or (bool(bare) and arc["kind"] != "setup")

    arcs = [arc | {"delays": tables(arc["delays"]), "transitions": tables(arc["transitions"])} for arc in facts["arcs"]]
    if any(missing(arc) for arc in arcs):
        raise FlowError(
            f"the library must have tables of delays and of transitions for every output, not so for {name}"
        )
    energies = [Energy(**energy | {"tables": tables(energy["tables"])}) for energy in facts["energies"]]
    return CellTables(facts["capacitances"], tuple(Arc(**arc) for arc in arcs), tuple(energies), facts["leakage"])


class _Reader:
    """Reads one file, in a process of its own."""

    def __init__(self, file: str):
        # libparse closes the file itself, and its tree lives as long as the parser does.
        self._parser = libparse.LibertyParser(open(os.open(file, os.O_RDONLY), closefd=False))  # noqa: SIM115
        groups = self._parser.ast.children
        self._ps = _in_unit(next(group for group in groups if group.id == "time_unit").value, 1e-12)
        [size, unit] = next(group for group in groups if group.id == "capacitive_load_unit").args
        self._ff = _in_unit(f"{float(size):g}{unit}", 1e-15)
        templates = ("lu_table_template", "power_lut_template")
        self._templates = {group.args[0]: group for group in groups if group.id in templates}
        attributes = {group.id: group.value for group in groups if group.value}
        volts = _in_unit(attributes.get("voltage_unit", "1V"), 1)
        # An energy is in the unit of capacitance times that of voltage, squared.
        self._fj = self._ff * volts**2
        self._nw = _in_unit(attributes.get("leakage_power_unit", "1nW"), 1e-9)
        self._cells = {group.args[0].strip('"'): group for group in groups if group.id == "cell"}

    def cells(self, names: Sequence[str]) -> dict[str, dict]:
        """Facts of those cells that there are."""
        return {name: self._cell(self._cells[name]) for name in names if name in self._cells}

    def _cell(self, cell) -> dict:
        capacitances, arcs, energies = {}, [], []
        supplies = [pin for pin in cell.children if pin.id == "pg_pin"]
        grounds = {pin.args[0] for pin in supplies if "ground" in _facts(pin).get("pg_type", "")}
        for pin in (child for child in cell.children if child.id == "pin"):
            name = pin.args[0].strip('"')
            facts = _facts(pin)
            if facts.get("direction") == "input":
                both = [facts.get(f"{edge}_capacitance", facts.get("capacitance", 0)) for edge in ("rise", "fall")]
                capacitances[name] = [float(value) * self._ff for value in both]
            arcs += [arc for t in pin.children if t.id == "timing" for arc in self._arcs(name, t)]
            energies += [
                energy
                for t in pin.children
                if t.id == "internal_power" and _facts(t).get("related_pg_pin") not in grounds
                for energy in self._energies(name, t)
            ]
        return {"capacitances": capacitances, "arcs": arcs, "energies": energies, "leakage": self._leakage(cell)}

    def _leakage(self, cell) -> float:
        """The cell's, or the mean over its states."""
        if "cell_leakage_power" in (facts := _facts(cell)):
            return float(facts["cell_leakage_power"]) * self._nw
        states = [_facts(group) for group in cell.children if group.id == "leakage_power"]
        supplied = {facts.get("related_pg_pin", "") for facts in states}
        total = sum(float(facts["value"]) for facts in states)
        return total / max(len(states), 1) * max(len(supplied), 1) * self._nw

    def _energies(self, pin: str, group) -> list[dict]:
        """Of a group, one for each source that it names."""
        tables = {child.id: child for child in group.children if child.args}
        both = [self._table(tables.get(name) or tables.get("power"), self._fj) for name in ("rise_power", "fall_power")]
        sources = _facts(group).get("related_pin", "").split() or [""]
        return [{"pin": pin, "source": source, "tables": both} for source in sources]

    def _arcs(self, target: str, timing) -> list[dict]:
        facts = _facts(timing)
        tables = {child.id: child for child in timing.children if child.args}
        kinds = {"rising_edge": "clock", "setup_rising": "setup", "combinational": "combinational"}
        kind = kinds.get(facts.get("timing_type", "combinational"))
        if kind is None:
            return []
        delays, transitions = (CONSTRAINTS, ("", "")) if kind == "setup" else (DELAYS, TRANSITIONS)
        made = {
            "target": target,
            "sense": facts.get("timing_sense", "non_unate"),
            "kind": kind,
            "delays": [self._table(tables.get(name), self._ps) for name in delays],
            "transitions": [self._table(tables.get(name), self._ps) for name in transitions],
        }
        return [made | {"source": source} for source in facts["related_pin"].split()]

    def _table(self, group, unit: float) -> list | None:
        """Rows, columns and values, these in a unit."""
        if group is None:
            return None
        template = self._templates.get(group.args[0].strip('"'))
        own = {child.id: child for child in group.children}
        shared = {} if template is None else {child.id: child for child in template.children}
        rows, columns = (_numbers(own.get(name) or shared.get(name)) for name in ("index_1", "index_2"))
        values = np.array(_numbers(own["values"])).reshape(len(rows), len(columns))
        first = shared["variable_1"].value.strip('"') if "variable_1" in shared else ""
        second = shared["variable_2"].value.strip('"') if "variable_2" in shared else ""
        if first == LOAD_AXIS or second == "constrained_pin_transition":
            rows, columns, values = columns, rows, values.T
        of_columns = self._ff if LOAD_AXIS in (first, second) else self._ps
        scaled = ((rows, self._ps), (columns, of_columns), (values, unit))
        return [(np.array(part) * unit).tolist() for part, unit in scaled]


def _facts(group) -> dict[str, str]:
    """The simple attributes of a group."""
    return {child.id: child.value.strip('"') for child in group.children if child.value}


def _in_unit(text: str, unit: float) -> float:
    """A quantity such as ``1ns`` or ``1ff`` in a unit, given in seconds or farads."""
    number, prefix = re.fullmatch(r"([\d.]+)([munpf]?)\w", text.strip('"').lower()).groups()
    return float(number) * {"": 1, "m": 1e-3, "u": 1e-6, "n": 1e-9, "p": 1e-12, "f": 1e-15}[prefix] / unit


def _numbers(group) -> list[float]:
    """The numbers of ``index_1 ("1, 2")`` or ``values ("1, 2", "3, 4")``; one of no meaning where there are none."""
    if group is None:
        return [0.0]
    return [float(number) for text in group.args for number in text.strip('"').replace(",", " ").split()]


if __name__ == "__main__":
    print(json.dumps(_Reader(sys.argv[1]).cells(sys.argv[2:])))
