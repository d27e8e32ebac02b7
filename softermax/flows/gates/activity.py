"""Switching activity of a mapped netlist: many stimuli at once, each a bit of every net's words, cycle by cycle.

Without delays: each net changes once a cycle at most, so there are no glitches.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from softermax.sim.stimuli import WORD

from ..errors import FlowError
from .cell_groups import ONES, CellOrder, cell_groups, word_function
from .liberty import Library
from .memory import SimulatedMemory
from .netlist import CLOCK, ONE, ZERO, Netlist, kind_of, logic_levels

__all__ = ["Activity", "Simulation", "Tally", "simulate"]

#: Where fewer of all nets than this share begin to change, only cells that can follow are evaluated.
FEW = 0.02


@dataclass(frozen=True)
class Activity:
    """Switching activity of a netlist.

    Attributes
    ----------
    toggles : ndarray of int, (nets,)
        Changes of each net, over all cycles and stimuli. A clock's are in ``clocked``.
    clocked : ndarray of int, (nets,)
        Rising edges of each net that clocks something.
    outputs : dict of str to ndarray of uint64, (cycles, bits, words)
        Every output port before each clock edge, lowest bit first.
    cycles : int
        Cycles of all stimuli together.
    accesses : dict of str to (int, int)
        Reads and writes of each memory, by its cell's name.
    """

    toggles: np.ndarray
    clocked: np.ndarray
    outputs: dict[str, np.ndarray]
    cycles: int
    accesses: dict[str, tuple[int, int]] = field(default_factory=dict)


class Tally:
    """Adds up what switches."""

    def __init__(self, nets: int):
        self._toggles, self._clocked = (np.zeros(nets, np.int64) for _ in range(2))
        self._cycles = 0

    def add(self, changes: np.ndarray, ticks: np.ndarray):
        """A cycle's changes of each net, of all stimuli, and the words of those whose clock it ticks."""
        self._toggles += changes
        self._clocked += np.bitwise_count(ticks).sum(axis=1, dtype=np.int64)
        self._cycles += ticks.shape[1] * WORD

    def activity(self, outputs: dict[str, np.ndarray], accesses: dict[str, tuple[int, int]]) -> Activity:
        """The sum; the two constants at the end are no nets."""
        return Activity(self._toggles[:-2], self._clocked[:-2], outputs, self._cycles, accesses)


def simulate(
    netlist: Netlist,
    library: Library,
    inputs: Mapping[str, np.ndarray],
    *,
    counted_from: int,
    memories: Mapping[str, int] | None = None,
) -> Activity:
    """Play stimuli into a netlist.

    Parameters
    ----------
    inputs : mapping of str to ndarray of uint64, (cycles, bits, words)
        Every input port but the clock; a bit of each word belongs to a stimulus.
    counted_from : int
        First cycle whose changes count, after the reset.
    memories : mapping of str to int
        Words of each kind of cell that is an SRAM macro.

    Raises
    ------
    FlowError
        If a port or a cell's function is missing, or stimuli access different words of a memory.
    """
    return Simulation(netlist, library, memories).run(inputs, counted_from)


