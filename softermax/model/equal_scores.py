"""Rows of equal scores: what their probabilities sum to, by which formats that are too coarse show at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .shape import RowShape

__all__ = ["EqualScores", "equal_scores"]

#: Every length up to this one is tried; beyond it those that are a power of two times one of these.
EVERY, STEPS = 1024, (1.0, 1.25, 1.5, 1.75)


@dataclass(frozen=True)
class EqualScores:
    """The extremes of a config's sums over rows of equal scores.

    Attributes
    ----------
    smallest, largest : float
        Sums of a row's probabilities, in exact softmax 1.
    at_smallest, at_largest : int
        Shortest row with such a sum.
    """

    smallest: float
    at_smallest: int
    largest: float
    at_largest: int


def equal_scores(config: RowShape) -> EqualScores:
    """Sums of the golden model's rows of equal scores, of one to ``max_len``, masked to their length.

    All lengths up to 1,024 are tried, and four to an octave beyond.
    """
    lengths = _lengths(config.max_len)
    short = lengths[lengths <= EVERY]
    size = int(short.max())
    keep = np.arange(size) < short[:, None]
    sums = [config.arithmetic.real_softmax(np.zeros(keep.shape), config, keep).sum(axis=-1)]
    sums += [config.arithmetic.real_softmax(np.zeros((1, n)), config).sum(axis=-1) for n in lengths[lengths > EVERY]]
    found = np.concatenate(sums)
    low, high = int(found.argmin()), int(found.argmax())
    return EqualScores(float(found[low]), int(lengths[low]), float(found[high]), int(lengths[high]))


def _lengths(max_len: int) -> np.ndarray:
    octaves = range(EVERY.bit_length() - 1, max_len.bit_length())
    longer = {int(step * 2**octave) for octave in octaves for step in STEPS} | {max_len}
    return np.array([*range(1, min(EVERY, max_len) + 1), *sorted(n for n in longer if EVERY < n <= max_len)])
