"""Cascade rounding: what rounding takes from one probability of a row goes to the next, so that the row sums to one.

Known in statistics as cumulative rounding, in signal processing as first-order error feedback.
"""

from __future__ import annotations

import numpy as np

from .config import SoftermaxConfig

__all__ = ["cascaded"]


def cascaded(results: np.ndarray, config: SoftermaxConfig) -> np.ndarray:
    """Whole rows, rounded by cascade: y_i = floor(1/2 + C_i) - floor(1/2 + C_(i-1)), C_i the sum of results up to i.

    Every output is the floor or the ceiling of its result, and those of a row sum to its rounded total, but for what
    saturates.

    Parameters
    ----------
    results : ndarray of int, (..., slices, lanes)
        With ``config.guard_bits`` fraction bits more than the output; 0 where masked. Lanes come one after the other,
        and slice after slice.

    Returns
    -------
    ndarray of int64, (..., slices, lanes)
        In units of the output, not saturated.
    """
    rows = results.reshape(*results.shape[:-2], results.shape[-2] * results.shape[-1])
    sums = np.cumsum(rows, axis=-1, dtype=np.int64)
    sums += 1 << (config.guard_bits - 1)
    sums >>= config.guard_bits
    return np.diff(sums, axis=-1, prepend=0).reshape(results.shape)
