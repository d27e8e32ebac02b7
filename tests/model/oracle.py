"""An oracle that shares no code with the model: the documented function, one number at a time, in exact arithmetic.

Tables are rebuilt from their documented construction with 40-digit decimals; everything after them is Python's
integers and fractions, in plain loops. Of a config it reads the formats and sizes only.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Context, Decimal, localcontext
from fractions import Fraction
from functools import cache
from math import ceil, floor

DIGITS = 40


@cache
def table(
    function: str, fraction_bits: int, segments: int, output_bits: int, truncated: bool = False
) -> tuple[int, ...]:
    """Every entry of the minimax linear-piecewise table of 2**t on [0, 1) or 1/m on [1, 2)."""
    with localcontext(Context(prec=DIGITS)):
        log2 = Decimal(2).ln()
        if function == "2**t":
            value, touch, origin = (lambda t: (t * log2).exp()), (lambda slope: (slope / log2).ln() / log2), Decimal(0)
        else:
            value, touch, origin = (lambda m: 1 / m), (lambda slope: (-1 / slope).sqrt()), Decimal(1)
        step = Decimal(2) ** -fraction_bits
        if truncated:
            origin += step / 2
        steps = max(1, 2**fraction_bits // segments)
        guard = 0 if steps == 1 else steps.bit_length() - 1 + 2
        unit = Decimal(2) ** (output_bits + guard)
        entries = []
        for start in range(0, 2**fraction_bits, steps):
            first, last = origin + start * step, origin + (start + steps - 1) * step
            slope, drop = Decimal(0), Decimal(0)
            if steps > 1:
                slope = (value(last) - value(first)) / (last - first)
                tangent = touch(slope)
                drop = (value(first) + slope * (tangent - first) - value(tangent)) / 2
            intercept = int(((value(first) - drop) * unit).to_integral_value())
            rise = int((slope * step * unit).to_integral_value())
            half = Fraction(1, 2) if guard else 0
            entries += [floor(Fraction(intercept + rise * k, 2**guard) + half) for k in range(steps)]
    return tuple(entries)


def power_table(config) -> tuple[int, ...]:
    """The config's table of 2**t."""
    return table("2**t", config.input.fraction_bits, config.power_segments, config.unnormed.fraction_bits)


def power_table_is_valid(fraction_bits: int, segments: int, output_bits: int) -> bool:
    """Whether no entry but the first, 2**0, is below 1, and none is 2: a row's sum is then at least 1/2."""
    entries = table("2**t", fraction_bits, segments, output_bits)
    return min(entries[1:], default=2**output_bits) >= 2**output_bits and max(entries) < 2 * 2**output_bits


def reciprocal_entry(power_sum: int, config) -> tuple[int, int]:
    """Raw mantissa and exponent of 1/D = mantissa * 2**(1 - exponent), for D of at least 1/2."""
    d = Fraction(power_sum, 2**config.power_sum.fraction_bits)
    exponent = 0
    while d >= 2**exponent:
        exponent += 1
    # The index is the mantissa less 1, with two bits more than the result has, if the sum has as many.
    longest = config.power_sum.width - 1
    bits = min(config.reciprocal.fraction_bits + 2, longest)
    entries = table("1/m", bits, config.reciprocal_segments, config.reciprocal.fraction_bits, truncated=bits < longest)
    return entries[floor((2 * d / 2**exponent - 1) * 2**bits)], exponent


@dataclass
class Row:
    """A row's values: one entry for each slice (each element, for ``y``), in raw integers."""

    numerators: list[list[int]] = field(default_factory=list)
    slice_maximum: list[int] = field(default_factory=list)
    maximum: list[int] = field(default_factory=list)
    power_sum: list[int] = field(default_factory=list)
    saturated: list[bool] = field(default_factory=list)
    y: list[int] = field(default_factory=list)


def softermax_row(raw, kept, config) -> Row:
    """Softermax of one row of raw scores, with everything that is computed on the way."""
    row = Row()
    raw, kept = [int(x) for x in raw], [bool(k) for k in kept]
    for start in range(0, len(raw), config.lanes):
        scores = [Fraction(x, 2**config.input.fraction_bits) for x in raw[start : start + config.lanes]]
        _append_slice(row, scores, kept[start : start + config.lanes], config)
    for numerators, slice_maximum in zip(row.numerators, row.slice_maximum, strict=True):
        row.y += normalize(numerators, row.maximum[-1] - slice_maximum, row.power_sum[-1], config)
    return row


def _append_slice(row: Row, scores, kept, config):
    entries, fraction_bits = power_table(config), config.input.fraction_bits
    lowest = -(2 ** (config.input.integer_bits - 1))
    slice_maximum = max((ceil(x) for x, keep in zip(scores, kept, strict=True) if keep), default=lowest)
    numerators = []
    for x, keep in zip(scores, kept, strict=True):
        distance = x - slice_maximum
        fraction = int((distance - floor(distance)) * 2**fraction_bits)
        numerators.append(entries[fraction] // 2 ** -floor(distance) if keep else 0)
    before, running = (row.maximum[-1], row.power_sum[-1]) if row.maximum else (slice_maximum, 0)
    maximum = max(before, slice_maximum)
    total = Fraction(sum(numerators), 2**config.unnormed.fraction_bits) * 2**config.power_sum.fraction_bits
    power_sum = running // 2 ** (maximum - before) + floor(total / 2 ** (maximum - slice_maximum))
    largest = 2**config.power_sum.width - 1
    row.numerators.append(numerators)
    row.slice_maximum.append(slice_maximum)
    row.maximum.append(maximum)
    row.power_sum.append(min(power_sum, largest))
    row.saturated.append(power_sum > largest or any(row.saturated))


def normalize(numerators, rise: int, power_sum: int, config) -> list[int]:
    """Probabilities of a slice whose maximum lies ``rise`` below that of its row."""
    if power_sum == 0:
        return [0] * len(numerators)
    mantissa, exponent = reciprocal_entry(power_sum, config)
    fraction_bits = config.unnormed.fraction_bits + config.reciprocal.fraction_bits
    unit = Fraction(2 * 2**config.output.fraction_bits, 2**fraction_bits)
    products = [u // 2 ** (rise + exponent) * mantissa * unit for u in numerators]
    return [min(floor(product + Fraction(1, 2)), 2**config.output.width - 1) for product in products]
