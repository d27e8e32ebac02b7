"""Traffic of heads: what a processing element is played, queries, keys and values of whole attention heads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from softermax.model.pe import Head, Register
from softermax.model.pe_config import ProcessingElementConfig
from softermax.sim.attention import AttentionHead, load_heads
from softermax.sim.built_heads import built_heads, chosen_heads, random_heads
from softermax.sim.corners import interruptions, standstills
from softermax.sim.cosim import CosimResult
from softermax.sim.coverage.collect_pe import collect_heads
from softermax.sim.coverage.coverpoints import Coverage
from softermax.sim.pe_trace import processing_element_streams, processing_element_trace, real_head
from softermax.sim.soak.heads import HeadBatches
from softermax.sim.stimuli import WORD
from softermax.sim.trace import Trace, cut_by_reset
from softermax.sim.traffic import bursty

from ..errors import FlowError
from .captured import check_tokens, heads_of_length
from .traffic import EnergyStimuli, Example, SupportsTraffic, Traffic

__all__ = ["HeadTraffic", "played_heads"]

#: Tokens of the longest heads that are also played under gaps, which take several times the cycles.
GAPS_UP_TO = 200
#: Interval: one in so many directed rows becomes a row of a head.
DIRECTED_EVERY = 2
#: Resets break heads off within so many cycles.
INTERRUPTED_CYCLES = 2000
#: Rows of a random head, about.
ROWS_OF_RANDOM_HEADS = 4
#: Rows in each trace for energy, and cycles whose glitches count.
ENERGY_ROWS, SAMPLED = 6, 8


@dataclass(frozen=True)
class HeadTraffic(Traffic):
    """Traffic of whole attention heads."""

    unbroken: bool = False

    def check(self, point: SupportsTraffic):
        """A FlowError if no captured head is short enough."""
        _captured(point.config)

    def traces(self, point: SupportsTraffic, seed: int, every: int = 1) -> tuple[list[Trace], dict]:
        """The captured heads that the point takes, or the shortest of them, one of ``every``, in three traces.

        All captured heads back to back at full speed. Built ones, broken off by one reset after another and then whole,
        with half the queries that could be taken, and a sink that stands still until everything is full. At last the
        shorter captured ones and the built ones under seeded gaps and backpressure. In all but the first, the host
        accesses registers whenever it likes and starts when it must not.

        Raises
        ------
        FlowError
            If no head is short enough.
        """
        config = point.config
        captured, built, difficult = played_heads(point, seed, every)
        rng = np.random.default_rng(seed)
        permits = {stream: bursty(rng, 4099 + place) for place, stream in enumerate("kqov")}
        filling = permits | {"q": rng.random(997) < 0.5, "o": standstills(rng, 40)}
        full = processing_element_trace(built, config, filling, rng, difficult=True)
        resets = cut_by_reset(full, interruptions(rng, full, INTERRUPTED_CYCLES, number=4), full)
        stalled = processing_element_trace(difficult, config, permits, rng, difficult=True)
        contents = {"heads": len(captured), "rows": sum(len(head.q) for head in captured)}
        return [processing_element_trace(captured, config, {}, rng), resets, stalled], contents

    def random_trace(self, point: SupportsTraffic, rng: np.random.Generator, rows: int) -> Trace:
        """See :meth:`Traffic.random_trace`; of heads of a few rows each."""
        longest = min(2 * ROWS_OF_RANDOM_HEADS, point.config.max_len)
        heads = random_heads(rng, point.config, max(rows // ROWS_OF_RANDOM_HEADS, 1), longest)
        permits = {stream: bursty(rng, 101 + place) for place, stream in enumerate("kqov")}
        return processing_element_trace(heads, point.config, permits, rng, difficult=True)

    def example(self, point: SupportsTraffic) -> Example:
        """The smallest captured head."""
        config = point.config
        captured = min(_captured(config), key=lambda head: head.q.size)
        head = real_head(captured, config)
        streams, _ = processing_element_streams([head], config)
        d_head = head.q.shape[1]
        return Example(
            title=f"a head of real attention of {len(head.q)} tokens and {d_head} elements",
            sources=streams.sources,
            sinks=streams.sinks,
            packets={"k": d_head, "q": d_head, "v": len(head.k)},
            writes=[(int(register), value) for register, value in head.settings().items()],
            start=(int(Register.CONTROL), 1),
            loaded=tuple(name for name in ("k", "v") if name in streams.sources),
        )

    def measured(self, traces: Sequence[Trace], results: Sequence[CosimResult]) -> dict:
        """Nothing: the speed of a processing element depends on its heads."""
        return {}

    def coverage(self, point: SupportsTraffic, seed: int, traces, right) -> Coverage:
        """See :meth:`Traffic.coverage`."""
        covered = Coverage()
        for trace, counts, heads in zip(traces, right, played_heads(point, seed), strict=True):
            if counts:
                covered.merge(collect_heads(point.config, heads, trace))
        return covered

    def energy_stimuli(self, point: SupportsTraffic, tokens: int) -> EnergyStimuli:
        """Heads with all of their keys and some queries; what counts begins with their start, after loading."""
        config = point.config
        check_tokens(tokens, config.max_len)
        rng = np.random.default_rng(1)
        heads = [real_head(captured, config) for captured in heads_of_length(tokens)]
        traces = []
        for number in range(WORD):
            head = heads[number % len(heads)]
            some = rng.permutation(tokens)[: min(ENERGY_ROWS, tokens)]
            traces.append(processing_element_trace([replace(head, q=head.q[some])], config, {}, rng))
        inputs = traces[0].inputs
        accesses = zip(inputs["csr__write_strobe"], inputs["csr__address"], inputs["rst"], strict=True)
        [start] = [n for n, access in enumerate(accesses) if access == (1, Register.CONTROL, 0)]
        # In the middle of the rows, when scores of one and the softmax of another are computed.
        middle = (start + traces[0].cycles) // 2
        return EnergyStimuli(traces, start, range(middle, middle + SAMPLED), WORD * len(some))

    def batches(self, point: SupportsTraffic) -> HeadBatches:
        """See :meth:`Traffic.batches`."""
        return HeadBatches(point.config)


def played_heads(point: SupportsTraffic, seed: int, every: int = 1) -> tuple[list[Head], list[Head], list[Head]]:
    """The heads of each of the traces of :class:`HeadTraffic`."""
    config = point.config
    captured = _captured(config)
    if every > 1:
        captured = sorted(captured, key=lambda head: head.tokens)[: -(-len(captured) // every)]
    heads = [real_head(head, config) for head in captured]
    rng = np.random.default_rng(seed)
    built = built_heads(rng, config)
    short = [head for head in heads if len(head.q) <= GAPS_UP_TO]
    return heads, built, [*short, *built, *_directed_heads(rng, point, every)]


def _captured(config: ProcessingElementConfig) -> list[AttentionHead]:
    """The captured heads that a processing element takes; a FlowError if there are none."""
    fitting = [head for head in load_heads() if head.tokens <= config.max_len]
    if not fitting:
        raise FlowError(f"max_len must be 16 or more to verify on the captured heads, not {config.max_len}")
    captured = [head for head in fitting if head.q.shape[1] <= config.max_d_head]
    if not captured:
        raise FlowError(f"max_d_head must be 32 or more to verify on the captured heads, not {config.max_d_head}")
    return captured


def _directed_heads(rng: np.random.Generator, point: SupportsTraffic, every: int) -> list[Head]:
    """Heads whose scores are short directed rows."""
    config: ProcessingElementConfig = point.config
    rows = point.stimuli.directed_rows(rng, point.softmax_config)
    short = [row for row in rows if len(row[0]) <= min(2 * config.lanes, config.max_len)]
    return chosen_heads(rng, config, short[:: DIRECTED_EVERY * every])
