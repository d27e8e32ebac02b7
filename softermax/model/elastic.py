"""Elastic registers as the hardware has them, for timing models: when an item enters, and which one is shown."""

from __future__ import annotations

from operator import le

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

    @property
    def held(self) -> tuple[int | None, ...]:
        """For each stream, the item that waits for it; None if none does."""
        return tuple(self.item if valid else None for valid in self.valid)

    def ready(self, *taken: bool) -> bool:
        """Whether an item can be loaded, given which streams' sinks are ready."""
        return all(map(le, self.valid, taken))

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
        # Items of the others, from the first on; None for an empty one.
        self._inner: list[int | None] = [None] * (length - 1)
        self._last = Slot(streams)

    @property
    def item(self) -> int:
        """The item whose data the last register shows, -1 before the first."""
        return self._last.item

    @property
    def valid(self) -> list[bool]:
        """For each stream, whether an item waits for it."""
        return self._last.valid

    @property
    def held(self) -> tuple[int | None, ...]:
        """The item in each register from the first on, None in an empty one; of the last one for each stream."""
        return *self._inner, *self._last.held

    def ready(self, *taken: bool) -> bool:
        """Whether an item can enter, given which streams' sinks are ready."""
        return None in self._inner or self._last.ready(*taken)

    def clock(self, load: int | None, *taken: bool, feeds=lambda item: (True,)):
        """Clock edge: an item enters (only if ready), others move on as far as there is room.

        Parameters
        ----------
        feeds : callable
            For which streams an item that reaches the last register is.
        """
        inner = self._inner
        moves = self._last.ready(*taken)
        item = inner[-1] if inner else load
        if not moves or item is None:
            self._last.clock(None, (), *taken)
        else:
            self._last.clock(item, feeds(item), *taken)
        for place in range(len(inner) - 1, -1, -1):
            moves = moves or inner[place] is None
            if moves:
                inner[place] = inner[place - 1] if place else load
