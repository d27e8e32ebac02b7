"""Unnormed Softmax Unit: every port on every cycle, and by its handshakes and payloads what it promises."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from softermax.hw import UnnormedSoftmaxUnit
from softermax.model import SoftermaxConfig
from softermax.sim.amaranth_bench import observe_in_amaranth
from softermax.sim.trace import cut_by_reset

from ..model.strategies import configs, examples
from .handshakes import moves
from .packing import to_signed, unpack
from .stimuli import back_to_back, check, constant_rows, random_trace

PAPER = SoftermaxConfig.paper(lanes=2, max_len=48)
#: With a register behind every stage, and with as few as there can be.
MANY, FEW = replace(PAPER, cuts=PAPER.plan.stages), replace(PAPER, cuts=())
ROW_PRODUCT = SoftermaxConfig.paper(lanes=2, max_len=48, normalizer="row_product")


def observe(config, rows, **permits):
    """Inputs for rows at full speed but for the streams with permits, and what is seen."""
    inputs = back_to_back(UnnormedSoftmaxUnit, config, rows, **permits).inputs
    return inputs, observe_in_amaranth(UnnormedSoftmaxUnit(config), inputs)


def summaries(config, rows):
    """(maximum, power sum, saturated, overlong) of each row."""
    inputs, seen = observe(config, rows)
    fields = []
    for cycle in moves(inputs, seen, "row"):
        payload = seen["row__payload"][cycle]
        maximum = to_signed(payload % 2**config.maximum.width, config.maximum.width)
        payload >>= config.maximum.width
        power_sum, flags = payload % 2**config.power_sum.width, payload >> config.power_sum.width
        fields.append((maximum, power_sum, flags % 2, flags // 2))
    return fields


@examples(40)
@given(config=configs(max_lanes=6, most_product_bits=6), seed=st.integers(0, 9999))
def test_every_port_on_every_cycle_for_any_config(config, seed):
    check(UnnormedSoftmaxUnit, config, random_trace(UnnormedSoftmaxUnit, config, seed))


@examples(4)
@given(config=configs(max_lanes=64, most_product_bits=3), seed=st.integers(0, 9999))
def test_every_port_on_every_cycle_for_wide_units(config, seed):
    check(UnnormedSoftmaxUnit, config, random_trace(UnnormedSoftmaxUnit, config, seed))


@pytest.mark.parametrize(
    ("config", "latencies"), [(PAPER, (2, 4)), (MANY, (2, 4)), (FEW, (1, 1)), (ROW_PRODUCT, (1, 3))]
)
def test_latency_is_what_it_says(config, latencies):
    unit = UnnormedSoftmaxUnit(config)
    inputs = back_to_back(UnnormedSoftmaxUnit, config, constant_rows(config, 1, 1)).inputs
    seen = observe_in_amaranth(unit, inputs)
    [entered], [left], [row_left] = (moves(inputs, seen, stream) for stream in ("i", "o", "row"))
    assert (left - entered, row_left - entered) == (unit.slice_latency, unit.latency) == latencies


@pytest.mark.parametrize("config", [PAPER, FEW, ROW_PRODUCT])
@pytest.mark.parametrize("slices", [1, 2, 24])
def test_a_slice_a_cycle_on_back_to_back_rows(slices, config):
    inputs, seen = observe(config, constant_rows(config, slices, 6))
    total, slices_from, rows_from = 6 * slices, 2 + config.plan.slice_latency, 2 + config.plan.summary_latency
    assert moves(inputs, seen, "i") == list(range(2, 2 + total))
    assert moves(inputs, seen, "o") == list(range(slices_from, slices_from + total))
    assert moves(inputs, seen, "row") == list(range(rows_from + slices - 1, rows_from + total, slices))


def test_a_slice_and_its_row_by_hand():
    # Slice maxima 1 and 3: 2**-1 and 2**0; then 2**(2.5 - 3) = 0.7071 and a masked lane. D = 1.5/4 + 0.7071.
    raw, mask = np.array([0, 4, 10, 127], np.int16), np.array([True, True, True, False])
    inputs, seen = observe(PAPER, [(raw, mask)])
    out = [seen["o__payload"][cycle] for cycle in moves(inputs, seen, "o")]
    assert unpack(out, 16, 2).tolist() == [[1 << 14, 1 << 15], [23170, 0]]
    assert [(payload >> 32) % 128 for payload in out] == [1, 3]
    assert [payload >> 39 for payload in out] == [0, 1]
    assert summaries(PAPER, [(raw, mask)]) == [(3, (96 >> 2) + 45, 0, 0)]


def test_a_row_without_a_kept_score_has_the_lowest_maximum_and_no_sum():
    masked = (np.full(3, 127, np.int16), np.zeros(3, bool))
    assert summaries(PAPER, [masked, *constant_rows(PAPER, 1, 1)]) == [(-32, 0, 0, 0), (0, 128, 0, 0)]


def test_an_overlong_row_ends_at_the_longest_length_and_the_rest_is_taken_and_dropped():
    rows = [*constant_rows(PAPER, 24, 1), *constant_rows(PAPER, 30, 1), *constant_rows(PAPER, 1, 1)]
    assert summaries(PAPER, rows) == [(0, 48 * 64, 0, 0), (0, 48 * 64, 0, 1), (0, 2 * 64, 0, 0)]
    inputs, seen = observe(PAPER, rows)
    assert len(moves(inputs, seen, "i")) == 24 + 30 + 1
    assert len(moves(inputs, seen, "o")) == 24 + 24 + 1


@pytest.mark.parametrize(("waits", "other"), [("o", "row"), ("row", "o")])
def test_a_stream_that_waits_does_not_keep_the_other_from_moving_and_nothing_passes_twice(waits, other):
    inputs, seen = observe(PAPER, constant_rows(PAPER, 1, 3), **{waits: [0] * 8 + [1] * 92})
    assert (
        moves(inputs, seen, other)[0] == 2 + {"o": PAPER.plan.slice_latency, "row": PAPER.plan.summary_latency}[other]
    )
    assert moves(inputs, seen, waits)[0] == 10
    assert len(moves(inputs, seen, "o")) == len(moves(inputs, seen, "row")) == 3


@pytest.mark.parametrize("cycle", [3, 4, 9, 30, 77])
def test_reset_in_the_middle_leaves_the_unit_as_new(cycle):
    trace = random_trace(UnnormedSoftmaxUnit, PAPER, cycle)
    check(UnnormedSoftmaxUnit, PAPER, cut_by_reset(trace, cycle, trace))
