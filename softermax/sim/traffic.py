"""Seeded stimuli: when sources offer and sinks accept, and rows that units find difficult."""

from __future__ import annotations

import numpy as np

from softermax.model import QFormat
from softermax.model.shape import RowShape

__all__ = ["Rows", "bursty", "random_rows", "rows_to_slices"]


def bursty(rng: np.random.Generator, cycles: int, longest: int = 40) -> np.ndarray:
    """Random permissions: stretches of full speed, of trickle, of standstill and of everything between.

    Parameters
    ----------
    longest : int
        No stretch is as long.

    Returns
    -------
    ndarray of bool, (cycles,)
        Not all false.
    """
    lengths = rng.integers(1, longest, size=cycles)
    rates = rng.choice([0.0, 0.1, 0.5, 0.9, 1.0], p=[0.1, 0.15, 0.25, 0.2, 0.3], size=cycles)
    rate = np.repeat(rates, lengths)[:cycles]
    permit = rng.random(cycles) < rate
    permit[-1] = True
    return permit


Rows = list[tuple[np.ndarray, np.ndarray]]


def random_rows(rng: np.random.Generator, shape: RowShape, rows: int, input: QFormat | None = None) -> Rows:
    """Rows that hold what matters: ragged ends, masks, overlong rows, rising and falling maxima, extremes.

    Parameters
    ----------
    shape : RowShape
        A config that has an ``input`` format, or any shape if the format is given.
    rows : int
        How many.
    input : QFormat or None
        Format of the scores; None takes the config's.

    Returns
    -------
    list of (raw, mask) : ndarray of int and of bool, both (n,)
        n varies from 1 to a slice more than ``shape.capacity``.
    """
    input = input or shape.input
    low, high = input.min_raw, input.max_raw
    made = []
    for _ in range(rows):
        n = int(rng.integers(1, shape.capacity + 1))
        if rng.random() < 0.1:
            n = shape.capacity + int(rng.integers(1, shape.lanes + 1))
        if rng.random() < 0.3:
            n = min(n, int(rng.integers(1, 2 * shape.lanes + 1)))
        centre, spread = rng.integers(low, high + 1), rng.choice([0, 2, 10, 30, (high - low) // 4])
        slope = rng.choice([-1, 0, 0, 1]) * (high - low) / n
        raw = centre + slope * (np.arange(n) - n / 2) + spread * rng.standard_normal(n)
        extreme = rng.random(n) < rng.choice([0, 0.1])
        raw = np.where(extreme, rng.choice([low, high], size=n), raw)
        mask = rng.random(n) < rng.choice([0.0, 0.5, 0.95, 1.0], p=[0.05, 0.15, 0.2, 0.6])
        if rng.random() < 0.2:
            mask &= np.repeat(rng.random(-(-n // shape.lanes)) < 0.5, shape.lanes)[:n]
        made.append((np.clip(np.rint(raw), low, high).astype(np.int16), mask))
    return made


def rows_to_slices(rows, shape: RowShape) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows of any lengths as one sequence of slices.

    Parameters
    ----------
    rows : sequence of (raw, mask)
        Both of shape (n,), n at least 1.

    Returns
    -------
    x, keep : ndarray of the scores' type and of bool, (slices, lanes)
    last : ndarray of bool, (slices,)
    """
    lanes = shape.lanes
    counts = [-(-len(raw) // lanes) for raw, _ in rows]
    x = np.zeros((sum(counts), lanes), rows[0][0].dtype)
    keep = np.zeros(x.shape, bool)
    flat_x, flat_keep = x.reshape(-1), keep.reshape(-1)
    starts = np.cumsum([0, *counts])
    for start, (raw, mask) in zip(starts * lanes, rows, strict=False):
        flat_x[start : start + len(raw)] = raw
        flat_keep[start : start + len(raw)] = mask
    last = np.zeros(len(x), bool)
    last[starts[1:] - 1] = True
    return x, keep, last
