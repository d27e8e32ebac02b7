"""An oracle of the baseline that shares no code with its model: one number at a time.

The definition is docs/explanation/baseline.md.

Numbers are Python's floats, in which a sum or a product of two binary16 numbers is exact and a quotient has more than
twice their bits, so that rounding it once more rounds it right. Only the exponential's bits are the model's, which all
65,536 operands test by themselves. It is an oracle of the datapath of operators; of the fused one is fused_oracle.
"""

from __future__ import annotations

from itertools import zip_longest
from math import copysign, frexp, inf, isfinite, isnan, ldexp

import numpy as np

from softermax.model.exponential import Exponential

NAN = 0x7E00


def to_number(raw: int) -> float:
    """What a raw binary16 stands for: a subnormal for zero of its sign."""
    number = float(np.uint16(raw).view(np.float16))
    return copysign(0.0, number) if abs(number) < 2.0**-14 else number


def to_raw(number: float) -> int:
    """Rounded to 11 significant bits whatever its exponent, ties to even; then infinity or zero, if out of range."""
    if isnan(number):
        return NAN
    if number and isfinite(number):
        fraction, exponent = frexp(number)
        rounded = ldexp(round(ldexp(fraction, 11)), exponent - 11)
        size = inf if abs(rounded) >= 2.0**16 else 0.0 if abs(rounded) < 2.0**-14 else abs(rounded)
        number = copysign(size, number)
    return int(np.float16(number).view(np.uint16))


def later(a: int, b: int) -> int:
    """The later of two in totalOrder: negative ones of falling magnitude, then positive ones of rising magnitude."""
    return max(a, b, key=lambda raw: -1 - (raw - 0x8000) if raw >= 0x8000 else raw)


def add_numerators(a: int, b: int) -> int:
    """A sum of numerators, none of which has a sign: the hardware's adder does not look at it."""
    assert a < 0x8000
    assert b < 0x8000
    return to_raw(to_number(a) + to_number(b))


def tree(operation, values: list[int]) -> int:
    """Neighbours combined, level by level; one that is left over passes."""
    while len(values) > 1:
        pairs = zip_longest(values[0::2], values[1::2])
        values = [a if b is None else operation(a, b) for a, b in pairs]
    return values[0]


def softmax_row(raw, kept, config) -> list[int]:
    """Probabilities of one row of raw scores."""
    lanes = config.lanes
    raw, kept = [int(x) for x in raw], [bool(keep) for keep in kept]
    maximum = None
    for x, keep in zip(raw, kept, strict=True):
        if keep:
            maximum = x if maximum is None else later(maximum, x)
    if maximum is None:
        return [0] * len(raw)
    numerators = [_numerator(x, maximum, config.base) if keep else 0 for x, keep in zip(raw, kept, strict=True)]
    padded = numerators + [0] * (-len(raw) % lanes)
    sums = [tree(add_numerators, padded[start : start + lanes]) for start in range(0, len(padded), lanes)]
    total = sums[0]
    for of_slice in sums[1:]:
        total = add_numerators(total, of_slice)
    return [_probability(numerator, to_number(total), config.normalizer) for numerator in numerators]


def _numerator(x: int, maximum: int, base: str) -> int:
    return int(Exponential(base=base)(to_raw(to_number(x) - to_number(maximum))))


def _probability(numerator: int, total: float, normalizer: str) -> int:
    if normalizer == "divide":
        return to_raw(to_number(numerator) / total)
    return to_raw(to_number(numerator) * to_number(to_raw(1.0 / total)))
