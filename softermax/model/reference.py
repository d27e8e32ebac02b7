"""Exact references, in float64 and in 50 decimal digits. They share no code with the golden model."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Context, Decimal, localcontext
from fractions import Fraction

import numpy as np

__all__ = ["softmax_exact", "softmax_fractions"]

#: Precision of :func:`softmax_fractions` in decimal digits.
DIGITS = 50


def softmax_exact(scores, mask=None, *, base: str = "2") -> np.ndarray:
    """Softmax over the last axis in float64.

    Parameters
    ----------
    scores : array_like of float, (..., n)
        Real scores. What a NumPy masked array masks takes no part.
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
    scores = np.ma.asarray(scores, np.float64)
    kept = ~np.ma.getmaskarray(scores)
    if mask is not None:
        kept &= np.ma.filled(mask, False)
    scores = scores.data
    masked = np.where(kept, scores, -np.inf)
    largest = masked.max(axis=-1, keepdims=True)
    with np.errstate(over="ignore"):
        difference = masked - np.where(np.isfinite(largest), largest, 0.0)
    powers = np.exp2(difference) if base == "2" else np.exp(difference)
    total = powers.sum(axis=-1, keepdims=True)
    return np.divide(powers, total, out=np.zeros_like(powers), where=total > 0)


def softmax_fractions(raw: Sequence[int], fraction_bits: int, mask: Sequence[bool] | None = None) -> list[Fraction]:
    """Base-2 softmax of one row of fixed-point scores, each power of two to :data:`DIGITS` digits.

    Parameters
    ----------
    raw : sequence of int, (n,)
        Scores as raw integers with ``fraction_bits`` fraction bits. What a NumPy masked array masks takes no part.
    mask : sequence of bool, (n,), or None
        True where a score takes part. A row without any gives zeros.

    Returns
    -------
    list of Fraction, n long
    """
    kept = [x is not np.ma.masked for x in raw]
    raw = [int(x) if keep else 0 for x, keep in zip(raw, kept, strict=True)]
    if mask is not None:
        kept = [unmasked and bool(keep) for unmasked, keep in zip(kept, mask, strict=True)]
    top = max((x for x, keep in zip(raw, kept, strict=True) if keep), default=0)
    with localcontext(Context(prec=DIGITS)):
        scale = Decimal(2).ln() / 2**fraction_bits
        power = {x: Fraction((scale * (x - top)).exp()) for x in set(raw)}
    powers = [power[x] if keep else Fraction(0) for x, keep in zip(raw, kept, strict=True)]
    total = sum(powers)
    return [p / total if total else p for p in powers]
