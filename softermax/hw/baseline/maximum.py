"""Maximum: the later operand in IEEE 754's totalOrder, latency of 1 cycle."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Mux, Value

from .operator import Operator
from .ripple import greater, name_value

__all__ = ["MAXIMUM", "maximum"]


def maximum(m: Module, a: Value, b: Value) -> Value:
    """The later operand, combinationally.

    With its sign exchanged for the other's an operand compares as an unsigned number; two negative ones compare the
    wrong way round.
    """
    larger = greater(m, Cat(a[:15], b[15]), Cat(b[:15], a[15])) ^ (a[15] & b[15])
    return Mux(name_value(m, larger, "larger"), a, b)


MAXIMUM = Operator("maximum", {"a": 16, "b": 16}, (lambda m, values: {"result": maximum(m, values["a"], values["b"])},))
