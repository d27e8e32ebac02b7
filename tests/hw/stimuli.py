"""Traces of each unit under random rows and waves, and what must hold of every one of them."""

from __future__ import annotations

import numpy as np

from softermax.hw import NormalizationUnit, Softermax, UnnormedSoftmaxUnit
from softermax.model import SoftermaxConfig
from softermax.sim.amaranth_bench import find_mismatches, observe_in_amaranth
from softermax.sim.softermax_trace import normalization_trace, softermax_trace, unnormed_trace
from softermax.sim.trace import Trace
from softermax.sim.traffic import bursty, random_rows, rows_to_slices

from .handshakes import broken_promises

TRACES = {UnnormedSoftmaxUnit: unnormed_trace, NormalizationUnit: normalization_trace, Softermax: softermax_trace}


def back_to_back(unit, config: SoftermaxConfig, rows, **waves) -> Trace:
    """A trace of rows, (raw, mask) each, at full speed but for the streams with a wave."""
    return TRACES[unit](rows_to_slices(rows, config), config, waves, np.random.default_rng(0))


def random_trace(unit, config: SoftermaxConfig, seed: int) -> Trace:
    """A trace of difficult rows; each stream runs at full speed or under a random wave."""
    rng = np.random.default_rng(seed)
    slices = rows_to_slices(random_rows(rng, config, 12), config)
    waves = {stream: bursty(rng, 101 + place) for place, stream in enumerate(("i", "row", "o")) if rng.random() < 0.7}
    return TRACES[unit](slices, config, waves, rng)


def constant_rows(config: SoftermaxConfig, slices: int, rows: int):
    """Rows of ``slices`` full slices, as many as ``rows``."""
    n = slices * config.lanes
    return [(np.zeros(n, np.int16), np.ones(n, bool))] * rows


def check(unit, config: SoftermaxConfig, trace: Trace):
    """Play a trace: every output on every cycle is as expected, and every output stream keeps its contract."""
    seen = observe_in_amaranth(unit(config), trace.inputs)
    assert find_mismatches(trace, seen)[:3] == []
    for port in seen:
        if port.endswith("__payload"):
            assert broken_promises(trace.inputs, seen, port.removesuffix("__payload")) == []
