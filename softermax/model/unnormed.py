"""Golden model of the Unnormed Softmax Unit: IntMax, Power of Two and Reduction, slice by slice.

Every function takes and returns raw integers, vectorised over any leading axes; the last axis of a slice is its lanes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .config import SoftermaxConfig
from .formats import integer_dtype

__all__ = ["UnnormedRows", "int_max", "power_of_two", "reduction", "unnormed_rows", "unnormed_softmax"]


@dataclass(frozen=True)
class UnnormedRows:
    """Results of the Unnormed Softmax Unit for rows of slices; running values are taken after each slice.

    Attributes
    ----------
    numerators : ndarray of int, (..., slices, lanes)
        2**(x - slice maximum), in ``config.unnormed``.
    slice_maximum : ndarray of int, (..., slices)
        Integer maximum of each slice, with which its numerators were computed.
    maximum, power_sum : ndarray of int, (..., slices)
        Running row maximum and running denominator, in ``config.maximum`` and ``config.power_sum``.
    saturated : ndarray of bool, (..., slices)
        Whether the denominator has saturated up to this slice.
    """

    numerators: np.ndarray
    slice_maximum: np.ndarray
    maximum: np.ndarray
    power_sum: np.ndarray
    saturated: np.ndarray


def int_max(x: np.ndarray, keep: np.ndarray | None, config: SoftermaxConfig) -> np.ndarray:
    """IntMax: the largest ceil(x) over the kept lanes, or ``config.lowest_maximum`` if none is kept.

    Parameters
    ----------
    x : ndarray of int, (..., lanes)
        Scores in ``config.input``.
    keep : ndarray of bool, (..., lanes), or None
        Lanes that take part; None keeps all.

    Returns
    -------
    ndarray of int16, (...)
        In ``config.maximum``.
    """
    # The ceiling is monotone, so the largest ceiling is the ceiling of the largest score.
    kept = x if keep is None else np.where(keep, x, config.input.min_raw)
    return -(-kept.max(axis=-1).astype(np.int16) >> config.input.fraction_bits)


def power_of_two(x: np.ndarray, keep: np.ndarray | None, maximum: np.ndarray, config: SoftermaxConfig) -> np.ndarray:
    """Power of Two: 2**(x - maximum) for the kept lanes, 0 for the others.

    Parameters
    ----------
    x, keep : ndarray, (..., lanes)
        As for :func:`int_max`.
    maximum : ndarray of int, (...)
        An integer no less than any kept score.

    Returns
    -------
    ndarray of int, (..., lanes)
        In ``config.unnormed``.
    """
    below = (maximum.astype(np.int16) << config.input.fraction_bits)[..., None] - x
    if keep is not None:
        np.copyto(below, len(_numerators(config)) - 1, where=~keep)
    return np.take(_numerators(config), below)


def _numerators(config: SoftermaxConfig) -> np.ndarray:
    """table(frac(d)) >> -floor(d) for every distance d = x - maximum, indexed by -d; the last entry is 0."""
    distance = -np.arange((1 << config.input.width) + (1 << config.input.fraction_bits))
    fraction = distance & ((1 << config.input.fraction_bits) - 1)
    shift = np.minimum(-(distance >> config.input.fraction_bits), 62)
    numerators = config.power_table.values[fraction] >> shift
    return np.append(numerators, 0).astype(integer_dtype(config.unnormed.width + 1))


def reduction(
    numerators: np.ndarray, slice_maximum: np.ndarray, config: SoftermaxConfig
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Reduction: the adder tree over the lanes and the running maximum and denominator over the slices.

    D' = (D >> (M' - M)) + (S >> (M' - M_s)), truncated to the power sum's format; the row's first slice finds D = 0.

    Parameters
    ----------
    numerators : ndarray of int, (..., slices, lanes)
        In ``config.unnormed``.
    slice_maximum : ndarray of int, (..., slices)
        In ``config.maximum``.

    Returns
    -------
    maximum, power_sum, saturated : ndarray, (..., slices)
        Running values after each slice, as in :class:`UnnormedRows`.
    """
    sums = _to_power_sum(numerators.sum(axis=-1, dtype=np.int64), config)
    maximum = np.maximum.accumulate(slice_maximum, axis=-1)
    power_sum = np.empty(sums.shape, np.int64)
    saturated = np.zeros(sums.shape, bool)
    running = np.zeros(sums.shape[:-1], np.int64)
    for s in range(sums.shape[-1]):
        rise = maximum[..., s] - maximum[..., max(s - 1, 0)]
        fall = maximum[..., s] - slice_maximum[..., s]
        running = (running >> rise.clip(max=63)) + (sums[..., s] >> fall.clip(max=63))
        if config.sum_can_overflow:
            saturated[..., s] = running > config.power_sum.max_raw
            running = np.minimum(running, config.power_sum.max_raw)
        power_sum[..., s] = running
    return maximum, power_sum, np.logical_or.accumulate(saturated, axis=-1)


def _to_power_sum(sums: np.ndarray, config: SoftermaxConfig) -> np.ndarray:
    """Slice sums with the power sum's fraction bits; truncating before a right shift equals truncating after it."""
    dropped = config.unnormed.fraction_bits - config.power_sum.fraction_bits
    return sums >> dropped if dropped >= 0 else sums << -dropped


def unnormed_softmax(x: np.ndarray, keep: np.ndarray | None, config: SoftermaxConfig) -> UnnormedRows:
    """Unnormed Softmax Unit over whole rows of slices.

    Parameters
    ----------
    x, keep : ndarray, (..., slices, lanes)
        As for :func:`int_max`.
    """
    slice_maximum = int_max(x, keep, config)
    return unnormed_rows(power_of_two(x, keep, slice_maximum, config), slice_maximum, config)


def unnormed_rows(numerators: np.ndarray, slice_maximum: np.ndarray, config: SoftermaxConfig) -> UnnormedRows:
    """Results of the unit, from the results of IntMax and Power of Two. Parameters as for :func:`reduction`."""
    maximum, power_sum, saturated = reduction(numerators, slice_maximum, config)
    return UnnormedRows(numerators, slice_maximum, maximum, power_sum, saturated)
