"""The arithmetic of a processing element around its softmax."""

from __future__ import annotations

import z3

from .words import signed, unsigned

__all__ = ["dot_product", "requantised"]

Word = z3.BitVecRef


def requantised(accumulator: Word, multiplier: Word, shift: Word, score: Word) -> z3.BoolRef:
    """score = floor(accumulator multiplier / 2**shift + 1/2), saturated to its own width in two's complement."""
    width = accumulator.size() + multiplier.size() + 36
    product = signed(accumulator, width) * unsigned(multiplier, width)
    places = unsigned(shift, width)
    exact = (2 * product + (z3.BitVecVal(1, width) << places)) >> (places + 1)
    largest = (1 << (score.size() - 1)) - 1
    clipped = z3.If(exact > largest, z3.BitVecVal(largest, width), exact)
    return signed(score, width) == z3.If(clipped < -largest - 1, z3.BitVecVal(-largest - 1, width), clipped)


def dot_product(a: list[Word], b: list[Word], start: Word, after: Word) -> z3.BoolRef:
    """after = start + sum(a b), modulo 2 to the power of its width; of numbers in two's complement.

    Nothing is lost on the way: a sum gets a bit more than what is added, up to the bits that all products can take.
    """
    largest = sum(1 << (x.size() + y.size() - 2) for x, y in zip(a, b, strict=True))
    enough = largest.bit_length() + 1
    products = [signed(x, x.size() + y.size()) * signed(y, x.size() + y.size()) for x, y in zip(a, b, strict=True)]
    total = products[0]
    for product in products[1:]:
        width = min(max(total.size(), product.size()) + 1, enough)
        total = signed(total, width) + signed(product, width)
    return after == start + signed(total, after.size())
