"""Normalization Unit: every port on every cycle, and by its handshakes and payloads what it promises."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from softermax.hw import NormalizationUnit
from softermax.model import UQ, Q, SoftermaxConfig
from softermax.sim.amaranth_bench import observe_in_amaranth
from softermax.sim.softermax_units import random_normalization_trace
from softermax.sim.trace import cut_by_reset
from softermax.sim.traffic import bursty

from ..model.strategies import configs, examples
from .handshakes import moves
from .packing import pack, unpack
from .stimuli import back_to_back, check, constant_rows, random_trace

PAPER = SoftermaxConfig.paper(lanes=2, max_len=48)
PRODUCTS = SoftermaxConfig.paper(lanes=2, max_len=48, normalizer="row_product")

each_style = pytest.mark.parametrize(("config", "latency"), [(PAPER, 3), (PRODUCTS, 4)], ids=["multiply", "product"])


def normalized(config, u, slice_maximum, maximum, power_sum):
    """Probabilities of a row of one slice of numerators."""
    slice_bits, integer_bits = config.unnormed.width * config.lanes, config.maximum.width
    [numerators] = pack([u], config.unnormed.width)
    payload = numerators | slice_maximum % 2**integer_bits << slice_bits | 1 << slice_bits + integer_bits
    return probabilities(config, payload, maximum, power_sum)


def selected(config, x, keep, maximum, power_sum):
    """Probabilities of a row of one slice of scores, by row product."""
    bits = config.input.width * config.lanes
    [scores], [kept] = pack([x], config.input.width), pack([keep], 1)
    return probabilities(config, scores | kept << bits | 1 << bits + config.lanes, maximum, power_sum)


def probabilities(config, payload, maximum, power_sum):
    """Probabilities of a row of one slice."""
    cycles = 8
    inputs = {
        "i__valid": [1] * cycles,
        "i__payload": [payload] * cycles,
        "row__valid": [1] * cycles,
        "row__payload": [maximum % 2**config.maximum.width | power_sum << config.maximum.width] * cycles,
        "o__ready": [1] * cycles,
    }
    seen = observe_in_amaranth(NormalizationUnit(config), inputs)
    first = moves(inputs, seen, "o")[0]
    return unpack([seen["o__payload"][first]], config.output.width, config.lanes)[0].tolist()


@examples(40)
@given(config=configs(max_lanes=6, most_product_bits=6), seed=st.integers(0, 9999))
def test_every_port_on_every_cycle_for_any_config(config, seed):
    check(NormalizationUnit, config, random_trace(NormalizationUnit, config, seed))


@examples(30)
@given(config=configs(max_lanes=4, most_product_bits=6), seed=st.integers(0, 9999))
def test_what_no_unnormed_softmax_unit_sends_for_any_config(config, seed):
    rng = np.random.default_rng(seed)
    last, permits = (
        np.arange(60) % 3 == 2,
        {name: bursty(rng, 101 + place) for place, name in enumerate(("i", "row", "o"))},
    )
    check(NormalizationUnit, config, random_normalization_trace(last, config, permits, rng))


@examples(4)
@given(config=configs(max_lanes=64, most_product_bits=3), seed=st.integers(0, 9999))
def test_every_port_on_every_cycle_for_wide_units(config, seed):
    check(NormalizationUnit, config, random_trace(NormalizationUnit, config, seed))


@each_style
def test_latency_is_what_it_says(config, latency):
    inputs = back_to_back(NormalizationUnit, config, constant_rows(config, 2, 1)).inputs
    unit = NormalizationUnit(config)
    seen = observe_in_amaranth(unit, inputs)
    [row_entered] = moves(inputs, seen, "row")
    entered, left = moves(inputs, seen, "i"), moves(inputs, seen, "o")
    assert left[0] - row_entered == unit.latency == latency
    assert [o - i for i, o in zip(entered, left, strict=True)] == [unit.slice_latency] * 2 == [1, 1]


@each_style
@pytest.mark.parametrize("slices", [1, 2, 24])
def test_a_slice_a_cycle_on_back_to_back_rows(slices, config, latency):
    inputs = back_to_back(NormalizationUnit, config, constant_rows(config, slices, 6)).inputs
    seen = observe_in_amaranth(NormalizationUnit(config), inputs)
    first = 2 + latency
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


def test_a_row_by_hand_by_row_product():
    # D = 1.5: the products are 680, 809, 962 and 1144 of 1024 for quarters 0 to 3; 8 of them are a unit of the result.
    assert selected(PRODUCTS, [12, 11], [1, 1], 3, 96) == [85, 72]  # 3 and 2.75: 680 / 8; 1144 / 16 = 71.5 up
    assert selected(PRODUCTS, [1, -2], [1, 1], 3, 96) == [13, 8]  # 0.25 and -0.5: 809 / 64 = 12.6; 962 / 128 = 7.5 up
    assert selected(PRODUCTS, [127, 12], [0, 1], 3, 96) == [0, 85]


def test_a_directed_row_by_hand_by_row_product():
    # With an entry for each mantissa, 1/1.5 is 86/128 upwards, and the products are 688, 819, 974 and 1158 of 1024.
    config = SoftermaxConfig(
        lanes=2, max_len=2, mantissa_guard_bits=1, reciprocal_segments=256, normalizer="row_product",
        rounding="directed",
    )  # fmt: skip
    assert selected(config, [12, 11], [1, 1], 3, 96) == [86, 72]  # 86 and 72.4
    assert selected(config, [1, -2], [1, 1], 3, 96) == [12, 7]  # 12.8 and 7.6, truncated


def test_scores_far_below_the_row_maximum_give_zeros():
    assert selected(PRODUCTS, [-128, -125], [1, 1], 32, 64) == [0, 0]


def test_a_single_score_is_one_or_the_largest_fraction_by_row_product():
    assert selected(PRODUCTS, [0, 0], [1, 0], 0, 64) == [128, 0]
    fraction = SoftermaxConfig(lanes=2, max_len=2, output=UQ(0, 8), normalizer="row_product")
    assert selected(fraction, [0, 0], [1, 0], 0, 64) == [255, 0]


def test_a_product_coarser_than_the_result_loses_nothing_by_its_shift():
    # The product for 2**0.5 is 22.6 / 16, rounded 23; halved, 11.5 / 16 is 184 / 256.
    config = SoftermaxConfig(
        lanes=2, max_len=2, input=Q(6, 1), product=UQ(1, 4), output=UQ(1, 8), normalizer="row_product"
    )
    assert selected(config, [1, 0], [1, 0], 1, 64) == [184, 0]


@each_style
def test_a_slice_waits_for_its_rows_summary(config, latency):
    inputs = dict(back_to_back(NormalizationUnit, config, constant_rows(config, 2, 1)).inputs)
    inputs["row__valid"] = [0] * len(inputs["rst"])
    seen = observe_in_amaranth(NormalizationUnit(config), inputs)
    assert moves(inputs, seen, "i") == moves(inputs, seen, "o") == []


@each_style
def test_as_many_summaries_as_there_are_registers_may_come_before_their_slices(config, latency):
    inputs = dict(back_to_back(NormalizationUnit, config, constant_rows(config, 1, 5)).inputs)
    inputs["i__valid"] = [0] * len(inputs["rst"])
    seen = observe_in_amaranth(NormalizationUnit(config), inputs)
    assert moves(inputs, seen, "row") == list(range(2, 2 + latency - 1))  # the last register is the slice's


@each_style
@pytest.mark.parametrize("cycle", [3, 4, 9, 30, 77])
def test_reset_in_the_middle_leaves_the_unit_as_new(cycle, config, latency):
    trace = random_trace(NormalizationUnit, config, cycle)
    check(NormalizationUnit, config, cut_by_reset(trace, cycle, trace))


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


def test_selected_probabilities_of_difficult_rows_are_near_the_exact_quotients():
    # Golden model aside: a unit of 2**-10 for the constant and one for the product, half a unit out.
    rng = np.random.default_rng(1)
    config = SoftermaxConfig.paper(lanes=3, max_len=3, normalizer="row_product")
    for _ in range(40):
        x = rng.integers(-40, 13, size=3)
        power_sum = int(rng.integers(64, 1 << 12))
        seen = np.array(selected(config, x, [1, 1, 1], 3, power_sum)) / 2**7
        exact = 2.0 ** (x / 4 - 3) / (power_sum / 2**6)
        slack = config.reciprocal_table.error_bound * exact * 2 + 2 * 2.0**-10 + 2.0**-8
        assert (np.abs(seen - exact) <= slack).all()
