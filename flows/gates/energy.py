"""Energy of a mapped netlist: what its nets and cells take for the switching that a simulation has counted.

No wires, no clock tree, and by counts without delays no glitches: lower bounds. States that a library distinguishes
count alike.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from .activity import Activity
from .cell_tables import CellTables, Energy
from .liberty import Library
from .netlist import MappedCell, Netlist
from .timing import Delays

__all__ = ["EnergyBreakdown", "switched_energy"]


@dataclass(frozen=True)
class EnergyBreakdown:
    """Energies in fJ, of everything that was simulated.

    Attributes
    ----------
    wires : float
        Of nets, charged and discharged: half of C V**2 for each change.
    cells : float
        Inside of logic cells and, when their outputs or data change, of flip-flops.
    clock : float
        Of clock nets and of what clock edges take inside of flip-flops and clock gates.
    leakage : float
    """

    wires: float
    cells: float
    clock: float
    leakage: float

    @property
    def logic(self) -> float:
        """Of what glitches: nets and cells."""
        return self.wires + self.cells

    @property
    def total(self) -> float:
        """Of all of them."""
        return self.logic + self.clock + self.leakage


def switched_energy(
    netlist: Netlist,
    library: Library,
    tables: dict[str, CellTables],
    delays: Delays,
    activity: Activity,
    *,
    voltage: float,
    period: float,
) -> EnergyBreakdown:
    """Energy of a simulation.

    Parameters
    ----------
    delays : Delays
        Of the netlist, for loads and transitions.
    voltage : float
        In volts.
    period : float
        Of the clock, in ps; leakage lasts as long.
    """
    load, transition = delays.load[:-2].mean(axis=1), delays.transition[:-2].mean(axis=1)
    edges = 2 * activity.clocked
    is_clock = activity.clocked > 0
    per_change = load * voltage**2 / 2
    inside = _Inside(library, tables, activity.toggles, edges, load, transition)
    cells = clock = 0.0
    alike = defaultdict(list)
    for cell in netlist.cells:
        alike[cell.kind].append(cell)
    for kind, same in alike.items():
        data, ticking = inside.of(kind, same)
        cells, clock = cells + data, clock + ticking
    leakage = sum(len(same) * tables[kind].leakage for kind, same in alike.items())
    return EnergyBreakdown(
        wires=float((activity.toggles * per_change)[~is_clock].sum()),
        cells=cells,
        clock=clock + float((edges * per_change)[is_clock].sum()),
        # nW times ps is 1e-21 J.
        leakage=leakage * period * activity.cycles * 1e-6,
    )


class _Inside:
    """Energies inside of cells of a kind."""

    def __init__(self, library: Library, tables: dict[str, CellTables], toggles, edges, load, transition):
        self._library, self._tables = library, tables
        self._changes = np.concatenate([toggles + edges, [0, 0]])
        self._load, self._transition = (np.concatenate([values, [0, 0]]) for values in (load, transition))

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
