"""Static timing of a mapped netlist by its library's tables: the minimum clock period and the critical path.

No wires, an ideal clock: periods are lower bounds. SRAM macros stand for flip-flops without delay or set-up time. Every
arc of a cell counts, whatever its condition; at each net the latest arrival and the slowest transition are kept, for
either edge.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import permutations

import numpy as np

from ..errors import FlowError
from .cell_tables import Arc, CellTables, read_tables
from .liberty import Library
from .netlist import NAMELESS, MappedCell, Netlist, kind_of, logic_levels

__all__ = ["Delays", "PathStep", "Timing", "find_delays", "inverter_fo4"]

RISE, FALL = 0, 1
#: For each sense, from which edges of the source an edge of the target comes.
EDGES = {
    "positive_unate": {RISE: (RISE,), FALL: (FALL,)},
    "negative_unate": {RISE: (FALL,), FALL: (RISE,)},
    "non_unate": {RISE: (RISE, FALL), FALL: (RISE, FALL)},
}
#: Ports of a macro at which paths end.
MACRO_INPUTS = ("write_enable", "write_address", "write_data", "read_enable", "read_address")
#: Load of an output port, in fF.
LOAD = 1.0


@dataclass(frozen=True)
class PathStep:
    """A net on a path: its name, its driver's kind, the edge, and when it comes, in ps after the clock."""

    net: str
    driver: str
    edge: str
    arrival: float


@dataclass(frozen=True)
class Timing:
    """Minimum clock period and critical path.

    Attributes
    ----------
    period : float
        In ps: the slowest path between flip-flops, ports standing for some without delay or set-up time.
    fo4 : float
        Delay of an inverter that drives four of its own, of the same library, in ps.
    path : list of PathStep
        Steps of the slowest path.
    end : str
        End of the path.
    setup : float
        Set-up time at its end, in ps.
    """

    period: float
    fo4: float
    path: list[PathStep]
    end: str
    setup: float


def find_delays(netlist: Netlist, library: Library, macros: Collection[str] = ()) -> Delays:
    """Analyse a netlist.

    Parameters
    ----------
    library : Library
        Which cells are what.
    macros : collection of str
        Kinds of cells that are SRAM macros.

    Raises
    ------
    FlowError
        If a cell is not in the library or there is a loop of logic.
    """
    kinds = {cell.kind for cell in netlist.cells} - set(macros)
    unknown = sorted(kinds - library.cells.keys())
    if unknown:
        raise FlowError(f"the library must have every cell of the netlist, but has no {', '.join(unknown)}")
    tables = read_tables(library, kinds | {library.inverter})
    return Delays(netlist, library, tables | {kind: CellTables({}) for kind in macros})


def inverter_fo4(inverter: CellTables) -> float:
    """Mean delay of an inverter in an endless chain, each with four times its input as load, in ps."""
    arcs = [arc for arc in inverter.arcs if arc.kind == "combinational"]
    of_edges = [next((arc for arc in arcs if arc.delays[edge] is not None), None) for edge in (RISE, FALL)]
    if None in of_edges:
        raise FlowError("the library must have an inverter with delays of both edges, from which the FO4 follows")
    capacitances = inverter.capacitances[of_edges[0].source]

    def both(name, transitions):
        tables = [getattr(arc, name)[edge] for edge, arc in enumerate(of_edges)]
        return [float(tables[edge](transitions[1 - edge], 4 * capacitances[edge])) for edge in (RISE, FALL)]

    transitions = [10.0, 10.0]
    for _ in range(100):
        transitions = both("transitions", transitions)
    return sum(both("delays", transitions)) / 2


