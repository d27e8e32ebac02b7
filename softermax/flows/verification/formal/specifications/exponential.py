"""e**x in binary16: how far a result may be away from it, operand by operand, in decimals of 40 places."""

from __future__ import annotations

from decimal import Decimal, localcontext
from fractions import Fraction

import numpy as np

__all__ = ["wrong_powers"]

NAN, INFINITY = 0x7E00, 0x7C00
PLACES = 40

#: Below the first, nothing but 0 is right; from the second on, half a unit above the largest number, infinity.
LEAST, OVERFLOW = Fraction(1, 1 << 14), Fraction((1 << 16) - (1 << 4))


def _value(raw: int) -> Fraction:
    """What a finite word stands for, a subnormal one for zero."""
    exponent, fraction = raw >> 10 & 0x1F, raw & 0x3FF
    magnitude = Fraction(fraction | 1 << 10) * Fraction(2) ** (exponent - 25) if exponent else Fraction(0)
    return -magnitude if raw & 0x8000 else magnitude


def _is_right(x: int, result: int) -> bool:
    """Whether a result is less than a unit in the last place away from e**x, exactly 1 for 0, and NaN for NaN."""
    if x & 0x7C00 == 0x7C00:
        return result == (NAN if x & 0x3FF else 0 if x & 0x8000 else INFINITY)
    operand = _value(x)
    if operand == 0:
        return result == 0x3C00
    with localcontext() as context:
        context.prec = PLACES
        exact = Fraction((Decimal(operand.numerator) / operand.denominator).exp())
    if exact < LEAST or exact >= OVERFLOW:
        return result == (0 if exact < LEAST else INFINITY)
    if not 0x0400 <= result < INFINITY:
        return False
    binade = exact.numerator.bit_length() - exact.denominator.bit_length()
    binade -= exact < Fraction(2) ** binade
    # The uncertainty of the decimals counts against the result.
    return abs(_value(result) - exact) + exact / 10 ** (PLACES - 2) < Fraction(2) ** (binade - 10)


def wrong_powers(operands: np.ndarray, results: np.ndarray, *, nonpositive: bool = False) -> np.ndarray:
    """The operands whose result is wrong, raw numbers in binary16; ``nonpositive`` takes every operand as -abs(x)."""
    pairs = zip(operands.tolist(), results.tolist(), strict=True)
    sign = 0x8000 if nonpositive else 0
    return np.array([x for x, result in pairs if not _is_right(x | sign, result)], int)
