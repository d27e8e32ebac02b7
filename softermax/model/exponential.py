"""e**x or 2**x for binary16 on raw integers: argument reduction to a power of two, then a linear-piecewise table.

    abs(x) log2(e) = k + t,  k an integer, t in [0, 1);    e**x = 2**k 2**t

The significand is multiplied by log2(e), a constant of four additions, and shifted to fixed point; a negative x inverts
its bits, which is exact because bits that are cut off count as half of the last one. The table rounds 2**t to a
binary16 significand. Less than 1 unit in the last place (ulp) away from e**x for every x; e**0 is 1.

- A result below 2**-14 after that rounding is +0, one of 2**16 or more is infinity.
- e**-infinity is +0, e**infinity is infinity, e**NaN is :data:`softermax.model.binary16.NAN`.

2**x is computed alike, with the factor 1 instead of log2(e).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .binary16 import BIAS, FRACTION, HIDDEN, INFINITY, MAGNITUDE, NAN, SIGN, elementwise, pack_rounded
from .shape import check_choices
from .tables import PiecewiseLinear, power_of_two_table

__all__ = ["BASES", "EXPONENTIAL", "Exponential", "exponential"]

#: log2 of each base with 14 fraction bits. That of e is 4.9e-6 above: ((16 + 7) << 10) + 4 * 23 - 7, with 7 = 8 - 1.
FACTORS = {"e": 23637, "2": 1 << 14}
BASES = tuple(FACTORS)
#: abs(x) of 2**4 or more overflows or underflows.
INTEGER_BITS = 4
#: Bits of t. The product of log2(e) and a significand keeps 3 more, so that none is missing where abs(x) is 8 or more.
FRACTION_BITS = 11


@dataclass(frozen=True)
class Exponential:
    """The table's size and the base; the hardware is built from the same object.

    Parameters
    ----------
    segments : int
        Segments of the table, a power of two from 32, for the accuracy, to 2048, which is a plain table.
    base : str
        ``"e"`` or ``"2"``.

    Raises
    ------
    ValueError
        If a parameter is not as above.
    """

    segments: int = 32
    base: str = "e"

    def __post_init__(self):
        check_choices(self, {"base": BASES})
        if self.segments not in (1 << bits for bits in range(5, FRACTION_BITS + 1)):
            raise ValueError(f"segments must be a power of two from 32 to 2048, not {self.segments!r}")

    @cached_property
    def table(self) -> PiecewiseLinear:
        """2**t with 10 fraction bits."""
        return power_of_two_table(FRACTION_BITS, self.segments, 10, truncated=True)

    def __call__(self, x) -> np.ndarray:
        """base**x of raw binary16 numbers: uint16, of x's shape."""
        return elementwise(self._compute)(x)

    def _compute(self, x):
        magnitude, negative = x & MAGNITUDE, (x & SIGN) != 0
        places = INTEGER_BITS - 1 + BIAS - (magnitude >> 10)
        product = (((magnitude & FRACTION) | HIDDEN) * FACTORS[self.base]) >> 10
        # Below 2**-12 nothing is left of x.
        scaled = product >> np.clip(places, 0, 16)
        scaled = np.where(negative, ~scaled, scaled)
        power = self.table.values[scaled & ((1 << FRACTION_BITS) - 1)]
        result = pack_rounded((((scaled >> FRACTION_BITS) + BIAS - 1) << 10) + power, 0)
        result = np.where(places < 0, np.where(negative, 0, INFINITY), result)
        return np.where(magnitude > INFINITY, NAN, result)


#: The sizes that the baseline uses.
EXPONENTIAL = Exponential()


def exponential(x) -> np.ndarray:
    """e**x of raw binary16 numbers as the baseline computes it: uint16, of x's shape."""
    return EXPONENTIAL(x)
