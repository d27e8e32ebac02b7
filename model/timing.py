"""Timing model: on which clock cycle every slice enters and leaves each unit, for any gaps and any backpressure.

The hardware's flow control is made of elastic registers (:mod:`softermax.model.elastic`) and row buffers, and so is the
model. A unit's model has what a unit has: input streams, output streams, and two phases in a clock cycle.

- ``inputs``, ``outputs``: the names of its streams;
- ``ready(valids, readies)``: what its inputs answer before the clock edge, given which sources offer an item and which
  sinks take one;
- ``valids()``: which outputs hold an item; ``shown()``: for each, which item its data are of, -1 before the first;
- ``clock(valids, readies)``: the clock edge.

An item is the position of a slice in the sequence of slices that a unit emits.
"""

from __future__ import annotations

from collections import deque

import numpy as np

from .elastic import Chain, Slot
from .framing import Entrance, Framing

__all__ = ["NormalizationTiming", "RowBufferTiming", "SoftermaxTiming", "UnnormedTiming"]


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
        self._entrance = Entrance(framing)
        self._last = framing.last
        self._pipeline = Chain(2, streams=2)

    def ready(self, valids, readies):
        """``i.ready``."""
        return (self._pipeline.ready(*readies),)

    def valids(self):
        """``o.valid`` and ``row.valid``."""
        return tuple(self._pipeline.valid)

    def shown(self):
        """The slice at ``o`` and at ``row``."""
        return self._pipeline.item, self._pipeline.item

    def clock(self, valids, readies):
        """Clock edge."""
        item = self._entrance.take() if valids[0] and self._pipeline.ready(*readies) else None
        self._pipeline.clock(item, *readies, feeds=lambda item: (True, bool(self._last[item])))


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
    slice_stages : int
        Registers that a slice passes.
    """

    inputs = ("i", "row")
    outputs = ("o",)

    def __init__(self, last: np.ndarray, row_stages: int, slice_stages: int = 1):
        self._last = last
        self._entered = 0
        self._rows = Chain(row_stages)
        self._slices = Chain(slice_stages)

    def ready(self, valids, readies):
        """``i.ready`` and ``row.ready``."""
        i_ready = self._rows.valid[0] and self._slices.ready(*readies)
        return i_ready, self._rows.ready(self._ends_row(valids, i_ready))

    def _ends_row(self, valids, i_ready) -> bool:
        """Whether the row's last slice enters, so that its summary is done with."""
        return valids[0] and i_ready and bool(self._last[self._entered])

    def valids(self):
        """``o.valid``."""
        return tuple(self._slices.valid)

    def shown(self):
        """The slice at ``o``."""
        return (self._slices.item,)

    def clock(self, valids, readies):
        """Clock edge."""
        i_ready, row_ready = self.ready(valids, readies)
        ends_row = self._ends_row(valids, i_ready)
        moves = valids[0] and i_ready
        self._slices.clock(self._entered if moves else None, *readies)
        self._rows.clock(0 if valids[1] and row_ready else None, ends_row)
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
