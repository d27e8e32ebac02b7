"""The baseline's Unnormed Softmax Unit: every port on every cycle, and what its handshakes and payloads promise."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from softermax.hw.baseline import NONPOSITIVE_EXPONENTIAL, BaselineUnnormedSoftmaxUnit
from softermax.model import SoftermaxConfig
from softermax.model.baseline import EXPONENTIAL_STAGES, BaselineConfig
from softermax.model.binary16 import INFINITY, NAN, ONE
from softermax.sim.amaranth_bench import observe_in_amaranth
from softermax.sim.trace import cut_by_reset

from ...model.strategies import baseline_configs, examples
from ..handshakes import moves
from ..packing import unpack
from ..stimuli import back_to_back, check, constant_rows, random_trace

CONFIG = BaselineConfig(lanes=2, max_len=8)
ONE_LANE = BaselineConfig(lanes=1, max_len=4)
MINUS = 0x8000


def observe(config, rows, **permits):
    """Inputs for rows at full speed but for the streams with permits, and what is seen."""
    inputs = back_to_back(BaselineUnnormedSoftmaxUnit, config, rows, **permits).inputs
    return inputs, observe_in_amaranth(BaselineUnnormedSoftmaxUnit(config), inputs)


def row(*raw, masked=()):
    """A row of raw scores, of which those at some places are masked."""
    return np.array(raw, np.uint16), ~np.isin(np.arange(len(raw)), masked)


def out(config, rows):
    """What comes out: numerators of each slice, (total, overlong) of each row."""
    inputs, seen = observe(config, rows)
    slices = [seen["o__payload"][cycle] for cycle in moves(inputs, seen, "o")]
    sums = [seen["row__payload"][cycle] for cycle in moves(inputs, seen, "row")]
    return unpack(slices, 16, config.lanes).tolist(), [(total % 2**16, total >> 16) for total in sums]


@examples(5)
@given(config=baseline_configs(max_lanes=6), seed=st.integers(0, 9999))
def test_every_port_on_every_cycle_for_any_config(config, seed):
    trace = random_trace(BaselineUnnormedSoftmaxUnit, config, seed, rows=8)
    check(BaselineUnnormedSoftmaxUnit, config, cut_by_reset(trace, trace.cycles * 3 // 4, trace))


@pytest.mark.parametrize("cycle", [3, 5, 9, 30])
def test_reset_in_the_middle_leaves_the_unit_as_new(cycle):
    trace = random_trace(BaselineUnnormedSoftmaxUnit, ONE_LANE, cycle)
    check(BaselineUnnormedSoftmaxUnit, ONE_LANE, cut_by_reset(trace, cycle, trace))


def test_model_and_operator_have_the_same_stages():
    assert NONPOSITIVE_EXPONENTIAL.latency == EXPONENTIAL_STAGES == 2


@pytest.mark.parametrize(("lanes", "levels"), [(1, 0), (2, 1), (3, 2)])
def test_latencies_are_what_they_say(lanes, levels):
    config = BaselineConfig(lanes=lanes, max_len=4 * lanes)
    unit = BaselineUnnormedSoftmaxUnit(config)
    inputs = back_to_back(BaselineUnnormedSoftmaxUnit, config, constant_rows(config, 2, 1)).inputs
    seen = observe_in_amaranth(unit, inputs)
    first_pass, again, left = (moves(inputs, seen, stream) for stream in ("i", "again", "o"))
    [row_left] = moves(inputs, seen, "row")
    assert again[0] - first_pass[-1] == unit.maximum_latency == 2
    assert [o - i for i, o in zip(again, left, strict=True)] == [unit.slice_latency] * 2 == [3, 3]
    assert row_left - again[-1] == unit.latency == 4 + levels
    assert (unit.slice_latency, levels) == (config.numerator_latency, config.tree_levels)


@pytest.mark.parametrize("slices", [1, 2, 4])
def test_a_slice_a_cycle_on_back_to_back_rows(slices):
    inputs, seen = observe(CONFIG, constant_rows(CONFIG, slices, 6))
    total = 6 * slices
    assert moves(inputs, seen, "i") == list(range(2, 2 + total))
    first = 2 + slices - 1 + 2
    assert moves(inputs, seen, "again") == list(range(first, first + total))
    assert moves(inputs, seen, "o") == list(range(first + 3, first + 3 + total))
    assert moves(inputs, seen, "row") == list(range(first + slices - 1 + 5, first + 5 + total, slices))


def test_a_row_by_hand():
    # e**-1 is 1507/4096; 1 + 1507/4096 is 1401/1024. The maximum comes last, the masked score would be above it.
    scores = row(MINUS | ONE, 0x4000, MINUS | INFINITY, 0, masked=(1,))
    small = 0x3400 + 1507 - 1024
    assert out(CONFIG, [scores]) == ([[small, 0], [0, ONE]], [(0x3C00 + 1401 - 1024, 0)])


def test_the_highest_of_a_row_counts_not_that_of_the_row_before():
    rows = [row(0x4800), row(0, 0, 0), row(0xC800, 0xC800)]
    assert out(ONE_LANE, rows) == ([[ONE]] * 6, [(ONE, 0), (0x4200, 0), (0x4000, 0)])


@pytest.mark.parametrize("hidden", [0x7FFF, 0xFFFF, 0x7BFF])
def test_a_masked_row_sums_to_0_and_leaves_its_neighbours_intact(hidden):
    masked = row(hidden, hidden, hidden, masked=(0, 1, 2))
    numerators, sums = out(CONFIG, [row(0), masked, row(ONE, ONE)])
    assert numerators == [[ONE, 0], [0, 0], [0, 0], [ONE, ONE]]
    assert sums == [(ONE, 0), (0, 0), (0x4000, 0)]


def test_a_nan_stays_in_its_row():
    numerators, sums = out(CONFIG, [row(INFINITY, 0), row(0, 0xFE00), row(0, 0)])
    assert numerators == [[NAN, 0], [ONE, NAN], [ONE, ONE]]
    assert sums == [(NAN, 0), (NAN, 0), (0x4000, 0)]


def test_an_overlong_row_is_flagged():
    rows = [row(*[0] * length) for length in (4, 5, 1)]
    _, sums = out(ONE_LANE, rows)
    assert sums == [(0x4400, 0), (0x4400, 1), (ONE, 0)]


def test_again_waits_for_the_rows_maximum():
    slow = np.array([*[0] * 5, 1, *[0] * 7, 1, *[0] * 4, 1, *[1] * 80])
    inputs, seen = observe(ONE_LANE, constant_rows(ONE_LANE, 3, 1), i=slow)
    assert moves(inputs, seen, "i") == [2 + 5, 2 + 13, 2 + 18]
    assert moves(inputs, seen, "again") == [22, 23, 24]


def test_two_maxima_wait_for_the_second_pass():
    # One where it waits, one where the running maximum is.
    wait = np.array([*[0] * 20, *[1] * 80])
    inputs, seen = observe(ONE_LANE, constant_rows(ONE_LANE, 2, 4), again=wait)
    assert [cycle for cycle in moves(inputs, seen, "i") if cycle < 22] == [2, 3, 4, 5]
    assert len(moves(inputs, seen, "row")) == 4


@pytest.mark.parametrize(("waits", "other"), [("o", "row"), ("row", "o")])
def test_a_stream_that_waits_does_not_keep_the_other_from_moving_and_nothing_passes_twice(waits, other):
    at_once = moves(*observe(ONE_LANE, constant_rows(ONE_LANE, 1, 3)), other)
    inputs, seen = observe(ONE_LANE, constant_rows(ONE_LANE, 1, 3), **{waits: [0] * 20 + [1] * 80})
    assert moves(inputs, seen, other)[0] == at_once[0]
    assert moves(inputs, seen, waits)[0] == 22
    assert len(moves(inputs, seen, "o")) == len(moves(inputs, seen, "row")) == 3


def test_a_config_must_be_one():
    config = SoftermaxConfig.paper(lanes=2, max_len=8)
    with pytest.raises(TypeError, match=f"^{re.escape(f'config must be a BaselineConfig, not {config!r}')}$"):
        BaselineUnnormedSoftmaxUnit(config)
