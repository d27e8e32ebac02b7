"""Verification of a design point: co-simulation of its Verilog on real attention scores."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from softermax.model import Q, SoftermaxConfig
from softermax.model.baseline import BaselineConfig
from softermax.model.binary16 import from_fixed
from softermax.sim.attention import AttentionHead, first_tokens, load_heads
from softermax.sim.baseline_trace import (
    baseline_normalization_trace,
    baseline_softmax_trace,
    baseline_unnormed_trace,
)
from softermax.sim.corners import binary16_rows, interruptions, overlong_rows
from softermax.sim.cosim import CosimResult, cosimulate
from softermax.sim.softermax_trace import (
    invented_normalization_trace,
    normalization_trace,
    softermax_trace,
    unnormed_trace,
)
from softermax.sim.summed_rows import summed_rows
from softermax.sim.trace import Trace, cut_by_reset
from softermax.sim.traffic import bursty, random_rows, rows_to_slices

from ..design_points import DesignPoint
from ..errors import FlowError
from .heads import heads_traces
from .scores import softmax_heads

__all__ = [
    "LONGEST",
    "TRACES",
    "compared",
    "full_speed_trace",
    "heads_of_length",
    "real_rows",
    "row_traces",
    "rows_of_length",
    "standard_traces",
    "verify",
]

#: The functions that make each unit's traces, for each kind of config.
TRACES = {
    SoftermaxConfig: {
        "unnormed": unnormed_trace,
        "normalization": normalization_trace,
        "softermax": softermax_trace,
    },
    BaselineConfig: {
        "unnormed": baseline_unnormed_trace,
        "normalization": baseline_normalization_trace,
        "softermax": baseline_softmax_trace,
    },
}

#: Format of the shipped scores.
SHIPPED = Q(6, 2)

#: Rows made to be difficult that are mixed with the real ones.
DIFFICULT_ROWS = 300
#: As many of them are played again and again, each time broken off within so many cycles.
INTERRUPTED_ROWS, INTERRUPTED_CYCLES = 40, 800
#: Resets at random cycles, and one after the other, beside those where most waits.
RESETS = 16
#: Slices of a Normalization Unit that are made up.
INVENTED_SLICES = 6000
#: In how many of the cycles a slow sink takes.
SLOW = 0.2

#: Tokens of the longest captured heads, a decoder's, whose first tokens are real heads of any shorter length.
LONGEST = 1024

#: Rows of the longest length that are played back to back.
FULL_SPEED_ROWS = 100


def verify(point: DesignPoint, verilog: Path, build_dir: Path, *, seed: int, simulator: str, every: int = 1) -> dict:
    """Play real attention into a unit's Verilog, RTL or a netlist, and compare every output port on every clock cycle.

    Parameters
    ----------
    seed, every : int
        For :func:`standard_traces`, which are played.
    simulator : str
        One of :data:`softermax.sim.cosim.SIMULATORS`.

    Returns
    -------
    dict
        Of a softmax unit ``latency`` in clock cycles and ``throughput`` in slices per cycle, both as measured; ``rows``
        and what else is played; ``cycles_compared``, ``mismatches`` and ``first_mismatch``.
    """
    traces, contents = standard_traces(point, seed, every)
    results = cosimulate(verilog, point.name, traces, build_dir, simulator=simulator)
    measured = {}
    if point.unit != "pe":
        measured = {"latency": _latency(traces[0], results[0]), "throughput": _throughput(results[1])}
    return measured | contents | compared(results)


def standard_traces(point: DesignPoint, seed: int, every: int = 1) -> tuple[list[Trace], dict]:
    """The traces that a unit is verified by, and how much they hold: ``rows``, and ``slices`` or ``heads``.

    Those of :func:`row_traces`. The Normalization Unit of Softermax also gets what no Unnormed Softmax Unit makes of
    any rows, and it has to take all the same. Parameters as there.
    """
    traces, contents = row_traces(point, seed, every)
    if point.unit == "normalization" and isinstance(point.config, SoftermaxConfig):
        rng = np.random.default_rng((seed, INVENTED_SLICES))
        last = rng.random(INVENTED_SLICES) < 0.5
        last[-1] = True
        waves = {stream: bursty(rng, 4099 + place) for place, stream in enumerate(("i", "row", "o"))}
        traces.append(invented_normalization_trace(last, point.config, waves, rng))
    return traces, contents


def row_traces(point: DesignPoint, seed: int, every: int = 1) -> tuple[list[Trace], dict]:
    """Traces of rows of scores, or of whole heads, and how much they hold: ``rows``, and ``slices`` or ``heads``.

    A processing element gets whole heads, see :func:`softermax.flows.cosimulation.heads.heads_traces`; a softmax unit
    scores.

    One slice by itself, whose way through the unit takes its latency. Rows of the longest length back to back at full
    speed, which give the throughput. All the rows, real ones and difficult ones, under seeded gaps and backpressure.
    Overlong rows before a sink so slow that everything is full. At last difficult rows that one reset after another
    breaks off, and the rows at full speed again.

    Parameters
    ----------
    seed : int
        For gaps, backpressure, and what is made up.
    every : int
        Play one real row, and one difficult one, of so many, and of heads that part which is the shortest: for
        netlists, which simulators play slowly.
    """
    if point.unit == "pe":
        heads, traces = heads_traces(point, seed, every)
        return traces, {"heads": len(heads), "rows": sum(len(head.q) for head in heads)}
    rng = np.random.default_rng(seed)
    rows, difficult, overlong = _rows(point.config, rng)
    rows, difficult = rows[::every], difficult[::every]
    longest = [row for row in rows if len(row[0]) == max(len(raw) for raw, _ in rows)][:FULL_SPEED_ROWS]
    everything = [*rows, *difficult]
    waves = {stream: bursty(rng, 4099 + place) for place, stream in enumerate(("i", "row", "o", "again"))}
    slow = {"o": rng.random(997) < SLOW}

    def trace(some, waves) -> Trace:
        return TRACES[type(point.config)][point.unit](rows_to_slices(some, point.config), point.config, waves, rng)

    single, at_full_speed = trace(_single_slice(rows, point), {}), trace(longest, {})
    interrupted = trace(difficult[:INTERRUPTED_ROWS], waves)
    resets = cut_by_reset(interrupted, interruptions(rng, interrupted, INTERRUPTED_CYCLES, RESETS), at_full_speed)
    traces = [single, at_full_speed, trace(everything, waves), trace(overlong, slow), resets]
    return traces, {"rows": len(everything), "slices": sum(-(-len(raw) // point.lanes) for raw, _ in everything)}


def compared(results: Sequence[CosimResult]) -> dict:
    """How much has been compared, and what differed: ``cycles_compared``, ``mismatches``, ``first_mismatch``."""
    described = [mismatch for result in results for mismatch in result.described]
    return {
        "cycles_compared": sum(result.cycles for result in results),
        "mismatches": sum(result.mismatches for result in results),
        "first_mismatch": described[0] if described else None,
    }


def _rows(config, rng: np.random.Generator):
    """The real rows, difficult ones and overlong ones, as the config's units take them."""
    rows = real_rows(config.max_len)
    input = config.input if isinstance(config, SoftermaxConfig) else SHIPPED
    difficult, overlong = random_rows(rng, config, DIFFICULT_ROWS, input), overlong_rows(rng, config, input)
    summed = summed_rows(rng, config, input)
    if isinstance(config, SoftermaxConfig):
        return rows, [*difficult, *summed], overlong
    difficult = binary16_rows(rng, config, difficult, SHIPPED.fraction_bits)
    return _in_binary16(rows), [*difficult, *_in_binary16(summed)], _in_binary16(overlong)


