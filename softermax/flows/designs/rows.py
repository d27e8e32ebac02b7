"""Traffic of rows: stimuli of a softmax unit, slices of scores or of another unit's results."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from softermax.model.shape import RowShape
from softermax.sim.corners import interruptions, overlong_rows
from softermax.sim.cosim import CosimResult
from softermax.sim.coverage.collect import collect
from softermax.sim.coverage.coverpoints import Coverage
from softermax.sim.coverage.replay import Run
from softermax.sim.row_stimuli import encode_rows
from softermax.sim.soak.rows import RowBatches
from softermax.sim.stimuli import WORD
from softermax.sim.trace import RESET_CYCLES, Trace, cut_by_reset
from softermax.sim.traffic import Rows, bursty, random_rows, rows_to_slices
from softermax.sim.unit_models import UnitModel

from .captured import LONGEST, check_tokens, distinct, real_rows, rows_of_length
from .traffic import EnergyStimuli, Example, SupportsTraffic, Traffic

__all__ = ["CUT", "LATENCY_OF_A_ROW", "RowTraffic"]

#: Behaviour of a complete softmax for rows that are too long, and its latency.
CUT = "It is cut there: the slices beyond are dropped, up to that with last, and all its results say overlong."
LATENCY_OF_A_ROW = "from the last slice of a row to its first probabilities"

#: Random difficult rows that are mixed with the real ones.
DIFFICULT_ROWS = 300
#: As many of them are played again and again, each time broken off within so many cycles.
INTERRUPTED_ROWS, INTERRUPTED_CYCLES = 40, 800
#: Resets at random cycles, and one after the other, beside those where most waits.
RESETS = 16
#: In how many of the cycles a slow sink takes.
SLOW = 0.2
#: Rows of the longest length that are played back to back.
FULL_SPEED_ROWS = 100
#: Parts of the longest row that rows of an example have; of rows for corners, the first too long one and one after it.
EIGHTHS, OVERLONG = 8, slice(2, 4)
#: Every stream that a softmax unit may have.
STREAMS = ("i", "row", "o", "again")
#: Rows in each trace for energy; cycles after which they have filled every pipeline, and cycles whose glitches count.
ENERGY_ROWS, FILLED, SAMPLED = 10, 12, 12


@dataclass(frozen=True, kw_only=True)
class RowTraffic(Traffic):
    """Traffic of rows.

    Attributes
    ----------
    model : UnitModel
        Model of the unit.
    count : callable or None
        Counts the coverage of a run: (Coverage, Run, config) -> None.
    further : callable or None
        Further traces: (config, seed) -> list of Trace.
    """

    model: UnitModel
    count: Callable[[Coverage, Run, RowShape], None] | None = None
    further: Callable[[RowShape, int], list[Trace]] | None = None
    unbroken: bool = True

    @property
    def has_coverage(self) -> bool:
        """Whether there is somebody to count."""
        return self.count is not None

    def check(self, point: SupportsTraffic):
        """A FlowError if no shipped row is short enough."""
        real_rows(point.config.max_len)

    def traces(self, point: SupportsTraffic, seed: int, every: int = 1) -> tuple[list[Trace], dict]:
        """Real rows and difficult ones, in five traces.

        One slice by itself, whose way through the unit takes its latency. Rows of the longest length back to back at
        full speed, which give the throughput. All the rows under seeded gaps and backpressure. Overlong rows before a
        sink so slow that everything is full. At last difficult rows that one reset after another breaks off, and the
        rows at full speed again.
        """
        config, rng = point.config, np.random.default_rng(seed)
        rows, difficult, overlong = _rows(point, rng)
        rows, difficult = rows[::every], difficult[::every]
        longest = [row for row in rows if len(row[0]) == max(len(raw) for raw, _ in rows)][:FULL_SPEED_ROWS]
        everything = [*rows, *difficult]
        permits = {stream: bursty(rng, 4099 + place) for place, stream in enumerate(STREAMS)}
        slow = {"o": rng.random(997) < SLOW}
        single = self._trace(config, _first_slice(rows, config.lanes), {}, rng)
        at_full_speed = self._trace(config, longest, {}, rng)
        interrupted = self._trace(config, difficult[:INTERRUPTED_ROWS], permits, rng)
        resets = cut_by_reset(interrupted, interruptions(rng, interrupted, INTERRUPTED_CYCLES, RESETS), at_full_speed)
        stalled, cut = (self._trace(config, *played, rng) for played in ((everything, permits), (overlong, slow)))
        slices = sum(-(-len(raw) // config.lanes) for raw, _ in everything)
        return [single, at_full_speed, stalled, cut, resets], {"rows": len(everything), "slices": slices}

    def random_trace(self, point: SupportsTraffic, rng: np.random.Generator, rows: int) -> Trace:
        """See :meth:`Traffic.random_trace`."""
        config = point.config
        made = random_rows(rng, config, rows, config.arithmetic.score(config))
        permits = {stream: bursty(rng, 101 + place) for place, stream in enumerate(STREAMS)}
        return self._trace(config, point.stimuli.vary(rng, config, made), permits, rng)

    def example(self, point: SupportsTraffic) -> Example:
        """Real rows of several lengths, of up to the longest; and random ones, one of them too long."""
        config, longest = point.config, min(point.config.max_len, LONGEST)
        lengths = sorted({-(-longest * part // EIGHTHS) for part in (1, 3, 5, EIGHTHS)})
        real = [rows_of_length(config, length)[place * length // len(lengths)] for place, length in enumerate(lengths)]
        score = config.arithmetic.score(config)
        overlong = encode_rows(overlong_rows(np.random.default_rng(1), config, score)[OVERLONG], config)
        streams = self.model.streams(rows_to_slices([*real, *overlong], config), config)
        title = f"{len(real)} rows of real attention scores, {lengths[0]} to {longest} long, and one that is too long"
        return Example(title=title, sources=streams.sources, sinks=streams.sinks)

    def further_traces(self, point: SupportsTraffic, seed: int) -> list[Trace]:
        """Traces of ``further``."""
        return [] if self.further is None else self.further(point.config, seed)

    def measured(self, traces: Sequence[Trace], results: Sequence[CosimResult]) -> dict:
        """``latency`` in clock cycles, of the first trace, and ``throughput`` in slices per cycle, of the second."""
        return {"latency": _latency(traces[0], results[0]), "throughput": _throughput(results[1])}

    def coverage(self, point: SupportsTraffic, seed: int, traces, right) -> Coverage | None:
        """See :meth:`Traffic.coverage`."""
        if not self.has_coverage:
            return None
        covered = Coverage()
        for trace, counts in zip(traces, right, strict=True):
            if counts:
                covered.merge(collect(self.count, point.config, trace))
        return covered

    def energy_stimuli(self, point: SupportsTraffic, tokens: int) -> EnergyStimuli:
        """Rows back to back, different ones as far as there are so many."""
        check_tokens(tokens, point.config.max_len)
        rng = np.random.default_rng(1)
        rows = rows_of_length(point.config, tokens)
        order = distinct(rng, len(rows), (WORD, ENERGY_ROWS))
        traces = [self.full_speed_trace(point.config, [rows[n] for n in some], rng) for some in order]
        return EnergyStimuli(traces, RESET_CYCLES, range(FILLED, FILLED + SAMPLED), WORD * ENERGY_ROWS)

    def batches(self, point: SupportsTraffic) -> RowBatches:
        """See :meth:`Traffic.batches`."""
        return RowBatches(self.model, point.config, point.stimuli)

    def full_speed_trace(self, config: RowShape, rows: Rows, rng: np.random.Generator) -> Trace:
        """A trace of rows of words back to back at full speed."""
        return self._trace(config, rows, {}, rng)

    def _trace(self, config: RowShape, rows: Rows, permits, rng: np.random.Generator) -> Trace:
        return self.model.trace(rows_to_slices(rows, config), config, permits, rng)


def _rows(point: SupportsTraffic, rng: np.random.Generator) -> tuple[Rows, Rows, Rows]:
    """Real rows, difficult ones and overlong ones, as words."""
    config, stimuli = point.config, point.stimuli
    rows, score = real_rows(config.max_len), config.arithmetic.score(config)
    difficult, overlong = random_rows(rng, config, DIFFICULT_ROWS, score), overlong_rows(rng, config, score)
    directed = stimuli.directed_rows(rng, config)
    varied = stimuli.vary(rng, config, difficult)
    return encode_rows(rows, config), [*varied, *encode_rows(directed, config)], encode_rows(overlong, config)


def _first_slice(rows: Rows, lanes: int) -> Rows:
    raw, mask = rows[0]
    return [(raw[:lanes], mask[:lanes])]


def _latency(trace: Trace, result: CosimResult) -> int | None:
    """From the first cycle in which the sources offer, to that in which the sink takes."""
    offered = trace.inputs["i__valid"].index(1, trace.inputs["rst"].index(0))
    return result.moves["o"][0] - offered if result.moves["o"] else None


def _throughput(result: CosimResult) -> float | None:
    moves = result.moves["o"]
    return (len(moves) - 1) / (moves[-1] - moves[0]) if len(moves) > 1 else None
