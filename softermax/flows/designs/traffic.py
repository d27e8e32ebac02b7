"""Traffic: what a kind of unit is played, and what is measured of the unit meanwhile."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from softermax.sim.cosim import CosimResult
from softermax.sim.coverage.coverpoints import Coverage
from softermax.sim.row_stimuli import RowStimuli
from softermax.sim.soak.soak import Batches
from softermax.sim.streams import PackedStream
from softermax.sim.trace import Trace

from ..errors import FlowError

__all__ = ["EnergyStimuli", "Example", "SupportsTraffic", "Traffic"]


class SupportsTraffic(Protocol):
    """Attributes that traffic reads from a design point.

    Attributes
    ----------
    config, softmax_config
        Config of the unit, and of its softmax.
    stimuli : RowStimuli
        Stimuli of its design.
    """

    config: object
    softmax_config: object
    stimuli: RowStimuli


@dataclass(frozen=True)
class EnergyStimuli:
    """Traces and what counts of them.

    Attributes
    ----------
    traces : sequence of Trace
        A multiple of 64.
    counted_from : int
        First cycle whose energy counts.
    sample : range
        Cycles in which glitches are counted.
    rows : int
        Rows of all traces together.
    """

    traces: Sequence[Trace]
    counted_from: int
    sample: range
    rows: int


@dataclass(frozen=True, kw_only=True)
class Example:
    """Items at the ports of a unit, few enough for a file that people read.

    Attributes
    ----------
    title : str
        Description in words.
    sources, sinks : dict of str to PackedStream
        Items of the streams, by name.
    packets : dict of str to int
        Numbers in each packet of the streams whose payloads do not say where a row ends.
    writes : sequence of (int, int)
        Address and data of the registers to be written before.
    start : (int, int) or None
        The one to be written when all of ``loaded`` has been taken.
    loaded : tuple of str
        Sources.
    """

    title: str
    sources: dict[str, PackedStream]
    sinks: dict[str, PackedStream]
    packets: dict[str, int] = field(default_factory=dict)
    writes: Sequence[tuple[int, int]] = ()
    start: tuple[int, int] | None = None
    loaded: tuple[str, ...] = ()


class Traffic(ABC):
    """A kind of traffic.

    Attributes
    ----------
    unbroken : bool
        Whether the unit must give a slice in every cycle at full speed.
    """

    unbroken: bool

    @property
    def has_coverage(self) -> bool:
        """Whether :meth:`coverage` counts anything."""
        return True

    @abstractmethod
    def traces(self, point: SupportsTraffic, seed: int, every: int = 1) -> tuple[list[Trace], dict]:
        """Traces that a unit is verified by, and how much they hold: ``rows``, and ``slices`` or ``heads``.

        Parameters
        ----------
        seed : int
            For gaps, backpressure, and random rows.
        every : int
            Play one row, or head, of so many: for netlists, which simulators play slowly.
        """

    @abstractmethod
    def check(self, point: SupportsTraffic):
        """A FlowError if there is nothing to make :meth:`traces` of."""

    @abstractmethod
    def random_trace(self, point: SupportsTraffic, rng: np.random.Generator, rows: int) -> Trace:
        """A short trace of so many random rows, under random gaps and backpressure."""

    def further_traces(self, point: SupportsTraffic, seed: int) -> list[Trace]:
        """Traces that no unit before this one can cause, and that it has to take all the same."""
        return []

    def example(self, point: SupportsTraffic) -> Example:
        """A few real rows, or a head, and what the golden model makes of them; a FlowError if there are none."""
        raise FlowError("the unit has no testbench: its design has no example of its traffic")

    @abstractmethod
    def measured(self, traces: Sequence[Trace], results: Sequence[CosimResult]) -> dict:
        """Fields of the unit's speed, from the simulation of :meth:`traces`."""

    @abstractmethod
    def coverage(
        self, point: SupportsTraffic, seed: int, traces: Sequence[Trace], right: Sequence[bool]
    ) -> Coverage | None:
        """Coverage of the :meth:`traces` that were played without a mismatch; None for a unit without coverage."""

    @abstractmethod
    def energy_stimuli(self, point: SupportsTraffic, tokens: int) -> EnergyStimuli:
        """Traces over real rows of a length.

        Raises
        ------
        FlowError
            If ``tokens`` is not from 1 to the smaller of ``max_len`` and 1024.
        """

    @abstractmethod
    def batches(self, point: SupportsTraffic) -> Batches:
        """Batches of any number of slices, for a soak."""
