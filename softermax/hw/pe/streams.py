"""Payloads of the streams inside a processing element, made from its config."""

from __future__ import annotations

from amaranth.hdl import signed
from amaranth.lib import data

from softermax.model.pe_config import (
    ACCUMULATOR_BITS,
    OPERAND_BITS,
    SHIFT_BITS,
    ZERO_POINT_BITS,
    ProcessingElementConfig,
)

__all__ = ["accumulated_slice", "context_slice", "operands", "place_of", "settings", "step", "vector"]


def vector(config: ProcessingElementConfig) -> data.ArrayLayout:
    """``vector_size`` signed numbers of 8 bits: a word of a query or of a key."""
    return data.ArrayLayout(signed(OPERAND_BITS), config.vector_size)


def settings(config: ProcessingElementConfig) -> data.StructLayout:
    """Settings of a head in the registers.

    ``chunks``: words of a query; ``key_slices``: slices of a row that sees all keys. Those of context with values only.
    """
    scale = {"multiplier": config.scale_bits, "shift": SHIFT_BITS}
    return data.StructLayout(
        {
            "queries": range(config.max_len + 1),
            "keys": range(config.max_len + 1),
            "chunks": range(config.max_chunks + 1),
            "key_slices": range(config.softmax.max_slices + 1),
            **scale,
            "zero_point": signed(ZERO_POINT_BITS),
            "causal": 1,
            **({f"context_{name}": shape for name, shape in scale.items()} if config.values else {}),
        }
    )


def place_of(config: ProcessingElementConfig) -> dict:
    """Place of a slice: ``last`` of its row, and then the last lane that its row may see.

    With values also whether it is ``context``, which ends with the last words of values.
    """
    return {"last": 1, "last_lane": range(config.lanes), **({"context": 1} if config.values else {})}


def step(config: ProcessingElementConfig) -> data.StructLayout:
    """Step of a cycle: the words of the buffers, the ``first`` and the ``final`` cycle of a slice, its place.

    ``bank_word`` counts the words of a bank, ``chunk`` those of the row's query, or of its probabilities.
    """
    longest = max(config.max_chunks, config.softmax.max_slices if config.values else 1)
    words = {"bank_word": range(config.bank_words), "chunk": range(longest)}
    return data.StructLayout({**words, "first": 1, "final": 1, **place_of(config)})


def operands(config: ProcessingElementConfig) -> data.StructLayout:
    """Operands of a step: ``row``, of a query or with values of a row's probabilities, with ``banks``.

    And the slice's first and final cycle, its place. Probabilities have no sign, so with values a row has a bit more.
    """
    row = data.ArrayLayout(signed(OPERAND_BITS + config.values), config.vector_size)
    words = {"row": row, "banks": data.ArrayLayout(vector(config), config.lanes)}
    return data.StructLayout({**words, "first": 1, "final": 1, **place_of(config)})


def accumulated_slice(config: ProcessingElementConfig) -> data.StructLayout:
    """A slice of dot products, less the zero point, or of context; and its place."""
    accumulators = data.ArrayLayout(signed(ACCUMULATOR_BITS), config.lanes)
    return data.StructLayout({"accumulators": accumulators, **place_of(config)})


def context_slice(config: ProcessingElementConfig) -> data.StructLayout:
    """Context: ``x``, an array of lanes of 8 bits, signed; ``last`` of a row."""
    return data.StructLayout({"x": data.ArrayLayout(signed(OPERAND_BITS), config.lanes), "last": 1})
