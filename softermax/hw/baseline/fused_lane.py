"""The fused exponential's lane: a difference in fixed point, times log2(base), a table; a function for each step."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Mux, Value

from softermax.model.fused_exponential import DIFFERENCE_BITS, FRACTION_BITS, FusedExponential

from ..arithmetic import linear_piecewise
from .adder import align
from .ripple import add, greater, name_value
from .rounding import Operand, normalise

__all__ = ["is_below", "least_score", "look_up", "scale", "to_binary16", "to_fixed_magnitude"]


def to_fixed_magnitude(m: Module, x: Operand, fraction_bits: int) -> Value:
    """abs(x) in fixed point, cut below; above, without the integer bits that no difference needs."""
    # So far to the left, and then 10 places to the right; of what the exponent wraps to nothing is left.
    place = name_value(m, (x.exponent + (fraction_bits - 15))[:5], "place")
    value = x.significand
    for digit in range(3):
        moved = value << (1 << digit)
        value = name_value(m, Mux(place[digit], moved, value), f"moved_{digit}")
    fixed = Const(0, DIFFERENCE_BITS)
    for octet in range(4):
        moved = (value << (8 * octet))[10 : 10 + DIFFERENCE_BITS]
        fixed |= moved & name_value(m, place[3:] == octet, f"moves_{octet}").replicate(len(moved))
    return name_value(m, fixed[:DIFFERENCE_BITS], "fixed")


def least_score(m: Module, maximum: Value, reach: int) -> tuple[Value, Value]:
    """maximum - reach in binary16, rounded up where numbers are no finer than 1: sign and magnitude.

    It need not be exact elsewhere: of a difference of almost ``reach`` nothing is left either.
    """
    a, b = Operand(maximum), Operand(Const(reach, 16))
    swap = name_value(m, greater(m, b.magnitude, a.magnitude), "reach_is_larger")
    large = Operand(name_value(m, Mux(swap, b.magnitude, a.magnitude), "large"))
    small = Operand(name_value(m, Mux(swap, a.magnitude, b.magnitude), "small"))
    opposite = ~a.sign
    aligned, _ = align(m, small, name_value(m, (large.exponent - small.exponent)[:5], "distance"), guard_bits=1)
    # What is cut off of the reach rounds up. Below a power of two numbers are twice as fine as above.
    kept = Cat(aligned[0] & ~large.fraction.any(), aligned[1:])
    total = Cat(Const(0, 1), large.significand) + (kept ^ opposite.replicate(12)) + opposite
    total = name_value(m, total[:13], "total")
    normal, zeros = normalise(m, Cat(total[:12], total[12] & ~opposite))
    exponent = name_value(m, (large.exponent + 1 - zeros)[:5], "exponent_of_least")
    return a.sign | swap, Cat(normal[2:12], exponent) & normal[-1].replicate(15)


def is_below(m: Module, x: Operand, sign: Value, magnitude: Value) -> Value:
    """Whether x comes before a number in IEEE 754's totalOrder."""
    farther = name_value(m, greater(m, x.magnitude, magnitude, or_equal=~sign), "farther")
    return name_value(m, Mux(sign, x.sign & farther, x.sign | ~farther), "below")


def scale(m: Module, difference: Value, config: FusedExponential) -> Value:
    """A difference times log2(base), with as many fraction bits as the table takes."""
    if config.base == "2":
        return difference
    by_7 = add(m, Cat(Const(0, 3), difference), Cat(~difference, Const(7, 3)), 1)
    by_23 = Cat(by_7[:4], add(m, Cat(difference, Const(0, 1)), by_7[4:]))
    low, high = by_7[10:], by_23[8:]
    # By 85/1024 less the bits below, of which only the carry is made: by_23 / 256 - by_7 / 1024.
    rest = add(m, high, Cat(~low, Const(-1, len(high) - len(low))), 1)
    return add(m, by_23, rest)[5:]


def look_up(m: Module, scaled: Value, zero: Value, config: FusedExponential) -> Value:
    """2 to the power of minus what was scaled: 10 bits of the fraction, 5 of the exponent and 16; 0 where asked for."""
    inverted = ~scaled
    power = name_value(m, linear_piecewise(m, config.table, inverted[:FRACTION_BITS], in_rows=True), "power")
    # One less than the integer, or the integer itself where the table rounds up to 2.
    exponent = name_value(m, (inverted[FRACTION_BITS:] - 1 + power[11])[:5], "exponent")
    return Cat(power[:10], exponent) & (~zero).replicate(15)


def to_binary16(m: Module, power: Value) -> Value:
    """Result of :func:`look_up` as binary16 without the two bits that are always 0; 0 below 2**-14."""
    nonzero = name_value(m, power[14] & power[10:14].any(), "nonzero")
    return power[:14] & nonzero.replicate(14)
