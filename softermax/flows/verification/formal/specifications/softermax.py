"""The steps of Softermax, from the paper's equations: each what a number must be, not how it is found.

A score x is an integer in units of 2**-f.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import z3

from .exact import Lines, nearest_power_of_two
from .words import floor_shifted, saturated, signed, unsigned

__all__ = [
    "int_max",
    "multiplied",
    "on_best_line",
    "power_of_two",
    "reciprocal",
    "reduced",
    "row_product",
    "selected",
    "slice_sum",
]

Word = z3.BitVecRef

#: Wider than any score, maximum or exponent.
SCORE = 16


def int_max(x: list[Word], keep: list[z3.BoolRef], maximum: Word, f: int, lowest: int) -> z3.BoolRef:
    """The maximum is the largest ceil(x) of kept lanes: no x exceeds it, and one exceeds what is 1 less; or the lowest.

    It has no fraction bits.
    """
    whole = signed(maximum, SCORE) << f
    scores = [signed(score, SCORE) for score in x]
    none_exceeds = z3.And([z3.Implies(kept, whole >= score) for score, kept in zip(scores, keep, strict=True)])
    reached = z3.Or([z3.And(kept, score > whole - (1 << f)) for score, kept in zip(scores, keep, strict=True)])
    return z3.If(z3.Or(keep), z3.And(none_exceeds, reached), maximum == lowest)


def power_of_two(
    x: Word, keep: z3.BoolRef, maximum: Word, u: Word, f: int, powers: Sequence[int], slack: int = 0
) -> z3.BoolRef:
    """u = floor(power / 2**k), x - maximum = t - k with t in [0, 1), of a score no greater than the maximum.

    The power is that for t, but for a slack of so many units; where a score is not kept, u is 0.
    """
    score = signed(x, SCORE)
    width = u.size() + SCORE
    places = unsigned(signed(maximum, SCORE) - (score >> f), width)
    cases = []
    for fraction, number in enumerate(powers):
        power = z3.BitVecVal(number, width)
        least, most = floor_shifted(power - slack, places), floor_shifted(power + slack, places)
        within = z3.And(z3.UGE(unsigned(u, width), least), z3.ULE(unsigned(u, width), most))
        cases.append(z3.Implies(z3.Extract(f - 1, 0, x) == fraction, within))
    return z3.If(keep, z3.And(cases), u == 0)


def slice_sum(u: list[Word], result: Word, dropped: int) -> z3.BoolRef:
    """result = floor(sum(u) / 2**dropped): neighbours are added, then neighbours of those, each sum a bit wider."""
    while len(u) > 1:
        u = [z3.ZeroExt(1, a) + z3.ZeroExt(1, b) for a, b in zip(u[0::2], u[1::2], strict=True)]
    width = u[0].size() + result.size()
    return unsigned(result, width) == floor_shifted(unsigned(u[0], width), z3.BitVecVal(dropped, width))


def reduced(before: dict[str, Word], slice_: dict[str, Word], after: dict[str, Word], first: z3.BoolRef) -> z3.BoolRef:
    """D' = floor(D / 2**(M' - M)) + floor(S / 2**(M' - M_s)), M' the larger of M and M_s; S alone in the first slice.

    A sum that does not fit saturates, and ``saturated`` says that it or one before it did. ``before`` and ``after``
    hold ``maximum``, ``power_sum`` and ``saturated``; ``slice_`` holds ``maximum`` and ``sum``.
    """
    width = before["power_sum"].size() + slice_["sum"].size() + SCORE
    m, m_s = (signed(side["maximum"], SCORE) for side in (before, slice_))
    higher = z3.If(z3.Or(first, m_s > m), m_s, m)
    d, s = (unsigned(word, width) for word in (before["power_sum"], slice_["sum"]))
    kept = z3.If(first, z3.BitVecVal(0, width), floor_shifted(d, unsigned(higher - m, width)))
    total = kept + floor_shifted(s, unsigned(higher - m_s, width))
    largest = (1 << before["power_sum"].size()) - 1
    overflows = z3.UGT(total, largest)
    did_before = z3.And(z3.Not(first), before["saturated"] == 1)
    return z3.And(
        signed(after["maximum"], SCORE) == higher,
        unsigned(after["power_sum"], width) == saturated(total, largest),
        (after["saturated"] == 1) == z3.Or(overflows, did_before),
    )


def reciprocal(d: Word, g: int, mantissa: Word, q: int, exponent: Word, bound: Fraction) -> z3.BoolRef:
    """D = m 2**(exponent - 1), m in [1, 2); the mantissa is no further than a bound of its units from 1/m.

    D, at least 1/2, has g fraction bits, the mantissa q; the exponent is a number with sign.
    """
    unit = 1 << 10
    # Upwards, by less than a thousandth of a unit.
    most = int(bound * unit) + 1
    width = d.size() + mantissa.size() + q + 12
    number, found = unsigned(d, width), unsigned(mantissa, width)
    cases = []
    for place in range(g - 1, d.size()):
        # The leading one stands here: 1/m = 2**place / d.
        leads = z3.LShR(d, place) == 1
        error = found * number - (1 << (q + place))
        allowed = most * number
        close = z3.And(unit * error <= allowed, -unit * error <= allowed)
        cases.append(z3.Implies(leads, z3.And(exponent == place - g + 1, close)))
    return z3.And(cases)


def on_best_line(d: Word, index_bits: int, mantissa: Word, lines: Lines) -> z3.BoolRef:
    """The mantissa is what lines give for the index that follows D's leading one."""
    width = d.size() + index_bits + lines.dropped + mantissa.size()
    number, index = unsigned(d, width), z3.BitVecVal(0, width)
    for place in range(d.size()):
        follows = z3.LShR((number - (1 << place)) << index_bits, place)
        index = z3.If(z3.LShR(d, place) == 1, follows, index)
    offset = index & ((1 << lines.offset_bits) - 1)
    segment = z3.LShR(index, lines.offset_bits)
    cases = [
        z3.Implies(segment == n, unsigned(mantissa, width) == z3.LShR(start + slope * offset, lines.dropped))
        for n, (start, slope) in enumerate(lines.coefficients)
    ]
    return z3.And(cases)


def row_product(mantissa: Word, q: int, t: int, f: int, fraction_bits: int) -> Word:
    """The mantissa times the nearest number to 2**(t / 2**f), rounded to nearest, ties up; as wide as it can be."""
    exact = unsigned(mantissa, mantissa.size() + fraction_bits + 4) * nearest_power_of_two(t, f, fraction_bits)
    return z3.LShR(exact + (1 << (q - 1)), q)


def multiplied(numerator: Word, mantissa: Word, dropped: int) -> Word:
    """floor(numerator mantissa / 2**dropped + 1/2) for a numerator and a mantissa of 1 at most.

    Both have one integer bit, so that their product, which is 1 at most, has as well.
    """
    width = numerator.size() + mantissa.size() - 1
    product = unsigned(numerator, width) * unsigned(mantissa, width)
    return z3.LShR(product + (1 << (dropped - 1)), dropped)


def selected(product: Word, places: Word, dropped: int) -> Word:
    """floor(product / 2**(places + dropped) + 1/2), as wide as it can be."""
    width = product.size() + dropped + 80
    below = unsigned(places, width) + dropped
    half = z3.LShR(z3.BitVecVal(1 << (width - 2), width), width - 1 - below)
    return z3.LShR(unsigned(product, width) + half, below)
