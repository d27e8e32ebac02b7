"""The pipeline around an operator: timing, handshakes, lint."""

import numpy as np
import pytest

from softermax.flows.synthesis.verilog import generate_verilog
from softermax.hw.baseline import (
    ADDER,
    DIVIDER,
    MAXIMUM,
    MULTIPLIER,
    NONPOSITIVE_EXPONENTIAL,
    SUBTRACTOR,
    Pipeline,
    exponential_operator,
    from_fixed_operator,
)
from softermax.model import Q
from softermax.model.binary16 import ONE
from softermax.sim.amaranth_bench import observe_in_amaranth

from ...flows.synthesis.test_verilog import lint
from ..handshakes import moves

OPERATORS = [
    ADDER,
    SUBTRACTOR,
    MULTIPLIER,
    MAXIMUM,
    DIVIDER,
    exponential_operator(),
    NONPOSITIVE_EXPONENTIAL,
    from_fixed_operator(Q(6, 2)),
    from_fixed_operator(Q(16, 8)),
]


@pytest.mark.parametrize("operator", OPERATORS, ids=lambda operator: operator.name)
def test_lint_has_nothing_to_say(operator, tmp_path):
    assert lint(generate_verilog(Pipeline(operator, 3), "top"), "top", tmp_path) == ""


@pytest.mark.parametrize("operator", [ADDER, DIVIDER], ids=lambda operator: operator.name)
def test_a_result_a_cycle_after_the_latency(operator):
    cycles = 12
    ones = [ONE | ONE << 16] * cycles
    inputs = {"i__valid": [1] * cycles, "i__payload": ones, "o__ready": [1] * cycles}
    seen = observe_in_amaranth(Pipeline(operator), inputs)
    assert moves(inputs, seen, "o") == list(range(operator.latency, cycles))


def test_an_operator_must_be_one():
    with pytest.raises(TypeError, match=r"^operator must be an Operator, not 'adder'$"):
        Pipeline("adder")


@pytest.mark.parametrize("lanes", [0, -1, 2.0])
def test_lanes_must_be_some(lanes):
    with pytest.raises(ValueError, match=rf"^lanes must be an integer of 1 or more, not {lanes}$"):
        Pipeline(ADDER, lanes)


def test_lanes_stand_side_by_side():
    operands = np.array([ONE, ONE, 0x4000, ONE], np.uint64)
    payload = sum(int(value) << 16 * place for place, value in enumerate(operands))
    inputs = {"i__valid": [1, 0], "i__payload": [payload, 0], "o__ready": [1, 1]}
    assert observe_in_amaranth(Pipeline(ADDER, 2), inputs)["o__payload"][1] == 0x4000 | 0x4200 << 16
