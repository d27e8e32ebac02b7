"""Coverage of units: by hand for the smallest, and what is lost when stimuli are weaker."""

import numpy as np

from softermax.model import SoftermaxConfig
from softermax.sim.corners import interruptions, overlong_rows
from softermax.sim.coverage.collect import collect
from softermax.sim.coverage.collect_softermax import count_unnormed
from softermax.sim.coverage.flow import DURATIONS
from softermax.sim.directed_rows import even_rows
from softermax.sim.softermax_units import UNNORMED
from softermax.sim.trace import RESET_CYCLES, cut_by_reset
from softermax.sim.traffic import bursty, random_rows, rows_to_slices

from ..test_trace import SLICES, TINY

CONFIG = SoftermaxConfig.paper(lanes=4, max_len=32)
RNG = np.random.default_rng(0)


def hit(coverage, point):
    """Bins of a point that were hit, with how often."""
    return {name: hits for name, hits in coverage.hits[point].items() if hits}


def test_the_smallest_unit_by_hand():
    # Three rows, 1 0, -2 and 0, of which the last has a masked slice and one too many; as in the test of traces. The
    # sink of slices refuses in cycle 3, that of rows in 4 and 5.
    permits = {"o": np.array([1, 1, 1, 0, *[1] * 20]), "row": np.array([1, 1, 1, 1, 0, 0, *[1] * 20])}
    coverage = collect(count_unnormed, TINY, UNNORMED.trace(SLICES, TINY, permits, np.random.default_rng(0)))
    assert hit(coverage, "row length") == {"1 slice": 1, "longest": 1, "longest and 1 slice": 1}
    assert hit(coverage, "mask of a slice") == {"all": 4, "none": 1}
    assert hit(coverage, "mask of a row") == {"everything kept": 2, "last slice masked": 1}
    assert hit(coverage, "slice of a row's maximum") == {"only": 1, "first": 2}
    assert hit(coverage, "running maximum") == {"first": 3, "falls": 1, "nothing kept": 1}
    assert hit(coverage, "running maximum moves by") == {"falls by: 1": 1, "falls by: 2 and more": 1}
    assert hit(coverage, "score") == {"lowest": 1, "highest": 1, "0": 2}
    assert hit(coverage, "leading one of a row's sum") == {"1": 3}
    assert hit(coverage, "overlong row") == {"cut slice: waits": 1, "dropped slice: taken at once": 1}
    assert hit(coverage, "rows without a gap") == {"longest, then 1 slice": 1}
    assert hit(coverage, "stall length") == {"i: 1 cycle": 2, "o: 1 cycle": 1, "row: 1 cycle": 1}
    assert hit(coverage, "two outputs") == {
        f"o and row: {what}": 1 for what in ("both pass", "first waits", "second waits")
    }
    assert hit(coverage, "reset") == {}


def test_only_rows_that_have_left_count():
    whole = UNNORMED.trace(SLICES, TINY, {}, np.random.default_rng(0))
    # Row A enters in the first two cycles after the reset and its summary leaves in the fourth.
    for cycles, rows in ((RESET_CYCLES + 3, {}), (RESET_CYCLES + 4, {"longest": 1})):
        coverage = collect(count_unnormed, TINY, cut_by_reset(whole, cycles, UNNORMED.trace(SLICES, TINY, {}, RNG)))
        every = collect(count_unnormed, TINY, whole)
        beyond = {name: hits - every.hits["row length"][name] for name, hits in coverage.hits["row length"].items()}
        assert {name: hits for name, hits in beyond.items() if hits} == rows


def uncovered(rows, *, permits=True, resets=True):
    """Bins that a unit does not cover, point by point, with rows made so, with or without permits and resets."""
    rng = np.random.default_rng(2)
    slices = rows_to_slices(rows(rng), CONFIG)
    permit = {name: bursty(rng, 401 + place) for place, name in enumerate(("i", "row", "o"))} if permits else {}
    trace = UNNORMED.trace(slices, CONFIG, permit, rng)
    if resets:
        trace = cut_by_reset(trace, interruptions(rng, trace, 800, 8), trace)
    return {
        row["coverpoint"]: row["uncovered"] for row in collect(count_unnormed, CONFIG, trace).rows() if row["uncovered"]
    }


def everything(rng):
    return [*random_rows(rng, CONFIG, 400), *even_rows(CONFIG), *overlong_rows(rng, CONFIG)]


def test_nothing_is_left_with_all_stimuli():
    assert uncovered(everything) == {}


def test_without_backpressure_no_stage_stalls():
    left = uncovered(everything, permits=False)
    assert "slice 1: item stays" in left["register"]
    assert left["stall length"] == [f"{s}: {n}" for s in ("i", "o", "row") for n in DURATIONS]
    assert {"register fills while the next one stalls", "running maximum, when the slice stalls"} < left.keys()


def test_without_resets_they_are_missing():
    assert uncovered(everything, resets=False).keys() == {"reset", "reset of a register"}


def test_without_overlong_rows_they_are_missing():
    left = uncovered(lambda rng: [row for row in everything(rng) if len(row[0]) <= CONFIG.capacity])
    assert left["row length"] == ["longest and 1 slice", "longer"]
    assert len(left["overlong row"]) == 5


def test_without_masks_they_are_missing():
    left = uncovered(lambda rng: [(raw, np.ones_like(mask)) for raw, mask in everything(rng)])
    assert left["mask of a slice"] == ["none", "last lanes", "holes"]
    assert "nothing kept" in left["running maximum"]
    assert left["leading one of a row's sum"] == ["none"]
