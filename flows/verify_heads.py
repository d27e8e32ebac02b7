"""Traces of a processing element at a design point: the captured heads, whole."""

from __future__ import annotations

import numpy as np

from softermax.model.pe import Head
from softermax.sim.attention import load_heads
from softermax.sim.built_heads import built_heads
from softermax.sim.corners import interruptions
from softermax.sim.pe_trace import processing_element_trace, real_head
from softermax.sim.trace import Trace, cut_by_reset
from softermax.sim.traffic import bursty

from .design_points import DesignPoint
from .errors import FlowError

__all__ = ["heads_traces", "played_heads"]

#: Tokens of the longest heads that are also played under gaps, which take several times the cycles.
GAPS_UP_TO = 200


def heads_traces(point: DesignPoint, seed: int, every: int = 1) -> tuple[list[Head], list[Trace]]:
    """The captured heads that the point takes, or the shortest of them, one of ``every``, and two traces of them.

    All heads back to back at full speed; then the shorter ones and built ones under seeded gaps and backpressure, by a
    host that accesses registers whenever it likes and starts when it must not, broken off by one reset after another
    and played again.

    Raises
    ------
    FlowError
        If no head is short enough.
    """
    config = point.hardware_config
    heads, difficult_heads = played_heads(point, seed, every)
    rng = np.random.default_rng(seed)
    waves = {stream: bursty(rng, 4099 + place) for place, stream in enumerate("kqov")}
    difficult = processing_element_trace(difficult_heads, config, waves, rng, difficult=True)
    resets = interruptions(rng, difficult, difficult.cycles // 30, number=4)
    broken_off = cut_by_reset(difficult, resets, difficult)
    return heads, [processing_element_trace(heads, config, {}, rng), broken_off]


def played_heads(point: DesignPoint, seed: int, every: int = 1) -> tuple[list[Head], list[Head]]:
    """The heads of each of the two traces of :func:`heads_traces`; the second ones begin with built ones."""
    config = point.hardware_config
    captured = [head for head in load_heads() if head.tokens <= config.max_len]
    if not captured:
        raise FlowError(f"max_len must be 16 or more to verify on the captured heads, not {config.max_len}")
    if every > 1:
        captured = sorted(captured, key=lambda head: head.tokens)[: -(-len(captured) // every)]
    heads = [real_head(head, config) for head in captured]
    shorter = [head for head in heads if len(head.q) <= GAPS_UP_TO]
    return heads, [*built_heads(np.random.default_rng(seed), config), *shorter]
