"""Constants that no floating point has touched."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Context, Decimal, localcontext
from fractions import Fraction
from math import isqrt

__all__ = [
    "Lines",
    "nearest_power_of_two",
    "power_error_bound",
    "power_lines",
    "reciprocal_error_bound",
    "reciprocal_lines",
]


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
    with localcontext(prec=50):
        curvature = Fraction(2 * Decimal(2).ln() ** 2 + Decimal(10) ** -40)
    return curvature / (16 * segments**2) * (1 << fraction_bits) + Fraction(5, 8)


def reciprocal_error_bound(segments: int, index_bits: int, fraction_bits: int, *, truncated: bool) -> Fraction:
    """How far a linear-piecewise 1/m, m in [1, 2), may be away from it, in units of 2**-fraction_bits.

    On a segment from a to b the best line is (1/sqrt(a) - 1/sqrt(b))**2 / 2 away from 1/m, most so on the first one.
    To that comes half a unit for the rounding of the result; half a unit of coefficients that are 4 times finer than a
    segment has entries, for the intercept and at most as often as it has entries for the slope, together 1/8; and where
    m is cut to its index, half a step of it, times a slope of at most 1.
    """
    with localcontext(prec=50):
        end = 1 + Decimal(1) / segments
        line = Fraction((1 - 1 / end.sqrt()) ** 2 / 2 + Decimal(10) ** -40)
    unit = 1 << fraction_bits
    cut = Fraction(1, 2 << index_bits) * unit if truncated else 0
    return line * unit + Fraction(1, 2) + Fraction(1, 8) + cut


@dataclass(frozen=True)
class Lines:
    """A linear-piecewise function of an index: intercept + slope * offset of each segment, without their last bits.

    Attributes
    ----------
    coefficients : tuple of (int, int)
        Intercept and slope of each segment.
    offset_bits, dropped : int
        Lower bits of the index, which count a segment's entries; and bits of the result that are cut off.
    """

    coefficients: tuple[tuple[int, int], ...]
    offset_bits: int
    dropped: int

    @property
    def values(self) -> list[int]:
        """The result of every index."""
        offsets = range(1 << self.offset_bits)
        return [(start + slope * offset) >> self.dropped for start, slope in self.coefficients for offset in offsets]


def reciprocal_lines(segments: int, index_bits: int, fraction_bits: int, *, truncated: bool) -> Lines:
    """The best lines for 1/m, m in [1, 2); if m is cut to its index, for the middle of the cut-off range."""
    middle = Decimal(1) / (2 << index_bits) if truncated else Decimal(0)

    def touch(slope: Decimal) -> Decimal:
        return (-1 / slope).sqrt()

    return _best_lines(lambda m: 1 / m, touch, 1 + middle, segments, index_bits, fraction_bits)


def power_lines(segments: int, index_bits: int, fraction_bits: int) -> Lines:
    """The best lines for 2**t, t in [0, 1)."""
    log_2 = Decimal(2).ln(Context(prec=50))

    def touch(slope: Decimal) -> Decimal:
        return (slope / log_2).ln() / log_2

    return _best_lines(lambda t: (t * log_2).exp(), touch, Decimal(0), segments, index_bits, fraction_bits)


def _best_lines(function, touch, start: Decimal, segments: int, index_bits: int, fraction_bits: int) -> Lines:
    """Those from which no entry of a segment is further than it must be: midway between chord and parallel tangent.

    Coefficients are rounded to units that are 4 times finer than a segment has entries. Half a unit of the result in
    the intercepts makes what is cut off a rounding to nearest. ``touch`` tells where the function has a slope.
    """
    offset_bits = index_bits - (segments.bit_length() - 1)
    dropped = offset_bits + 2
    coefficients = []
    with localcontext(prec=50):
        step, unit = Decimal(1) / (1 << index_bits), Decimal(1 << (fraction_bits + dropped))
        for segment in range(segments):
            first = start + (segment << offset_bits) * step
            last = first + ((1 << offset_bits) - 1) * step
            slope = (function(last) - function(first)) / (last - first)
            touched = touch(slope)
            above = function(first) + slope * (touched - first) - function(touched)
            intercept = (function(first) - above / 2) * unit
            coefficients.append((round(intercept) + (1 << (dropped - 1)), round(slope * step * unit)))
    return Lines(tuple(coefficients), offset_bits, dropped)
