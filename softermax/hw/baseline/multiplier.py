"""Multiplier: 11 x 11 bits, one incrementer to round, latency of 1 cycle."""

from __future__ import annotations

from amaranth.hdl import Module, Mux, Value

from .operator import Operator
from .ripple import name_value
from .rounding import Operand, pack

__all__ = ["MULTIPLIER", "multiply"]


def multiply(m: Module, a: Value, b: Value) -> Value:
    """a * b, combinationally."""
    a, b = Operand(a), Operand(b)
    product = name_value(m, a.significand * b.significand, "product")
    above_two = product[21]
    # The 10 bits of the fraction and the guard bit.
    normal = name_value(m, Mux(above_two, product[10:21], product[9:20]), "normal")
    sticky = product[:9].any() | (above_two & product[9])
    rounded = name_value(m, normal[1:] + (normal[0] & (normal[1] | sticky)), "rounded")
    exponent = (a.exponent + b.exponent) - 15 + above_two + rounded[10]
    zero = name_value(m, ~a.nonzero | ~b.nonzero, "zero")
    infinite = name_value(m, a.special | b.special, "infinite")
    no_number = name_value(m, (infinite & zero) | a.no_number | b.no_number, "no_number")
    return pack(m, a.sign ^ b.sign, exponent, rounded[:10], zero=zero, infinite=infinite, no_number=no_number)


MULTIPLIER = Operator(
    "multiplier", {"a": 16, "b": 16}, (lambda m, values: {"result": multiply(m, values["a"], values["b"])},)
)
