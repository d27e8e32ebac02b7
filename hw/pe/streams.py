"""Payloads of the streams inside a processing element, made from its config."""

from __future__ import annotations

from amaranth.hdl import signed
from amaranth.lib import data

from softermax.model.pe import ACCUMULATOR_BITS, OPERAND_BITS, SHIFT_BITS, ZERO_POINT_BITS, ProcessingElementConfig

__all__ = ["accumulated_slice", "operands", "settings", "step", "vector"]


def vector(config: ProcessingElementConfig) -> data.ArrayLayout:
    """``vector_size`` signed numbers of 8 bits: a word of a query or of a key."""
    return data.ArrayLayout(signed(OPERAND_BITS), config.vector_size)


def settings(config: ProcessingElementConfig) -> data.StructLayout:
    """What the registers hold of a head; ``chunks``: words of a query."""
    return data.StructLayout(
        {
            "queries": range(config.max_len + 1),
            "keys": range(config.max_len + 1),
            "chunks": range(config.max_chunks + 1),
            "multiplier": config.scale_bits,
            "shift": SHIFT_BITS,
            "zero_point": signed(ZERO_POINT_BITS),
            "causal": 1,
        }
    )


def _place(config: ProcessingElementConfig) -> dict:
    """Of a slice: ``last`` of its row, and then the last lane that its row may see."""
    return {"last": 1, "last_lane": range(config.lanes)}


def step(config: ProcessingElementConfig) -> data.StructLayout:
    """What is done in a cycle: the words of the buffers, the ``first`` and the ``final`` cycle of a slice, its place.

    ``key_word`` counts the words of a bank, ``chunk`` those of the row's query.
    """
    words = {"key_word": range(config.key_words), "chunk": range(config.max_chunks)}
    return data.StructLayout({**words, "first": 1, "final": 1, **_place(config)})


def operands(config: ProcessingElementConfig) -> data.StructLayout:
    """The words of a step: a ``query``'s, and of each lane a key's; the slice's first and final cycle, its place."""
    words = {"query": vector(config), "keys": data.ArrayLayout(vector(config), config.lanes)}
    return data.StructLayout({**words, "first": 1, "final": 1, **_place(config)})


def accumulated_slice(config: ProcessingElementConfig) -> data.StructLayout:
    """A slice of dot products, less the zero point, and its place."""
    accumulators = data.ArrayLayout(signed(ACCUMULATOR_BITS), config.lanes)
    return data.StructLayout({"accumulators": accumulators, **_place(config)})
