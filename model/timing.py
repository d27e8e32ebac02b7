"""Timing model: on which clock cycle every slice enters and leaves each unit, for any gaps and any backpressure.

The hardware's flow control is made of elastic registers (:class:`Slot`) and one row buffer, and so is the model. A
unit's model has what a unit has: input streams, output streams, and two phases in a clock cycle.

- ``inputs``, ``outputs``: the names of its streams;
- ``ready(valids, readies)``: what its inputs answer before the clock edge, given which sources offer an item and which
  sinks take one;
- ``valids()``: which outputs hold an item; ``shown()``: for each, which item its data are of, -1 before the first;
- ``clock(valids, readies)``: the clock edge.

An item is the position of a slice in the sequence of slices that a unit emits.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np

from .config import SoftermaxConfig

__all__ = ["Framing", "NormalizationTiming", "Slot", "SoftermaxTiming", "UnnormedTiming", "frame"]


@dataclass(frozen=True)
class Framing:
    """How the Unnormed Softmax Unit frames a sequence of slices.

    Attributes
    ----------
    kept : ndarray of bool, (slices in,)
        False for the slices of an overlong row that are dropped.
    last, overlong : ndarray of bool, (slices kept,)
        End of a row as emitted; and whether that row was cut there for being longer than ``config.max_slices``.
    """

    kept: np.ndarray
    last: np.ndarray
    overlong: np.ndarray


def frame(last: np.ndarray, config: SoftermaxConfig) -> Framing:
    """Cut rows at ``config.max_slices`` slices, drop what follows up to their end.

    Parameters
    ----------
    last : ndarray of bool, (slices in,)
        End-of-row flags as they come in.
    """
    last = np.asarray(last, bool)
    number = np.arange(len(last))
    starts = np.concatenate([[True], last[:-1]])[: len(last)]
    position = number - np.maximum.accumulate(np.where(starts, number, 0))
    kept = position < config.max_slices
    cut = (position == config.max_slices - 1) & ~last
    return Framing(kept, (last | cut)[kept], cut[kept])


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


class UnnormedTiming:
    """Unnormed Softmax Unit: slices in, slices and row summaries out.

    Parameters
    ----------
    framing : Framing
        Of all slices that will come in.
    """

    inputs = ("i",)
    outputs = ("o", "row")

    def __init__(self, framing: Framing):
        self._framing = framing
        self._offered = 0
        self._entered = 0
        self._scores = Slot()
        self._result = Slot(streams=2)

    def ready(self, valids, readies):
        """``i.ready``."""
        return (self._scores.ready(self._result.ready(*readies)),)

    def valids(self):
        """``o.valid`` and ``row.valid``."""
        return tuple(self._result.valid)

    def shown(self):
        """The slice at ``o`` and at ``row``."""
        return self._result.item, self._result.item

    def clock(self, valids, readies):
        """Clock edge."""
        [enters] = self.ready(valids, readies)
        advances = self._result.ready(*readies)
        moving = self._scores.item if advances and self._scores.valid[0] else None
        self._result.clock(moving, (True, moving is not None and bool(self._framing.last[moving])), *readies)
        self._scores.clock(self._enter() if enters and valids[0] else None, (True,), advances)

    def _enter(self) -> int | None:
        """The item that the slice taken now becomes, None if it is dropped."""
        kept = self._framing.kept[self._offered]
        self._offered += 1
        self._entered += kept
        return self._entered - 1 if kept else None


class RowBufferTiming:
    """Row buffer: a first-in first-out queue of ``depth`` slices, the first of them in its output register."""

    inputs = ("i",)
    outputs = ("o",)

    def __init__(self, depth: int):
        self._memory_depth = depth - 1
        self._memory = deque()
        self._output = Slot()
        self._entered = 0

    def ready(self, valids, readies):
        """``i.ready``."""
        return (len(self._memory) < self._memory_depth,)

    def valids(self):
        """``o.valid``."""
        return tuple(self._output.valid)

    def shown(self):
        """The slice at ``o``."""
        return (self._output.item,)

    def clock(self, valids, readies):
        """Clock edge."""
        enters = valids[0] and self.ready(valids, readies)[0]
        reads = bool(self._memory) and self._output.ready(*readies)
        self._output.clock(self._memory.popleft() if reads else None, (True,), *readies)
        if enters:
            self._memory.append(self._entered)
            self._entered += 1


class NormalizationTiming:
    """Normalization Unit: slices and row summaries in, slices out.

    Parameters
    ----------
    last : ndarray of bool, (slices,)
        End-of-row flags of all slices that will come in.
    row_stages : int
        Registers that a summary passes before its row's slices can enter.
    """

    inputs = ("i", "row")
    outputs = ("o",)

    def __init__(self, last: np.ndarray, row_stages: int):
        self._last = last
        self._entered = 0
        self._rows = [Slot() for _ in range(row_stages)]
        self._result = Slot()

    def ready(self, valids, readies):
        """``i.ready`` and ``row.ready``."""
        i_ready = self._rows[-1].valid[0] and self._result.ready(*readies)
        return i_ready, self._row_readies(valids, i_ready)[0]

    def _row_readies(self, valids, i_ready) -> list[bool]:
        """Which of the summaries' registers can be loaded, and whether the last one's summary is done with."""
        readies = [valids[0] and i_ready and bool(self._last[self._entered])]
        for slot in reversed(self._rows):
            readies.insert(0, slot.ready(readies[0]))
        return readies

    def valids(self):
        """``o.valid``."""
        return tuple(self._result.valid)

    def shown(self):
        """The slice at ``o``."""
        return (self._result.item,)

    def clock(self, valids, readies):
        """Clock edge."""
        i_ready, _ = self.ready(valids, readies)
        row_readies = self._row_readies(valids, i_ready)
        moves = valids[0] and i_ready
        self._result.clock(self._entered if moves else None, (True,), *readies)
        arrivals = [valids[1], *(slot.valid[0] for slot in self._rows[:-1])]
        for place, (slot, arrives) in enumerate(zip(self._rows, arrivals, strict=True)):
            slot.clock(0 if arrives and row_readies[place] else None, (True,), row_readies[place + 1])
        self._entered += moves


class SoftermaxTiming:
    """The complete Softermax: Unnormed Softmax Unit, row buffer and Normalization Unit.

    Parameters
    ----------
    framing : Framing
        Of all slices that will come in.
    depth : int
        Slices that the row buffer holds.
    row_stages : int
        Registers that a row's summary passes before its slices can be normalised.
    """

    inputs = ("i",)
    outputs = ("o",)

    def __init__(self, framing: Framing, depth: int, row_stages: int):
        self._unnormed = UnnormedTiming(framing)
        self._buffer = RowBufferTiming(depth)
        self._normalization = NormalizationTiming(framing.last, row_stages)

    def _between(self, readies):
        """The handshakes between the units: valid and ready of their streams, before the clock edge."""
        slice_valid, row_valid = self._unnormed.valids()
        [buffered_valid] = self._buffer.valids()
        normalization_in = (buffered_valid, row_valid)
        buffered_ready, row_ready = self._normalization.ready(normalization_in, readies)
        [slice_ready] = self._buffer.ready((slice_valid,), (buffered_ready,))
        return (slice_valid,), normalization_in, (slice_ready, row_ready), (buffered_ready,)

    def ready(self, valids, readies):
        """``i.ready``."""
        return self._unnormed.ready(valids, self._between(readies)[2])

    def valids(self):
        """``o.valid``."""
        return self._normalization.valids()

    def shown(self):
        """The slice at ``o``."""
        return self._normalization.shown()

    def clock(self, valids, readies):
        """Clock edge."""
        buffer_in, normalization_in, unnormed_out, buffer_out = self._between(readies)
        self._unnormed.clock(valids, unnormed_out)
        self._buffer.clock(buffer_in, buffer_out)
        self._normalization.clock(normalization_in, readies)
