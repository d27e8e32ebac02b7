"""Coverage of a processing element from its traces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from softermax.model.baseline import BaselineConfig
from softermax.model.pe import Head
from softermax.model.pe_config import ProcessingElementConfig
from softermax.model.pe_host_timing import Access

from ..pe_trace import processing_element_timing
from ..trace import Trace
from .flow import FLOW, FlowView
from .pe import PROCESSING_ELEMENT, HeadsView
from .points import Coverage
from .replay import Occupancy, Run, replay, split

__all__ = ["collect_heads"]


def collect_heads(config: ProcessingElementConfig, heads: Sequence[Head], trace: Trace) -> Coverage:
    """What a trace of a processing element covers.

    Parameters
    ----------
    heads : sequence of Head
        That the trace was made of; each of its runs begins with the first.
    trace : Trace
        One that was played without a mismatch.

    Raises
    ------
    CoverageError
        If the trace is not one of these heads.
    """
    coverage = Coverage()
    for run in split(trace):
        _count(coverage, config, heads, run)
    return coverage


def _count(coverage: Coverage, config: ProcessingElementConfig, heads: Sequence[Head], run: Run):
    timing, _ = processing_element_timing(heads, config)
    columns = (run.others[f"csr__{port}"] for port in ("address", "read_strobe", "write_strobe", "write_data"))
    accesses = [Access(a, bool(r), bool(w), data) for a, r, w, data in zip(*columns, strict=True)]
    busy = []

    def access(timing, cycle):
        timing.access = accesses[cycle]
        busy.append(timing.busy)

    occupancy = _of_one_kind(replay(timing, run, access), config)
    busy = np.array([*busy, timing.busy], bool)
    finished = int(((~busy[1:]) & busy[:-1]).sum())
    coverage.count(FLOW, FlowView(run, occupancy, _depths(config)))
    reuses = [False, *(head.k is before.k for before, head in pairwise(heads))]
    view = HeadsView(
        heads=heads[:finished],
        reuses=reuses,
        accesses=accesses,
        busy=busy,
        read_data=run.others["csr__read_data"],
        steps=timing.steps,
        occupancy=occupancy,
        broken_off=run.broken_off,
        config=config,
    )
    coverage.count(PROCESSING_ELEMENT, view)


def _depths(config: ProcessingElementConfig) -> dict[str, int]:
    """Of the memories of the softmax's row buffers."""
    softmax = config.softmax
    if isinstance(softmax, BaselineConfig):
        return {"score buffer": softmax.score_depth - 1, "numerator buffer": softmax.numerator_depth - 1}
    return {"buffer": softmax.buffer_depth - 1}


def _of_one_kind(occupancy: Occupancy, config: ProcessingElementConfig) -> Occupancy:
    """Without values, the requantiser feeds one stream only."""
    if config.values:
        return occupancy
    items = {
        name.removesuffix(", stream 1"): held
        for name, held in occupancy.items.items()
        if name != "requantiser, stream 2"
    }
    return replace(occupancy, chains=occupancy.chains | {"requantiser": ["requantiser"]}, items=items)
