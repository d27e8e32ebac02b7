"""Adder and subtractor: one path, one shifter to align and one to normalise, latency of 1 cycle.

The sum closes in one cycle, so :func:`add` also serves a recurrence.
"""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Mux, Value

from .operator import Operator
from .ripple import greater, name_value
from .rounding import Operand, normalise, pack

__all__ = ["ADDER", "SUBTRACTOR", "add", "subtract"]


def add(m: Module, a: Value, b: Value) -> Value:
    """a + b, combinationally."""
    a, b = Operand(a), Operand(b)
    swap = name_value(m, greater(m, b.magnitude, a.magnitude), "swap")
    large = Operand(name_value(m, Mux(swap, b.raw, a.raw), "large"))
    small = Operand(name_value(m, Mux(swap, a.magnitude, b.magnitude), "small"))
    opposite = name_value(m, a.sign ^ b.sign, "opposite")
    aligned, sticky = _align(m, small, name_value(m, (large.exponent - small.exponent)[:5], "distance"))

    # Guard and round bit below; a sticky bit that is subtracted only borrows. Nothing of a large zero's fraction can
    # survive: its exponent is 0 at most.
    addend = name_value(m, aligned ^ opposite.replicate(13), "addend")
    total = Cat(Const(0, 2), large.fraction, large.nonzero) + addend + (opposite & ~sticky)
    total = name_value(m, total[:14], "total")
    normal, zeros = normalise(m, Cat(total[:13], total[13] & ~opposite))
    round_up = normal[2] & (normal[3] | normal[:2].any() | sticky)
    rounded = name_value(m, normal[3:] + round_up, "rounded")

    cancelled = name_value(m, ~normal[13], "cancelled")
    exponent = name_value(m, large.exponent - zeros, "exponent_before_carries")
    # The larger operand is an infinity or a NaN if one of them is.
    no_number = large.special & (large.fraction.any() | (small.special & opposite))
    return pack(
        m,
        large.sign & ~(opposite & (cancelled | ~large.nonzero)),
        exponent + 1 + rounded[11],
        rounded[:10],
        zero=cancelled,
        infinite=name_value(m, large.special, "infinite"),
        no_number=name_value(m, no_number, "no_number"),
    )


def _align(m: Module, small: Operand, distance: Value) -> tuple[Value, Value]:
    """The smaller significand with guard and round bit, shifted right; and the sticky bit.

    The first step also clears what counts as zero or lies too far below.
    """
    nonzero = name_value(m, small.nonzero, "small_nonzero")
    near = name_value(m, nonzero & ~distance[4] & ~distance[3], "near")
    far = name_value(m, nonzero & ~distance[4] & distance[3], "far")
    value = Cat(Const(0, 2), small.significand)
    sticky = nonzero & (distance[4] | (distance[3] & value[:8].any()))
    value = name_value(m, (value & near.replicate(13)) | (value[8:] & far.replicate(5)), "aligned_3")
    for digit in reversed(range(3)):
        places = 1 << digit
        sticky = sticky | (distance[digit] & value[:places].any())
        value = name_value(m, Mux(distance[digit], value[places:], value), f"aligned_{digit}")
    return value, name_value(m, sticky, "sticky")


def subtract(m: Module, a: Value, b: Value) -> Value:
    """a - b, combinationally."""
    return add(m, a, b ^ (1 << 15))


ADDER = Operator("adder", {"a": 16, "b": 16}, (lambda m, values: {"result": add(m, values["a"], values["b"])},))
SUBTRACTOR = Operator(
    "subtractor", {"a": 16, "b": 16}, (lambda m, values: {"result": subtract(m, values["a"], values["b"])},)
)
