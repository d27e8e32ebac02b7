"""Switching activity with delays: what nets do on their way to where they settle, so that glitches are counted.

Each output has one delay, the mean of its cell's arcs at the net's load, in steps of a few ps; inputs change with the
clock. A pulse shorter than the delay of the cell that it would pass is swallowed (inertial delay).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from .activity import Activity, Simulation
from .liberty import Library
from .netlist import Netlist
from .timing import Delays

__all__ = ["simulate_timed"]

#: Of the delay of an inverter that drives four, so many make a step.
STEPS_PER_FO4 = 4


def simulate_timed(
    netlist: Netlist,
    library: Library,
    delays: Delays,
    inputs: Mapping[str, np.ndarray],
    *,
    counted_from: int,
    fo4: float,
) -> Activity:
    """Play stimuli into a netlist, as :func:`softermax.flows.gates.activity.simulate` does, with delays.

    Parameters
    ----------
    delays : Delays
        Of the netlist.
    fo4 : float
        In ps, from which the steps of time follow.
    """
    return _TimedSimulation(netlist, library, delays, fo4 / STEPS_PER_FO4).run(inputs, counted_from)


class _TimedSimulation(Simulation):
    def __init__(self, netlist: Netlist, library: Library, delays: Delays, step: float):
        super().__init__(netlist, library)
        self._settled = False
        logic = [cell for cell in netlist.cells if library.cells[cell.kind].kind == "logic"]
        self._cells = self.groups(logic)
        self._steps = [
            np.maximum(1, np.rint(delays.mean_delay(group.kind, group.output, group.targets) / step).astype(int))
            for group in self._cells
        ]
        self._launch = np.zeros(self._nets, int)
        for cell in self._flops:
            for pin in library.cells[cell.kind].outputs:
                net = np.array([cell.pins.get(pin, -1)])
                self._launch[net] = np.rint(delays.mean_delay(cell.kind, pin, net) / step).astype(int)
        self._slots = 1 + max([int(self._launch.max()), *(int(steps.max()) for steps in self._steps)])
        # For each net, which cells of each group it feeds.
        self._fed = [self._feeds(group) for group in self._cells]

    def _feeds(self, group) -> np.ndarray:
        """Pairs of net and cell of a group, ordered by net."""
        cells = np.arange(len(group.targets))
        pairs = [np.stack([source, cells], axis=1) for source in group.sources]
        fed = np.concatenate([np.zeros((0, 2), int), *pairs])
        return fed[fed[:, 0] >= 0]

    def _settle(self, before: np.ndarray, values: np.ndarray) -> np.ndarray:
        """Let the logic follow its inputs step by step; returns the changes of each net."""
        if not self._settled:
            # Nothing has been computed yet, so that a change is not all that there is to follow.
            self._settled = True
            return super()._settle(before, values)
        launched = values ^ before
        events = _Events(self._slots, before)
        events.schedule(np.flatnonzero(launched.any(axis=1)), launched, self._launch)
        changes = np.zeros(len(values), np.int64)
        while events.waiting():
            moved, masks = events.fire()
            if not len(moved):
                continue
            changes[moved] += np.bitwise_count(masks).sum(axis=1, dtype=np.int64)
            touched = np.zeros(len(values), bool)
            touched[moved] = True
            for group, steps, fed in zip(self._cells, self._steps, self._fed, strict=True):
                cells = np.unique(fed[touched[fed[:, 0]], 1])
                if len(cells):
                    events.drive(group.targets[cells], group(events.now, cells), steps[cells])
        values[:] = events.now
        return changes


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
        self._step = 0

    def waiting(self) -> bool:
        """Whether anything is still to change."""
        return bool(self._pending.any())

    def schedule(self, nets: np.ndarray, masks: np.ndarray, steps: np.ndarray):
        """Changes of nets with nothing to come, after their own number of steps."""
        self._then[nets] ^= masks[nets]
        self._pending[nets] |= masks[nets]
        self._ring[(self._step + steps[nets]) % len(self._ring), nets] |= masks[nets]

    def drive(self, nets: np.ndarray, values: np.ndarray, steps: np.ndarray):
        """New values of nets; what was to come and is taken back in time does not happen."""
        different = values ^ self._then[nets]
        some = different.any(axis=1)
        nets, different, steps = nets[some], different[some], steps[some]
        self._then[nets] ^= different
        taken_back = different & self._pending[nets]
        back = taken_back.any(axis=1)
        if back.any():
            self._ring[:, nets[back]] &= ~taken_back[back]
            self._pending[nets[back]] ^= taken_back[back]
        later = different & ~taken_back
        self._pending[nets] |= later
        self._ring[(self._step + steps) % len(self._ring), nets] |= later

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
