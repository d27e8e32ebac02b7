"""Conversion of probabilities in binary16 to fixed point."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Mux, Value

from .ripple import name_value

__all__ = ["to_fixed"]


def to_fixed(m: Module, x: Value, fraction_bits: int) -> Value:
    """x, a binary16 that is not negative, as UQ(0, ``fraction_bits``), 1 to 9; combinationally.

    Rounded to nearest (ties up); 1 and more saturate.
    """
    exponent, significand = x[10:15], Cat(x[:10], Const(1))
    # To one bit below the last place; a number below 1 has an exponent of 14 or less.
    places = name_value(m, (24 - fraction_bits - exponent)[:5], "places")
    doubled = name_value(m, (significand >> places)[: fraction_bits + 1], "doubled")
    rounded = name_value(m, doubled + 1, "rounded")[1:]
    too_high = (exponent >= 15) | rounded[fraction_bits]
    return Mux(too_high, (1 << fraction_bits) - 1, rounded[:fraction_bits])