class Delays:
    """Arrivals and transitions of all nets.

    Parameters
    ----------
    tables : dict of str to CellTables
        Tables of every kind of cell in the netlist, and of the library's inverter.

    Attributes
    ----------
    tables : dict of str to CellTables
    fo4 : float
        As in :class:`Timing`.
    load : ndarray of float, (nets + 2, 2)
        In fF, to a rising and a falling edge.
    transition : ndarray of float, (nets + 2, 2)
        In ps.
    """

    def __init__(self, netlist: Netlist, library: Library, tables: dict[str, CellTables]):
        self._netlist, self._library, self.tables = netlist, library, tables
        nets = len(netlist.nets)
        self._arrival = np.full((nets + 2, 2), -np.inf)
        self.transition = np.zeros((nets + 2, 2))
        # Where the latest arrival comes from: net and edge, -1 at the start of a path.
        self._from = np.full((nets + 2, 2, 2), -1)
        self._driver = [""] * (nets + 2)
        self.load = np.zeros((nets + 2, 2))
        for cell in netlist.cells:
            for pin, capacitance in tables[cell.kind].capacitances.items():
                self.load[cell.pins.get(pin, -1)] += capacitance
        for net in netlist.outputs.values():
            self.load[net] += LOAD
        self._launch()
        for level in logic_levels(netlist, library):
            self._propagate(level)

    @cached_property
    def fo4(self) -> float:
        return inverter_fo4(self.tables[self._library.inverter])

    def _is(self, cell: MappedCell, *kinds: str) -> bool:
        return kind_of(cell, self._library) in kinds

    def _macro_nets(self, *pins: str) -> list[int]:
        """Nets at some buses of macros."""
        macros = [cell for cell in self._netlist.cells if self._is(cell, "macro")]
        return [net for cell in macros for pin, net in cell.pins.items() if pin.split("[")[0] in pins and net >= 0]

    def _launch(self):
        """Paths begin at inputs and macros, at time 0, and at flip-flops, after the clock."""
        self._arrival[[*self._netlist.inputs.values(), *self._macro_nets("read_data")]] = 0
        for cells in self._by_kind([c for c in self._netlist.cells if self._is(c, "flop", "other flop", "latch")]):
            for arc in self.tables[cells[0].kind].arcs:
                if arc.kind == "clock":
                    targets = np.array([cell.pins.get(arc.target, -1) for cell in cells])
                    for edge in (RISE, FALL):
                        self._arrive(cells, arc, targets, edge, np.zeros(len(cells)), np.zeros(len(cells)), None)

    @staticmethod
    def _by_kind(cells: Sequence[MappedCell]) -> list[list[MappedCell]]:
        kinds = defaultdict(list)
        for cell in cells:
            kinds[cell.kind].append(cell)
        return list(kinds.values())

    def _propagate(self, cells: Sequence[MappedCell]):
        """From the inputs of logic cells to their outputs; what drives them has been done."""
        for alike in self._by_kind(cells):
            for arc in self.tables[alike[0].kind].arcs:
                if arc.kind != "combinational":
                    continue
                sources, targets = (np.array([c.pins.get(pin, -1) for c in alike]) for pin in (arc.source, arc.target))
                for edge, origins in EDGES[arc.sense].items():
                    for origin in origins:
                        at, transition = self._arrival[sources, origin], self.transition[sources, origin]
                        self._arrive(alike, arc, targets, edge, at, transition, (sources, origin))

    def _arrive(self, cells, arc: Arc, targets, edge: int, at, transition, origin):
        """An edge of some nets, driven by cells of a kind, at the end of an arc."""
        if arc.delays[edge] is None:
            return
        load = self.load[targets, edge]
        arrival = at + arc.delays[edge](transition, load)
        later = (arrival > self._arrival[targets, edge]) & (targets >= 0)
        where = targets[later]
        self._arrival[where, edge] = arrival[later]
        if origin is not None:
            sources, from_edge = origin
            self._from[where, edge, 0], self._from[where, edge, 1] = sources[later], from_edge
        for net in where:
            self._driver[net] = cells[0].kind
        slower = np.where(np.isfinite(at), arc.transitions[edge](transition, load), 0)
        np.maximum.at(self.transition[:, edge], targets, slower)

    def mean_delay(self, kind: str, output: str, nets: np.ndarray) -> np.ndarray:
        """Delay to an output of cells of a kind, driving some nets, in ps: the mean over arcs and edges.

        Each arc's delay is taken at the net's load, and at the mean transition of all nets.
        """
        typical = np.full(len(nets), self.transition[:-2].mean())
        delays = [
            arc.delays[edge](typical, self.load[nets, edge])
            for arc in self.tables[kind].arcs
            if arc.target == output and arc.kind != "setup"
            for edge in (RISE, FALL)
            if arc.delays[edge] is not None
        ]
        return sum(delays) / len(delays) if delays else np.zeros(len(nets))

    def slowest(self) -> Timing:
        """The path that asks for the longest period."""
        worst, end, setup, at = -np.inf, "", 0.0, (-1, RISE)
        ends = dict.fromkeys(self._macro_nets(*MACRO_INPUTS), "a memory")
        ends |= {net: f"output {name}" for name, net in self._netlist.outputs.items()}
        for net, name in ends.items():
            edge = int(np.argmax(self._arrival[net]))
            if self._arrival[net, edge] > worst:
                worst, end, setup, at = self._arrival[net, edge], name, 0.0, (net, edge)
        for cells in self._by_kind([cell for cell in self._netlist.cells if not self._is(cell, "logic")]):
            for arc in self.tables[cells[0].kind].arcs:
                if arc.kind != "setup":
                    continue
                nets = np.array([cell.pins.get(arc.target, -1) for cell in cells])
                for edge in (RISE, FALL):
                    if arc.delays[edge] is None:
                        continue
                    times = arc.delays[edge](self.transition[nets, edge], np.zeros(len(nets)))
                    period = np.where(nets >= 0, self._arrival[nets, edge] + times, -np.inf)
                    n = int(np.argmax(period))
                    if period[n] > worst:
                        worst, setup, at = period[n], float(times[n]), (int(nets[n]), edge)
                        end = self._holds(cells[n])
        return Timing(float(worst), self.fo4, self._trace(*at), end, setup)

    def _holds(self, cell: MappedCell) -> str:
        """What a flip-flop or clock gate is, by the name of its output."""
        what = "clock gate of" if self._is(cell, "clock gate") else "register"
        outputs = [net for pin, net in cell.pins.items() if pin not in self.tables[cell.kind].capacitances]
        return f"{what} {next((self._name(net) for net in outputs if net >= 0), '')}"

    def _name(self, net: int) -> str:
        """A net's name; of one that has none of the design's, but whose inverse has, that."""
        names = self._netlist.nets
        inverse = self._inverses.get(net, net) if NAMELESS.fullmatch(names[net]) else net
        return names[net] if inverse == net else f"~{names[inverse]}"

    @cached_property
    def _inverses(self) -> dict[int, int]:
        """Of nets at inverters and buffers, the one at the other pin, if the design gave it a name."""
        found = {}
        for cell in self._netlist.cells:
            if len(cell.pins) == 2 and self._is(cell, "logic"):
                for net, other in permutations(cell.pins.values()):
                    if not NAMELESS.fullmatch(self._netlist.nets[other]):
                        found.setdefault(net, other)
        return found

    def _trace(self, net: int, edge: int) -> list[PathStep]:
        steps = []
        while net >= 0:
            name, when = self._name(net), float(self._arrival[net, edge])
            steps.append(PathStep(name, self._driver[net] or "input", ("rise", "fall")[edge], when))
            net, edge = (int(value) for value in self._from[net, edge])
        return steps[::-1]
