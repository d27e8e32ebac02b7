"""binary16 on raw integers: every bit against NumPy's floating point, and what IEEE 754 leaves to us."""

from fractions import Fraction
from math import floor

import numpy as np
import pytest

from softermax.flows.cosimulation.binary16 import (
    OPERATIONS,
    SPECIAL_VALUES,
    conversion_mismatches,
    mismatches,
    random_pairs,
    stratified_partners,
)
from softermax.model import binary16
from softermax.model.binary16 import INFINITY, NAN, ONE, add, divide, from_fixed, maximum, multiply, reciprocal

EVERYTHING = np.arange(1 << 16).astype(np.uint16)
MINUS = 0x8000
SMALLEST, LARGEST = 0x0400, 0x7BFF
HALF, TWO, THREE = 0x3800, 0x4000, 0x4200


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_special_value_with_every_special_value(name):
    assert mismatches(name, SPECIAL_VALUES[:, None], SPECIAL_VALUES) == []


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operand_with_some_of_the_partners(name):
    # All 512 of them: make binary16.
    partners = stratified_partners(np.random.default_rng(2))[::19]
    assert mismatches(name, EVERYTHING[:, None], partners) == []
    assert mismatches(name, partners, EVERYTHING[:, None]) == []


@pytest.mark.parametrize("name", OPERATIONS)
def test_random_pairs(name):
    assert mismatches(name, *random_pairs(np.random.default_rng(3), 500_000)) == []


def test_partners_have_every_sign_and_exponent():
    partners = stratified_partners(np.random.default_rng(0))
    assert partners.size == 512
    assert np.bincount(partners >> 10).tolist() == [8] * 64


def test_the_oracle_notices_a_wrong_rounding(monkeypatch):
    truncating = lambda e, significand, sign: binary16.pack_rounded(((e - 1) << 10) + (significand >> 2), sign)  # noqa: E731
    monkeypatch.setattr(binary16, "pack", truncating)
    for name in ("multiply", "divide"):
        assert mismatches(name, *random_pairs(np.random.default_rng(4), 1000))


@pytest.mark.parametrize("fraction_bits", [-3, 0, 2, 10, 14, 15, 24, 29])
def test_conversion_of_every_16_bit_integer(fraction_bits):
    assert conversion_mismatches(fraction_bits) == []


def test_conversion_of_wide_integers():
    raw = np.random.default_rng(5).integers(-(1 << 30), (1 << 30) + 1, size=200_000)
    exact = (raw * 2.0**-20).astype(np.float16)
    assert np.array_equal(from_fixed(raw, 20), np.where(np.abs(exact) < 2.0**-14, 0, exact.view(np.uint16)))
    assert from_fixed([1 << 30, -(1 << 30), 0], 30).tolist() == [ONE, MINUS | ONE, 0]


@pytest.mark.parametrize(
    ("operation", "a", "b", "result"),
    [
        (add, ONE, MINUS | ONE, 0),
        (add, MINUS, MINUS, MINUS),
        (add, MINUS, 0, 0),
        (add, MINUS | 0x03FF, 0x03FF, 0),  # subnormals are zeros
        (add, SMALLEST, MINUS | (SMALLEST + 1), MINUS),  # and what would be one becomes one
        (add, MINUS | 0x0001, MINUS | TWO, MINUS | TWO),
        (add, LARGEST, LARGEST, INFINITY),
        (add, LARGEST, 0x4BFF, LARGEST),  # 16 - 1/128 is less than half of the last unit
        (add, LARGEST, 0x4C00, INFINITY),  # 16 is half of it: a tie, to even
        (add, INFINITY, MINUS | INFINITY, NAN),
        (add, MINUS | INFINITY, LARGEST, MINUS | INFINITY),
        (add, 0xFE55, ONE, NAN),
        (multiply, SMALLEST, MINUS | 0x3BFF, MINUS),
        (multiply, 0x07FF, HALF, 0),  # 11 bits, so nothing to round
        (multiply, 0x0401, 0x3BFE, SMALLEST),  # 2**-14 (1 - 2**-20) rounds to what is not flushed
        (multiply, 0, MINUS | INFINITY, NAN),
        (multiply, 0x03FF, INFINITY, NAN),
        (multiply, TWO, MINUS | LARGEST, MINUS | INFINITY),
        (divide, ONE, THREE, 0x3555),
        (divide, ONE, MINUS, MINUS | INFINITY),
        (divide, 0, 0x0001, NAN),
        (divide, INFINITY, INFINITY, NAN),
        (divide, ONE, MINUS | INFINITY, MINUS),
        (maximum, MINUS, 0, 0),
        (maximum, NAN, INFINITY, NAN),
        (maximum, MINUS | NAN, MINUS | INFINITY, MINUS | INFINITY),
        (maximum, 0x0001, 0, 0x0001),
    ],
)
def test_what_the_definition_says(operation, a, b, result):
    assert int(operation(a, b)) == result


def test_reciprocal_is_a_division():
    assert np.array_equal(reciprocal(EVERYTHING), divide(ONE, EVERYTHING))


@pytest.mark.parametrize("fraction_bits", [1, 7, 8, 9])
def test_conversion_of_every_probability_to_fixed_point(fraction_bits):
    bits = np.arange(binary16.INFINITY)
    exact = [Fraction(float(p)) for p in bits.astype(np.uint16).view(np.float16)]
    top = (1 << fraction_bits) - 1
    wanted = [min(floor(p * (top + 1) + Fraction(1, 2)), top) for p in exact]
    assert binary16.to_fixed(bits, fraction_bits).tolist() == wanted


def test_any_shapes_broadcast():
    a = np.array([[ONE], [TWO]])
    assert add(a, [ONE, TWO, INFINITY]).tolist() == [[TWO, THREE, INFINITY], [THREE, 0x4400, INFINITY]]
    assert add(a, a).dtype == np.uint16
    assert multiply(np.zeros((0, 3)), ONE).shape == (0, 3)
    assert multiply(HALF, HALF).shape == ()
