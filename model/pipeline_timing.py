"""Timing model of a pipeline that is nothing but elastic registers one after the other."""

from __future__ import annotations

from .timing import Slot

__all__ = ["PipelineTiming"]


class PipelineTiming:
    """A chain of elastic registers from ``i`` to ``o``; its methods are those of every unit's timing model.

    Parameters
    ----------
    stages : int
        Number of registers.
    """

    inputs = ("i",)
    outputs = ("o",)

    def __init__(self, stages: int):
        self._slots = [Slot() for _ in range(stages)]
        self._entered = 0

    def _readies(self, readies) -> list[bool]:
        """Which registers can be loaded, and whether the sink takes the last one's item."""
        chain = list(readies)
        for slot in reversed(self._slots):
            chain.insert(0, slot.ready(chain[0]))
        return chain

    def ready(self, valids, readies):
        """``i.ready``."""
        return (self._readies(readies)[0],)

    def valids(self):
        """``o.valid``."""
        return tuple(self._slots[-1].valid)

    def shown(self) -> int:
        """The item at the output."""
        return self._slots[-1].item

    def clock(self, valids, readies):
        """Clock edge."""
        chain = self._readies(readies)
        arriving = [self._entered if valids[0] else None]
        arriving += [slot.item if slot.valid[0] else None for slot in self._slots[:-1]]
        for slot, item, free, taken in zip(self._slots, arriving, chain, chain[1:], strict=False):
            slot.clock(item if free else None, (True,), taken)
        self._entered += valids[0] and chain[0]
