"""Timing model: nothing is lost, doubled or reordered under any permits; latency, depth, no deadlock."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from softermax.model import SoftermaxConfig
from softermax.model.framing import frame
from softermax.model.timing import NormalizationTiming, RowBufferTiming, SoftermaxTiming, UnnormedTiming

from .playing import cycles, flags, items, permits, play
from .strategies import examples

#: Choices of registers, and after how many cycles slices and summaries leave, multiplying.
LATENCIES = {
    (): (1, 1),
    ("int_max",): (2, 2),
    ("power_of_two",): (1, 2),
    ("int_max", "power_of_two"): (2, 3),
}
CUTS = list(LATENCIES)


def config_of(max_slices, cuts=(), more_depth=0):
    """A config of one lane, so that slices are elements; with a row buffer of another depth if asked."""
    config = SoftermaxConfig(lanes=1, max_len=max_slices, cuts=cuts)
    kind = type("OtherDepth", (SoftermaxConfig,), {"plan": replace(config.plan, max_slices=max_slices + more_depth)})
    return kind(lanes=1, max_len=max_slices, cuts=cuts)


def unnormed_timing(framing, config):
    return UnnormedTiming(framing, config.plan)


def softermax(lengths, max_slices, cuts=("int_max",), more_depth=0, permits=None):
    """Play rows of these lengths through a Softermax whose longest row has ``max_slices``: moves in and out."""
    config = config_of(max_slices, cuts, more_depth)
    framing = frame(flags(lengths), config)
    timing = SoftermaxTiming(framing, config)
    moves = play(timing, {"i": sum(lengths)}, permits)
    assert items(moves["o"]) == list(range(framing.kept.sum()))
    return cycles(moves["i"]), cycles(moves["o"])


# Nothing lost, doubled or reordered


@examples(150)
@given(
    st.lists(st.integers(1, 8), min_size=1, max_size=12),
    st.integers(1, 6),
    st.sampled_from(CUTS),
    permits,
    permits,
    permits,
)
def test_unnormed_unit_passes_every_slice_and_row(lengths, max_slices, cuts, offer, take, take_row):
    config = config_of(max_slices, cuts)
    framing = frame(flags(lengths), config)
    moves = play(unnormed_timing(framing, config), {"i": sum(lengths)}, {"i": offer, "o": take, "row": take_row})
    assert items(moves["o"]) == list(range(framing.kept.sum()))
    assert items(moves["row"]) == np.flatnonzero(framing.last).tolist()


@examples(150)
@given(st.lists(st.integers(1, 8), min_size=1, max_size=12), permits, permits, permits)
def test_normalization_unit_passes_every_slice_after_its_row(lengths, offer, offer_row, take):
    last = np.array(flags(lengths))
    counts = {"i": sum(lengths), "row": len(lengths)}
    moves = play(NormalizationTiming(last, 2), counts, {"i": offer, "row": offer_row, "o": take})
    assert items(moves["o"]) == list(range(sum(lengths)))
    row_of = np.repeat(np.arange(len(lengths)), lengths)
    summaries = np.array(cycles(moves["row"]))
    assert (np.array(cycles(moves["i"])) >= summaries[row_of] + 2).all()


@examples(100)
@given(st.integers(0, 40), st.integers(2, 6), permits, permits)
def test_row_buffer_is_a_queue_of_its_depth(slices, depth, offer, take):
    moves = play(RowBufferTiming(depth), {"i": slices}, {"i": offer, "o": take})
    assert items(moves["o"]) == list(range(slices))
    entered, left = cycles(moves["i"]), cycles(moves["o"])
    held = [sum(c <= now for c in entered) - sum(c <= now for c in left) for now in range(max(left, default=0) + 1)]
    assert max(held, default=0) <= depth


@pytest.mark.parametrize("depth", [2, 3, 26])
def test_row_buffer_fills_to_its_depth(depth):
    moves = play(RowBufferTiming(depth), {"i": 100}, {"o": [False] * 50})
    assert sum(cycle < 50 for cycle in cycles(moves["i"])) == depth


@pytest.mark.parametrize("max_slices", [1, 2, 3, 4, 5, 6])
@examples(60)
@given(st.data(), st.sampled_from(CUTS), permits, permits)
def test_softermax_neither_loses_slices_nor_deadlocks(max_slices, data, cuts, offer, take):
    """After the permits, even one row at a time would take each row's slices twice, and the latency, in cycles."""
    lengths = data.draw(st.lists(st.integers(1, max_slices + 2), min_size=1, max_size=15))
    _, left = softermax(lengths, max_slices, cuts, permits={"i": offer, "o": take})
    latency = LATENCIES[cuts][1] + 3
    assert left[-1] <= max(len(offer), len(take)) + sum(2 * length + latency for length in lengths)


