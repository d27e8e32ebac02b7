"""Energy of a mapped netlist: what its nets and cells take for the switching that a simulation has counted.

No wires, no clock tree, and by counts without delays no glitches: lower bounds. States that a library distinguishes
count alike.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import astuple, dataclass

import numpy as np

from .activity import Activity
from .cell_tables import CellTables, Energy
from .liberty import Library
from .netlist import ZERO, MappedCell, Netlist
from .timing import Delays

__all__ = ["EnergyBreakdown", "switched_energy"]


@dataclass(frozen=True)
class EnergyBreakdown:
    """Energies in fJ, of everything that was simulated.

    Attributes
    ----------
    net_switching : float
        Energy of nets, charged and discharged: half of C V**2 for each change.
    cells : float
        Inside of logic cells and, when their outputs or data change, of flip-flops.
    clock : float
        Energy of clock nets and of clock edges inside flip-flops and clock gates.
    leakage : float
    """

    net_switching: float
    cells: float
    clock: float
    leakage: float

    def __add__(self, other: EnergyBreakdown) -> EnergyBreakdown:
        return EnergyBreakdown(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))

    @property
    def logic(self) -> float:
        """Energy of the parts that glitch: nets and cells."""
        return self.net_switching + self.cells

    @property
    def total(self) -> float:
        """Energy of all parts."""
        return self.logic + self.clock + self.leakage


def switched_energy(
    netlist: Netlist,
    library: Library,
    delays: Delays,
    activity: Activity,
    *,
    voltage: float,
    period: float,
    part_of: Callable[[str], str] = lambda name: "",
) -> dict[str, EnergyBreakdown]:
    """Energy of a simulation, of each part of a design; a net belongs to the part that drives it.

    Macros are no cells of the library and count for nothing here.

    Parameters
    ----------
    delays : Delays
        Delays of the netlist, for its tables, loads and transitions.
    voltage : float
        In volts.
    period : float
        Period of the clock, in ps; leakage lasts as long.
    part_of : callable
        From a cell's name to its part. What an input port drives belongs to ``""``.
    """
    load, transition = delays.load[:-2].mean(axis=1), delays.transition[:-2].mean(axis=1)
    edges = 2 * activity.clocked
    inside = _Inside(library, delays.tables, activity.toggles, edges, load, transition)
    of_nets = (activity.toggles + edges) * load * voltage**2 / 2
    is_clock, undriven = activity.clocked > 0, np.ones(len(load), bool)

    def charged(nets: np.ndarray) -> EnergyBreakdown:
        return EnergyBreakdown(float(of_nets[nets & ~is_clock].sum()), 0, float(of_nets[nets & is_clock].sum()), 0)

    found = {}
    for part, cells in _parts(netlist, library, part_of).items():
        driven = _driven(cells, library, len(load))
        undriven &= ~driven
        # nW times ps is 1e-21 J.
        leakage = sum(delays.tables[cell.kind].leakage for cell in cells) * period * activity.cycles * 1e-6
        found[part] = charged(driven) + inside.of_all(cells) + EnergyBreakdown(0, 0, 0, leakage)
    found[""] = found.get("", EnergyBreakdown(0, 0, 0, 0)) + charged(undriven)
    return found


def _parts(netlist: Netlist, library: Library, part_of: Callable[[str], str]) -> dict[str, list[MappedCell]]:
    """The library's cells in each part."""
    parts = defaultdict(list)
    for cell in netlist.cells:
        if cell.kind in library.cells:
            parts[part_of(cell.name)].append(cell)
    return parts


def _driven(cells: list[MappedCell], library: Library, nets: int) -> np.ndarray:
    """Which nets some cells drive."""
    driven = np.zeros(nets, bool)
    outputs = [cell.pins.get(pin, ZERO) for cell in cells for pin in library.cells[cell.kind].outputs]
    driven[[net for net in outputs if net >= 0]] = True
    return driven


class _Inside:
    """Energies inside of cells of a kind."""

    def __init__(self, library: Library, tables: dict[str, CellTables], toggles, edges, load, transition):
        self._library, self._tables = library, tables
        self._changes = np.concatenate([toggles + edges, [0, 0]])
        self._load, self._transition = (np.concatenate([values, [0, 0]]) for values in (load, transition))

    def of_all(self, cells: list[MappedCell]) -> EnergyBreakdown:
        """Energy inside of some cells."""
        alike = defaultdict(list)
        for cell in cells:
            alike[cell.kind].append(cell)
        found = [self.of(kind, same) for kind, same in alike.items()]
        return EnergyBreakdown(0, sum(data for data, _ in found), sum(clock for _, clock in found), 0)

    def of(self, kind: str, cells: list[MappedCell]) -> tuple[float, float]:
        """Energy of all of some cells: by changes of data, and of clocks."""
        clock_pins = {self._library.cells[kind].state.get(role, "").strip("() ") for role in ("clock", "out")}
        data = clock = 0.0
        for pin, conditions in self._by_pin(kind):
            total = self._of_pin(cells, pin, conditions)
            if pin in clock_pins:
                clock += total
            else:
                data += total
        return data, clock

    def _by_pin(self, kind: str) -> Iterator[tuple[str, dict[str, list[Energy]]]]:
        """Pins, and for each its energies by source."""
        pins: dict[str, dict[str, list[Energy]]] = defaultdict(lambda: defaultdict(list))
        for energy in self._tables[kind].energies:
            pins[energy.pin][energy.source].append(energy)
        yield from pins.items()

    def _of_pin(self, cells: list[MappedCell], pin: str, conditions: dict[str, list[Energy]]) -> float:
        """Energy of a pin's changes in all cells; an output's by its inputs' shares of all changes of inputs."""
        nets = np.array([cell.pins.get(pin, -1) for cell in cells])
        changes = self._changes[nets]
        sources = {name: np.array([cell.pins.get(name, -1) for cell in cells]) if name else nets for name in conditions}
        shares = {name: self._changes[of] for name, of in sources.items()}
        whole = sum(shares.values())
        total = np.zeros(len(cells))
        for name, energies in conditions.items():
            share = np.where(whole > 0, shares[name] / np.maximum(whole, 1), 1 / len(conditions))
            each = [
                table(self._transition[sources[name]], self._load[nets])
                for energy in energies
                for table in energy.tables
                if table is not None
            ]
            # A change is half a rise and half a fall, in any of the states.
            total += changes * share * sum(each) / max(len(each), 1)
        return float(total.sum())
