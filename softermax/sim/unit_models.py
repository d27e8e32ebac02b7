"""A softmax unit as benches see it: what its streams carry, and on which clock cycle."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import singledispatch

import numpy as np

from softermax.model.framing import Framing
from softermax.model.shape import RowShape

from .streams import UnitStreams
from .trace import Trace, record

__all__ = ["UnitModel", "softmax_model"]


@dataclass(frozen=True)
class UnitModel:
    """The value model and the timing model of a softmax unit, over slices of rows.

    Attributes
    ----------
    streams : callable
        (slices, config) -> UnitStreams; slices as :func:`softermax.sim.traffic.rows_to_slices` makes them.
    timing : callable
        (Framing, config) -> timing model, with the contract of :mod:`softermax.model.timing`.
    """

    streams: Callable[[tuple, object], UnitStreams]
    timing: Callable[[Framing, object], object]

    def trace(self, slices, config, permits: dict[str, np.ndarray], rng: np.random.Generator) -> Trace:
        """Every port of the unit on every clock cycle, as the models predict them.

        Parameters
        ----------
        slices : tuple of ndarray
            ``x``, ``keep`` and ``last``.
        config : RowShape or str
            Or the name of a preset.
        permits : dict of str to ndarray of bool
            Permissions of the streams by name, a value a cycle, repeated; a stream without is always allowed.
        rng : numpy.random.Generator
            For what is driven where nothing is offered.
        """
        config = RowShape.of(config)
        return self.trace_of(self.streams(slices, config), config, permits, rng)

    def trace_of(self, streams: UnitStreams, config, permits: dict[str, np.ndarray], rng: np.random.Generator) -> Trace:
        """The same, of streams. Parameters as for :meth:`trace`."""
        return record(self.timing(streams.framing, config), streams.sources, streams.shown, permits, rng)


@singledispatch
def softmax_model(config) -> UnitModel:
    """The models of the complete softmax of a config; each kind registers its own.

    Raises
    ------
    TypeError
        If nothing is registered for configs of this type.
    """
    raise TypeError(f"config must be one with a bench, such as a SoftermaxConfig, not {config!r}")
