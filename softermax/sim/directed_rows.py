"""Seeded rows whose sums random ones seldom have: of every size, with bits of every weight, next to a carry.

Where rounding hides the low bits of sums, rows are chosen from very many by the golden model, so that it does not.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from softermax.model import QFormat, SoftermaxConfig
from softermax.model.normalization import normalized
from softermax.model.shape import RowShape
from softermax.model.unnormed import UnnormedRows, power_of_two, unnormed_rows, unnormed_softmax

from .traffic import Rows

__all__ = [
    "carry_boundary_rows",
    "constant_then_drop_rows",
    "directed_rows",
    "even_rows",
    "last_bit_rows",
    "single_peak_rows",
]

#: How many of each kind.
CONSTANT_THEN_DROP, SINGLE_PEAK, CARRY_BOUNDARY, LAST_BIT = 30, 1500, 800, 4000
#: A carrying row is the best of so many.
TRIED = 100
#: Slices of delicate rows: for large results, for sums of two parts, and for large sums.
SLICES = (1, 1, 2, 8)
#: Scores of all rows of which delicate ones are chosen.
TRIED_SCORES = 1 << 20


def directed_rows(rng: np.random.Generator, shape: RowShape, input: QFormat) -> Rows:
    """Rows of the kinds that do not depend on an arithmetic's formats."""
    dropping = constant_then_drop_rows(rng, shape, CONSTANT_THEN_DROP, input)
    peaks = single_peak_rows(rng, shape, SINGLE_PEAK, input)
    return [*even_rows(shape), *dropping, *peaks]


def softermax_rows(rng: np.random.Generator, config: SoftermaxConfig) -> Rows:
    """Rows of the two kinds that depend on the formats of a Softermax."""
    made = carry_boundary_rows(rng, config, CARRY_BOUNDARY)
    for slices in SLICES:
        made += last_bit_rows(rng, config, LAST_BIT // len(SLICES), min(slices, config.max_slices))
    return made


def even_rows(shape: RowShape) -> Rows:
    """Rows of scores 0, whose sums are as large as sums can be, and every power of two below."""
    lengths = [1 << place for place in range(shape.capacity.bit_length())]
    return [(np.zeros(n, np.int16), np.ones(n, bool)) for n in (*lengths, shape.capacity)]


def constant_then_drop_rows(rng: np.random.Generator, shape: RowShape, rows: int, input: QFormat) -> Rows:
    """The longest rows: as long as scores are equal the sum grows; then it meets slices below, by any distance."""
    n, low, high = shape.capacity, input.min_raw, input.max_raw
    made = []
    for _ in range(rows):
        falls = np.arange(n) >= rng.integers(n // 2, n)
        raw = rng.integers(low, high + 1) - rng.integers(high - low) * falls
        made.append((raw.clip(low).astype(np.int16), np.ones(n, bool)))
    return made


def single_peak_rows(rng: np.random.Generator, shape: RowShape, rows: int, input: QFormat) -> Rows:
    """Rows of four slices at most in which a score stands out, by any distance: large results, bits of every weight."""
    made = []
    for _ in range(rows):
        n = int(rng.integers(1, min(rng.choice([1, 1, 4]) * shape.lanes, shape.capacity) + 1))
        [raw] = _peaks(rng, input, 1, n)
        made.append((raw, np.ones(n, bool)))
    return made


def carry_boundary_rows(rng: np.random.Generator, config: SoftermaxConfig, rows: int) -> Rows:
    """Rows of a slice whose sums lie closest to a step of the power sum, so that any low bit decides about a carry.

    They are those closest below, and as many closest above, of many that peak.
    """
    many = _peaks(rng, config.input, TRIED * rows, config.lanes)
    values = unnormed_softmax(many[:, None], np.ones(many[:, None].shape, bool), config)
    step = 1 << max(config.unnormed.fraction_bits - config.power_sum.fraction_bits, 0)
    low_bits = values.numerators.astype(np.int64)[:, 0] % step
    beyond = low_bits.sum(axis=1) % step
    # Numbers without low bits lose none.
    above = np.where(low_bits.any(axis=1), beyond, step)
    closest = [np.argsort(distance, kind="stable")[: rows // 2] for distance in (step - 1 - beyond, above)]
    return [(raw, np.ones(config.lanes, bool)) for raw in many[np.concatenate(closest)]]


def last_bit_rows(rng: np.random.Generator, config: SoftermaxConfig, rows: int, slices: int = 1) -> Rows:
    """Rows of so many slices with a result that something small in between decides.

    It would be another one if the lowest bits of the numerators were others; if the maxima were one more, for rows
    whose greatest score is an integer; if they were one less, for rows that have a score just below the greatest one's
    fraction; if the power sum were one more or less, or any other power of two. There are about as many rows for each
    of these five; fewer where not so many are found.
    """
    many = _peaks(rng, config.input, TRIED_SCORES // (slices * config.lanes), slices * config.lanes)
    x = many.reshape(len(many), slices, config.lanes)
    values = unnormed_softmax(x, None, config)
    power_sum = values.power_sum[:, -1]
    least, most = 1 << config.power_sum.fraction_bits >> 1, config.power_sum.max_raw
    usual, chosen = normalized(x, None, values, power_sum, config), []

    def choose(number: int, among, values: UnnormedRows, power_sum: np.ndarray):
        differ = (normalized(x, None, values, power_sum, config) != usual).any(axis=(1, 2))
        chosen.extend(np.flatnonzero(differ & among)[:number].tolist())

    choose(rows // 5, True, replace(values, numerators=values.numerators ^ 1), power_sum)
    greatest, unit = many.max(axis=1), 1 << config.input.fraction_bits
    integer, beside = greatest % unit == 0, (many == (greatest - greatest % unit)[:, None]).any(axis=1)
    for move, among in ((1, integer), (-1, ~integer & beside)):
        moved = _with_maxima(x, values.slice_maximum + move, config)
        choose(rows // 5, among, moved, moved.power_sum[:, -1])
    for bit in range(config.power_sum.width):
        for change in (-1 << bit, 1 << bit):
            number = rows // 10 if bit == 0 else rows // 10 // config.power_sum.width
            choose(number, True, values, (power_sum + change).clip(least, most))
    return [(raw, np.ones(len(raw), bool)) for raw in many[chosen]]


def _with_maxima(x: np.ndarray, slice_maximum: np.ndarray, config: SoftermaxConfig) -> UnnormedRows:
    """The Unnormed Softmax Unit with other maxima, which scores may exceed by less than 1."""
    fraction_bits = config.input.fraction_bits
    limit = (slice_maximum << fraction_bits)[..., None]
    beyond = config.power_table.values[x & ((1 << fraction_bits) - 1)]
    numerators = np.where(x > limit, beyond, power_of_two(np.minimum(x, limit), None, slice_maximum, config))
    return unnormed_rows(numerators, slice_maximum, config)


def _peaks(rng: np.random.Generator, input: QFormat, rows: int, n: int) -> np.ndarray:
    """Raw scores, (rows, n), the greatest of each row some units above the others."""
    unit = 1 << input.fraction_bits
    gap = rng.integers(5 * unit, size=(rows, 1)) + rng.integers(3 * unit, size=(rows, n))
    gap[np.arange(rows), rng.integers(n, size=rows)] = 0
    raw = rng.integers(input.min_raw, input.max_raw + 1, size=(rows, 1)) - gap
    return raw.clip(input.min_raw).astype(np.int16)
