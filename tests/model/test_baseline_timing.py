"""The baseline's timing model: nothing lost, doubled or reordered under any permits; latency, throughput, depths."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from softermax.model.baseline import BaselineConfig
from softermax.model.baseline_timing import BaselineSoftmaxTiming, BaselineUnnormedTiming
from softermax.model.framing import frame

from .playing import cycles, flags, items, permits, play
from .strategies import examples

#: Longer than a row of 24 slices takes from one pass to the next.
SILENCE = 40

each_style = pytest.mark.parametrize("normalizer", ["divide", "multiply"])
each_width = pytest.mark.parametrize("lanes", [1, 2, 3, 16])


def config_of(max_slices, lanes=1, normalizer="divide"):
    """A config whose rows have up to so many slices. Of the lanes it matters how many levels a tree has."""
    return BaselineConfig(lanes=lanes, max_len=max_slices * lanes, normalizer=normalizer)


def unnormed(lengths, config, permits=None):
    """Play rows of these lengths through the Unnormed Softmax Unit, twice: moves of every stream."""
    last = np.array(flags(lengths))
    moves = play(
        BaselineUnnormedTiming(last, config), dict.fromkeys(("i", "again"), len(last)), permits, silence=SILENCE
    )
    assert items(moves["o"]) == list(range(len(last)))
    assert items(moves["row"]) == np.flatnonzero(last).tolist()
    return moves


def softmax(lengths, config, permits=None):
    """Play rows of these lengths through the complete unit: cycles in which slices went in and out."""
    framing = frame(flags(lengths), config)
    moves = play(BaselineSoftmaxTiming(framing, config), {"i": sum(lengths)}, permits, silence=SILENCE)
    assert items(moves["o"]) == list(range(framing.kept.sum()))
    return cycles(moves["i"]), cycles(moves["o"])


# Nothing lost, doubled, reordered or stuck


@examples(60)
@given(
    st.lists(st.integers(1, 6), min_size=1, max_size=10),
    st.sampled_from([1, 2, 3, 16]),
    permits,
    permits,
    permits,
    permits,
)
def test_unnormed_unit_passes_every_slice_after_its_rows_maximum(lengths, lanes, offer, again, take, take_row):
    moves = unnormed(lengths, config_of(6, lanes), {"i": offer, "again": again, "o": take, "row": take_row})
    ends = np.cumsum(lengths) - 1
    row_of = np.repeat(np.arange(len(lengths)), lengths)
    assert (np.array(cycles(moves["again"])) >= np.array(cycles(moves["i"]))[ends][row_of] + 2).all()


@each_style
@pytest.mark.parametrize("max_slices", [1, 2, 5])
@examples(20)
@given(st.data(), st.sampled_from([1, 3, 16]), permits, permits)
def test_the_complete_unit_neither_loses_slices_nor_deadlocks(normalizer, max_slices, data, lanes, offer, take):
    """After the permits, a row at a time would take each row's slices three times, and the latency, in cycles."""
    lengths = data.draw(st.lists(st.integers(1, max_slices + 2), min_size=1, max_size=12))
    _, left = softmax(lengths, config_of(max_slices, lanes, normalizer), {"i": offer, "o": take})
    assert left[-1] <= max(len(offer), len(take)) + sum(3 * length + 14 for length in lengths)


@each_style
@examples(10)
@given(st.lists(st.integers(1, 24), min_size=1, max_size=10), st.integers(0, 2**32 - 1))
def test_the_complete_unit_keeps_long_rows_under_bursty_waves(normalizer, lengths, seed):
    rng = np.random.default_rng(seed)
    bursts = [np.repeat(rng.random(20) < rate, rng.integers(1, 30, 20)).tolist() for rate in (0.4, 0.8)]
    softmax(lengths, config_of(24, 16, normalizer), {"i": bursts[0], "o": bursts[1]})
    softmax(lengths, config_of(24, 16, normalizer), {"i": bursts[1], "o": bursts[0]})


# Latency


@pytest.mark.parametrize(("lanes", "levels"), [(1, 0), (2, 1), (3, 2), (16, 4)])
def test_unnormed_unit_has_the_latency_of_its_operators(lanes, levels):
    moves = unnormed([3], config_of(3, lanes))
    assert cycles(moves["i"]) == [0, 1, 2]
    assert cycles(moves["again"]) == [4, 5, 6]
    assert cycles(moves["o"]) == [7, 8, 9]
    assert cycles(moves["row"]) == [6 + 3 + levels + 1]


