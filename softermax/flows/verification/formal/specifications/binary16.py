"""The operators in binary16, from IEEE 754 as SMT-LIB's theory of floating point defines it.

The baseline (docs/explanation/baseline.md) departs from the standard in what is subnormal: an operand counts as zero of
its sign, and a result that is too small after rounding to 11 bits, as though exponents had no limit, becomes one. There
is one NaN.
"""

from __future__ import annotations

import z3

from .words import floor_shifted, saturated, unsigned

__all__ = ["NAN", "add", "add_nonnegative", "divide", "from_fixed", "later", "multiply", "subtract", "to_fixed"]

NAN, ONE, INFINITY = 0x7E00, 0x3C00, 0x7C00
SIGN, BIAS = 0x8000, 15

FORMAT, NEAREST_EVEN = z3.Float16(), z3.RNE()

Word = z3.BitVecRef


def _exponent(x: Word) -> Word:
    return z3.Extract(14, 10, x)


def _fraction(x: Word) -> Word:
    return z3.Extract(9, 0, x)


def _number(x: Word) -> z3.FPRef:
    """What a word stands for, subnormals included."""
    return z3.fpBVToFP(x, FORMAT)


def _operand(x: Word) -> z3.FPRef:
    """What an operand stands for; a subnormal one for zero."""
    return _number(z3.If(_exponent(x) == 0, x & SIGN, x))


def _is(result: Word, value: z3.FPRef) -> z3.BoolRef:
    """Whether a word is a value bit for bit."""
    return z3.If(
        z3.fpIsNaN(value), result == NAN, z3.And(z3.Not(z3.fpIsNaN(_number(result))), _number(result) == value)
    )


def add(a: Word, b: Word, result: Word) -> z3.BoolRef:
    """a + b. A sum of numbers that are not subnormal is exact where it is subnormal itself, so only that is flushed."""
    total = z3.fpAdd(NEAREST_EVEN, _operand(a), _operand(b))
    zero = z3.If(z3.fpIsNegative(total), z3.fpMinusZero(FORMAT), z3.fpPlusZero(FORMAT))
    return _is(result, z3.If(z3.fpIsSubnormal(total), zero, total))


def subtract(a: Word, b: Word, result: Word) -> z3.BoolRef:
    """a - b, which is a + (-b), also where b is NaN."""
    return add(a, b ^ SIGN, result)


def add_nonnegative(a: Word, b: Word, result: Word) -> z3.BoolRef:
    """abs(a) + abs(b)."""
    return add(a & ~SIGN, b & ~SIGN, result)


def multiply(a: Word, b: Word, result: Word) -> z3.BoolRef:
    """a b: the product of the significands, rounded, with the sum of the exponents."""
    exponent = _unbiased(a) + _unbiased(b)
    return _scaled(z3.fpMul, a, b, exponent, result)


def divide(a: Word, b: Word, result: Word) -> z3.BoolRef:
    """a / b: the quotient of the significands, rounded, with the difference of the exponents."""
    exponent = _unbiased(a) - _unbiased(b)
    return _scaled(z3.fpDiv, a, b, exponent, result)


def _unbiased(x: Word) -> Word:
    """The exponent of a normal number, 8 bits with sign."""
    return unsigned(_exponent(x), 8) - BIAS


def _scaled(operation, a: Word, b: Word, exponent: Word, result: Word) -> z3.BoolRef:
    """The result of an operation on which factors that are powers of two have no influence but on the exponent.

    Significands are in [1, 2), so that theirs is in (1/2, 4) and rounded to 11 bits by the standard's own operation.
    """
    significands = [_number(z3.Concat(z3.BitVecVal(BIAS, 6), _fraction(x))) for x in (a, b)]
    rounded = z3.BitVec("rounded", 16)
    exponent = exponent + unsigned(_exponent(rounded), 8)
    sign = z3.Extract(15, 15, a ^ b)
    magnitude = z3.If(
        exponent <= 0,
        z3.BitVecVal(0, 15),
        z3.If(
            exponent >= 31,
            z3.BitVecVal(INFINITY, 15),
            z3.Concat(z3.Extract(4, 0, exponent), _fraction(rounded)),
        ),
    )
    # Zeros, infinities and NaNs do not care which number of its sign the other operand is.
    simple = operation(NEAREST_EVEN, _standing_for(a), _standing_for(b))
    special = z3.Or(*(z3.Or(_exponent(x) == 0, _exponent(x) == 31) for x in (a, b)))
    normal = z3.Implies(_is(rounded, operation(NEAREST_EVEN, *significands)), result == z3.Concat(sign, magnitude))
    return z3.If(special, _is(result, simple), normal)


def _standing_for(x: Word) -> z3.FPRef:
    """An operand; for all numbers that are no zero, 1 with its sign."""
    special = z3.Or(_exponent(x) == 0, _exponent(x) == 31)
    return z3.If(special, _operand(x), _number(x & SIGN | ONE))


def later(a: Word, b: Word, result: Word) -> z3.BoolRef:
    """The later operand in totalOrder (IEEE 754-2019, 5.10): -NaN, numbers with -0 before +0, +NaN."""
    return z3.And(z3.Or(result == a, result == b), _not_before(result, a), _not_before(result, b))


def _not_before(x: Word, y: Word) -> z3.BoolRef:
    """Whether totalOrder(y, x)."""
    nan_x, nan_y = z3.fpIsNaN(_number(x)), z3.fpIsNaN(_number(y))
    positive_x, positive_y = (z3.Extract(15, 15, word) == 0 for word in (x, y))
    equal = z3.fpEQ(_number(x), _number(y))
    numbers = z3.Or(z3.fpGT(_number(x), _number(y)), z3.And(equal, z3.Or(positive_x, z3.Not(positive_y))))
    # Of NaNs of one sign, what follows it decides; the other way round for negative ones.
    payloads = z3.If(positive_x, z3.UGE(_fraction(x), _fraction(y)), z3.ULE(_fraction(x), _fraction(y)))
    nans = z3.If(positive_x == positive_y, payloads, positive_x)
    return z3.If(nan_x, z3.If(nan_y, nans, positive_x), z3.If(nan_y, z3.Not(positive_y), numbers))


def from_fixed(x: Word, result: Word, fraction_bits: int) -> z3.BoolRef:
    """x / 2**fraction_bits of an integer x of up to 16 bits, 0 or a number that is still normal when it is rounded."""
    rounded = z3.BitVec("rounded", 16)
    integer = _is(rounded, z3.fpSignedToFP(NEAREST_EVEN, x, FORMAT))
    return z3.Implies(integer, result == z3.If(x == 0, rounded, rounded - (fraction_bits << 10)))


def to_fixed(x: Word, result: Word, fraction_bits: int) -> z3.BoolRef:
    """floor(x 2**fraction_bits + 1/2), saturated to UQ(0, fraction_bits), of x that is not negative."""
    width = 64
    exponent, significand = unsigned(_exponent(x), width), unsigned(_fraction(x), width) | 1 << 10
    # x is significand 2**(exponent - 25).
    rounded = floor_shifted((significand << exponent << fraction_bits) + (1 << 24), z3.BitVecVal(25, width))
    exact = z3.If(exponent == 0, z3.BitVecVal(0, width), rounded)
    return unsigned(result, width) == saturated(exact, (1 << fraction_bits) - 1)