class Simulation:
    """A simulation without delays; see :func:`simulate`."""

    def __init__(self, netlist: Netlist, library: Library, memories: Mapping[str, int] | None = None):
        self._netlist, self._library = netlist, library
        self._clock = netlist.inputs.get(CLOCK)
        if self._clock is None:
            raise FlowError(f"the netlist must have a clock called {CLOCK}")
        self._nets = len(netlist.nets) + 2
        self._levels = [cell_groups(level, library) for level in logic_levels(netlist, library)]
        groups = [group for level in self._levels for group in level]
        self._order = CellOrder(groups, self._nets)
        ends = np.cumsum([0, *map(len, self._levels)])
        self._level_begins = self._order.begins[ends]
        self._marked = np.zeros(len(self._order.targets), bool)
        self._flops = [cell for cell in netlist.cells if "flop" in kind_of(cell, library)]
        self._gates = [cell for cell in netlist.cells if kind_of(cell, library) == "clock gate"]
        depths = memories or {}
        self._macros = [(cell, depths[cell.kind]) for cell in netlist.cells if cell.kind in depths]

    def run(self, inputs: Mapping[str, np.ndarray], counted_from: int) -> Activity:
        """Simulate all cycles."""
        self._settled = False
        ports = self._ports(inputs)
        cycles, _, words = next(iter(inputs.values())).shape
        values = np.zeros((self._nets, words), np.uint64)
        counted = self._tally()
        outputs = self._outputs(cycles, words)
        state = np.zeros((len(self._flops), words), np.uint64)
        memories = [SimulatedMemory(cell, depth, words) for cell, depth in self._macros]
        # Until then flip-flops hold anything, addresses that no memory has among it.
        resetting = (lambda cycle: inputs["rst"][cycle].any()) if "rst" in inputs else (lambda cycle: False)
        show, next_state, enabled = self._flop_logic(), self._next_logic(), self._gate_logic()
        for cycle in range(cycles):
            before = values.copy()
            for nets, stimulus in ports:
                values[nets] = stimulus[cycle]
            show(values, state)
            for memory in memories:
                memory.show(values)
            values[ZERO], values[ONE] = 0, ONES
            changes = self._settle(cycle, before, values)
            for array, nets in outputs.values():
                array[cycle] = values[nets]
            ticks = enabled(values)
            if cycle >= counted_from:
                counted.add(changes, ticks)
            self._sample(cycle, changes, ticks)
            next_state(values, state, ticks)
            for memory in memories if not resetting(cycle) else ():
                memory.clock(values, counts=cycle >= counted_from)
        found = {name: array for name, (array, _) in outputs.items()}
        accesses = {cell.name: (m.reads, m.writes) for (cell, _), m in zip(self._macros, memories, strict=True)}
        return counted.activity(found, accesses)

    def _tally(self) -> Tally:
        return Tally(self._nets)

    def _sample(self, cycle: int, changes: np.ndarray, ticks: np.ndarray):
        """What else is to be counted of a cycle."""

    def _settle(self, cycle: int, before: np.ndarray, values: np.ndarray) -> np.ndarray:
        """Let the logic follow its inputs, at once; returns the changes of each net."""
        started = np.flatnonzero((values != before).any(axis=1))
        if self._settled and len(started) < FEW * self._nets:
            self._follow_some(started, values)
        else:
            for level in self._levels:
                for group in level:
                    values[group.targets] = group(values)
            values[ZERO], values[ONE] = 0, ONES
        self._settled = True
        return np.bitwise_count(values ^ before).sum(axis=1, dtype=np.int64)

    def _follow_some(self, changed: np.ndarray, values: np.ndarray):
        """Evaluate only cells that some nets can change, level by level."""
        order, marked = self._order, self._marked
        marked[order.fed_by(changed)] = True
        for begin, end in pairwise(self._level_begins):
            cells = begin + np.flatnonzero(marked[begin:end])
            if not len(cells):
                continue
            marked[cells] = False
            found, nets = order.evaluate(cells, values), order.targets[cells]
            different = (found != values[nets]).any(axis=1) & (nets >= 0)
            values[nets[different]] = found[different]
            marked[order.fed_by(nets[different])] = True

    def _ports(self, inputs) -> list[tuple[np.ndarray, np.ndarray]]:
        """Nets of each input port, lowest bit first, and its stimuli."""
        nets = _buses(self._netlist.inputs)
        missing = sorted(nets.keys() - inputs.keys() - {CLOCK})
        if missing:
            raise FlowError(f"the stimuli must drive every input, but do not drive {', '.join(missing)}")
        return [
            (np.array([nets[name][bit] for bit in sorted(nets[name])]), inputs[name]) for name in inputs if name in nets
        ]

    def _outputs(self, cycles: int, words: int):
        buses = _buses(self._netlist.outputs)
        ordered = {name: np.array([bits[bit] for bit in sorted(bits)]) for name, bits in buses.items()}
        return {name: (np.zeros((cycles, len(nets), words), np.uint64), nets) for name, nets in ordered.items()}

    def _flop_logic(self):
        """Sets the outputs of flip-flops."""
        pairs = []
        for n, cell in enumerate(self._flops):
            facts = self._library.cells[cell.kind]
            for pin, text in facts.outputs.items():
                inverted = text.strip("() ") == facts.state.get("negative") or "!" in text
                pairs.append((n, cell.pins.get(pin, ZERO), inverted))
        places, nets, inverted = np.array(pairs, int).reshape(-1, 3).T
        flip = np.where(inverted == 1, ONES, np.uint64(0))[:, None]

        def show(values, state):
            values[nets] = state[places] ^ flip

        return show

    def _next_logic(self):
        """Stores what flip-flops take at the clock edge."""
        groups = defaultdict(list)
        for n, cell in enumerate(self._flops):
            groups[cell.kind].append(n)
        steps = []
        for kind, members in groups.items():
            facts = self._library.cells[kind]
            pins = [pin for pin in facts.inputs if pin != facts.state["clock"].strip("() ")]
            sources = [np.array([self._flops[n].pins[pin] for n in members]) for pin in pins]
            clocks = np.array([self._flops[n].pins[facts.state["clock"].strip("() ")] for n in members])
            steps.append((np.array(members), word_function(facts.state["next"], pins), sources, clocks))

        def store(values, state, ticks):
            for members, function, sources, clocks in steps:
                tick = ticks[clocks]
                following = function(ONES, *(values[source] for source in sources))
                state[members] = (following & tick) | (state[members] & ~tick)

        return store

    def _gate_logic(self):
        """Which clocks tick at the edge that ends a cycle."""
        rows = []
        for cell in self._gates:
            roles = self._library.cells[cell.kind].state
            test = cell.pins.get(roles.get("test", ""), ZERO)
            rows.append((cell.pins[roles["out"]], cell.pins[roles["enable"]], test, cell.pins[roles["clock"]]))
        if any(row[3] != self._clock for row in rows):
            raise FlowError("clock gates must be driven by the clock itself, not by one another")
        columns = [np.array(column, int) for column in zip(*rows, strict=True)] or [np.array([], int)] * 4

        def tick(values):
            ticks = np.zeros_like(values)
            ticks[self._clock] = ONES
            outs, enables, tests, _ = columns
            ticks[outs] = values[enables] | values[tests]
            return ticks

        return tick


def _buses(ports: dict[str, int]) -> dict[str, dict[int, int]]:
    """Nets by port and bit."""
    buses: dict[str, dict[int, int]] = defaultdict(dict)
    for name, net in ports.items():
        match = re.fullmatch(r"(.*)\[(\d+)\]", name)
        buses[match[1] if match else name][int(match[2]) if match else 0] = net
    return buses
