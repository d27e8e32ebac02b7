"""Words of bits as exact numbers: wide enough for nothing to be lost."""

from __future__ import annotations

import z3

__all__ = ["floor_shifted", "saturated", "signed", "unsigned"]


def unsigned(word: z3.BitVecRef, width: int) -> z3.BitVecRef:
    """The same number without sign, at a greater width."""
    return z3.ZeroExt(width - word.size(), word)


def signed(word: z3.BitVecRef, width: int) -> z3.BitVecRef:
    """The same number in two's complement, at a greater width."""
    return z3.SignExt(width - word.size(), word)


def floor_shifted(word: z3.BitVecRef, places: z3.BitVecRef) -> z3.BitVecRef:
    """floor(word / 2**places) of numbers without sign; 0 if all bits are shifted out."""
    return z3.LShR(word, places)


def saturated(word: z3.BitVecRef, largest: int) -> z3.BitVecRef:
    """The smaller of a number without sign and the largest one that can be told."""
    return z3.If(z3.ULE(word, largest), word, z3.BitVecVal(largest, word.size()))