@examples(30)
@given(st.lists(st.integers(1, 24), min_size=1, max_size=12), st.integers(0, 2**32 - 1))
def test_softermax_keeps_long_rows_under_bursty_waves(lengths, seed):
    rng = np.random.default_rng(seed)
    bursts = [np.repeat(rng.random(20) < rate, rng.integers(1, 30, 20)).tolist() for rate in (0.4, 0.8)]
    softermax(lengths, 24, permits={"i": bursts[0], "o": bursts[1]})
    softermax(lengths, 24, permits={"i": bursts[1], "o": bursts[0]})


# Latency


@pytest.mark.parametrize("cuts", CUTS)
def test_unnormed_unit_has_the_latencies_of_its_registers(cuts):
    config = config_of(3, cuts)
    moves = play(unnormed_timing(frame(flags([3]), config), config), {"i": 3})
    of_slices, of_summaries = LATENCIES[cuts]
    assert cycles(moves["i"]) == [0, 1, 2]
    assert moves["o"] == [(of_slices + n, n) for n in range(3)]
    assert moves["row"] == [(of_summaries + 2, 2)]


def test_row_buffer_has_a_latency_of_2():
    moves = play(RowBufferTiming(5), {"i": 3})
    assert cycles(moves["o"]) == [2, 3, 4]


def test_normalization_unit_has_a_latency_of_1_after_2_for_the_row():
    moves = play(NormalizationTiming(np.array([False, True]), 2), {"i": 2, "row": 1})
    assert cycles(moves["row"]) == [0]
    assert cycles(moves["i"]) == [2, 3]
    assert cycles(moves["o"]) == [3, 4]


@pytest.mark.parametrize("cuts", CUTS)
@pytest.mark.parametrize("length", [1, 2, 3, 24])
def test_softermax_has_a_latency_from_a_rows_last_slice(length, cuts):
    entered, left = softermax([length], 24, cuts)
    assert left[0] == entered[-1] + LATENCIES[cuts][1] + 3
    assert left == list(range(left[0], left[0] + length))


# Throughput


@pytest.mark.parametrize("cuts", CUTS)
@pytest.mark.parametrize("max_slices", [1, 2, 3, 24])
def test_equal_rows_of_any_length_pass_at_a_slice_a_cycle(max_slices, cuts):
    first = LATENCIES[cuts][1] + 2
    for length in range(1, max_slices + 1):
        n = 12 * length
        entered, left = softermax([length] * 12, max_slices, cuts)
        assert entered == list(range(n))
        assert left == list(range(length + first, length + first + n))


@pytest.mark.parametrize("cuts", CUTS)
@pytest.mark.parametrize("length", [1, 2, 24])
def test_unnormed_unit_passes_a_slice_a_cycle(length, cuts):
    n, config = 10 * length, config_of(length, cuts)
    moves = play(unnormed_timing(frame(flags([length] * 10), config), config), {"i": n})
    first = LATENCIES[cuts][0]
    assert cycles(moves["i"]) == list(range(n))
    assert cycles(moves["o"]) == list(range(first, n + first))


@pytest.mark.parametrize("length", [1, 2, 24])
def test_normalization_unit_passes_a_slice_a_cycle(length):
    n = 10 * length
    moves = play(NormalizationTiming(np.array(flags([length] * 10)), 2), {"i": n, "row": 10})
    assert cycles(moves["o"]) == list(range(3, n + 3))


def test_overlong_rows_are_dropped_at_a_slice_a_cycle():
    entered, left = softermax([2, 9, 2], 2)
    assert entered == list(range(13))
    assert left == [6, 7, 8, 9, 17, 18]  # the last row's last slice enters in cycle 12


@pytest.mark.parametrize("cuts", CUTS)
@pytest.mark.parametrize("length", [1, 2, 3, 24])
def test_a_buffer_of_one_slice_less_would_stall(length, cuts):
    """The slices beyond the longest row cover the cycles by which a row's scale trails its last slice."""
    entered, _ = softermax([length] * 12, length, cuts, more_depth=-1)
    assert entered != list(range(12 * length))


@examples(40)
@given(st.integers(1, 6), st.sampled_from(CUTS), st.data())
def test_a_deeper_buffer_would_not_be_faster_at_full_speed(max_slices, cuts, data):
    """Rows of mixed lengths do stall, but for the summaries that wait, not for the buffer."""
    lengths = data.draw(st.lists(st.integers(1, max_slices), min_size=1, max_size=25))
    assert softermax(lengths, max_slices, cuts) == softermax(lengths, max_slices, cuts, more_depth=1000)
