"""Timing model: on which clock cycle every slice enters and leaves each unit, for any gaps and any backpressure.

The hardware's flow control is made of elastic registers (:class:`Slot`) and one row buffer. A unit's model has two
methods, as a unit has two phases in a clock cycle: ``ready`` is what its inputs see before the clock edge, given what
its sinks say; ``clock`` is the edge. An item is the position of a slice in the sequence of slices that a unit emits.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np

from .config import SoftermaxConfig

__all__ = ["Framing", "NormalizationTiming", "RowBufferTiming", "Slot", "SoftermaxTiming", "UnnormedTiming", "frame"]


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
    starts = np.concatenate([[True], last[:-1]]) if len(last) else last
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

    def __init__(self, framing: Framing):
        self._framing = framing
        self._offered = 0
        self._entered = 0
        self._scores = Slot()
        self.result = Slot(streams=2)

    def ready(self, o_ready: bool, row_ready: bool) -> bool:
        """``i.ready``."""
        return self._scores.ready(self.result.ready(o_ready, row_ready))

    def clock(self, i_valid: bool, o_ready: bool, row_ready: bool):
        """Clock edge."""
        ready, advance = self.ready(o_ready, row_ready), self.result.ready(o_ready, row_ready)
        moving = self._scores.item if advance and self._scores.valid[0] else None
        feeds = (True, bool(self._framing.last[moving])) if moving is not None else ()
        self.result.clock(moving, feeds, o_ready, row_ready)
        entering = None
        if i_valid and ready:
            if self._framing.kept[self._offered]:
                entering, self._entered = self._entered, self._entered + 1
            self._offered += 1
        self._scores.clock(entering, (True,), advance)


class RowBufferTiming:
    """Row buffer: a first-in first-out queue of ``depth`` slices, the last of them in its output register."""

    def __init__(self, depth: int):
        self._memory_depth = depth - 1
        self._memory = deque()
        self.output = Slot()

    def ready(self) -> bool:
        """``i.ready``."""
        return len(self._memory) < self._memory_depth

    def clock(self, item: int | None, o_ready: bool):
        """Clock edge: ``item`` is the slice that enters, if any."""
        reads = bool(self._memory) and self.output.ready(o_ready)
        self.output.clock(self._memory.popleft() if reads else None, (True,), o_ready)
        if item is not None:
            self._memory.append(item)


class NormalizationTiming:
    """Normalization Unit: slices and row summaries in, slices out.

    Parameters
    ----------
    last : ndarray of bool, (slices,)
        End-of-row flags of all slices that will come in.
    """

    def __init__(self, last: np.ndarray):
        self._last = last
        self._entered = 0
        self._rows = 0
        self.row = Slot()
        self.result = Slot()

    def ready(self, i_valid: bool, o_ready: bool) -> tuple[bool, bool]:
        """``i.ready`` and ``row.ready``."""
        i_ready = self.row.valid[0] and self.result.ready(o_ready)
        return i_ready, self.row.ready(self._row_ends(i_valid, i_ready))

    def _row_ends(self, i_valid: bool, i_ready: bool) -> bool:
        return i_valid and i_ready and bool(self._last[self._entered])

    def clock(self, i_valid: bool, row_valid: bool, o_ready: bool):
        """Clock edge."""
        i_ready, row_ready = self.ready(i_valid, o_ready)
        row_ends = self._row_ends(i_valid, i_ready)
        moves = i_valid and i_ready
        self.result.clock(self._entered if moves else None, (True,), o_ready)
        self.row.clock(self._rows if row_valid and row_ready else None, (True,), row_ends)
        self._entered += moves
        self._rows += row_valid and row_ready


class SoftermaxTiming:
    """The complete Softermax: Unnormed Softmax Unit, row buffer and Normalization Unit.

    Parameters
    ----------
    framing : Framing
        Of all slices that will come in.
    depth : int
        Slices that the row buffer holds.
    """

    def __init__(self, framing: Framing, depth: int):
        self._unnormed = UnnormedTiming(framing)
        self._buffer = RowBufferTiming(depth)
        self._normalization = NormalizationTiming(framing.last)

    @property
    def result(self) -> Slot:
        """The output register."""
        return self._normalization.result

    def _readies(self, o_ready: bool) -> tuple[bool, bool]:
        return self._normalization.ready(self._buffer.output.valid[0], o_ready)

    def ready(self, o_ready: bool) -> bool:
        """``i.ready``."""
        return self._unnormed.ready(self._buffer.ready(), self._readies(o_ready)[1])

    def clock(self, i_valid: bool, o_ready: bool):
        """Clock edge."""
        slice_ready, row_ready = self._readies(o_ready)
        slice_valid, row_valid = self._unnormed.result.valid
        buffer_ready = self._buffer.ready()
        entering = self._unnormed.result.item if slice_valid and buffer_ready else None
        buffered = self._buffer.output.valid[0]
        self._unnormed.clock(i_valid, buffer_ready, row_ready)
        self._buffer.clock(entering, slice_ready)
        self._normalization.clock(buffered, row_valid, o_ready)
