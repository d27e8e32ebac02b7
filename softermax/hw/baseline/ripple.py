"""Carries bit by bit, for what needs no sum at once: less area than the adder that ``+`` becomes."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Signal, Value

__all__ = ["add", "greater", "name_value", "subtract"]


def name_value(m: Module, value: Value, name: str) -> Signal:
    """A signal of that name, so that the value is computed once wherever it is used."""
    signal = Signal(value.shape(), name=name)
    m.d.comb += signal.eq(value)
    return signal


def _carries(m: Module, a: Value, b: Value, carry: Value | int) -> list[Value]:
    """The carries into every bit of a + b + carry, and out of it."""
    carries = [Const(carry, 1) if isinstance(carry, int) else carry]
    for x, y in zip(a, b, strict=True):
        carries.append(name_value(m, (x & y) | ((x ^ y) & carries[-1]), "carry"))
    return carries


def greater(m: Module, a: Value, b: Value, *, or_equal: Value | int = 0) -> Value:
    """a > b, both unsigned and of one width: whether a - b - 1 does not borrow; a >= b where that is asked for."""
    return _carries(m, a, ~b, or_equal)[-1]


def add(m: Module, a: Value, b: Value, carry: Value | int = 0) -> Value:
    """a + b + carry at the width of a, which is at least as wide as b; without the carry out."""
    widened = Cat(b, Const(0, len(a) - len(b)))
    return name_value(m, a ^ widened ^ Cat(_carries(m, a, widened, carry)[:-1]), "sum")


def subtract(m: Module, a: Value, b: Value) -> tuple[Value, Value]:
    """a - b at the width of a, which is at least as wide as b; and a >= b."""
    inverted = Cat(~b, Const(1, 1).replicate(len(a) - len(b)))
    *carries, at_least = _carries(m, a, inverted, 1)
    return a ^ inverted ^ Cat(carries), at_least
