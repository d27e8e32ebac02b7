"""Timing models of the baseline's units; see :class:`softermax.model.timing_model.TimingModel` for what they have."""

from __future__ import annotations

import numpy as np

from .baseline import BaselineConfig
from .elastic import Chain
from .framing import Entrance, Framing
from .timing import CompleteTiming, NormalizationTiming, RowBufferTiming
from .timing_model import Chains

__all__ = ["BaselineSoftmaxTiming", "BaselineUnnormedTiming"]


class BaselineUnnormedTiming:
    """The baseline's Unnormed Softmax Unit: the slices of each row in twice, numerators and row sums out.

    Parameters
    ----------
    last : ndarray of bool, (slices,)
        End-of-row flags of all slices that will come in.
    config : BaselineConfig
    """

    inputs = ("i", "again")
    outputs = ("o", "row")

    def __init__(self, last: np.ndarray, config: BaselineConfig):
        self._last = last
        self._entered = {"i": 0, "again": 0}
        self._running, self._maximum = Chain(config.maximum_stages), Chain(1)
        self._numerators = Chain(config.numerator_latency, streams=2)
        self._sums = Chain(config.adder_latency)
        self._totals = Chain(config.conversion_latency) if config.conversion_latency else None
        self.chains: Chains = {
            "running maximum": self._running,
            "row maximum": self._maximum,
            "numerator": self._numerators,
            "sum": self._sums,
        }
        if self._totals is not None:
            self.chains["total"] = self._totals
        self.levels: dict[str, int] = {}

    def _ends_row(self, item: int) -> tuple[bool]:
        return (bool(self._last[item]),)

    def _sum_ready(self, readies) -> bool:
        return readies[1] if self._totals is None else self._totals.ready(readies[1])

    def _tree_ready(self, readies) -> bool:
        return self._sums.ready(self._sum_ready(readies))

    def _second_pass(self, valids, readies) -> tuple[bool, bool]:
        """``again.ready``, and whether the row's last slice is taken, so that its maximum is done with."""
        ready = self._maximum.valid[0] and self._numerators.ready(readies[0], self._tree_ready(readies))
        return ready, valids[1] and ready and self._ends_row(self._entered["again"])[0]

    def ready(self, valids, readies):
        """``i.ready`` and ``again.ready``."""
        again_ready, maximum_taken = self._second_pass(valids, readies)
        return self._running.ready(self._maximum.ready(maximum_taken)), again_ready

    def valids(self):
        """``o.valid`` and ``row.valid``."""
        return self._numerators.valid[0], (self._totals or self._sums).valid[0]

    def shown(self):
        """The slices at ``o`` and at ``row``."""
        return self._numerators.item, (self._totals or self._sums).item

    def clock(self, valids, readies):
        """Clock edge."""
        entering = [
            self._entered[name] if valid and ready else None
            for name, valid, ready in zip(self.inputs, valids, self.ready(valids, readies), strict=True)
        ]
        _, maximum_taken = self._second_pass(valids, readies)
        maximum_ready, tree_ready = self._maximum.ready(maximum_taken), self._tree_ready(readies)
        summed = self._numerators.item if self._numerators.valid[1] and tree_ready else None
        found = self._running.item if self._running.valid[0] and maximum_ready else None
        sum_ready = self._sum_ready(readies)
        if self._totals is not None:
            self._totals.clock(self._sums.item if self._sums.valid[0] and sum_ready else None, readies[1])
        self._sums.clock(summed, sum_ready, feeds=self._ends_row)
        self._numerators.clock(entering[1], readies[0], tree_ready, feeds=lambda item: (True, True))
        self._maximum.clock(found, maximum_taken)
        self._running.clock(entering[0], maximum_ready, feeds=self._ends_row)
        for name, item in zip(self.inputs, entering, strict=True):
            self._entered[name] += item is not None


class BaselineSoftmaxTiming(CompleteTiming):
    """The complete baseline softmax: first pass, row buffer, second pass, row buffer, normalisation.

    Parameters
    ----------
    framing : Framing
        Data of all slices that will come in.
    config : BaselineConfig
    """

    def __init__(self, framing: Framing, config: BaselineConfig):
        self._entrance = Entrance(framing)
        self._scores, self._numerators = RowBufferTiming(config.score_depth), RowBufferTiming(config.numerator_depth)
        super().__init__(
            BaselineUnnormedTiming(framing.last, config),
            {"score buffer": self._scores, "numerator buffer": self._numerators},
            NormalizationTiming(framing.last, config.row_latency, config.slice_latency),
        )

    def _between(self, valids, readies):
        """Handshakes before the clock edge: ``(valids, readies)`` of each part, and whether a slice can enter."""
        numerator_valid, sum_valid = self._unnormed.valids()
        normalization = (self._numerators.valids()[0], sum_valid), readies
        buffered_ready, row_ready = self._normalization.ready(*normalization)
        numerators = (numerator_valid,), (buffered_ready,)
        unnormed_out = self._numerators.ready(*numerators)[0], row_ready
        buffered = self._scores.valids()[0]
        first_ready, again_ready = self._unnormed.ready((False, buffered), unnormed_out)
        buffer_ready = self._scores.ready((False,), (again_ready,))[0]
        offered = valids[0] and self._entrance.keeps
        unnormed = (offered and buffer_ready, buffered), unnormed_out
        scores = (offered and first_ready,), (again_ready,)
        can_enter = (first_ready and buffer_ready) or not self._entrance.keeps
        return unnormed, scores, numerators, normalization, can_enter

    def ready(self, valids, readies):
        """``i.ready``."""
        return (self._between(valids, readies)[-1],)

    def clock(self, valids, readies):
        """Clock edge."""
        *handshakes, can_enter = self._between(valids, readies)
        self._clock_parts(handshakes)
        if valids[0] and can_enter:
            self._entrance.take()
