"""Divider: restoring, an array of subtractors with a register every few digits, a quotient a cycle.

A quotient of significands that is made at least 1 never rounds up to 2, and is never a tie (see
:func:`softermax.model.binary16.divide`). So the first stage knows the result but for its fraction, neither the last
remainder nor a sticky bit is needed, and the fraction's carry goes nowhere.
"""

from __future__ import annotations

from functools import partial

from amaranth.hdl import Cat, Const, Module, Mux, Value

from .operator import Operator
from .ripple import greater, name_value, subtract
from .rounding import Operand, pack

__all__ = ["DIVIDER", "divider"]

#: Quotient digits after the leading one: the fraction and the guard bit.
DIGITS = 11


def divider(digits: tuple[int, ...] = (3, 4, 4)) -> Operator:
    """A divider, a / b.

    Parameters
    ----------
    digits : tuple of int
        Quotient digits that each stage finds: 11 in all. The first stage also aligns the operands and finds all of
        the result but its fraction; the last one also rounds.

    Raises
    ------
    ValueError
        If the digits are not 11 in all.
    """
    if sum(digits) != DIGITS or min(digits) < 0:
        raise ValueError(f"digits must be 0 or more in each stage and {DIGITS} in all, not {digits!r}")
    stages = [partial(_find_digits, count=count) for count in digits]
    first, last = stages[0], stages[-1]
    if len(stages) == 1:
        stages = [lambda m, values: _round(m, first(m, _prepare(m, values)))]
    else:
        stages[0] = lambda m, values: first(m, _prepare(m, values))
        stages[-1] = lambda m, values: _round(m, last(m, values))
    return Operator("divider", {"a": 16, "b": 16}, tuple(stages))


def _prepare(m: Module, values: dict[str, Value]) -> dict[str, Value]:
    """The remainder after the quotient's leading one; the divisor's fraction; the result but for its fraction."""
    a, b = Operand(values["a"]), Operand(values["b"])
    below_one = name_value(m, greater(m, b.fraction, a.fraction), "below_one")
    numerator = name_value(m, Mux(below_one, a.significand << 1, a.significand), "numerator")
    remainder = name_value(m, (numerator - b.significand)[:11], "remainder")
    infinite = name_value(m, ~b.nonzero | a.special, "infinite")
    zero = name_value(m, ~a.nonzero | b.special, "zero")
    no_number = name_value(m, (infinite & zero) | a.no_number | b.no_number, "no_number")
    # A fraction of ones, to see whether it is kept.
    packed = pack(
        m,
        a.sign ^ b.sign,
        a.exponent - b.exponent + 15 - below_one,
        Const(0x3FF, 10),
        zero=zero,
        infinite=infinite,
        no_number=no_number,
    )
    return {
        "remainder": remainder,
        "divisor": b.fraction,
        "exponent": packed[10:15],
        "sign": packed[15],
        "numeric": packed[0],
        "no_number": no_number,
    }


def _find_digits(m: Module, values: dict[str, Value], count: int) -> dict[str, Value]:
    """Append digits to the quotient: subtract the divisor from twice the remainder where it fits."""
    remainder, quotient = values["remainder"], [values[name] for name in values if name == "quotient"]
    divisor = Cat(values["divisor"], Const(1, 1))
    for _ in range(count):
        doubled = Cat(Const(0, 1), remainder)
        difference, fits = subtract(m, doubled, divisor)
        digit = name_value(m, fits, "digit")
        remainder = name_value(m, Mux(digit, difference, doubled)[:11], "remainder")
        quotient.insert(0, digit)
    return values | {"remainder": remainder, "quotient": Cat(quotient)}


def _round(m: Module, values: dict[str, Value]) -> dict[str, Value]:
    """Round the fraction and put the result together."""
    quotient = values["quotient"]
    rounded = (quotient[1:] + quotient[0])[:10] & values["numeric"].replicate(10)
    return {"result": Cat(rounded[:9], rounded[9] | values["no_number"], values["exponent"], values["sign"])}


DIVIDER = divider()
