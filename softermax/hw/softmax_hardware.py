"""The hardware of a softmax arithmetic: what a processing element asks of any, found by the type of its config."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import singledispatch

from amaranth.hdl import Module, Value
from amaranth.lib.data import StructLayout
from amaranth.lib.wiring import Component

from softermax.model import QFormat

__all__ = ["SoftmaxHardware", "softmax_hardware"]


@dataclass(frozen=True, kw_only=True)
class SoftmaxHardware:
    """The hardware of one kind of config, whose arithmetic is :class:`softermax.model.arithmetic.Arithmetic`.

    Attributes
    ----------
    softmax : callable
        The complete softmax, with streams ``i`` and ``o``: (config, overlong_rows=bool) -> Component.
    element_softmax : callable
        The complete softmax inside a processing element, called alike. It takes the words of the score converter, or
        fixed-point scores if there is none. By default ``softmax``.
    probability_slice : callable
        Payload of its stream ``o``, with the probabilities ``y`` and ``last`` of a row: config -> StructLayout.
    score_converter : callable
        Makes words of fixed-point scores, with streams ``i`` and ``o``: (QFormat, config) -> Component. None where
        fixed-point scores are words.
    to_fixed : callable
        A probability as a raw integer of the arithmetic's fixed-point format: (Module, Value, config) -> Value.
    """

    softmax: Callable[..., Component]
    probability_slice: Callable[[object], StructLayout]
    score_converter: Callable[[QFormat, object], Component] | None = None
    to_fixed: Callable[[Module, Value, object], Value] = lambda m, y, config: y
    element_softmax: Callable[..., Component] | None = None

    def __post_init__(self):
        if self.element_softmax is None:
            object.__setattr__(self, "element_softmax", self.softmax)


@singledispatch
def softmax_hardware(config) -> SoftmaxHardware:
    """The hardware for a config; each kind registers its own.

    Raises
    ------
    TypeError
        If nothing is registered for configs of this type.
    """
    raise TypeError(f"config must be one with hardware, such as a SoftermaxConfig, not {config!r}")
