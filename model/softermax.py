"""The composed golden model: Softermax over rows of any length, with masks."""

from __future__ import annotations

import math

import numpy as np

from .config import SoftermaxConfig
from .formats import integer_dtype
from .normalization import normalization, row_product_normalization
from .unnormed import unnormed_softmax

__all__ = ["quantise_scores", "softermax", "softermax_raw", "to_slices"]


def softermax(scores, config: SoftermaxConfig, mask=None) -> np.ndarray:
    """Softermax of real scores, over the last axis.

    Parameters
    ----------
    scores : array_like of float, (..., n), 1 <= n <= config.max_len
        Finite where kept.
    config : SoftermaxConfig
        With ``base="e"`` the scores are first multiplied by log2(e).
    mask : array_like of bool, broadcastable to the scores' shape, or None
        True where a score takes part.

    Returns
    -------
    ndarray of float64, (..., n)
        Probabilities, multiples of ``config.output.ulp``; 0 where masked.

    Raises
    ------
    TypeError, ValueError
        If scores or mask are not as described, in one sentence.
    """
    return config.output.to_real(softermax_raw(quantise_scores(scores, config, mask), config, mask))


def softermax_raw(raw, config: SoftermaxConfig, mask=None) -> np.ndarray:
    """Softermax of raw input integers, over the last axis.

    Parameters
    ----------
    raw : array_like of int, (..., n), 1 <= n <= config.max_len
        Scores in ``config.input``.
    config : SoftermaxConfig
    mask : array_like of bool, broadcastable to the shape of ``raw``, or None
        True where a score takes part.

    Returns
    -------
    ndarray of int, (..., n)
        Probabilities in ``config.output``; 0 where masked.
    """
    raw = np.asarray(raw)
    if not np.issubdtype(raw.dtype, np.integer):
        raise TypeError(f"raw scores must be integers, not {raw.dtype}")
    _check_row(raw.shape, config)
    if raw.size and not (config.input.min_raw <= raw.min() and raw.max() <= config.input.max_raw):
        raise ValueError(
            f"raw scores must be {config.input.min_raw} to {config.input.max_raw} for {config.input}, "
            f"not {raw.min()} to {raw.max()}"
        )
    x, keep = to_slices(raw, _check_mask(mask, raw.shape), config)
    rows = unnormed_softmax(x, keep, config)
    row = rows.maximum[..., -1], rows.power_sum[..., -1]
    if config.normalizer == "row_product":
        y = row_product_normalization(x, keep, *row, config)
    else:
        y = normalization(rows.numerators, rows.slice_maximum, *row, config)
    return y.reshape(*raw.shape[:-1], y.shape[-2] * y.shape[-1])[..., : raw.shape[-1]]


def quantise_scores(scores, config: SoftermaxConfig, mask=None) -> np.ndarray:
    """Real scores to raw integers in ``config.input``: round to nearest, ties to even, saturate.

    Masked scores may be anything; the others must be finite. See :func:`softermax` for the arguments.
    """
    scores = np.asarray(scores)
    if scores.dtype.kind not in "fiu":
        raise TypeError(f"scores must be real numbers, not {scores.dtype}")
    _check_row(scores.shape, config)
    kept = _check_mask(mask, scores.shape)
    if kept is not None:
        scores = np.where(kept, scores, 0)
    finite = np.isfinite(scores)
    if not finite.all():
        where = tuple(int(i) for i in np.argwhere(~finite)[0])
        raise ValueError(f"scores must be finite where the mask keeps them, not {scores[where]} (at index {where})")
    if config.base == "e":
        # Scores too large for a float64 saturate as infinities do.
        with np.errstate(over="ignore"):
            scores = np.multiply(scores, math.log2(math.e), dtype=np.float64)
    return config.input.quantise(scores)


def to_slices(raw: np.ndarray, mask: np.ndarray | None, config: SoftermaxConfig):
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
    x = raw.astype(integer_dtype(config.input.width), copy=False)
    if short:
        mask = np.ones(raw.shape, bool) if mask is None else mask
        padding = [(0, 0)] * (raw.ndim - 1) + [(0, short)]
        x, mask = np.pad(x, padding), np.pad(mask, padding)
    shape = (*raw.shape[:-1], slices, config.lanes)
    return x.reshape(shape), None if mask is None else mask.reshape(shape)


def _check_row(shape: tuple[int, ...], config: SoftermaxConfig):
    if not shape or not shape[-1]:
        raise ValueError(f"a row must have an element or more, not the shape {shape}")
    if shape[-1] > config.max_len:
        raise ValueError(f"a row must have at most max_len = {config.max_len} elements, not {shape[-1]}")


def _check_mask(mask, shape: tuple[int, ...]) -> np.ndarray | None:
    if mask is None:
        return None
    mask = np.asarray(mask)
    if mask.dtype != bool:
        raise TypeError(f"a mask must be bool, True where a score is kept, not {mask.dtype}")
    try:
        return np.broadcast_to(mask, shape)
    except ValueError:
        raise ValueError(f"a mask must be broadcastable to the scores' shape {shape}, not {mask.shape}") from None
