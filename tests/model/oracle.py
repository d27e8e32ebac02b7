"""An oracle that shares no code with the model: the documented function, one number at a time, in exact arithmetic.

Tables are rebuilt from their documented construction with 40-digit decimals; everything after them is Python's
integers and fractions, in plain loops. Of a config it reads the formats and sizes only.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field
from decimal import Context, Decimal, localcontext
from fractions import Fraction
from functools import cache
from math import ceil, floor

DIGITS = 40


@cache
def table(
    function: str,
    fraction_bits: int,
    segments: int,
    output_bits: int,
    truncated: bool = False,
    direction: str = "nearest",
) -> tuple[int, ...]:
    """Every entry of the minimax linear-piecewise table of 2**t on [0, 1) or 1/m on [1, 2).

    One-sided (``direction`` "down" or "up") a segment keeps its slope and lies as near as it may to the function: for
    1/m to its value at the least mantissa of an index, which is the greatest of all that are cut to that index.
    """
    with localcontext(Context(prec=DIGITS)):
        log2 = Decimal(2).ln()
        if function == "2**t":
            value, touch, origin = (lambda t: (t * log2).exp()), (lambda slope: (slope / log2).ln() / log2), Decimal(0)
        else:
            value, touch, origin = (lambda m: 1 / m), (lambda slope: (-1 / slope).sqrt()), Decimal(1)
        step = Decimal(2) ** -fraction_bits
        middle = step / 2 if truncated else 0
        steps = max(1, 2**fraction_bits // segments)
        guard = 0 if steps == 1 else steps.bit_length() - 1 + 2
        unit = Decimal(2) ** (output_bits + guard)
        entries = []
        for start in range(0, 2**fraction_bits, steps):
            first, last = (origin + middle + place * step for place in (start, start + steps - 1))
            slope, drop = Decimal(0), Decimal(0)
            if steps > 1:
                slope = (value(last) - value(first)) / (last - first)
                tangent = touch(slope)
                drop = (value(first) + slope * (tangent - first) - value(tangent)) / 2
            intercept = int(((value(first) - drop) * unit).to_integral_value()) + (2**guard >> 1)
            rise = int((slope * step * unit).to_integral_value())
            if direction != "nearest":
                exact = [value(origin + (start + k) * step) * 2**output_bits for k in range(steps)]
                intercept = _one_sided(intercept, rise, guard, exact, direction)
            entries += [(intercept + rise * k) // 2**guard for k in range(steps)]
    return tuple(entries)


def _one_sided(intercept: int, rise: int, guard: int, exact: list[Decimal], direction: str) -> int:
    """The least intercept with no entry below the function ("up"), or the greatest with none above it ("down")."""
    limits = [ceil(v) if direction == "up" else floor(v) for v in exact]

    def reaches(candidate):
        entries = [(candidate + rise * k) // 2**guard for k in range(len(limits))]
        if direction == "up":
            return all(entry >= limit for entry, limit in zip(entries, limits, strict=True))
        return any(entry > limit for entry, limit in zip(entries, limits, strict=True))

    # A line of the nearest table is nowhere further from the function than this, so the turning point lies between.
    far = (2 + max(abs(int(v) - (intercept + rise * k) // 2**guard) for k, v in enumerate(exact))) * 2**guard
    first = intercept - far + bisect_left(range(intercept - far, intercept + far), True, key=reaches)
    return first if direction == "up" else first - 1


def power_table(config) -> tuple[int, ...]:
    """The config's table of 2**t."""
    return _power_table(config, config.unnormed.fraction_bits, "down")


def product_table(config) -> tuple[int, ...]:
    """The config's constants 2**t that make the row products."""
    return _power_table(config, config.product.fraction_bits, "up")


def _power_table(config, output_bits: int, directed: str) -> tuple[int, ...]:
    direction = directed if config.rounding == "directed" else "nearest"
    return table("2**t", config.input.fraction_bits, config.power_segments, output_bits, direction=direction)


