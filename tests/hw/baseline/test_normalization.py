"""The baseline's Normalization Unit: every port on every cycle, and by its handshakes and payloads what it promises."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from softermax.hw.baseline import DIVIDER, MULTIPLIER, BaselineNormalizationUnit
from softermax.model.baseline import DIVIDER_STAGES, BaselineConfig
from softermax.model.binary16 import NAN, ONE
from softermax.sim.amaranth_bench import observe_in_amaranth
from softermax.sim.trace import cut_by_reset

from ...model.strategies import baseline_configs, examples
from ..handshakes import moves
from ..packing import pack, unpack
from ..stimuli import back_to_back, check, constant_rows, random_trace

DIVIDE = BaselineConfig(lanes=2, max_len=24)
MULTIPLY = BaselineConfig(lanes=2, max_len=24, normalizer="multiply")

each_style = pytest.mark.parametrize("config", [DIVIDE, MULTIPLY], ids=["divide", "multiply"])


def normalized(config, numerators, total, overlong=0):
    """Probabilities of a row of one slice, and the flags: (y, last, overlong)."""
    cycles = 8
    [u] = pack([numerators], 16)
    inputs = {
        "i__valid": [1] * cycles,
        "i__payload": [u | 1 << 16 * config.lanes] * cycles,
        "row__valid": [1] * cycles,
        "row__payload": [total | overlong << 16] * cycles,
        "o__ready": [1] * cycles,
    }
    seen = observe_in_amaranth(BaselineNormalizationUnit(config), inputs)
    payload = seen["o__payload"][moves(inputs, seen, "o")[0]]
    flags = payload >> 16 * config.lanes
    return unpack([payload], 16, config.lanes)[0].tolist(), flags % 2, flags // 2


@examples(5)
@given(config=baseline_configs(max_lanes=6), seed=st.integers(0, 9999))
def test_every_port_on_every_cycle_for_any_config(config, seed):
    trace = random_trace(BaselineNormalizationUnit, config, seed, rows=8)
    check(BaselineNormalizationUnit, config, cut_by_reset(trace, trace.cycles * 3 // 4, trace))


@each_style
@pytest.mark.parametrize("cycle", [3, 7, 30])
def test_reset_in_the_middle_leaves_the_unit_as_new(config, cycle):
    config = replace(config, lanes=1, max_len=4)
    trace = random_trace(BaselineNormalizationUnit, config, cycle)
    check(BaselineNormalizationUnit, config, cut_by_reset(trace, cycle, trace))


def test_model_and_operators_have_the_same_stages():
    assert DIVIDER.latency == DIVIDER_STAGES == 3
    assert MULTIPLIER.latency == 1


@pytest.mark.parametrize(("config", "latencies"), [(DIVIDE, (1, 3)), (MULTIPLY, (3, 1))], ids=["divide", "multiply"])
def test_latency_is_what_it_says(config, latencies):
    inputs = back_to_back(BaselineNormalizationUnit, config, constant_rows(config, 2, 1)).inputs
    unit = BaselineNormalizationUnit(config)
    seen = observe_in_amaranth(unit, inputs)
    [row_entered] = moves(inputs, seen, "row")
    entered, left = moves(inputs, seen, "i"), moves(inputs, seen, "o")
    assert entered[0] - row_entered == unit.row_latency
    assert [o - i for i, o in zip(entered, left, strict=True)] == [unit.slice_latency] * 2
    assert left[0] - row_entered == unit.latency == 4
    assert latencies == (unit.row_latency, unit.slice_latency) == (config.row_latency, config.slice_latency)


@each_style
@pytest.mark.parametrize("slices", [1, 2, 12])
def test_a_slice_a_cycle_on_back_to_back_rows(slices, config):
    inputs = back_to_back(BaselineNormalizationUnit, config, constant_rows(config, slices, 6)).inputs
    seen = observe_in_amaranth(BaselineNormalizationUnit(config), inputs)
    assert moves(inputs, seen, "o") == list(range(2 + 4, 2 + 4 + 6 * slices))


@pytest.mark.parametrize(("config", "small"), [(DIVIDE, 1101), (MULTIPLY, 1102)], ids=["divide", "multiply"])
def test_a_row_by_hand(config, small):
    # 1507/4096 over 1401/1024 is 1101.48/4096. 1024/1401 is 1497/2048, and that times 1507/4096 is 1101.55/4096.
    y = [0x3800 + 1497 - 1024, 0x3400 + small - 1024]
    assert normalized(config, [ONE, 0x3400 + 1507 - 1024], 0x3C00 + 1401 - 1024) == (y, 1, 0)


@each_style
def test_a_fully_masked_row_gives_zeros(config):
    assert normalized(config, [0, 0], 0) == ([0, 0], 1, 0)


@each_style
def test_a_row_of_nans_gives_nans(config):
    assert normalized(config, [NAN, 0], NAN) == ([NAN, NAN], 1, 0)


@each_style
def test_what_is_below_the_smallest_normal_number_is_0(config):
    # 2**-14 / 1.5 and 2**-14 / 1; 2**14 slices of ones.
    assert normalized(config, [0x0400, ONE], 0x3E00)[0][0] == 0
    assert normalized(config, [0x0400, 0], ONE)[0][0] == 0x0400
    assert normalized(config, [ONE, 0x3BFF], (14 + 15) << 10) == ([0x0400, 0], 1, 0)


@each_style
def test_overlong_comes_with_its_row(config):
    assert normalized(config, [ONE, 0], ONE, overlong=1) == ([ONE, 0], 1, 1)


@each_style
def test_a_slice_waits_for_its_rows_sum(config):
    inputs = dict(back_to_back(BaselineNormalizationUnit, config, constant_rows(config, 2, 1)).inputs)
    inputs["row__valid"] = [0] * len(inputs["rst"])
    seen = observe_in_amaranth(BaselineNormalizationUnit(config), inputs)
    assert moves(inputs, seen, "i") == moves(inputs, seen, "o") == []


@pytest.mark.parametrize(("config", "registers"), [(DIVIDE, 1), (MULTIPLY, 3)], ids=["divide", "multiply"])
def test_as_many_sums_as_there_are_registers_may_come_before_their_slices(config, registers):
    inputs = dict(back_to_back(BaselineNormalizationUnit, config, constant_rows(config, 1, 5)).inputs)
    inputs["i__valid"] = [0] * len(inputs["rst"])
    seen = observe_in_amaranth(BaselineNormalizationUnit(config), inputs)
    assert moves(inputs, seen, "row") == list(range(2, 2 + registers))


@each_style
def test_a_rows_scale_is_held_while_its_slices_are_slow(config):
    # Rows of 3 and of 1 slice, both of ones: sixths, then halves.
    rows = [(np.zeros(6, np.uint16), np.ones(6, bool)), (np.zeros(2, np.uint16), np.ones(2, bool))]
    permit = np.array([0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 1])
    inputs = back_to_back(BaselineNormalizationUnit, config, rows, i=permit).inputs
    seen = observe_in_amaranth(BaselineNormalizationUnit(config), inputs)
    out = [seen["o__payload"][cycle] for cycle in moves(inputs, seen, "o")]
    sixth = 0x3000 + 1365 - 1024  # 1365.33 / 8192
    assert unpack(out, 16, 2).tolist() == [[sixth] * 2] * 3 + [[0x3800] * 2]


def test_a_config_must_be_one():
    with pytest.raises(TypeError, match=r"^config must be a BaselineConfig, not 16$"):
        BaselineNormalizationUnit(16)
