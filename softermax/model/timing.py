"""Timing models of Softermax's units: on which cycle a slice enters and leaves, for any gaps and any backpressure.

The hardware's flow control is made of elastic registers (:mod:`softermax.model.elastic`) and row buffers, and so is the
model. What a model has is written down in :class:`softermax.model.timing_model.TimingModel`.
"""

from __future__ import annotations

from collections import deque

import numpy as np

from .config import SoftermaxConfig
from .elastic import Chain, Slot
from .framing import Entrance, Framing
from .plan import PipelinePlan
from .timing_model import Chains, TimingModel

__all__ = ["CompleteTiming", "NormalizationTiming", "RowBufferTiming", "SoftermaxTiming", "UnnormedTiming"]


class UnnormedTiming:
    """Unnormed Softmax Unit: slices in, slices and row summaries out.

    Parameters
    ----------
    framing : Framing
        Framing of all slices that will come in.
    plan : PipelinePlan
    """

    inputs = ("i",)
    outputs = ("o", "row")

    def __init__(self, framing: Framing, plan: PipelinePlan):
        self._entrance = Entrance(framing)
        self._last = framing.last
        self._slices = Chain(plan.slice_latency, streams=2)
        after = plan.summary_latency - plan.slice_latency
        self._sums = Chain(after) if after else None
        self.chains: Chains = {"slice": self._slices}
        if self._sums is not None:
            self.chains["sum"] = self._sums
        self.levels: dict[str, int] = {}

    def ready(self, valids, readies):
        """``i.ready``."""
        return (self._slices.ready(*self._taken(readies)),)

    def _taken(self, readies) -> tuple[bool, bool]:
        """Whether a slice can leave, and whether its sum can go on."""
        return readies[0], readies[1] if self._sums is None else self._sums.ready(readies[1])

    def valids(self):
        """``o.valid`` and ``row.valid``."""
        return self._slices.valid[0], self._slices.valid[1] if self._sums is None else self._sums.valid[0]

    def shown(self):
        """The slice at ``o`` and at ``row``."""
        return self._slices.item, self._slices.item if self._sums is None else self._sums.item

    def clock(self, valids, readies):
        """Clock edge."""
        taken = self._taken(readies)
        item = self._entrance.take() if valids[0] and self._slices.ready(*taken) else None
        if self._sums is None:
            self._slices.clock(item, *taken, feeds=lambda item: (True, bool(self._last[item])))
            return
        summed = self._slices.item if self._slices.valid[1] and taken[1] else None
        self._sums.clock(summed, readies[1], feeds=lambda item: (bool(self._last[item]),))
        self._slices.clock(item, *taken, feeds=lambda item: (True, True))


class RowBufferTiming:
    """Row buffer: a first-in first-out queue of ``depth`` slices, the first of them in its output register."""

    inputs = ("i",)
    outputs = ("o",)

    def __init__(self, depth: int):
        self._memory_depth = depth - 1
        self._memory = deque()
        self._output = Slot()
        self._entered = 0
        self.chains: Chains = {"output": self._output}

    @property
    def levels(self) -> dict[str, int]:
        """Slices in the memory."""
        return {"memory": len(self._memory)}

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
    row_latency : int
        Clock cycles from a summary entering to when its row's slices can.
    slice_latency : int
        Clock cycles from a slice entering to its standing at the output.
    """

    inputs = ("i", "row")
    outputs = ("o",)

    def __init__(self, last: np.ndarray, row_latency: int, slice_latency: int = 1):
        self._last = last
        self._entered = self._rows_entered = 0
        self._rows = Chain(row_latency)
        self._slices = Chain(slice_latency)
        self.chains: Chains = {"row scale": self._rows, "result": self._slices}
        self.levels: dict[str, int] = {}

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
        row_moves = valids[1] and row_ready
        self._rows.clock(self._rows_entered if row_moves else None, ends_row)
        self._entered += moves
        self._rows_entered += row_moves


class CompleteTiming:
    """Base of the models of complete softmaxes: an unnormed unit, row buffers, and the unit that gives the results.

    Parameters
    ----------
    unnormed : TimingModel
    buffers : dict of str to RowBufferTiming
        By the names that their registers and levels have here.
    normalization : NormalizationTiming
    """

    inputs = ("i",)
    outputs = ("o",)

    def __init__(self, unnormed: TimingModel, buffers: dict[str, RowBufferTiming], normalization: NormalizationTiming):
        self._unnormed, self._buffers, self._normalization = unnormed, buffers, normalization
        buffered = {name: buffer.chains["output"] for name, buffer in buffers.items()}
        self.chains: Chains = unnormed.chains | buffered | normalization.chains

    @property
    def levels(self) -> dict[str, int]:
        """Slices in the memories of the row buffers."""
        return {name: buffer.levels["memory"] for name, buffer in self._buffers.items()}

    def valids(self):
        """``o.valid``."""
        return self._normalization.valids()

    def shown(self):
        """The slice at ``o``."""
        return self._normalization.shown()

    def _clock_parts(self, handshakes):
        """Clock edge of every part, given the ``(valids, readies)`` of each, in the order of the constructor."""
        parts = self._unnormed, *self._buffers.values(), self._normalization
        for part, (valids, readies) in zip(parts, handshakes, strict=True):
            part.clock(valids, readies)


class SoftermaxTiming(CompleteTiming):
    """The complete Softermax: Unnormed Softmax Unit, row buffer and Normalization Unit.

    Parameters
    ----------
    framing : Framing
        Framing of all slices that will come in.
    config : SoftermaxConfig
    """

    def __init__(self, framing: Framing, config: SoftermaxConfig):
        config = SoftermaxConfig.of(config)
        self._buffer = RowBufferTiming(config.plan.buffer_depth)
        super().__init__(
            UnnormedTiming(framing, config.plan),
            {"buffer": self._buffer},
            NormalizationTiming(framing.last, config.plan.row_latency, config.plan.result_latency),
        )

    def _between(self, valids, readies):
        """Handshakes before the clock edge: ``(valids, readies)`` of each part."""
        slice_valid, row_valid = self._unnormed.valids()
        normalization_in = self._buffer.valids()[0], row_valid
        buffered_ready, row_ready = self._normalization.ready(normalization_in, readies)
        buffer = (slice_valid,), (buffered_ready,)
        [slice_ready] = self._buffer.ready(*buffer)
        return (valids, (slice_ready, row_ready)), buffer, (normalization_in, readies)

    def ready(self, valids, readies):
        """``i.ready``."""
        unnormed, *_ = self._between(valids, readies)
        return self._unnormed.ready(*unnormed)

    def clock(self, valids, readies):
        """Clock edge."""
        self._clock_parts(self._between(valids, readies))
