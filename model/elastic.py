"""Elastic registers as the hardware has them, for timing models: when an item enters, and which one is shown."""

from __future__ import annotations

__all__ = ["Chain", "Slot"]


class Slot:
    """An elastic register: holds an item until each of the streams that it feeds has taken it.

    Attributes
    ----------
    item : int
        The item whose data it shows: that loaded last, -1 before the first.
    valid : list of bool
        For each stream that it feeds, whether the item still waits for it.
    """

    def __init__(self, streams: int = 1):
        self.item = -1
        self.valid = [False] * streams

    def ready(self, *taken: bool) -> bool:
        """Whether an item can be loaded, given which streams' sinks are ready."""
        return all(take or not valid for valid, take in zip(self.valid, taken, strict=True))

    def clock(self, load: int | None, feeds: tuple[bool, ...], *taken: bool):
        """Clock edge: load an item for the streams in ``feeds`` (only if ready), or hold what is not yet taken."""
        if load is None:
            self.valid = [valid and not take for valid, take in zip(self.valid, taken, strict=True)]
        else:
            self.item, self.valid = load, list(feeds)


class Chain:
    """Elastic registers one after the other; the last one may feed several streams.

    Parameters
    ----------
    length : int
        Number of registers, at least 1.
    streams : int
        That the last one feeds.
    """

    def __init__(self, length: int, streams: int = 1):
        self._slots = [*(Slot() for _ in range(length - 1)), Slot(streams)]

    @property
    def item(self) -> int:
        """The item whose data the last register shows, -1 before the first."""
        return self._slots[-1].item

    @property
    def valid(self) -> list[bool]:
        """For each stream, whether an item waits for it."""
        return self._slots[-1].valid

    def _readies(self, taken: tuple[bool, ...]) -> list[bool]:
        """Which of the registers can be loaded."""
        readies = [self._slots[-1].ready(*taken)]
        for slot in reversed(self._slots[:-1]):
            readies.insert(0, slot.ready(readies[0]))
        return readies

    def ready(self, *taken: bool) -> bool:
        """Whether an item can enter, given which streams' sinks are ready."""
        return self._readies(taken)[0]

    def clock(self, load: int | None, *taken: bool, feeds=lambda item: (True,)):
        """Clock edge: an item enters (only if ready), others move on as far as there is room.

        Parameters
        ----------
        feeds : callable
            For which streams an item that reaches the last register is.
        """
        readies = self._readies(taken)
        arriving = [load, *(slot.item if slot.valid[0] else None for slot in self._slots[:-1])]
        *inner, last = zip(self._slots, arriving, readies, strict=True)
        slot, item, ready = last
        slot.clock(item if ready else None, () if item is None else feeds(item), *taken)
        for place, (slot, item, ready) in enumerate(inner):
            slot.clock(item if ready else None, (True,), readies[place + 1])
