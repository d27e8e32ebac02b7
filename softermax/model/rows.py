"""Rows as users give them: checked, and cut into slices."""

from __future__ import annotations

import numpy as np

from .shape import RowShape

__all__ = ["check_mask", "check_row", "check_scores", "to_slices"]


def check_scores(scores, config: RowShape, mask=None) -> np.ndarray:
    """Real scores as an array, with 0 where masked; TypeError or ValueError, in a sentence, for what is no score."""
    scores = np.asarray(scores)
    if scores.dtype.kind not in "fiu":
        raise TypeError(f"scores must be real numbers, not {scores.dtype}")
    check_row(scores.shape, config)
    kept = check_mask(mask, scores.shape)
    if kept is not None:
        scores = np.where(kept, scores, 0)
    finite = np.isfinite(scores)
    if not finite.all():
        where = tuple(int(i) for i in np.argwhere(~finite)[0])
        raise ValueError(f"scores must be finite where the mask keeps them, not {scores[where]} (at index {where})")
    return scores


def to_slices(raw: np.ndarray, mask: np.ndarray | None, config: RowShape):
    """Rows cut into slices, the last one filled up with masked lanes.

    Parameters
    ----------
    raw : ndarray of int, (..., n)
    mask : ndarray of bool, (..., n), or None

    Returns
    -------
    x : ndarray of int, (..., slices, lanes)
    keep : ndarray of bool, (..., slices, lanes), or None if every lane is kept
    """
    n = raw.shape[-1]
    slices = -(-n // config.lanes)
    short = slices * config.lanes - n
    x = raw
    if short:
        mask = np.ones(raw.shape, bool) if mask is None else mask
        padding = [(0, 0)] * (raw.ndim - 1) + [(0, short)]
        x, mask = np.pad(x, padding), np.pad(mask, padding)
    shape = (*raw.shape[:-1], slices, config.lanes)
    return x.reshape(shape), None if mask is None else mask.reshape(shape)


def check_row(shape: tuple[int, ...], config: RowShape):
    """ValueError, in a sentence, unless rows of this shape are as long as the config takes."""
    if not shape or not shape[-1]:
        raise ValueError(f"a row must have an element or more, not the shape {shape}")
    if shape[-1] > config.max_len:
        raise ValueError(f"a row must have at most max_len = {config.max_len} elements, not {shape[-1]}")


def check_mask(mask, shape: tuple[int, ...]) -> np.ndarray | None:
    """The mask at the scores' shape; TypeError or ValueError, in a sentence, if it is none."""
    if mask is None:
        return None
    mask = np.asarray(mask)
    if mask.dtype != bool:
        raise TypeError(f"a mask must be bool, True where a score is kept, not {mask.dtype}")
    try:
        return np.broadcast_to(mask, shape)
    except ValueError:
        raise ValueError(f"a mask must be broadcastable to the scores' shape {shape}, not {mask.shape}") from None
