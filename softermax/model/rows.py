"""Rows as users give them: checked, and cut into slices."""

from __future__ import annotations

import numpy as np

from .shape import RowShape

__all__ = ["check_mask", "check_row", "check_scores", "plain_rows", "to_slices"]


def check_scores(scores, config: RowShape, mask=None) -> np.ndarray:
    """Real scores as an array, with 0 where masked; TypeError or ValueError, in a sentence, for what is no score.

    Scores of a masked array stay a masked array, so that the next function knows the mask.
    """
    scores = _array(scores)
    plain, kept = plain_rows(scores, mask)
    if plain.dtype.kind not in "fiu":
        raise TypeError(f"scores must be real numbers, not {plain.dtype}")
    check_row(plain.shape, config)
    if kept is not None:
        plain = np.where(kept, plain, 0)
    finite = np.isfinite(plain)
    if not finite.all():
        where = tuple(int(i) for i in np.argwhere(~finite)[0])
        raise ValueError(f"scores must be finite where the mask keeps them, not {plain[where]} (at index {where})")
    return np.ma.MaskedArray(plain, ~kept) if isinstance(scores, np.ma.MaskedArray) else plain


def plain_rows(scores, mask) -> tuple[np.ndarray, np.ndarray | None]:
    """Scores as a plain array, 0 where a masked array masks them, and the mask at their shape, which then tells so.

    Parameters
    ----------
    scores : array_like, (..., n)
        Or a masked array, or a list of such rows: what it masks takes no part.
    mask : array_like of bool, broadcastable to the scores' shape, or None
        True where a score takes part, if the masked array does not mask it.

    Raises
    ------
    TypeError, ValueError
        If the mask is none, in a sentence.
    """
    scores = _array(scores)
    kept = check_mask(mask, scores.shape)
    if not isinstance(scores, np.ma.MaskedArray) or scores.dtype.names:
        return np.asarray(scores), kept
    unmasked = ~np.ma.getmaskarray(scores)
    plain = np.where(unmasked, scores.data, np.zeros((), scores.dtype))
    return plain, unmasked if kept is None else unmasked & kept


def _array(values) -> np.ndarray:
    """An array_like as an array, which is a masked one if that is, or is a list of some."""
    if isinstance(values, np.ma.MaskedArray):
        return values
    if isinstance(values, list | tuple) and any(isinstance(row, np.ma.MaskedArray) for row in values):
        return np.ma.stack(values)
    return np.asarray(values)


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
    """The mask at the scores' shape, False where a masked array masks it; TypeError or ValueError if it is none."""
    if mask is None:
        return None
    mask = _array(mask)
    if mask.dtype != bool:
        raise TypeError(f"a mask must be bool, True where a score is kept, not {mask.dtype}")
    mask = np.ma.filled(mask, False)
    try:
        return np.broadcast_to(mask, shape)
    except ValueError:
        raise ValueError(f"a mask must be broadcastable to the scores' shape {shape}, not {mask.shape}") from None
