"""The composed golden model: Softermax over rows of any length, with masks."""

from __future__ import annotations

import math

import numpy as np

from .config import SoftermaxConfig
from .formats import integer_dtype
from .normalization import normalized
from .rows import check_row, check_scores, plain_rows, to_slices
from .unnormed import unnormed_softmax

__all__ = ["VANISHED", "octaves", "quantise_scores", "softmax", "softmax_raw", "visible"]

#: Octaves below a row's highest score from which on a weight is 0 in float32: half of its least number is rounded to 0.
VANISHED = 150


def softmax(scores, config: SoftermaxConfig | str | None = None, mask=None) -> np.ndarray:
    """Softermax of real scores, over the last axis.

    Parameters
    ----------
    scores : array_like of float, (..., n), 1 <= n <= config.max_len
        Finite where kept. What a NumPy masked array masks takes no part.
    config : SoftermaxConfig, str or None
        Or the name of a preset, ``"paper"`` or ``"faithful"``, with the sizes that it has by default. None: see
        :func:`softermax.model.faithful.default_config`.
        With ``base="e"`` the scores are first multiplied by log2(e).
    mask : array_like of bool, broadcastable to the scores' shape, or None
        True where a score takes part, if a masked array does not mask it.

    Returns
    -------
    ndarray of float64, (..., n)
        Probabilities, multiples of ``config.output.ulp``; 0 where masked. Also 0 where a score lies so far below the
        row's highest that exact softmax in float32 is 0: that is how masks are added to scores.

    Raises
    ------
    TypeError, ValueError
        If scores or mask are not as described, in one sentence.
    """
    config = SoftermaxConfig.default() if config is None else SoftermaxConfig.of(config)
    mask = visible(scores, config, mask)
    return config.output.to_real(softmax_raw(quantise_scores(scores, config, mask), config, mask))


def visible(scores, config: SoftermaxConfig | str, mask=None) -> np.ndarray | None:
    """The mask without what lies :data:`VANISHED` octaves or more below its row's highest score; see :func:`softmax`.

    Returns
    -------
    ndarray of bool, (..., n), or None
        None if every score is kept and near.
    """
    config = SoftermaxConfig.of(config)
    plain = np.ma.getdata(check_scores(scores, config, mask))
    _, kept = plain_rows(scores, mask)
    far = octaves(VANISHED, config)
    if not plain.size or float(plain.max()) - float(plain.min()) < far:
        return kept
    shown = plain.astype(np.float64)
    # Differences: beside a number without a fraction, a few octaves are nothing.
    highest = shown.max(axis=-1, keepdims=True, where=True if kept is None else kept, initial=-np.inf)
    with np.errstate(invalid="ignore", over="ignore"):  # of what is masked
        near = highest - shown < far
    return near if kept is None else near & kept


def octaves(number: float, config: SoftermaxConfig) -> float:
    """Distance between scores whose weights differ by so many factors of 2, in factors of the config's base."""
    return number * (math.log(2) if config.base == "e" else 1)


def softmax_raw(raw, config: SoftermaxConfig | str, mask=None) -> np.ndarray:
    """Softermax of raw input integers, over the last axis.

    Parameters
    ----------
    raw : array_like of int, (..., n), 1 <= n <= config.max_len
        Scores in ``config.input``. What a NumPy masked array masks takes no part.
    config : SoftermaxConfig or str
        As for :func:`softmax`.
    mask : array_like of bool, broadcastable to the shape of ``raw``, or None
        True where a score takes part, if a masked array does not mask it.

    Returns
    -------
    ndarray of int, (..., n)
        Probabilities in ``config.output``; 0 where masked.
    """
    config = SoftermaxConfig.of(config)
    raw, kept = plain_rows(raw, mask)
    if not np.issubdtype(raw.dtype, np.integer):
        raise TypeError(f"raw scores must be integers, not {raw.dtype}")
    check_row(raw.shape, config)
    if raw.size and not (config.input.min_raw <= raw.min() and raw.max() <= config.input.max_raw):
        raise ValueError(
            f"raw scores must be {config.input.min_raw} to {config.input.max_raw} for {config.input}, "
            f"not {raw.min()} to {raw.max()}"
        )
    narrow = raw.astype(integer_dtype(config.input.width), copy=False)
    x, keep = to_slices(narrow, kept, config)
    rows = unnormed_softmax(x, keep, config)
    y = normalized(x, keep, rows, rows.power_sum[..., -1], config)
    return y.reshape(*raw.shape[:-1], y.shape[-2] * y.shape[-1])[..., : raw.shape[-1]]


def quantise_scores(scores, config: SoftermaxConfig | str, mask=None) -> np.ndarray:
    """Real scores to raw integers in ``config.input``: round to nearest, ties to even, saturate.

    Masked scores may be anything; the others must be finite. Those of a masked array stay one. See :func:`softmax` for
    the arguments.
    """
    config = SoftermaxConfig.of(config)
    scores = check_scores(scores, config, mask)
    if config.base == "e":
        # Scores too large for a float64 saturate as infinities do.
        with np.errstate(over="ignore"):
            scores = np.multiply(scores, math.log2(math.e), dtype=np.float64)
    return config.input.quantise(scores)
