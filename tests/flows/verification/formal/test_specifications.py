"""Specifications of kernels: against numbers that are known, and NumPy."""

from fractions import Fraction

import numpy as np
import pytest
import z3

from softermax.flows.cosimulation.binary16 import expected, special_pairs
from softermax.flows.verification.formal.specifications import binary16, softermax
from softermax.flows.verification.formal.specifications.exact import (
    nearest_power_of_two,
    power_error_bound,
    reciprocal_error_bound,
)


def holds(claim):
    """Whether a claim about constants holds."""
    solver = z3.Solver()
    solver.add(z3.Not(claim))
    return solver.check() == z3.unsat


@pytest.mark.parametrize(
    ("name", "specification"),
    [
        ("add", binary16.add),
        ("subtract", binary16.subtract),
        ("multiply", binary16.multiply),
        ("divide", binary16.divide),
        ("maximum", binary16.later),
    ],
)
def test_binary16_is_what_numpy_makes_of_special_values(name, specification):
    a, b = (side[::37] for side in special_pairs())
    results = expected(name, a, b)
    for x, y, result in zip(a.tolist(), b.tolist(), results.tolist(), strict=True):
        words = [z3.BitVecVal(value, 16) for value in (x, y)]
        assert holds(specification(*words, z3.BitVecVal(result, 16))), (hex(x), hex(y))
        assert not holds(specification(*words, z3.BitVecVal(result ^ 1, 16))), (hex(x), hex(y))


@pytest.mark.parametrize(
    ("a", "b", "product"),
    [
        # 2**-14 (1 - 2**-11) has 11 bits and lies below; 2**-14 (1 - 2**-20) does not when it is rounded.
        (0x3BFF, 0x0400, 0x0000),
        (0x0401, 0x3BFE, 0x0400),
        (0x8401, 0x3BFE, 0x8400),
        (0x3C01, 0x3BFE, 0x3C00),
        (0x7BFF, 0x3C01, 0x7C00),
    ],
)
def test_products_at_the_ends_of_the_range(a, b, product):
    assert holds(binary16.multiply(*(z3.BitVecVal(value, 16) for value in (a, b, product))))


def test_powers_of_two_are_the_nearest_numbers():
    for fraction in range(16):
        assert nearest_power_of_two(fraction, 4, 20) == round(2 ** (fraction / 16) * 2**20)
    assert nearest_power_of_two(1, 1, 60) == 1630477228166597777


def test_bounds_are_those_of_the_best_lines():
    m = np.linspace(1, 1.125, 100001)
    line = np.polynomial.Polynomial.fit(m[[0, -1]], 1 / m[[0, -1]], 1)
    # The best line is the chord, moved down by half of what it is above.
    assert float(reciprocal_error_bound(8, 30, 20, truncated=False) - Fraction(5, 8)) == pytest.approx(
        (line(m) - 1 / m).max() / 2 * 2**20, rel=1e-6
    )
    t = np.linspace(0.75, 1, 100001)
    line = np.polynomial.Polynomial.fit(t[[0, -1]], np.exp2(t[[0, -1]]), 1)
    assert float(power_error_bound(4, 20)) > (line(t) - np.exp2(t)).max() / 2 * 2**20


def test_the_maximum_is_the_largest_ceiling():
    x = [z3.BitVecVal(value, 8) for value in (5, 9, -3)]
    keep = [z3.BoolVal(kept) for kept in (True, False, True)]
    for maximum in range(-4, 5):
        claim = softermax.int_max(x, keep, z3.BitVecVal(maximum, 7), 2, -32)
        assert holds(claim) == (maximum == 2)
    assert holds(softermax.int_max(x, [z3.BoolVal(False)] * 3, z3.BitVecVal(-32, 7), 2, -32))
