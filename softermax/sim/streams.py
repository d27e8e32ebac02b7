"""Streams of a unit, as the value models predict them: payloads in order, packed as the ports take them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from amaranth.lib import data

from softermax.model.framing import Framing

__all__ = ["WORD", "PackedStream", "UnitStreams", "join"]

#: Bits of a word that payloads are packed in.
WORD = 32


@dataclass(frozen=True, eq=False)
class PackedStream:
    """A stream: its payloads in order, one for each item.

    Attributes
    ----------
    words : ndarray of uint32, (items, words)
        The lowest bits first; bits above ``width`` are 0.
    width : int
        Bits of a payload.
    """

    words: np.ndarray
    width: int

    @classmethod
    def pack(cls, layout: data.StructLayout, fields: dict[str, np.ndarray]) -> PackedStream:
        """Pack fields of shape (items,) or (items, lanes) as the layout says."""
        items = len(next(iter(fields.values())))
        bits = np.zeros((items, layout.size), np.uint8)
        for name, values in fields.items():
            place, size = layout[name].offset, layout[name].width
            bits[:, place : place + size] = _bits_of(np.asarray(values).reshape(items, -1), size)
        return cls.from_bits(bits)

    @classmethod
    def from_bits(cls, bits: np.ndarray) -> PackedStream:
        """Stream of bits, lowest first: ndarray of uint8, (items, width)."""
        packed = np.packbits(bits, axis=1, bitorder="little")
        size = WORD // 8
        filled_up = np.pad(packed, [(0, 0), (0, -packed.shape[1] % size)])
        return cls(np.ascontiguousarray(filled_up).view("<u4"), bits.shape[1])

    @cached_property
    def payloads(self) -> list[int]:
        """The payloads as integers."""
        return [int.from_bytes(words.tobytes(), "little") for words in self.words]

    def __len__(self):
        return len(self.words)

    def flag(self, layout: data.StructLayout, name: str) -> np.ndarray:
        """A field of one bit: ndarray of bool, (items,); all false where the layout has no such field."""
        if name not in layout.members:
            return np.zeros(len(self), bool)
        place = layout[name].offset
        return (self.words[:, place // WORD] >> place % WORD & 1).astype(bool)

    def only(self, chosen: np.ndarray) -> PackedStream:
        """The items that a mask or indices choose."""
        return PackedStream(self.words[chosen], self.width)


def _bits_of(columns: np.ndarray, size: int) -> np.ndarray:
    """The low bits of integers, (items, columns), that share ``size`` bits: (items, size)."""
    width = size // columns.shape[1]
    whole = next(whole for whole in (8, 16, 32, 64) if width <= whole)
    raw = np.ascontiguousarray(columns.astype(f"<i{whole // 8}" if columns.dtype.kind == "i" else f"<u{whole // 8}"))
    bits = np.unpackbits(raw.view(np.uint8), axis=1, bitorder="little")
    return bits.reshape(*columns.shape, whole)[:, :, :width].reshape(len(columns), size)


@dataclass(frozen=True)
class UnitStreams:
    """All streams of a unit over a sequence of slices.

    Attributes
    ----------
    sources : dict of str to PackedStream
        Items that are offered.
    shown : dict of str to PackedStream
        Items that the outputs can show: one for every slice that the unit keeps.
    framing : Framing
        Framing of the slices.
    """

    sources: dict[str, PackedStream]
    shown: dict[str, PackedStream]
    framing: Framing

    @property
    def sinks(self) -> dict[str, PackedStream]:
        """Streams that the unit delivers: ``row`` has one item per row, its last slice's."""
        return {name: stream.only(self._delivered(name)) for name, stream in self.shown.items()}

    def row_of(self, name: str, item: int) -> int:
        """The row to which an item of an output belongs, both counted from 0."""
        return int(self.framing.places[0][self._delivered(name)][item])

    def _delivered(self, name: str) -> np.ndarray | slice:
        return self.framing.last if name == "row" else slice(None)


def join(matrices: Sequence[np.ndarray], size: int) -> PackedStream:
    """Rows of matrices of int8 in words of ``size`` elements, each row filled up with zeros."""
    filled_up = [np.pad(matrix, [(0, 0), (0, -matrix.shape[1] % size)]).reshape(-1, size) for matrix in matrices]
    words = np.ascontiguousarray(np.concatenate(filled_up))
    return PackedStream.from_bits(np.unpackbits(words.view(np.uint8), axis=1, bitorder="little"))
