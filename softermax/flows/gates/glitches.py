"""Switching activity with delays: what nets do on their way to where they settle, so that glitches are counted.

Each output has one delay, the mean of its cell's arcs at the net's load, in steps of a few ps; inputs change with the
clock. A pulse shorter than the delay of the cell that it would pass is swallowed (inertial delay).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from .activity import Activity, Simulation
from .cell_groups import CellOrder, cell_groups
from .liberty import Library
from .netlist import ZERO, Netlist, kind_of
from .timing import Delays

__all__ = ["simulate_glitches"]

#: Steps in the delay of an inverter that drives four.
STEPS_PER_FO4 = 4


def simulate_glitches(
    netlist: Netlist,
    library: Library,
    delays: Delays,
    inputs: Mapping[str, np.ndarray],
    *,
    counted_from: int,
    sample: range,
    memories: Mapping[str, int] | None = None,
) -> tuple[Activity, Activity, Activity]:
    """Play stimuli into a netlist, as :func:`softermax.flows.gates.activity.simulate` does, some cycles with delays.

    Parameters
    ----------
    delays : Delays
        Delays of the netlist.
    sample : range
        Cycles in which changes on the way are counted; not the first one.

    Returns
    -------
    whole, without, glitching : Activity
        Activity of all cycles, without delays; of the sample, without and with them.
    """
    simulation = _TimedSimulation(netlist, library, delays, delays.fo4 / STEPS_PER_FO4, sample, memories)
    whole = simulation.run(inputs, counted_from)
    return whole, *(tally.activity({}, {}) for tally in (simulation.without, simulation.glitching))


class _TimedSimulation(Simulation):
    """Counts the sample apart, in ``without`` and in ``glitching``."""

    def __init__(self, netlist, library, delays: Delays, step: float, sample: range, memories):
        super().__init__(netlist, library, memories)
        self._cycles = sample
        self.without, self.glitching = self._tally(), self._tally()
        logic = cell_groups([cell for cell in netlist.cells if kind_of(cell, library) == "logic"], library)
        self._cells = CellOrder(logic, self._nets)
        delay = [delays.mean_delay(group.kind, group.output, group.targets) for group in logic]
        #: Delay of each output, in steps.
        self._delay = _in_steps(np.concatenate([np.zeros(0), *delay]), step, least=1)
        launch = np.zeros(self._nets, int)
        for kind in {cell.kind for cell in self._flops}:
            for pin in library.cells[kind].outputs:
                nets = np.array([cell.pins.get(pin, ZERO) for cell in self._flops if cell.kind == kind])
                launch[nets] = _in_steps(delays.mean_delay(kind, pin, nets), step, least=0)
        self._launch = launch
        self._slots = 1 + max(int(launch.max()), int(self._delay.max(initial=0)))

    def _settle(self, cycle: int, before: np.ndarray, values: np.ndarray) -> np.ndarray:
        if cycle not in self._cycles:
            return super()._settle(cycle, before, values)
        self._on_the_way = self._follow(before, values)
        return np.bitwise_count(values ^ before).sum(axis=1, dtype=np.int64)

    def _sample(self, cycle: int, changes: np.ndarray, ticks: np.ndarray):
        if cycle in self._cycles:
            self.without.add(changes, ticks)
            self.glitching.add(self._on_the_way, ticks)

    def _follow(self, before: np.ndarray, values: np.ndarray) -> np.ndarray:
        """Let the logic follow its inputs step by step; returns the changes of each net."""
        launched = values ^ before
        events = _Events(self._slots, before)
        events.schedule(np.flatnonzero(launched.any(axis=1)), launched, self._launch)
        changes = np.zeros(len(values), np.int64)
        while events.waiting:
            moved, masks = events.fire()
            changes[moved] += np.bitwise_count(masks).sum(axis=1, dtype=np.int64)
            cells = self._touched(moved)
            if len(cells):
                events.drive(self._cells.targets[cells], self._cells.evaluate(cells, events.now), self._delay[cells])
        values[:] = events.now
        return changes

    def _touched(self, nets: np.ndarray) -> np.ndarray:
        """The outputs that some nets can change, in order."""
        self._marked[self._cells.fed_by(nets)] = True
        cells = np.flatnonzero(self._marked)
        self._marked[cells] = False
        return cells


def _in_steps(delay: np.ndarray, step: float, least: int) -> np.ndarray:
    return np.maximum(least, np.rint(delay / step).astype(int))


class _Events:
    """Changes to come, in a ring of time steps; a bit of a net has one of them at most.

    Attributes
    ----------
    now : ndarray of uint64, (nets, words)
    """

    def __init__(self, slots: int, values: np.ndarray):
        self.now, self._then = values.copy(), values.copy()
        self._ring = np.zeros((slots, *values.shape), np.uint64)
        self._pending = np.zeros_like(values)
        self._step = self._last = 0

    @property
    def waiting(self) -> bool:
        """Whether anything is still to change."""
        return self._step <= self._last

    def schedule(self, nets: np.ndarray, masks: np.ndarray, steps: np.ndarray):
        """Changes of nets with nothing to come, after their own number of steps."""
        self._then[nets] ^= masks[nets]
        self._add(nets, masks[nets], steps[nets])

    def _add(self, nets: np.ndarray, masks: np.ndarray, steps: np.ndarray):
        some = masks.any(axis=1)
        nets, masks, steps = nets[some], masks[some], steps[some]
        self._pending[nets] |= masks
        self._ring[(self._step + steps) % len(self._ring), nets] |= masks
        self._last = max(self._last, self._step + int(steps.max(initial=0)))

    def drive(self, nets: np.ndarray, values: np.ndarray, steps: np.ndarray):
        """New values of nets; what was to come and is taken back in time does not happen."""
        different = values ^ self._then[nets]
        some = different.any(axis=1)
        nets, different, steps = nets[some], different[some], steps[some]
        self._then[nets] ^= different
        taken_back = different & self._pending[nets]
        back = taken_back.any(axis=1)
        self._take_back(nets[back], taken_back[back], steps[back])
        self._add(nets, different & ~taken_back, steps)

    def _take_back(self, nets: np.ndarray, masks: np.ndarray, steps: np.ndarray):
        """Changes that are to come in less than each net's number of steps do not."""
        self._pending[nets] ^= masks
        for ahead in range(int(steps.max(initial=0))):
            still = steps > ahead
            self._ring[(self._step + ahead) % len(self._ring), nets[still]] &= ~masks[still]

    def fire(self) -> tuple[np.ndarray, np.ndarray]:
        """The nets that change in this step, and which of their bits; then time goes on."""
        slot = self._ring[self._step % len(self._ring)]
        nets = np.flatnonzero(slot.any(axis=1))
        masks = slot[nets].copy()
        self.now[nets] ^= masks
        self._pending[nets] &= ~masks
        slot[nets] = 0
        self._step += 1
        return nets, masks
