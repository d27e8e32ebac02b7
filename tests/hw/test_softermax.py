"""The complete Softermax: every port on every cycle, and by its handshakes and payloads what it promises."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from softermax.hw import SoftermaxUnit
from softermax.model import UQ, SoftermaxConfig, softmax_raw
from softermax.sim.amaranth_bench import observe_in_amaranth
from softermax.sim.trace import cut_by_reset
from softermax.sim.traffic import random_rows

from ..model.strategies import configs, examples
from .handshakes import moves
from .packing import unpack
from .stimuli import back_to_back, check, constant_rows, random_trace


def rows_out(config, rows):
    """What comes out for rows, (raw, mask) each, at full speed: (y, saturated, overlong) of each row."""
    inputs = back_to_back(SoftermaxUnit, config, rows).inputs
    seen = observe_in_amaranth(SoftermaxUnit(config), inputs)
    slices = [seen["o__payload"][cycle] for cycle in moves(inputs, seen, "o")]
    bits = config.output.width * config.lanes
    last = [payload >> bits & 1 for payload in slices]
    ends = np.flatnonzero(last) + 1
    out = []
    for start, end in zip([0, *ends[:-1]], ends, strict=True):
        flags = {payload >> bits + 1 for payload in slices[start:end]}
        assert len(flags) == 1  # all slices of a row agree
        out.append((unpack(slices[start:end], config.output.width, config.lanes).reshape(-1), *divmod(flags.pop(), 2)))
    return [(y, saturated, overlong) for y, overlong, saturated in out]


def row(*raw):
    return np.array(raw, np.int16), np.ones(len(raw), bool)


@examples(40)
@given(config=configs(max_lanes=6, most_product_bits=6), seed=st.integers(0, 9999))
def test_every_port_on_every_cycle_for_any_config(config, seed):
    check(SoftermaxUnit, config, random_trace(SoftermaxUnit, config, seed))


@examples(4)
@given(config=configs(max_lanes=64, most_product_bits=3), seed=st.integers(0, 9999))
def test_every_port_on_every_cycle_for_wide_units(config, seed):
    check(SoftermaxUnit, config, random_trace(SoftermaxUnit, config, seed))


each_style = pytest.mark.parametrize("normalizer", ["multiply", "row_product"])
#: Of few lanes; one lane has no adder tree to cut, 16 by row product have it cut twice.
LATENCIES = [("multiply", 7), ("row_product", 7)]


@pytest.mark.parametrize(("normalizer", "latency"), LATENCIES)
@pytest.mark.parametrize("lanes", [1, 4, 16])
def test_latency_is_what_it_says(lanes, normalizer, latency):
    config = SoftermaxConfig.paper(lanes=lanes, max_len=64, normalizer=normalizer)
    inputs = back_to_back(SoftermaxUnit, config, constant_rows(config, 1, 1)).inputs
    unit = SoftermaxUnit(config)
    seen = observe_in_amaranth(unit, inputs)
    [entered], [left] = moves(inputs, seen, "i"), moves(inputs, seen, "o")
    assert left - entered == unit.latency == latency + {1: -1, 16: normalizer == "row_product"}.get(lanes, 0)


@pytest.mark.parametrize(("normalizer", "latency"), LATENCIES)
@pytest.mark.parametrize("slices", [1, 2, 24])
def test_a_slice_a_cycle_on_back_to_back_rows(slices, normalizer, latency):
    config = SoftermaxConfig.paper(lanes=2, max_len=48, normalizer=normalizer)
    inputs = back_to_back(SoftermaxUnit, config, constant_rows(config, slices, 6)).inputs
    seen = observe_in_amaranth(SoftermaxUnit(config), inputs)
    entered, left = moves(inputs, seen, "i"), moves(inputs, seen, "o")
    assert entered == list(range(2, 2 + 6 * slices))  # after two cycles of reset
    first = entered[slices - 1] + latency
    assert left == list(range(first, first + 6 * slices))


@each_style
def test_a_row_by_hand(normalizer):
    # Scores 1, 0 and -inf: D = 1 + 1/2, in which 1/D = 0.6641 is 85/128; then 1 * 85 and 1/2 * 85 rounded up. The row
    # product for both is 680/1024, which is the same.
    config = SoftermaxConfig.paper(lanes=2, max_len=4, normalizer=normalizer)
    [(y, saturated, overlong)] = rows_out(config, [(np.array([4, 0, 9]), np.array([True, True, False]))])
    assert y.tolist() == [85, 43, 0, 0]
    assert (saturated, overlong) == (0, 0)


def test_a_row_with_fractions_by_hand_by_row_product():
    # 2.75 and 1.5 below 3 are 0.8409 and 0.3536: D = 76.4/64, truncated to 76. 128 / (76/64) = 107.8, so 1/D is
    # 108/128; its products with 1722 and 1448 of 1024 are 1453 and 1222, and a half of one and a quarter of the other,
    # over 8, 90.8 and 38.2.
    config = SoftermaxConfig.paper(lanes=2, max_len=4, normalizer="row_product")
    [(y, *_)] = rows_out(config, [(np.array([11, 6]), np.array([True, True]))])
    assert y.tolist() == [91, 38]


@each_style
def test_rows_are_the_golden_models(normalizer):
    rng = np.random.default_rng(7)
    config = SoftermaxConfig.paper(lanes=4, max_len=30, normalizer=normalizer)
    rows = [row for row in random_rows(rng, config, 40) if len(row[0]) <= config.max_len]
    for (raw, mask), (y, *_) in zip(rows, rows_out(config, rows), strict=True):
        np.testing.assert_array_equal(y[: len(raw)], softmax_raw(raw, config, mask))
        assert not y[len(raw) :].any()


@each_style
@pytest.mark.parametrize("excess", [1, 4, 9])
def test_an_overlong_row_is_cut_and_flagged_and_leaves_its_neighbours_intact(excess, normalizer):
    config = SoftermaxConfig.paper(lanes=2, max_len=8, normalizer=normalizer)
    before, after = row(3, -8, 40), row(-1, 7)
    raw = np.arange(8 + excess).astype(np.int16)
    raw[8:] = 127  # would raise the maximum
    out = rows_out(config, [before, (raw, raw >= 0), after])
    assert [overlong for *_, overlong in out] == [0, 1, 0]
    expected = [[*before[0], 0], raw[:8], after[0]]
    masks = [[True] * 3 + [False], None, None]
    for (y, *_), scores, mask in zip(out, expected, masks, strict=True):
        np.testing.assert_array_equal(y, softmax_raw(scores, config, mask))


@each_style
def test_a_row_of_the_greatest_length_is_not_overlong(normalizer):
    config = SoftermaxConfig.paper(lanes=2, max_len=8, normalizer=normalizer)
    assert [overlong for *_, overlong in rows_out(config, [row(*range(8)), row(*range(8))])] == [0, 0]


@each_style
def test_saturation_is_flagged_for_its_row_only(normalizer):
    # Four equal scores sum to 4.0, beyond UQ(2,6); three do not.
    config = SoftermaxConfig(lanes=1, max_len=4, power_sum=UQ(2, 6), normalizer=normalizer, saturate=True)
    out = rows_out(config, [row(0, 0, 0), row(0, 0, 0, 0), row(0, 0, 0)])
    assert [saturated for _, saturated, _ in out] == [0, 1, 0]


@each_style
def test_a_fully_masked_row_gives_zeros_and_leaves_its_neighbours_intact(normalizer):
    config = SoftermaxConfig.paper(lanes=2, max_len=8, normalizer=normalizer)
    masked = (np.full(5, 127, np.int16), np.zeros(5, bool))
    out = rows_out(config, [row(0, 0), masked, masked, row(4, 4)])
    assert [y.tolist() for y, *_ in out] == [[64, 64], [0] * 6, [0] * 6, [64, 64]]
    assert {flags for _, *flags in map(tuple, out) for flags in flags} == {0}


@each_style
@pytest.mark.parametrize("cycle", [3, 4, 9, 30, 77])
def test_reset_in_the_middle_leaves_the_unit_as_new(cycle, normalizer):
    config = SoftermaxConfig.paper(lanes=2, max_len=12, normalizer=normalizer)
    trace = random_trace(SoftermaxUnit, config, cycle)
    check(SoftermaxUnit, config, cut_by_reset(trace, cycle, trace))
