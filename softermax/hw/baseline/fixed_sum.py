"""The sum of the fused baseline: numerators in fixed point, integer adders, and a conversion for each row."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Mux, Value
from amaranth.utils import ceil_log2

from softermax.model.fixed_sum import SUM_FRACTION_BITS

from .ripple import name_value
from .rounding import normalise

__all__ = ["sum_of", "to_fixed_numerator", "total_of"]


def to_fixed_numerator(m: Module, power: Value) -> tuple[Value, Value]:
    """Result of the fused exponential in fixed point, cut off; and the next bit below, which rounds it."""
    fraction, exponent = power[:10], power[10:]
    # Shifted right by so much, with the round bit below.
    places = name_value(m, ~exponent, "places")
    value = Cat(Const(0, SUM_FRACTION_BITS - 10 + 1), fraction, exponent.any())
    for digit in reversed(range(5)):
        value = name_value(m, Mux(places[digit], value[1 << digit :], value), f"aligned_{digit}")
    return value[1:], value[0]


def sum_of(m: Module, numerators: list[Value]) -> Value:
    """The sum of numerators, each rounded."""
    level = [to_fixed_numerator(m, u) for u in numerators]
    total = Const(0, 1)
    for value, half in level:
        total = total + value + half
    width = (len(numerators) << SUM_FRACTION_BITS).bit_length()
    return name_value(m, total[:width], "slice_sum")


def total_of(m: Module, total: Value) -> Value:
    """A sum in fixed point as binary16 without a sign, rounded to nearest with ties up; a sum of 0 becomes 1.

    A row's sum is 0 or at least 1, so that only integer bits are looked at for its leading one.
    """
    digits = ceil_log2(len(total) - SUM_FRACTION_BITS)
    # Filled up, so that nothing but zeros is as much as 1.
    filled = Cat(total, Const(0, (1 << digits) + SUM_FRACTION_BITS - len(total)))
    normal, zeros = normalise(m, filled[SUM_FRACTION_BITS - 11 :], digits=digits)
    exponent = (Const(15, 5) + ~zeros)[:5] if digits else Const(15, 5)
    return name_value(m, (Cat(normal[-11:-1], exponent) + normal[-12])[:15], "binary16_total")