@each_style
@pytest.mark.parametrize(("lanes", "levels"), [(1, 0), (2, 1), (3, 2), (16, 4)])
@pytest.mark.parametrize("length", [1, 2, 24])
def test_latency_of_the_complete_unit(length, lanes, levels, normalizer):
    entered, left = softmax([length], config_of(24, lanes, normalizer))
    assert left[0] == entered[-1] + length - 1 + 10 + levels
    assert left == list(range(left[0], left[0] + length))


# Throughput


def at_full_speed(length, config):
    """Whether rows of a length pass at a slice a cycle; as many of them that a buffer that is too small fills up."""
    entered, left = softmax([length] * 14, config)
    return entered == list(range(14 * length)) and left == list(range(left[0], left[0] + 14 * length))


@each_style
@each_width
@pytest.mark.parametrize("max_slices", [1, 2, 5])
def test_equal_rows_of_any_length_pass_at_a_slice_a_cycle(max_slices, lanes, normalizer):
    config = config_of(max_slices, lanes, normalizer)
    assert all(at_full_speed(length, config) for length in range(1, max_slices + 1))


@each_style
@pytest.mark.parametrize("length", [1, 23, 24])
def test_equal_rows_of_24_slices_pass_at_a_slice_a_cycle(length, normalizer):
    assert at_full_speed(length, config_of(24, 16, normalizer))


@pytest.mark.parametrize("length", [1, 2, 24])
def test_unnormed_unit_passes_a_slice_a_cycle(length):
    n = 10 * length
    moves = unnormed([length] * 10, config_of(length, 16))
    assert cycles(moves["i"]) == list(range(n))
    assert cycles(moves["again"]) == list(range(length + 1, length + 1 + n))
    assert cycles(moves["o"]) == list(range(length + 4, length + 4 + n))


class ShallowConfig(BaselineConfig):
    """A config whose buffers can be made to hold less than they should."""

    missing_scores = missing_numerators = 0

    @property
    def score_depth(self):
        return super().score_depth - self.missing_scores

    @property
    def numerator_depth(self):
        return super().numerator_depth - self.missing_numerators


@each_style
@each_width
@pytest.mark.parametrize("length", [1, 2, 5])
@pytest.mark.parametrize("buffer", ["missing_scores", "missing_numerators"])
def test_a_buffer_of_one_slice_less_would_stall(buffer, length, lanes, normalizer, monkeypatch):
    """A row, and for each cycle by which its maximum or its sum trails its last slice another slice."""
    config = ShallowConfig(lanes=lanes, max_len=length * lanes, normalizer=normalizer)
    assert at_full_speed(length, config)
    monkeypatch.setattr(ShallowConfig, buffer, 1)
    assert not at_full_speed(length, config)


@each_style
@each_width
@pytest.mark.parametrize("length", [1, 2, 5])
@pytest.mark.parametrize("buffer", ["missing_scores", "missing_numerators"])
def test_a_fused_buffer_of_one_slice_less_would_stall(buffer, length, lanes, normalizer, monkeypatch):
    config = ShallowConfig(lanes=lanes, max_len=length * lanes, normalizer=normalizer, datapath="fused")
    assert at_full_speed(length, config)
    monkeypatch.setattr(ShallowConfig, buffer, 1)
    assert not at_full_speed(length, config)


@each_style
@pytest.mark.parametrize("length", [1, 2, 24])
def test_latency_of_the_complete_fused_unit(length, normalizer):
    """Three to the maximum, two to the numerators, three to the sum, four to the probabilities."""
    config = BaselineConfig(lanes=16, max_len=384, normalizer=normalizer, datapath="fused")
    entered, left = softmax([length], config)
    assert left[0] == entered[-1] + length - 1 + 3 + 2 + 3 + 4
    assert left == list(range(left[0], left[0] + length))


@each_style
def test_overlong_rows_are_dropped_at_a_slice_a_cycle(normalizer):
    entered, left = softmax([2, 9, 2], config_of(2, 1, normalizer))
    assert entered == list(range(13))
    assert left == [12, 13, 14, 15, 23, 24]  # 11 cycles after a row's last slice that is kept


@each_style
def test_overlong_rows_are_dropped_while_nothing_else_can_enter(normalizer):
    # The sink stands still, so that all buffers fill; the rest of the row that is cut is taken all the same.
    config = config_of(2, 1, normalizer)
    lengths = [2] * 20
    stalled, _ = softmax(lengths, config, {"o": [False] * 60})
    rows = sum(cycle < 60 for cycle in stalled) // 2
    assert rows > 5
    entered, _ = softmax([*[2] * (rows - 1), 12, 2], config, {"o": [False] * 60})
    assert entered[: 2 * rows + 10] == [
        *stalled[: 2 * rows],
        *range(stalled[2 * rows - 1] + 1, stalled[2 * rows - 1] + 11),
    ]
