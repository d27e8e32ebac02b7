"""The sum of the fused baseline: numerators in fixed point, added exactly, and converted to binary16 for each row."""

from __future__ import annotations

import numpy as np

from .binary16 import BIAS, FRACTION, HIDDEN, ONE

__all__ = ["SUM_FRACTION_BITS", "to_fixed_numerator", "total_of"]

#: Fraction bits of the sum.
SUM_FRACTION_BITS = 16


def to_fixed_numerator(magnitude: np.ndarray) -> np.ndarray:
    """Result of a fused exponential, with :data:`SUM_FRACTION_BITS`, rounded to nearest, ties up: int64."""
    significand = (magnitude & FRACTION) | HIDDEN
    doubled = (significand << (SUM_FRACTION_BITS - 9)) >> (BIAS - (magnitude >> 10))
    return (doubled + 1) >> 1


def total_of(total: np.ndarray) -> np.ndarray:
    """Sums with :data:`SUM_FRACTION_BITS` as binary16: uint16, rounded to nearest, ties up; a sum of 0 becomes 1.

    Parameters
    ----------
    total : ndarray of int
        0, or from 1 to less than 2**16.
    """
    total = np.asarray(total).astype(np.int64)
    places = np.frexp(total)[1] - 12
    rounded = ((total >> np.maximum(places, 0)) + 1) >> 1
    raw = ((places + 11 - SUM_FRACTION_BITS + BIAS - 1) << 10) + rounded
    return np.where(total == 0, ONE, raw).astype(np.uint16)
