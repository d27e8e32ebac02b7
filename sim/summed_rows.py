"""Seeded rows whose sums random ones seldom have: of every size, with bits of every weight, next to a carry."""

from __future__ import annotations

import numpy as np

from softermax.model import QFormat, SoftermaxConfig
from softermax.model.shape import RowShape
from softermax.model.unnormed import unnormed_softmax

from .traffic import Rows

__all__ = ["carrying_rows", "even_rows", "level_rows", "peaked_rows", "summed_rows"]

#: How many of each kind.
LEVEL, PEAKED, CARRYING = 30, 1500, 800
#: A carrying row is the best of so many.
TRIED = 100


def summed_rows(rng: np.random.Generator, shape: RowShape, input: QFormat) -> Rows:
    """Rows of all these kinds; carrying ones only for a SoftermaxConfig, as they depend on its formats."""
    carrying = carrying_rows(rng, shape, CARRYING) if isinstance(shape, SoftermaxConfig) else []
    level, peaked = level_rows(rng, shape, LEVEL, input), peaked_rows(rng, shape, PEAKED, input)
    return [*even_rows(shape), *level, *peaked, *carrying]


def even_rows(shape: RowShape) -> Rows:
    """Rows of scores 0, whose sums are as large as sums can be, and every power of two below."""
    lengths = [1 << place for place in range(shape.capacity.bit_length())]
    return [(np.zeros(n, np.int16), np.ones(n, bool)) for n in (*lengths, shape.capacity)]


def level_rows(rng: np.random.Generator, shape: RowShape, rows: int, input: QFormat) -> Rows:
    """The longest rows: as long as scores are equal the sum grows; then it meets slices below, by any distance."""
    n, low, high = shape.capacity, input.min_raw, input.max_raw
    made = []
    for _ in range(rows):
        falls = np.arange(n) >= rng.integers(n // 2, n)
        raw = rng.integers(low, high + 1) - rng.integers(high - low) * falls
        made.append((raw.clip(low).astype(np.int16), np.ones(n, bool)))
    return made


def peaked_rows(rng: np.random.Generator, shape: RowShape, rows: int, input: QFormat) -> Rows:
    """Rows of four slices at most in which a score stands out, by any distance: large results, bits of every weight."""
    made = []
    for _ in range(rows):
        n = int(rng.integers(1, min(rng.choice([1, 1, 4]) * shape.lanes, shape.capacity) + 1))
        [raw] = _peaks(rng, input, 1, n)
        made.append((raw, np.ones(n, bool)))
    return made


def carrying_rows(rng: np.random.Generator, config: SoftermaxConfig, rows: int) -> Rows:
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


def _peaks(rng: np.random.Generator, input: QFormat, rows: int, n: int) -> np.ndarray:
    """Raw scores, (rows, n), the greatest of each row some units above the others."""
    unit = 1 << input.fraction_bits
    gap = rng.integers(5 * unit, size=(rows, 1)) + rng.integers(3 * unit, size=(rows, n))
    gap[np.arange(rows), rng.integers(n, size=rows)] = 0
    raw = rng.integers(input.min_raw, input.max_raw + 1, size=(rows, 1)) - gap
    return raw.clip(input.min_raw).astype(np.int16)
