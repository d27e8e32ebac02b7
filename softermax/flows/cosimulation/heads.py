"""Traces of a processing element at a design point: the captured heads, whole."""

from __future__ import annotations

import numpy as np

from softermax.model.pe import Head
from softermax.model.pe_config import ProcessingElementConfig
from softermax.sim.attention import load_heads
from softermax.sim.built_heads import built_heads, chosen_heads
from softermax.sim.corners import interruptions, standstills
from softermax.sim.pe_trace import processing_element_trace, real_head
from softermax.sim.summed_rows import summed_rows
from softermax.sim.trace import Trace, cut_by_reset
from softermax.sim.traffic import bursty

from ..design_points import DesignPoint
from ..errors import FlowError

__all__ = ["heads_traces", "played_heads"]

#: Tokens of the longest heads that are also played under gaps, which take several times the cycles.
GAPS_UP_TO = 200

#: Of rows for sums one of so many becomes a row of a head.
SUMMED_EVERY = 2

#: Resets break heads off within so many cycles.
INTERRUPTED_CYCLES = 2000


def heads_traces(point: DesignPoint, seed: int, every: int = 1) -> tuple[list[Head], list[Trace]]:
    """The captured heads that the point takes, or the shortest of them, one of ``every``, and three traces.

    All captured heads back to back at full speed. Built ones, broken off by one reset after another and then whole,
    with half the queries that could be taken, and a sink that stands still until everything is full. At last the
    shorter captured ones and the built ones under seeded gaps and backpressure. In all but the first, the host accesses
    registers whenever it likes and starts when it must not.

    Raises
    ------
    FlowError
        If no head is short enough.
    """
    config = point.hardware_config
    captured, built, difficult = played_heads(point, seed, every)
    rng = np.random.default_rng(seed)
    waves = {stream: bursty(rng, 4099 + place) for place, stream in enumerate("kqov")}
    filling = waves | {"q": rng.random(997) < 0.5, "o": standstills(rng, 40)}
    full = processing_element_trace(built, config, filling, rng, difficult=True)
    resets = cut_by_reset(full, interruptions(rng, full, INTERRUPTED_CYCLES, number=4), full)
    stalled = processing_element_trace(difficult, config, waves, rng, difficult=True)
    return captured, [processing_element_trace(captured, config, {}, rng), resets, stalled]


def played_heads(point: DesignPoint, seed: int, every: int = 1) -> tuple[list[Head], list[Head], list[Head]]:
    """The heads of each of the traces of :func:`heads_traces`."""
    config = point.hardware_config
    fitting = [head for head in load_heads() if head.tokens <= config.max_len]
    if not fitting:
        raise FlowError(f"max_len must be 16 or more to verify on the captured heads, not {config.max_len}")
    captured = [head for head in fitting if head.q.shape[1] <= config.max_d_head]
    if not captured:
        raise FlowError(f"max_d_head must be 32 or more to verify on the captured heads, not {config.max_d_head}")
    if every > 1:
        captured = sorted(captured, key=lambda head: head.tokens)[: -(-len(captured) // every)]
    heads = [real_head(head, config) for head in captured]
    rng = np.random.default_rng(seed)
    built = built_heads(rng, config)
    short = [head for head in heads if len(head.q) <= GAPS_UP_TO]
    return heads, built, [*short, *built, *_summed_heads(rng, config, every)]


def _summed_heads(rng: np.random.Generator, config: ProcessingElementConfig, every: int) -> list[Head]:
    """Heads whose scores are short rows for sums."""
    rows = summed_rows(rng, config.softmax, config.score)
    short = [row for row in rows if len(row[0]) <= min(2 * config.lanes, config.max_len)]
    return chosen_heads(rng, config, short[:: SUMMED_EVERY * every])
