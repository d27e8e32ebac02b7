"""base**(x - maximum) for binary16 as the fused baseline computes it: the difference stays in fixed point.

    difference = maximum - x,  in units of 2**-12 (base e) or 2**-11 (base 2), x and maximum cut towards zero to them
    difference log2(base) = k + t,  k an integer, t in [0, 1);    base**(x - maximum) = 2**-k 2**-t

Nothing is rounded between the subtraction and the table: the difference is exact but for what is cut off of numbers
below 0.25 (base e) or 0.5 (base 2). It is multiplied by log2(e), a constant of four additions, of which the last two
are made with the bits alone that the product keeps. The table rounds 2**(1 - t) to a binary16 significand.

Results are at most 1 and have no sign; base**0 is 1. They keep their 11 bits below 2**-14, for the sum; only what is
written down as binary16 is 0 there.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .binary16 import BIAS, FRACTION, HIDDEN, MAGNITUDE, SIGN, pack_rounded
from .exponential import BASES
from .shape import check_choices
from .tables import PiecewiseLinear, compact_power_of_two_table

__all__ = ["NOTHING", "FusedExponential", "to_binary16"]

#: Bits of a difference of which anything is left.
DIFFERENCE_BITS = 16
#: A result of 0, as exponent field and fraction side by side: below all others.
NOTHING = -(16 << 10)
#: Bits of t, and segments of its table; bits by which the table's coefficients are finer than its result.
FRACTION_BITS = 11
SEGMENTS, SLOPE_BITS, KEPT_BITS = 32, 6, 2


@dataclass(frozen=True)
class FusedExponential:
    """The exponential of a base; the hardware is built from the same object.

    Parameters
    ----------
    base : str
        ``"e"`` or ``"2"``.

    Raises
    ------
    ValueError
        If the base is neither.
    """

    base: str = "e"

    def __post_init__(self):
        check_choices(self, {"base": BASES})

    @property
    def difference_fraction_bits(self) -> int:
        """Fraction bits of the difference. The multiplication by log2(e) needs one more than the table takes."""
        return FRACTION_BITS + (self.base == "e")

    @property
    def reach(self) -> int:
        """12 or 18 in binary16: of this difference and all that are greater not even 2**-17 is left.

        So hardware need not look at greater differences.
        """
        return 0x4A00 if self.base == "e" else 0x4C80

    @cached_property
    def table(self) -> PiecewiseLinear:
        """2**t with 10 fraction bits."""
        return compact_power_of_two_table(FRACTION_BITS, SEGMENTS, 10, slope_bits=SLOPE_BITS, kept_bits=KEPT_BITS)

    def fixed(self, x: np.ndarray) -> np.ndarray:
        """Raw binary16 numbers in the fixed point of differences, cut towards zero: int64; of no meaning for NaNs."""
        x = np.asarray(x).astype(np.int64)
        magnitude = x & MAGNITUDE
        places = (magnitude >> 10) - BIAS - 10 + self.difference_fraction_bits
        significand = (magnitude & FRACTION) | HIDDEN
        fixed = (significand << np.maximum(places, 0)) >> np.minimum(-np.minimum(places, 0), 63)
        return np.where(x & SIGN, -fixed, fixed)

    def scaled(self, difference: np.ndarray) -> np.ndarray:
        """Differences, as in :meth:`fixed` and not negative, times log2(base), with :data:`FRACTION_BITS`."""
        if self.base == "2":
            return difference
        by_7, by_23 = 7 * difference, 23 * difference
        return (by_23 + (by_23 >> 8) - (by_7 >> 10)) >> 5

    def __call__(self, x: np.ndarray, maximum: np.ndarray) -> np.ndarray:
        """base**(x - maximum) of raw binary16 numbers, of which none is a NaN or above the maximum.

        Returns
        -------
        ndarray of int64
            Exponent field, which may be negative, and fraction side by side, or :data:`NOTHING`; of the shape to which
            both broadcast.
        """
        difference = self.fixed(maximum) - self.fixed(x)
        reach = int(self.fixed(np.uint16(self.reach)))
        inverted = ~self.scaled(np.minimum(difference, reach))
        power = self.table.values[inverted & ((1 << FRACTION_BITS) - 1)]
        magnitude = (((inverted >> FRACTION_BITS) + BIAS - 1) << 10) + power
        return np.where(difference < reach, magnitude, NOTHING)


def to_binary16(magnitude: np.ndarray) -> np.ndarray:
    """Result of a :class:`FusedExponential` as binary16, 0 below 2**-14: uint16."""
    return pack_rounded(magnitude, 0).astype(np.uint16)
