"""Kernels that are tried on every operand: what the hardware gives, and what is right."""

import numpy as np

from softermax.flows.synthesis.verilog import generate_verilog
from softermax.flows.verification.formal.exhaustive import all_results
from softermax.flows.verification.formal.specifications.exponential import wrong_powers
from softermax.hw.baseline import Pipeline, from_fixed_operator
from softermax.model import Q


def test_every_operand_has_its_own_result(tmp_path):
    (tmp_path / "unit.v").write_text(generate_verilog(Pipeline(from_fixed_operator(Q(6, 2))), "kernel"))
    operands, results = all_results(tmp_path / "unit.v", latency=1)
    right = (operands.astype(np.int8) / 4).astype(np.float16).view(np.uint16)
    assert operands.tolist() == list(range(256))
    assert results.tolist() == right.tolist()


# Zeros and a subnormal, 1, -1, 11.1, -9.5, infinities, NaNs; and where e**x first over- and underflows.
OPERANDS = np.array([0, 0x8000, 0x3FF, 0x3C00, 0xBC00, 0x498D, 0xC8C0, 0x7C00, 0xFC00, 0x7E00, 0xFE01, 0x498E, 0xC8DB])


def test_a_power_is_right_within_a_unit_in_the_last_place():
    flushed = np.where(OPERANDS & 0x7C00, OPERANDS, 0).astype(np.uint16).view(np.float16).astype(float)
    with np.errstate(over="ignore"):
        powers = np.exp(flushed).astype(np.float16)
    right = np.where(
        np.isnan(powers), 0x7E00, np.where(powers < 2.0**-14, 0, powers).astype(np.float16).view(np.uint16)
    )
    assert wrong_powers(OPERANDS, right).tolist() == []
    assert wrong_powers(OPERANDS, right ^ 0x8000).tolist() == OPERANDS.tolist()
    exact = np.isin(right, [0, 0x3C00, 0x7C00, 0x7E00])
    assert wrong_powers(OPERANDS, np.where(exact, right, right + 2)).tolist() == OPERANDS[~exact].tolist()


def test_the_sign_is_not_looked_at_where_all_are_negative():
    assert wrong_powers(np.array([0x3C00, 0xBC00]), np.array([0x35E3, 0x35E3]), nonpositive=True).tolist() == []
    assert wrong_powers(np.array([0x3C00, 0xBC00]), np.array([0x4170, 0x4170]), nonpositive=True).tolist() != []
