"""Traces of each unit under random rows and permits, and what must hold of every one of them."""

from __future__ import annotations

import numpy as np

from softermax.hw import NormalizationUnit, SoftermaxUnit, UnnormedSoftmaxUnit
from softermax.hw.baseline import BaselineNormalizationUnit, BaselineSoftmax, BaselineUnnormedSoftmaxUnit
from softermax.model import SoftermaxConfig
from softermax.model.baseline import BaselineConfig
from softermax.model.binary16 import from_fixed
from softermax.sim import baseline_units, softermax_units
from softermax.sim.amaranth_bench import find_mismatches, observe_in_amaranth
from softermax.sim.trace import Trace
from softermax.sim.traffic import bursty, random_rows, rows_to_slices

from ..model.strategies import SPECIAL_BINARY16
from .handshakes import broken_promises

MODELS = {
    UnnormedSoftmaxUnit: softermax_units.UNNORMED,
    NormalizationUnit: softermax_units.NORMALIZATION,
    SoftermaxUnit: softermax_units.SOFTMAX,
    BaselineUnnormedSoftmaxUnit: baseline_units.UNNORMED,
    BaselineNormalizationUnit: baseline_units.NORMALIZATION,
    BaselineSoftmax: baseline_units.SOFTMAX,
}
#: Units of Softermax.
UNITS = (UnnormedSoftmaxUnit, NormalizationUnit, SoftermaxUnit)

#: Every stream that a unit may have.
STREAMS = ("i", "row", "o", "again")

Config = SoftermaxConfig | BaselineConfig


def make_trace(unit, rows, config: Config, permits, rng: np.random.Generator) -> Trace:
    """A trace of rows, (raw, mask) each."""
    return MODELS[unit].trace(rows_to_slices(rows, config), config, permits, rng)


def back_to_back(unit, config: Config, rows, **permits) -> Trace:
    """A trace of rows, (raw, mask) each, at full speed but for the streams with permits."""
    return make_trace(unit, rows, config, permits, np.random.default_rng(0))


def random_trace(unit, config: Config, seed: int, rows: int = 12) -> Trace:
    """A trace of difficult rows; each stream runs at full speed or under random permits."""
    rng = np.random.default_rng(seed)
    made = difficult_rows(rng, config, rows)
    permits = {stream: bursty(rng, 101 + place) for place, stream in enumerate(STREAMS) if rng.random() < 0.7}
    return make_trace(unit, made, config, permits, rng)


def difficult_rows(rng: np.random.Generator, config: Config, rows: int):
    """Rows of raw scores, (raw, mask) each: for the baseline the same ones, converted, with special values in some."""
    if isinstance(config, SoftermaxConfig):
        return random_rows(rng, config, rows)
    fixed = SoftermaxConfig.paper(lanes=config.lanes, max_len=config.max_len)
    return [(_to_binary16(rng, raw), mask) for raw, mask in random_rows(rng, fixed, rows)]


def _to_binary16(rng, raw):
    """Converted from Q(6,2), with all fraction bits in use, or with special values, or anything at all."""
    x = from_fixed(raw, 2)
    kind = rng.choice(["scores", "fractions", "finite", "special", "anything"], p=[0.3, 0.3, 0.2, 0.1, 0.1])
    if kind == "scores":
        return x
    if kind == "anything":
        return rng.integers(0, 1 << 16, x.shape).astype(np.uint16)
    x ^= np.where(x & 0x7FFF, rng.integers(0, 1 << 8, x.shape), 0).astype(np.uint16)
    if kind == "fractions":
        return x
    special = np.array(SPECIAL_BINARY16, np.uint16)
    if kind == "finite":
        special = special[special & 0x7C00 != 0x7C00]
    return np.where(rng.random(x.shape) < 0.2, rng.choice(special, x.shape), x)


def constant_rows(config: Config, slices: int, rows: int):
    """Rows of ``slices`` full slices, as many as ``rows``."""
    n = slices * config.lanes
    return [(np.zeros(n, np.int16), np.ones(n, bool))] * rows


def check(unit, config: Config, trace: Trace):
    """Play a trace: every output on every cycle is as expected, and every output stream keeps its contract."""
    seen = observe_in_amaranth(unit(config), trace.inputs)
    assert find_mismatches(trace, seen)[:3] == []
    for port in seen:
        if port.endswith("__payload"):
            assert broken_promises(trace.inputs, seen, port.removesuffix("__payload")) == []