def power_table_is_valid(fraction_bits: int, segments: int, output_bits: int, direction: str = "nearest") -> bool:
    """Whether no entry but the first, 2**0, is below 1, and none is 2: a row's sum is then at least 1/2."""
    entries = table("2**t", fraction_bits, segments, output_bits, direction=direction)
    return min(entries[1:], default=2**output_bits) >= 2**output_bits and max(entries) < 2 * 2**output_bits


def reciprocal_entry(power_sum: int, config) -> tuple[int, int]:
    """Raw mantissa and exponent of 1/D = mantissa * 2**(1 - exponent), for D of at least 1/2."""
    d = Fraction(power_sum, 2**config.power_sum.fraction_bits)
    exponent = 0
    while d >= 2**exponent:
        exponent += 1
    # The index is the mantissa less 1, with so many bits more than the result has, if the sum has as many.
    longest = config.power_sum.width - 1
    bits = min(config.reciprocal.fraction_bits + config.mantissa_guard_bits, longest)
    entries = table(
        "1/m",
        bits,
        config.reciprocal_segments,
        config.reciprocal.fraction_bits,
        truncated=bits < longest,
        direction="up" if config.rounding == "directed" else "nearest",
    )
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
    if config.normalizer == "row_product":
        exact = select(raw, kept, row.maximum[-1], row.power_sum[-1], config)
    else:
        exact = []
        for numerators, slice_maximum in zip(row.numerators, row.slice_maximum, strict=True):
            exact += normalize(numerators, row.maximum[-1] - slice_maximum, row.power_sum[-1], config)
    row.y = rounded(exact, config)
    return row


def rounded(exact: list[Fraction], config) -> list[int]:
    """A row's results, in units of the output, as raw integers of it."""
    half, most = Fraction(1, 2), 2**config.output.width - 1
    if config.rounding != "cascade":
        return [min(floor(value + (0 if config.rounding == "directed" else half)), most) for value in exact]
    y, behind = [], Fraction(0)
    for value in exact:
        # What is owed, and the result to the nearest multiple of the guard bits' last place; no more than half is owed.
        behind += floor(value * 2**config.guard_bits + half) * Fraction(1, 2**config.guard_bits)
        y.append(floor(behind + half))
        behind -= y[-1]
    return [min(value, most) for value in y]


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


def normalize(numerators, rise: int, power_sum: int, config) -> list[Fraction]:
    """Results of a slice whose maximum lies ``rise`` below that of its row, in units of the output."""
    if power_sum == 0:
        return [Fraction(0)] * len(numerators)
    mantissa, exponent = reciprocal_entry(power_sum, config)
    fraction_bits = config.unnormed.fraction_bits + config.reciprocal.fraction_bits
    unit = Fraction(2 * 2**config.output.fraction_bits, 2**fraction_bits)
    return [u // 2 ** (rise + exponent) * mantissa * unit for u in numerators]


def products_of(mantissa: int, config) -> list[int]:
    """Raw products of a mantissa with 2**t for every fraction t of a score."""
    exact = [Fraction(mantissa * power, 2**config.reciprocal.fraction_bits) for power in product_table(config)]
    return [ceil(v) if config.rounding == "directed" else floor(v + Fraction(1, 2)) for v in exact]


def select(raw, kept, maximum: int, power_sum: int, config) -> list[Fraction]:
    """Results of scores by row product, in units of the output: the product for a fraction, scaled."""
    if not any(kept):
        return [Fraction(0)] * len(raw)
    mantissa, exponent = reciprocal_entry(power_sum, config)
    products = products_of(mantissa, config)
    unit = Fraction(2**config.output.fraction_bits, 2**config.product.fraction_bits)
    exact = []
    for x, keep in zip(raw, kept, strict=True):
        whole, fraction = divmod(x, 2**config.input.fraction_bits)
        scaled = products[fraction] * unit * Fraction(2) ** (whole - maximum + 1 - exponent)
        exact.append(scaled if keep else Fraction(0))
    return exact
