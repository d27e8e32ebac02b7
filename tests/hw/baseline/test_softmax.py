"""The complete baseline softmax: every port on every cycle, and by its handshakes and payloads what it promises."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from softermax.hw.baseline import BaselineSoftmax
from softermax.model.baseline import BaselineConfig, baseline_softmax_raw
from softermax.model.binary16 import INFINITY, NAN, ONE
from softermax.sim.amaranth_bench import observe_in_amaranth
from softermax.sim.trace import cut_by_reset

from ...model.strategies import baseline_configs, examples
from ..handshakes import moves
from ..packing import unpack
from ..stimuli import back_to_back, check, constant_rows, difficult_rows, random_trace

DIVIDE = BaselineConfig(lanes=2, max_len=8)
MULTIPLY = replace(DIVIDE, normalizer="multiply")

each_style = pytest.mark.parametrize("config", [DIVIDE, MULTIPLY], ids=["divide", "multiply"])


def rows_out(config, rows):
    """What comes out for rows, (raw, mask) each, at full speed: (y, overlong) of each row."""
    inputs = back_to_back(BaselineSoftmax, config, rows).inputs
    seen = observe_in_amaranth(BaselineSoftmax(config), inputs)
    slices = [seen["o__payload"][cycle] for cycle in moves(inputs, seen, "o")]
    bits = 16 * config.lanes
    ends = np.flatnonzero([payload >> bits & 1 for payload in slices]) + 1
    out = []
    for start, end in zip([0, *ends[:-1]], ends, strict=True):
        [overlong] = {payload >> bits + 1 for payload in slices[start:end]}  # all slices of a row agree
        out.append((unpack(slices[start:end], 16, config.lanes).reshape(-1), overlong))
    return out


def row(*raw):
    return np.array(raw, np.uint16), np.ones(len(raw), bool)


@examples(5)
@given(config=baseline_configs(max_lanes=6), seed=st.integers(0, 9999))
def test_every_port_on_every_cycle_for_any_config(config, seed):
    trace = random_trace(BaselineSoftmax, config, seed, rows=8)
    check(BaselineSoftmax, config, cut_by_reset(trace, trace.cycles * 3 // 4, trace))


@each_style
@pytest.mark.parametrize("cycle", [3, 9, 14, 30])
def test_reset_in_the_middle_leaves_the_unit_as_new(config, cycle):
    config = replace(config, lanes=1, max_len=4)
    trace = random_trace(BaselineSoftmax, config, cycle)
    check(BaselineSoftmax, config, cut_by_reset(trace, cycle, trace))


@each_style
@pytest.mark.parametrize(("lanes", "latency"), [(1, 10), (2, 11), (3, 12)])
def test_latency_is_what_it_says(lanes, latency, config):
    # Maximum 2, numerator 3, sum 1 and a level of the tree each, divisor and quotient 4.
    config = replace(config, lanes=lanes)
    inputs = back_to_back(BaselineSoftmax, config, constant_rows(config, 1, 1)).inputs
    unit = BaselineSoftmax(config)
    seen = observe_in_amaranth(unit, inputs)
    [entered], [left] = moves(inputs, seen, "i"), moves(inputs, seen, "o")
    assert left - entered == unit.latency == latency


@each_style
@pytest.mark.parametrize("slices", [1, 2, 12])
def test_a_slice_a_cycle_on_back_to_back_rows(slices, config):
    config = replace(config, max_len=2 * slices)
    inputs = back_to_back(BaselineSoftmax, config, constant_rows(config, slices, 6)).inputs
    seen = observe_in_amaranth(BaselineSoftmax(config), inputs)
    entered, left = moves(inputs, seen, "i"), moves(inputs, seen, "o")
    assert entered == list(range(2, 2 + 6 * slices))  # after two cycles of reset
    first = entered[slices - 1] + slices - 1 + 11
    assert left == list(range(first, first + 6 * slices))


@pytest.mark.parametrize(("config", "small"), [(DIVIDE, 1101), (MULTIPLY, 1102)], ids=["divide", "multiply"])
def test_a_row_by_hand(config, small):
    # Scores 0, -1 and a masked one: 1401/1024 in all, see the Normalization Unit's test.
    [(y, overlong)] = rows_out(config, [(np.array([0, 0x8000 | ONE, 0x4800], np.uint16), np.array([1, 1, 0], bool))])
    assert y.tolist() == [0x3800 + 1497 - 1024, 0x3400 + small - 1024, 0, 0]
    assert overlong == 0


@each_style
def test_rows_are_the_golden_models(config):
    rows = difficult_rows(np.random.default_rng(7), config, 25)
    rows = [row for row in rows if len(row[0]) <= config.max_len]
    for (raw, mask), (y, _) in zip(rows, rows_out(config, rows), strict=True):
        np.testing.assert_array_equal(y[: len(raw)], baseline_softmax_raw(raw, config, mask))


@each_style
@pytest.mark.parametrize("excess", [1, 9])
def test_an_overlong_row_is_cut_and_flagged_and_leaves_its_neighbours_intact(excess, config):
    before, after = row(ONE, 0, 0x4000), row(0x4000, 0x4400)
    raw = np.full(8 + excess, 0x3C00, np.uint16)
    raw[8:] = INFINITY  # would make it NaNs
    out = rows_out(config, [before, (raw, raw > 0), after])
    assert [overlong for _, overlong in out] == [0, 1, 0]
    assert out[1][0].tolist() == [0x3000] * 8
    for (raw, _), (y, _) in ((before, out[0]), (after, out[2])):
        assert y[: len(raw)].tolist() == baseline_softmax_raw(raw, config).tolist()


@each_style
def test_a_row_of_the_greatest_length_is_not_overlong(config):
    assert [(y.tolist(), overlong) for y, overlong in rows_out(config, [row(*[0] * 8)] * 2)] == [([0x3000] * 8, 0)] * 2


@each_style
def test_a_fully_masked_row_gives_zeros_and_leaves_its_neighbours_intact(config):
    masked = (np.full(5, 0x7E00, np.uint16), np.zeros(5, bool))
    out = rows_out(config, [row(0, 0), masked, masked, row(ONE, ONE)])
    assert [y.tolist() for y, _ in out] == [[0x3800] * 2, [0] * 6, [0] * 6, [0x3800] * 2]


@each_style
def test_a_row_of_nans_leaves_its_neighbours_intact(config):
    out = rows_out(config, [row(0, 0), row(0, 0, INFINITY), row(0x4000, 0x4000)])
    assert [y.tolist() for y, _ in out] == [[0x3800] * 2, [NAN] * 4, [0x3800] * 2]


def test_a_config_must_be_one():
    with pytest.raises(TypeError, match=r"^config must be a BaselineConfig, not None$"):
        BaselineSoftmax(None)
