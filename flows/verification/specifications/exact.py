"""Constants that no floating point has touched."""

from __future__ import annotations

from decimal import Decimal, localcontext
from fractions import Fraction
from math import isqrt

__all__ = ["nearest_power_of_two", "power_error_bound", "reciprocal_error_bound"]


def nearest_power_of_two(numerator: int, root: int, fraction_bits: int) -> int:
    """2**(numerator / 2**root) to the nearest integer of 2**-fraction_bits; by square roots of integers."""
    # Twice the number, raised to a power that is a whole power of two; a root of a floor's floor is a root's floor.
    doubled = 1 << (numerator + ((fraction_bits + 1) << root))
    for _ in range(root):
        doubled = isqrt(doubled)
    return (doubled + 1) >> 1


def power_error_bound(segments: int, fraction_bits: int) -> Fraction:
    """How far a linear-piecewise 2**t, t in [0, 1), may be away from it, in units of 2**-fraction_bits.

    The best line on a segment of width h is at most h**2 / 16 times the largest second derivative away, which is 2
    log(2)**2; to that comes 5/8 as for the reciprocal.
    """
    with localcontext() as context:
        context.prec = 50
        curvature = Fraction(2 * Decimal(2).ln() ** 2 + Decimal(10) ** -40)
    return curvature / (16 * segments**2) * (1 << fraction_bits) + Fraction(5, 8)


def reciprocal_error_bound(segments: int, index_bits: int, fraction_bits: int, *, truncated: bool) -> Fraction:
    """How far a linear-piecewise 1/m, m in [1, 2), may be away from it, in units of 2**-fraction_bits.

    On a segment from a to b the best line is (1/sqrt(a) - 1/sqrt(b))**2 / 2 away from 1/m, most so on the first one.
    To that comes half a unit for the rounding of the result; half a unit of coefficients that are 4 times finer than a
    segment has entries, for the intercept and at most as often as it has entries for the slope, together 1/8; and where
    m is cut to its index, half a step of it, times a slope of at most 1.
    """
    with localcontext() as context:
        context.prec = 50
        end = 1 + Decimal(1) / segments
        line = Fraction((1 - 1 / end.sqrt()) ** 2 / 2 + Decimal(10) ** -40)
    unit = 1 << fraction_bits
    cut = Fraction(1, 2 << index_bits) * unit if truncated else 0
    return line * unit + Fraction(1, 2) + Fraction(1, 8) + cut
