"""IEEE 754 binary16 on raw integers: add, subtract, multiply, divide, maximum, conversion from fixed point.

All functions are element-wise on uint16 arrays of any shapes that broadcast, and compute on integers in the steps of
the hardware. The arithmetic, exactly:

- An operand below 2**-14 in magnitude (a subnormal) counts as zero of its sign.
- Results are rounded to 11 significant bits as though exponents had no limit, to nearest, ties to even. What then is
  2**16 or more in magnitude is infinity, what is below 2**-14 is zero; both keep the sign.
- A zero that is the exact sum of operands of opposite signs is +0, also where the operands count as zero.
- Infinities are as in IEEE 754; so is x / 0, an infinity.
- Every NaN that arithmetic gives is :data:`NAN`.
- :func:`maximum` is no arithmetic but selects: see there.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, wraps

import numpy as np

__all__ = [
    "INFINITY",
    "NAN",
    "ONE",
    "add",
    "divide",
    "elementwise",
    "from_fixed",
    "maximum",
    "multiply",
    "reciprocal",
    "subtract",
    "to_fixed",
    "total_order",
]

#: The one NaN that arithmetic gives, quiet and positive.
NAN = 0x7E00
INFINITY = 0x7C00
ONE = 0x3C00

SIGN = 0x8000
MAGNITUDE = 0x7FFF
FRACTION = 0x03FF
#: The leading bit of a significand; a unit of the exponent field.
HIDDEN = 0x0400
BIAS = 15

#: Elements that are computed at a time: all intermediate arrays together stay in a core's cache.
CHUNK = 1 << 14


def elementwise(function: Callable) -> Callable:
    """Apply a function of flat int32 chunks to broadcast arrays of raw integers."""

    @wraps(function)
    def apply(*operands):
        arrays = np.broadcast_arrays(*(np.asarray(operand, np.uint16) for operand in operands))
        shape = arrays[0].shape
        flat = [array.reshape(-1) for array in arrays]
        result = np.empty(flat[0].size, np.uint16)
        for start in range(0, result.size, CHUNK):
            chunk = slice(start, start + CHUNK)
            result[chunk] = function(*(array[chunk].astype(np.int32) for array in flat))
        return result.reshape(shape)

    return apply


def pack(exponent, significand, sign):
    """Round a normalised significand and pack it.

    Parameters
    ----------
    exponent : ndarray of int32
        Biased exponent of the significand's leading one.
    significand : ndarray of int32
        A leading one, the 10 bits of the fraction, a guard bit, a sticky bit.
    sign : ndarray of int32
        0 or :data:`SIGN`.
    """
    rounded = (significand + 1 + ((significand >> 2) & 1)) >> 2
    return pack_rounded(((exponent - 1) << 10) + rounded, sign)


def pack_rounded(magnitude, sign):
    """Flush and overflow a rounded magnitude: exponent, which may be out of range, and fraction side by side."""
    magnitude = np.where(magnitude < HIDDEN, 0, np.minimum(magnitude, INFINITY))
    return magnitude | sign


def _significand(magnitude):
    """The 11 bits of a significand, for a magnitude that does not count as zero."""
    return (magnitude & FRACTION) | HIDDEN


@cache
def _normalised_sums() -> np.ndarray:
    """Normalisation and rounding of every sum of significands.

    A sum has 15 bits: a carry, the 11 bits of the larger operand's significand, guard, round and sticky bit. Entry
    ``s`` is what to add to the larger operand's exponent field to get the rounded magnitude; none for the sum 0.
    """
    sums = np.arange(1 << 15)
    zeros = 15 - np.frexp(sums)[1]
    normalised = sums << zeros
    rounded = (normalised + 7 + ((normalised >> 4) & 1)) >> 4
    # A sum of zero is far below every exponent.
    return np.where(sums == 0, -(1 << 16), rounded - (zeros << 10)).astype(np.int32)


@elementwise
def add(a, b):
    """a + b."""
    return _add(a, b)


@elementwise
def subtract(a, b):
    """a - b."""
    return _add(a, b ^ SIGN)


def _add(a, b):
    """Align the smaller operand to the larger, add or subtract, normalise, round."""
    magnitude_a, magnitude_b = a & MAGNITUDE, b & MAGNITUDE
    large, small = np.maximum(magnitude_a, magnitude_b), np.minimum(magnitude_a, magnitude_b)
    sign = np.where(magnitude_b > magnitude_a, b, a) & SIGN
    opposite = ((a ^ b) & SIGN) != 0
    distance = (large >> 10) - (small >> 10)
    # Guard, round and sticky bit below; what is shifted further only counts as sticky.
    aligned = (_significand(small) << 14) >> np.minimum(distance, 14)
    aligned = (aligned >> 11) | ((aligned & 0x7FF) != 0)
    aligned *= small >= HIDDEN
    total = (_significand(large) << 3) + np.where(opposite, -aligned, aligned)
    total *= large >= HIDDEN
    magnitude = (large & ~FRACTION) + _normalised_sums()[total]
    result = pack_rounded(magnitude, np.where(opposite & (total == 0), 0, sign))
    special = np.flatnonzero(large >= INFINITY)
    if special.size:
        no_number = (large > INFINITY) | (opposite & (small == INFINITY))
        result[special] = np.where(no_number, NAN, INFINITY | sign)[special]
    return result


@elementwise
def multiply(a, b):
    """a * b."""
    sign = (a ^ b) & SIGN
    a, b = a & MAGNITUDE, b & MAGNITUDE
    product = _significand(a) * _significand(b)
    above_two = product >> 21
    # 22 bits, 21 where the product is below 2: 11 bits, guard bit, sticky bit.
    significand = product >> (9 + above_two)
    significand = (significand << 1) | ((significand << (9 + above_two)) != product)
    result = pack((a >> 10) + (b >> 10) - BIAS + above_two, significand, sign)
    zero = (a < HIDDEN) | (b < HIDDEN)
    result = np.where(zero, sign, result)
    special = np.flatnonzero((a >= INFINITY) | (b >= INFINITY))
    if special.size:
        no_number = (a > INFINITY) | (b > INFINITY) | zero
        result[special] = np.where(no_number, NAN, INFINITY | sign)[special]
    return result


@elementwise
def divide(a, b):
    """a / b."""
    return _divide(a, b)


@elementwise
def reciprocal(x):
    """1 / x, correctly rounded."""
    return _divide(np.full_like(x, ONE), x)


def _divide(a, b):
    sign = (a ^ b) & SIGN
    a, b = a & MAGNITUDE, b & MAGNITUDE
    numerator, denominator = _significand(a), _significand(b)
    below_one = numerator < denominator
    # 12 bits, the last of them the guard bit. No quotient of significands lies midway between two results: its
    # numerator would have to have more bits than the quotient. So there is no sticky bit.
    quotient = (numerator << (11 + below_one)) // denominator
    result = pack((a >> 10) - (b >> 10) + BIAS - below_one, (quotient << 1) | 1, sign)
    a_zero, b_zero, a_infinite, b_infinite = a < HIDDEN, b < HIDDEN, a >= INFINITY, b >= INFINITY
    result = np.where(a_zero | b_infinite, sign, result)
    special = np.flatnonzero(b_zero | a_infinite | b_infinite)
    if special.size:
        result[special] = np.where(b_zero | a_infinite, INFINITY | sign, result)[special]
        no_number = (a > INFINITY) | (b > INFINITY) | (a_zero & b_zero) | (a_infinite & b_infinite)
        result[special] = np.where(no_number, NAN, result)[special]
    return result


@elementwise
def maximum(a, b):
    """The operand that comes later in IEEE 754's totalOrder, bit for bit.

    The order is -NaN, -infinity, ..., -0, +0, ..., infinity, +NaN: a maximum of numbers is as expected, a positive NaN
    is passed on, a negative one passed over. A subnormal is not flushed here, but by what computes with it.
    """
    return np.where(total_order(a) >= total_order(b), a, b)


def total_order(x):
    """An integer that orders raw values as totalOrder does."""
    return np.where(x & SIGN, SIGN - 1 - x, x)


def from_fixed(raw, fraction_bits: int) -> np.ndarray:
    """Signed fixed point to binary16: ``raw * 2**-fraction_bits``.

    Parameters
    ----------
    raw : array_like of int, any shape
        Magnitudes of at most 2**30.
    fraction_bits : int
        Any number.

    Returns
    -------
    ndarray of uint16, of the same shape; 0 becomes +0
    """
    raw = np.asarray(raw, np.int64)
    sign = np.where(raw < 0, SIGN, 0)
    magnitude = np.abs(raw)
    length = np.frexp(magnitude)[1]
    # 31 bits with the leading one at the top: 11 bits, guard bit, and 19 that only count as sticky.
    normalised = magnitude << (31 - length)
    significand = (normalised >> 19 << 1) | ((normalised & ((1 << 19) - 1)) != 0)
    result = pack(length - 1 + BIAS - fraction_bits, significand, sign)
    return np.where(raw == 0, 0, result).astype(np.uint16)


def to_fixed(bits, fraction_bits: int) -> np.ndarray:
    """Probabilities in binary16 to UQ(0, ``fraction_bits``): rounded to nearest (ties up), 1 and more saturated.

    Parameters
    ----------
    bits : array_like of uint16, any shape
        No negative numbers.
    fraction_bits : int
        1 to 9.

    Returns
    -------
    ndarray of int64, same shape
    """
    bits = np.asarray(bits, np.int64)
    exponent, significand = bits >> 10, (bits & 0x3FF) | 0x400
    # From one bit below the last place; subnormals are 0 in any of these formats.
    doubled = significand << 5 >> np.clip(BIAS + 14 - fraction_bits - exponent, 0, 20)
    return np.minimum((doubled + 1) >> 1, (1 << fraction_bits) - 1)
