"""Normalization Unit: every port on every cycle, and by its handshakes and payloads what it promises."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from softermax.hw import NormalizationUnit
from softermax.model import UQ, SoftermaxConfig
from softermax.sim.amaranth_bench import observe_in_amaranth
from softermax.sim.trace import cut_by_reset

from ..model.strategies import configs, examples
from .handshakes import moves
from .packing import pack, unpack
from .stimuli import back_to_back, check, constant_rows, random_trace

PAPER = SoftermaxConfig.paper(lanes=2, max_len=48)


def normalized(config, u, slice_maximum, maximum, power_sum):
    """Probabilities of a row of one slice."""
    unit = NormalizationUnit(config)
    slice_bits, integer_bits = config.unnormed.width * config.lanes, config.maximum.width
    [numerators] = pack([u], config.unnormed.width)
    payload = numerators | slice_maximum % 2**integer_bits << slice_bits | 1 << slice_bits + integer_bits
    inputs = {
        "i__valid": [1] * 8,
        "i__payload": [payload] * 8,
        "row__valid": [1] * 8,
        "row__payload": [maximum % 2**integer_bits | power_sum << integer_bits] * 8,
        "o__ready": [1] * 8,
    }
    seen = observe_in_amaranth(unit, inputs)
    first = moves(inputs, seen, "o")[0]
    return unpack([seen["o__payload"][first]], config.output.width, config.lanes)[0].tolist()


@examples(40)
@given(config=configs(max_lanes=6, most_product_bits=6), seed=st.integers(0, 9999))
def test_every_port_on_every_cycle_for_any_config(config, seed):
    check(NormalizationUnit, config, random_trace(NormalizationUnit, config, seed))


@examples(4)
@given(config=configs(max_lanes=64, most_product_bits=3), seed=st.integers(0, 9999))
def test_every_port_on_every_cycle_for_wide_units(config, seed):
    check(NormalizationUnit, config, random_trace(NormalizationUnit, config, seed))


def test_latency_is_what_it_says():
    inputs = back_to_back(NormalizationUnit, PAPER, constant_rows(PAPER, 2, 1)).inputs
    seen = observe_in_amaranth(NormalizationUnit(PAPER), inputs)
    [row_entered] = moves(inputs, seen, "row")
    entered, left = moves(inputs, seen, "i"), moves(inputs, seen, "o")
    assert left[0] - row_entered == NormalizationUnit(PAPER).latency == 3
    assert [o - i for i, o in zip(entered, left, strict=True)] == [NormalizationUnit.slice_latency] * 2 == [1, 1]


@pytest.mark.parametrize("slices", [1, 2, 24])
def test_a_slice_a_cycle_on_back_to_back_rows(slices):
    inputs = back_to_back(NormalizationUnit, PAPER, constant_rows(PAPER, slices, 6)).inputs
    seen = observe_in_amaranth(NormalizationUnit(PAPER), inputs)
    first = 2 + 3
    assert moves(inputs, seen, "o") == list(range(first, first + 6 * slices))


def test_a_row_by_hand():
    # D = 1.5: 1/D = 85/128 (of 128/1.5 = 85.3). Numerators 1 and 3/4, one octave below the row maximum.
    one = 1 << 15
    assert normalized(PAPER, [one, one * 3 // 4], 2, 3, 96) == [43, 32]  # 42.5 up, 31.875 to nearest
    assert normalized(PAPER, [one, one * 3 // 4], 3, 3, 96) == [85, 64]  # 63.75


def test_a_slice_far_below_the_row_maximum_gives_zeros():
    assert normalized(PAPER, [1 << 15, 1 << 15], -32, 32, 64) == [0, 0]


def test_a_single_score_is_one_or_the_largest_fraction():
    one = 1 << 15
    assert normalized(PAPER, [one, 0], 0, 0, 64) == [128, 0]
    assert normalized(SoftermaxConfig(lanes=2, max_len=2, output=UQ(0, 8)), [one, 0], 0, 0, 64) == [255, 0]


def test_a_slice_waits_for_its_rows_summary():
    inputs = dict(back_to_back(NormalizationUnit, PAPER, constant_rows(PAPER, 2, 1)).inputs)
    inputs["row__valid"] = [0] * len(inputs["rst"])
    seen = observe_in_amaranth(NormalizationUnit(PAPER), inputs)
    assert moves(inputs, seen, "i") == moves(inputs, seen, "o") == []


def test_two_summaries_may_come_before_their_slices():
    inputs = dict(back_to_back(NormalizationUnit, PAPER, constant_rows(PAPER, 1, 4)).inputs)
    inputs["i__valid"] = [0] * len(inputs["rst"])
    seen = observe_in_amaranth(NormalizationUnit(PAPER), inputs)
    assert moves(inputs, seen, "row") == [2, 3]


@pytest.mark.parametrize("cycle", [3, 4, 9, 30, 77])
def test_reset_in_the_middle_leaves_the_unit_as_new(cycle):
    trace = random_trace(NormalizationUnit, PAPER, cycle)
    check(NormalizationUnit, PAPER, cut_by_reset(trace, cycle, trace))


@pytest.mark.parametrize("lanes", [1, 3])
def test_probabilities_of_difficult_rows_are_near_the_exact_quotients(lanes):
    # Golden model aside: u * 2**(M_s - M) / D within the reciprocal's bound, a unit of truncation, half a unit out.
    config = SoftermaxConfig.paper(lanes=lanes, max_len=lanes)
    rng = np.random.default_rng(lanes)
    for _ in range(40):
        u = rng.integers(0, (1 << 15) + 1, size=lanes)
        power_sum = int(rng.integers(max(32, u.max() >> 9), 1 << 12))
        fall = int(rng.integers(0, 6))
        seen = np.array(normalized(config, u, -fall, 0, power_sum)) / 2**7
        exact = u / 2**15 * 2.0**-fall / (power_sum / 2**6)
        slack = config.reciprocal_table.error_bound * exact * 2 + 2 * 2.0**-15 + 2.0**-8
        assert (np.abs(seen - exact) <= slack).all()
