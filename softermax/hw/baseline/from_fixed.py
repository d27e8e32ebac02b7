"""Conversion of signed fixed point to binary16, latency of 1 cycle."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Mux, Value

from softermax.model import QFormat

from .operator import Operator
from .ripple import name_value
from .rounding import normalise

__all__ = ["from_fixed", "from_fixed_operator"]


def from_fixed_operator(fmt: QFormat) -> Operator:
    """The conversion of a format as an operator on ``x``.

    Raises
    ------
    TypeError
        If the format is none.
    ValueError
        If the format holds anything but 0 that is no normal number of binary16, or is unsigned.
    """
    fmt = QFormat.of(fmt, "the format")
    if not fmt.signed or fmt.integer_bits > 16 or fmt.fraction_bits > 14:
        raise ValueError(f"the format must be Q(i,f) with i of at most 16 and f of at most 14, not {fmt}")
    return Operator("from_fixed", {"x": fmt.width}, (lambda m, values: {"result": from_fixed(m, values["x"], fmt)},))


def from_fixed(m: Module, x: Value, fmt: QFormat) -> Value:
    """x, raw bits of a format as in :func:`from_fixed_operator`, as binary16; combinationally."""
    sign = x[-1]
    magnitude = name_value(m, Mux(sign, -x, x)[: fmt.width], "magnitude")
    normal, zeros = normalise(m, magnitude)
    # The exponent of the top bit, were there no zeros above the leading one.
    highest = fmt.integer_bits - 1 + 15
    below = len(normal) - 11
    if below <= 0:
        fraction, exponent = Cat(Const(0, -below), normal[:-1]), highest - zeros
    else:
        round_up = normal[below - 1] & (normal[below] | normal[: below - 1].any())
        rounded = name_value(m, normal[below:-1] + round_up, "rounded")
        fraction, exponent = rounded[:10], highest - zeros + rounded[10]
    return Cat(fraction, exponent[:5] & normal[-1].replicate(5), sign)
