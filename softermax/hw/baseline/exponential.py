"""Exponential: multiply by log2(e) with four additions, shift, look up; latency of 2 cycles."""

from __future__ import annotations

from functools import partial

from amaranth.hdl import Cat, Const, Module, Mux, Value

from softermax.model.exponential import EXPONENTIAL, FRACTION_BITS, Exponential

from ..arithmetic import linear_piecewise
from .operator import Operator
from .ripple import name_value
from .rounding import Operand, pack

__all__ = ["NONPOSITIVE_EXPONENTIAL", "exponential_operator"]


def exponential_operator(config: Exponential = EXPONENTIAL, *, nonpositive: bool = False) -> Operator:
    """The base to the power of x, as an operator on ``x``.

    Parameters
    ----------
    config : Exponential
    nonpositive : bool
        Only for x <= 0, which is all that a softmax needs: the sign of x is not looked at but taken as negative.

    Raises
    ------
    TypeError
        If the config is none.
    """
    if not isinstance(config, Exponential):
        raise TypeError(f"config must be an Exponential, not {config!r}")
    stages = (partial(_reduce, config=config, nonpositive=nonpositive), partial(_look_up, config=config))
    return Operator("exponential_nonpositive" if nonpositive else "exponential", {"x": 16}, stages)


def _reduce(m: Module, values: dict[str, Value], *, config: Exponential, nonpositive: bool) -> dict[str, Value]:
    """x log2(base) in two's complement, rounded down: integer and fraction."""
    x = Operand(values["x"])
    # From 2**-12 up to 2**4 the exponent, less 3, is the complement of how far to shift.
    place = name_value(m, x.exponent - 3, "place")
    tiny, large = place[5], name_value(m, place[4] & ~place[5], "large")
    near, far = name_value(m, place[3] & ~tiny, "near"), name_value(m, ~place[3] & ~tiny, "far")
    product = _times_log2_e(m, x.significand) if config.base == "e" else Cat(Const(0, 4), x.significand, Const(0, 1))
    scaled = name_value(m, (product & near.replicate(16)) | (product[8:] & far.replicate(8)), "scaled_3")
    for digit in reversed(range(3)):
        scaled = name_value(m, Mux(place[digit], scaled, scaled[1 << digit :]), f"scaled_{digit}")
    negative = Const(1, 1) if nonpositive else x.sign
    return {
        "scaled": scaled ^ negative.replicate(16),
        "no_number": x.no_number,
        **({"zero": large} if nonpositive else {"negative": negative, "large": large}),
    }


def _times_log2_e(m: Module, significand: Value) -> Value:
    """23637 times the significand without its lowest 10 bits, of which only carries are made."""
    by_7 = name_value(m, ((significand << 3) - significand)[:14], "by_7")
    by_23 = name_value(m, ((significand << 4) + by_7)[:16], "by_23")
    by_85 = name_value(m, ((by_23 << 2) - by_7)[:18], "by_85")
    return name_value(m, (by_23 + by_85[10:])[:16], "product")


def _look_up(m: Module, values: dict[str, Value], *, config: Exponential) -> dict[str, Value]:
    """2 to the power of what the first stage found."""
    scaled = values["scaled"]
    power = name_value(m, linear_piecewise(m, config.table, scaled[:FRACTION_BITS]), "power")
    if "zero" in values:
        negative, zero, infinite = Const(1, 1), values["zero"], Const(0, 1)
    else:
        negative = values["negative"]
        zero, infinite = values["large"] & negative, values["large"] & ~negative
    # The leading bit of a power counts 1 in the exponent; 2, to which it may be rounded, counts 2.
    exponent = Cat(scaled[FRACTION_BITS:], negative).as_signed() + 14 + power[10:]
    flags = {"zero": zero, "infinite": infinite, "no_number": values["no_number"]}
    return {"result": pack(m, Const(0, 1), exponent, power[:10], **flags)}


#: The exponential of the baseline's datapath, base e.
NONPOSITIVE_EXPONENTIAL = exponential_operator(nonpositive=True)
