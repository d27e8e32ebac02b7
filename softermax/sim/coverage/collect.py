"""Coverage of a softmax unit from its traces."""

from __future__ import annotations

from collections.abc import Callable

from ..trace import Trace
from .coverpoints import Coverage
from .replay import Run, split

__all__ = ["collect"]


def collect(count: Callable[[Coverage, Run, object], None], config, trace: Trace) -> Coverage:
    """Coverage of a softmax unit's trace.

    Parameters
    ----------
    count : callable
        Counts a run of the unit: (coverage, run, config) -> None.
    config : RowShape
    trace : Trace
        One that was played without a mismatch.

    Raises
    ------
    CoverageError
        If the trace is not one of the unit with this config.
    """
    coverage = Coverage()
    for run in split(trace):
        count(coverage, run, config)
    return coverage
