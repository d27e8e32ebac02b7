"""Coverage of a processing element from its traces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from softermax.model.pe import Head
from softermax.model.pe_config import ProcessingElementConfig
from softermax.model.pe_host_timing import Access

from ..pe_trace import processing_element_timing
from ..trace import Trace
from .coverpoints import Coverage
from .flow import FLOW, FlowView
from .pe import PROCESSING_ELEMENT, HeadsView
from .replay import Occupancy, Run, replay, split

__all__ = ["collect_heads"]

#: Registers of a processing element that are covered here.
OWN = ("MAC", "requantiser", "converter", "result")


def collect_heads(config: ProcessingElementConfig, heads: Sequence[Head], trace: Trace) -> Coverage:
    """Coverage of a processing element's trace.

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

    occupancy = _own(replay(timing, run, access), config)
    busy = np.array([*busy, timing.busy], bool)
    finished = int(((~busy[1:]) & busy[:-1]).sum())
    coverage.count(FLOW, FlowView(run, occupancy, {}, _never_stalls(config)))
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


def _own(occupancy: Occupancy, config: ProcessingElementConfig) -> Occupancy:
    """The registers before the softmax, and those in which probabilities leave it: what is within has its own bench."""
    chains = {name: columns for name, columns in occupancy.chains.items() if name in OWN}
    items = {column: occupancy.items[column] for columns in chains.values() for column in columns}
    if config.values:
        # Probabilities of a row follow each other in every cycle, so there are no bubbles between them.
        results = chains.pop("result")
        chains |= {column: [column] for column in results}
    else:
        # The requantiser feeds one stream only.
        scores, context = chains["requantiser"]
        chains["requantiser"], items["requantiser"] = ["requantiser"], items[scores]
        del items[scores], items[context]
    return replace(occupancy, chains=chains, items=items)


def _never_stalls(config: ProcessingElementConfig) -> tuple[str, ...]:
    """With values, there is room in the softmax for all scores that are computed ahead of context: those of a row."""
    return ("requantiser, stream 1", "converter") if config.values else ()