def _in_binary16(rows) -> list[tuple[np.ndarray, np.ndarray]]:
    return [(from_fixed(raw, SHIPPED.fraction_bits), mask) for raw, mask in rows]


def real_rows(max_len: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """The shipped attention scores, (raw, mask) of each row that a unit for ``max_len`` elements takes.

    Raises
    ------
    FlowError
        If ``max_len`` is shorter than the shortest shipped row.
    """
    heads = softmax_heads(max_len)
    if not heads:
        raise FlowError(f"max_len must be 16 or more to verify on the shipped attention scores, not {max_len}")
    return [row for head in heads for row in zip(head.scores, head.keep, strict=True)]


def heads_of_length(length: int) -> list[AttentionHead]:
    """The longest captured heads, cut to a length of 1 to :data:`LONGEST` tokens."""
    return [first_tokens(head, length) for head in load_heads() if head.tokens == LONGEST]


def rows_of_length(config, length: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Real rows of any one length, (raw, mask) as the config's units take them: of the longest heads, cut.

    Parameters
    ----------
    length : int
        Elements of a row, 1 to the smaller of ``config.max_len`` and :data:`LONGEST`; there are no rows of another.

    Returns
    -------
    list of tuple of ndarray
        ``length`` rows of each head, one head after the other, nothing masked: raw Q(6,2) scores in units of 1/4, int8,
        or for the baseline the same numbers in binary16; the mask of bool; both of shape (length,).
    """
    if not 1 <= length <= min(config.max_len, LONGEST):
        return []
    rows = [row for head in heads_of_length(length) for row in zip(head.scores, head.keep, strict=True)]
    return _in_binary16(rows) if isinstance(config, BaselineConfig) else rows


def full_speed_trace(point: DesignPoint, rows, rng: np.random.Generator) -> Trace:
    """A trace of a softmax unit over some rows, back to back at full speed."""
    return TRACES[type(point.config)][point.unit](rows_to_slices(rows, point.config), point.config, {}, rng)


def _single_slice(rows, point: DesignPoint):
    raw, mask = rows[0]
    return [(raw[: point.lanes], mask[: point.lanes])]


def _latency(trace: Trace, result: CosimResult) -> int | None:
    """From the first cycle in which the sources offer, to that in which the sink takes."""
    offered = trace.inputs["i__valid"].index(1, trace.inputs["rst"].index(0))
    return result.moves["o"][0] - offered if result.moves["o"] else None


def _throughput(result: CosimResult) -> float | None:
    moves = result.moves["o"]
    return (len(moves) - 1) / (moves[-1] - moves[0]) if len(moves) > 1 else None
