"""Multiplier: 11 x 11 bits, one incrementer to round, latency of 1 cycle."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Mux, Value

from .operator import Operator
from .ripple import name_value
from .rounding import Operand, pack

__all__ = ["FRACTION_MULTIPLIER", "MULTIPLIER", "multiply", "multiply_fractions"]


def multiply(m: Module, a: Value, b: Value) -> Value:
    """a * b, combinationally."""
    a, b = Operand(a), Operand(b)
    above_two, rounded = _rounded_product(m, a, b)
    exponent = (a.exponent + b.exponent) - 15 + above_two + rounded[10]
    zero = name_value(m, ~a.nonzero | ~b.nonzero, "zero")
    infinite = name_value(m, a.special | b.special, "infinite")
    no_number = name_value(m, (infinite & zero) | a.no_number | b.no_number, "no_number")
    return pack(m, a.sign ^ b.sign, exponent, rounded[:10], zero=zero, infinite=infinite, no_number=no_number)


def multiply_fractions(m: Module, a: Value, b: Value) -> Value:
    """a * b of two numbers from 0 to 1, in the 14 bits that such numbers have; combinationally."""
    a, b = Operand(a), Operand(b)
    above_two, rounded = _rounded_product(m, a, b)
    exponent = (a.exponent + b.exponent) - 15 + above_two + rounded[10]
    exponent = name_value(m, exponent[:6].as_signed(), "exponent")
    nonzero = name_value(m, a.nonzero & b.nonzero & ~exponent[5] & exponent[:5].any(), "nonzero")
    return Cat(rounded[:10], exponent[:4]) & nonzero.replicate(14)


def _rounded_product(m: Module, a: Operand, b: Operand) -> tuple[Value, Value]:
    """Whether the product of the significands is 2 or more; its fraction, rounded, with the carry."""
    product = name_value(m, a.significand * b.significand, "product")
    above_two = product[21]
    # The 10 bits of the fraction and the guard bit.
    normal = name_value(m, Mux(above_two, product[10:21], product[9:20]), "normal")
    sticky = product[:9].any() | (above_two & product[9])
    return above_two, name_value(m, normal[1:] + (normal[0] & (normal[1] | sticky)), "rounded")


MULTIPLIER = Operator(
    "multiplier", {"a": 16, "b": 16}, (lambda m, values: {"result": multiply(m, values["a"], values["b"])},)
)
#: Of numbers from 0 to 1.
FRACTION_MULTIPLIER = Operator(
    "multiplier_of_fractions",
    {"a": 14, "b": 14},
    (lambda m, values: {"result": multiply_fractions(m, values["a"], values["b"])},),
)
