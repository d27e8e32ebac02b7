"""Exact references in float64. They share no code with the golden model."""

from __future__ import annotations

import numpy as np

__all__ = ["softmax_exact"]


def softmax_exact(scores, mask=None, *, base: str = "2") -> np.ndarray:
    """Softmax over the last axis in float64.

    Parameters
    ----------
    scores : array_like of float, (..., n)
        Real scores.
    mask : array_like of bool, broadcastable to the scores' shape, or None
        True where a score takes part. A row without any gives zeros.
    base : str
        ``"2"`` for 2**x / sum(2**x), ``"e"`` for the ordinary softmax.

    Returns
    -------
    ndarray of float64, (..., n)

    Raises
    ------
    ValueError
        If the base is neither.
    """
    if base not in ("2", "e"):
        raise ValueError(f"base must be '2' or 'e', not {base!r}")
    scores = np.asarray(scores, np.float64)
    kept = np.ones(scores.shape, bool) if mask is None else np.broadcast_to(mask, scores.shape)
    masked = np.where(kept, scores, -np.inf)
    largest = masked.max(axis=-1, keepdims=True)
    difference = masked - np.where(np.isfinite(largest), largest, 0.0)
    powers = np.exp2(difference) if base == "2" else np.exp(difference)
    total = powers.sum(axis=-1, keepdims=True)
    return np.divide(powers, total, out=np.zeros_like(powers), where=total > 0)
