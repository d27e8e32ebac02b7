"""Timing model of a pipeline that is nothing but elastic registers one after the other."""

from __future__ import annotations

from .elastic import Chain
from .timing_model import Chains

__all__ = ["PipelineTiming"]


class PipelineTiming:
    """A chain of elastic registers from ``i`` to ``o``.

    Parameters
    ----------
    stages : int
        Number of registers.
    """

    inputs = ("i",)
    outputs = ("o",)

    def __init__(self, stages: int):
        self._chain = Chain(stages)
        self._entered = 0
        self.chains: Chains = {"stage": self._chain}
        self.levels: dict[str, int] = {}

    def ready(self, valids, readies):
        """``i.ready``."""
        return (self._chain.ready(*readies),)

    def valids(self):
        """``o.valid``."""
        return tuple(self._chain.valid)

    def shown(self):
        """The item at ``o``."""
        return (self._chain.item,)

    def clock(self, valids, readies):
        """Clock edge."""
        moves = valids[0] and self._chain.ready(*readies)
        self._chain.clock(self._entered if moves else None, *readies)
        self._entered += moves
