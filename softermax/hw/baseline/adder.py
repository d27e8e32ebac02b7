"""Adder and subtractor: one path, one shifter to align and one to normalise, latency of 1 cycle.

The sum closes in one cycle, so :func:`add` also serves a recurrence.
"""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Mux, Value

from .operator import Operator
from .ripple import greater, name_value
from .rounding import Operand, normalise, pack

__all__ = ["ADDER", "NONNEGATIVE_ADDER", "SUBTRACTOR", "add", "add_nonnegative", "align", "subtract"]


def add(m: Module, a: Value, b: Value) -> Value:
    """a + b, combinationally."""
    a, b = Operand(a), Operand(b)
    swap = name_value(m, greater(m, b.magnitude, a.magnitude), "swap")
    large = Operand(name_value(m, Mux(swap, b.raw, a.raw), "large"))
    small = Operand(name_value(m, Mux(swap, a.magnitude, b.magnitude), "small"))
    opposite = name_value(m, a.sign ^ b.sign, "opposite")
    aligned, sticky = align(m, small, name_value(m, (large.exponent - small.exponent)[:5], "distance"))

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


def add_nonnegative(m: Module, a: Value, b: Value) -> Value:
    """a + b of operands whose signs are not looked at but taken as positive, combinationally.

    Nothing cancels, so the only normalisation is a carry's, and one bit below the result suffices to round.
    """
    a, b = Operand(a), Operand(b)
    swap = name_value(m, greater(m, b.magnitude, a.magnitude), "swap")
    large = Operand(name_value(m, Mux(swap, b.magnitude, a.magnitude), "large"))
    small = Operand(name_value(m, Mux(swap, a.magnitude, b.magnitude), "small"))
    aligned, sticky = align(m, small, name_value(m, (large.exponent - small.exponent)[:5], "distance"), guard_bits=1)
    total = name_value(m, (Cat(Const(0, 1), large.fraction, large.nonzero) + aligned)[:13], "total")
    carry = total[12]
    kept = name_value(m, Mux(carry, total[2:], total[1:12]), "kept")
    half, below = Mux(carry, total[1], total[0]), (carry & total[0]) | sticky
    rounded = name_value(m, kept + (half & (kept[0] | below)), "rounded")
    exponent = name_value(m, (large.exponent + carry + rounded[11])[:6], "exponent_of_sum")
    # No exponent is above 32, and only that of two zeros is below 1.
    infinite = name_value(m, exponent[5] | exponent[:5].all() | large.special, "infinite")
    fraction = rounded[:9] & (~infinite).replicate(9)
    no_number = large.special & large.fraction.any()
    field = (exponent[:5] & large.nonzero.replicate(5)) | infinite.replicate(5)
    top = (rounded[9] & ~infinite) | no_number
    nonzero = name_value(m, large.nonzero, "nonzero")
    return Cat((Cat(fraction, top) & nonzero.replicate(10)), field, Const(0, 1))


def align(m: Module, small: Operand, distance: Value, *, guard_bits: int = 2) -> tuple[Value, Value]:
    """The smaller significand with so many bits below it, shifted right; and the sticky bit.

    The first step also clears what counts as zero or lies too far below.
    """
    nonzero = name_value(m, small.nonzero, "small_nonzero")
    near = name_value(m, nonzero & ~distance[4] & ~distance[3], "near")
    far = name_value(m, nonzero & ~distance[4] & distance[3], "far")
    value = Cat(Const(0, guard_bits), small.significand)
    sticky = nonzero & (distance[4] | (distance[3] & value[:8].any()))
    value = name_value(
        m, (value & near.replicate(len(value))) | (value[8:] & far.replicate(len(value) - 8)), "aligned_3"
    )
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
NONNEGATIVE_ADDER = Operator(
    "adder_nonnegative",
    {"a": 16, "b": 16},
    (lambda m, values: {"result": add_nonnegative(m, values["a"], values["b"])},),
)
