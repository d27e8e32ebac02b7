"""Attacks on an error bound: rows made to add up what each approximation loses, and how wrong their results are.

Rows are batches of raw scores, (rows, n), with a mask of that shape or None. Errors are in units in the last place
(ulp) of the output, against exact base-2 softmax of the quantised scores, saturated to the output format.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from .config import SoftermaxConfig
from .golden import softmax_raw
from .reference import softmax_fractions

__all__ = ["Worst", "hard_rows", "random_rows", "row_errors", "worst_of"]

#: Elements of a batch of rows.
BATCH = 1 << 19

Rows = tuple[np.ndarray, np.ndarray | None]


@dataclass(frozen=True)
class Worst:
    """The largest errors of many rows.

    Attributes
    ----------
    rows : int
        How many rows there were.
    above, below : float
        How far a result lies above and below the exact probability at most, in ulp; at least 0.
    sum_low, sum_high : float
        Least and greatest sum of a row with a kept score.
    """

    rows: int
    above: float
    below: float
    sum_low: float
    sum_high: float


def worst_of(config: SoftermaxConfig, batches: Iterable[Rows]) -> Worst:
    """The largest errors of batches of rows: found with float64, then computed again for the rows that have them.

    That second reference has 50 digits, so the errors that are reported are exact.
    """
    rows, sum_low, sum_high = 0, float("inf"), 0.0
    suspects = [(0.0, None), (0.0, None)]
    for raw, mask in batches:
        above, below, sums = row_errors(config, raw, mask)
        for place, errors in enumerate((above, below)):
            row = int(errors.argmax())
            if errors[row] > suspects[place][0]:
                suspects[place] = errors[row], (raw[row], None if mask is None else mask[row])
        kept = sums if mask is None else sums[mask.any(axis=-1)]
        sum_low, sum_high = min(sum_low, kept.min(initial=sum_low)), max(sum_high, kept.max(initial=sum_high))
        rows += len(raw)
    highest, lowest = (_exact_errors(config, *suspect) if suspect else [Fraction(0)] for _, suspect in suspects)
    return Worst(rows, float(max(highest)), float(-min(lowest)), float(sum_low), float(sum_high))


def row_errors(config: SoftermaxConfig, raw: np.ndarray, mask: np.ndarray | None = None):
    """The largest errors of each row, in float64 arithmetic (off by some 2**-50 of a probability).

    Returns
    -------
    above, below : ndarray of float64, (rows,)
        In ulp; signed: negative where every result lies on the other side.
    sums : ndarray of float64, (rows,)
        Sums of the results.
    """
    result = softmax_raw(raw, config, mask)
    top = raw.max(axis=-1, keepdims=True) if mask is None else np.where(mask, raw, raw.min()).max(-1, keepdims=True)
    powers = _powers(config)[(top - raw).clip(min=0)]
    if mask is not None:
        powers *= mask
    total = powers.sum(axis=-1, keepdims=True)
    powers *= np.where(total > 0, 2.0**config.output.fraction_bits / np.where(total > 0, total, 1), 0)
    error = result - np.minimum(powers, config.output.max_raw, out=powers)
    return error.max(axis=-1), -error.min(axis=-1), result.sum(axis=-1) * config.output.ulp


def _powers(config: SoftermaxConfig) -> np.ndarray:
    """2**-d for every distance d between scores."""
    return np.exp2(-np.arange(1 << config.input.width) / (1 << config.input.fraction_bits))


def _exact_errors(config: SoftermaxConfig, raw: np.ndarray, mask: np.ndarray | None) -> list[Fraction]:
    """The error of each element of a row, in ulp, with a reference of 50 digits."""
    exact = softmax_fractions(raw, config.input.fraction_bits, mask)
    unit, most = 1 << config.output.fraction_bits, config.output.max_raw
    results = softmax_raw(raw, config, mask).tolist()
    return [result - min(probability * unit, most) for result, probability in zip(results, exact, strict=True)]


def random_rows(config: SoftermaxConfig, rng: np.random.Generator, rows: int) -> Iterator[Rows]:
    """Random rows of up to ``max_len`` elements, in batches of one length: Gaussian, of every spread, some masked.

    A quarter of the rows has the longest length, the other lengths are spread evenly over their logarithm.
    """
    low, high = config.input.min_raw, config.input.max_raw
    batch = 0
    while rows:
        n = config.max_len if batch % 4 == 0 else int(config.max_len ** rng.random())
        count = min(rows, max(1, BATCH // config.max_len))
        spread = np.exp2(rng.uniform(-1, config.input.width, (count, 1)), dtype=np.float32)
        raw = rng.standard_normal((count, n), dtype=np.float32)
        raw *= spread
        raw += rng.integers(low, high + 1, (count, 1))
        raw = np.rint(raw, out=raw).clip(low, high).astype(np.int16)
        yield raw, rng.random(raw.shape, np.float32) < rng.random((count, 1)) if batch % 5 == 4 else None
        rows, batch = rows - count, batch + 1


def hard_rows(config: SoftermaxConfig) -> Iterator[Rows]:
    """Rows built to make every term of the error budget as large as it can be, for the greatest length and others."""
    for raw in (_equal_losers(config), _truncation_steps(config), _arriving_maxima(config), _plateaus(config)):
        rows = max(1, BATCH // config.max_len)
        for start in range(0, len(raw), rows):
            yield raw[start : start + rows], None


def _top_scores(config: SoftermaxConfig) -> np.ndarray:
    """A highest score of every fraction."""
    return config.input.max_raw - np.arange(1 << config.input.fraction_bits)


def _equal_losers(config: SoftermaxConfig) -> np.ndarray:
    """One winner and equal losers, at every distance: all are cut alike, and the winner stands first, last or between.

    Losers whose numerators are too small for a unit vanish together, which takes most from the sum.
    """
    made = []
    for top in _top_scores(config):
        losers = np.arange(config.input.min_raw, top + 1)
        rows = np.repeat(losers[:, None], config.max_len, axis=1)
        rows[np.arange(len(rows)), np.arange(len(rows)) % 3 * (config.max_len - 1) // 2] = top
        made.append(rows)
    return np.concatenate(made).astype(np.int16)


def _truncation_steps(config: SoftermaxConfig) -> np.ndarray:
    """One winner and losers of those distances at which the shift of the numerator drops the largest part of a unit."""
    fraction_bits = config.input.fraction_bits
    distance = np.arange(1, 1 << config.input.width)
    shift = -(-distance >> fraction_bits)
    numerator = config.power_table.values[-distance & ((1 << fraction_bits) - 1)].astype(float)
    dropped = np.ldexp(numerator, -shift) % 1
    worst_first = distance[np.argsort(-dropped, kind="stable")]
    made = []
    for top in _top_scores(config):
        for kinds in (1, 2, 3, 5, 8, 13, 21):
            below = np.resize(worst_first[:kinds], config.max_len)
            made.append((top - below).clip(min=config.input.min_raw))
            made[-1][(kinds * 7) % config.max_len] = top
    return np.array(made, np.int16)


def _arriving_maxima(config: SoftermaxConfig) -> np.ndarray:
    """Maxima that arrive one by one, a slice each, in rising or falling order, in steps of every size.

    The other lanes of a slice hold the same score, or one an octave or several below it, so that each shift of the
    running sum drops what the slices before have built up.
    """
    one = 1 << config.input.fraction_bits
    low, high = config.input.min_raw, config.input.max_raw
    place = np.arange(config.max_len)
    slice_of, winner = place // config.lanes, place % config.lanes == 0
    made = []
    for step in (*range(1, 4 * one + 1), *range(5 * one, high - low, 3 * one)):
        for below in (0, 1, one, 3 * one + 1, 8 * one):
            rise = slice_of * step
            for values in (low + rise, high - (slice_of[-1] - slice_of) * step, high - rise):
                made.append((values - np.where(winner, 0, below)).clip(low, high))
    return np.array(made, np.int16)


def _plateaus(config: SoftermaxConfig) -> np.ndarray:
    """So many equal winners, of one fraction or of two, over scores too low to count: the sum takes every mantissa."""
    counts = np.unique(np.geomspace(1, config.max_len, 200).astype(int))
    place = np.arange(config.max_len)
    made = []
    for top in _top_scores(config):
        for count in counts:
            made.append(np.where(place < count, top, config.input.min_raw))
            made.append(np.where(place < count // 2, top - 1, made[-1]))
    return np.array(made, np.int16)
