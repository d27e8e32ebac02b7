"""Soaking: batch after batch through a unit, each different, until so many slices have been compared."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from softermax.sim.streams import UnitStreams
from softermax.sim.traffic import bursty

from .bench import Batch, Error, Report, SoakBench, Step

__all__ = ["TRAFFIC", "Batches", "soak"]

#: How slices come and go: in rows of all lengths under random stalls, or in even rows back to back.
TRAFFIC = STALLS, FULL_SPEED = ("random stalls", "full speed")

#: Slices of a batch: from about the smallest to about the largest number, small ones more often.
SMALLEST, LARGEST = 100, 10_000
#: Cycles after which permits are repeated, about; each after another number.
PERMITS = 30_000
#: Longest standstill, one of these for each batch.
LONGEST = (5, 40, 400)
#: How many of the batches under random stalls are broken off, and of their streams how many do not stall.
BROKEN_OFF, NEVER_STALLED = 0.3, 0.1

MEANINGS = {
    Error.WRONG: "the payload is not the expected one",
    Error.LOST: "the item after the expected one has come, which is lost",
    Error.REPEATED: "the item before the expected one has come again",
    Error.MOVED: "the payload has changed while the item waited",
    Error.WITHDRAWN: "the item has gone while it waited",
    Error.SURPLUS: "something has come after the last item",
    Error.STUCK: "no stream moves any more",
    Error.REGISTER: "a register does not read as it should",
}
#: Errors that count as wrong; all others are lost, repeated or kept back.
WRONG = {Error.WRONG, Error.MOVED, Error.REGISTER}


class Batches(Protocol):
    """Maker of a unit's batches: its streams, and the steps of the host if it has registers."""

    def mixed(self, rng: np.random.Generator, slices: int) -> tuple[UnitStreams, Sequence[Step]]:
        """For random stalls: about so many slices, at least, in rows of all lengths."""

    def even(self, rng: np.random.Generator, slices: int) -> tuple[UnitStreams, Sequence[Step]]:
        """For full speed: about so many slices, at least, in rows of one length."""


def soak(bench: SoakBench, batches: Batches, traffic: str, slices: int, rng: np.random.Generator) -> dict:
    """Run batches until ``slices`` have been compared, or something is wrong.

    Parameters
    ----------
    traffic : str
        One of :data:`TRAFFIC`.

    Returns
    -------
    dict
        ``slices`` that have left the unit and been compared, the ``rows`` that ended with them; clock ``cycles``;
        ``moving_cycles`` from a batch's first slice at the output to its last; ``stalled_in`` and ``stalled_out``,
        cycles in which an item waited, summed over the inputs and over the outputs; ``resets`` that have broken a
        batch off; ``wrong`` and ``lost_or_repeated``, of which one is 1 if something is, and then ``first_error``.
    """
    totals = dict.fromkeys(("slices", "rows", "cycles", "moving_cycles", "stalled_in", "stalled_out", "resets"), 0)
    totals |= {"wrong": 0, "lost_or_repeated": 0, "first_error": None}
    number = 0
    while totals["slices"] < slices and totals["first_error"] is None:
        make = batches.even if traffic == FULL_SPEED else batches.mixed
        size = SMALLEST * (LARGEST / SMALLEST) ** rng.random()
        streams, steps = make(rng, min(int(size), slices - totals["slices"]))
        batch = _batch(streams, steps, traffic, rng)
        report = bench.run(batch)
        totals["slices"] += report.taken
        totals["rows"] += int(streams.framing.last[: report.taken].sum())
        for name in ("cycles", "stalled_in", "stalled_out"):
            totals[name] += getattr(report, name)
        totals["moving_cycles"] += report.last_move - report.first_move + 1
        totals["resets"] += bool(batch.stop_after)
        if report.error:
            totals["wrong" if report.error in WRONG else "lost_or_repeated"] = 1
            totals["first_error"] = {"batch": number} | _describe(report, streams)
        number += 1
    return totals


def _batch(streams: UnitStreams, steps: Sequence[Step], traffic: str, rng: np.random.Generator) -> Batch:
    """The batch with its traffic."""
    seed = int(rng.integers(1 << 63))
    if traffic == FULL_SPEED:
        return Batch(streams.sources, streams.sinks, steps=steps, seed=seed)
    names = [name for name in (*streams.sources, *streams.shown) if rng.random() >= NEVER_STALLED]
    longest = int(rng.choice(LONGEST))
    permits = {name: bursty(rng, PERMITS + 2 * place + 1, longest) for place, name in enumerate(names)}
    items = len(next(iter(streams.shown.values())))
    stop_after = int(rng.integers(1, items)) if items > 1 and rng.random() < BROKEN_OFF else 0
    return Batch(streams.sources, streams.sinks, permits, steps, difficult=True, seed=seed, stop_after=stop_after)


def _describe(report: Report, streams: UnitStreams) -> dict:
    """The error for people, and to find it again."""
    sink = streams.sinks.get(report.stream)
    within = sink is not None and report.item < len(sink)
    return {
        "what": MEANINGS[report.error],
        "stream": report.stream,
        "item": report.item,
        "row": streams.row_of(report.stream, report.item) if within else None,
        "cycle": report.cycles - 1,
        "expected": None if report.expected is None else f"{report.expected:x}",
        "seen": f"{report.seen:x}",
    }
