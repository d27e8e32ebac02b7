"""Trees of operators over the lanes of a slice."""

from __future__ import annotations

from amaranth.hdl import Module, Value

from .ripple import name_value

__all__ = ["pairwise"]


def pairwise(m: Module, operation, values: list[Value]) -> list[Value]:
    """A level of a tree: neighbours combined; one that is left over passes."""
    pairs = zip(values[0::2], values[1::2], strict=False)
    combined = [name_value(m, operation(m, a, b), operation.__name__) for a, b in pairs]
    return combined + values[len(values) & ~1 :]
