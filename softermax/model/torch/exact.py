"""Exact softmax to either base, and its gradient."""

from __future__ import annotations

import math

import torch

from .rows import blocks

__all__ = ["exact_softmax", "exact_softmax_gradient"]


def exact_softmax(scores: torch.Tensor, keep: torch.Tensor | None, base: str) -> torch.Tensor:
    """Softmax over the last axis, in float64 for such scores, else in float32; differentiable.

    Parameters
    ----------
    scores : Tensor, (..., n)
        Anything where masked.
    keep : Tensor of bool, (..., n), or None
        A row without a kept score gives zeros.
    base : str
        ``"2"`` or ``"e"``.
    """
    x = scores.to(working_dtype(scores.dtype))
    if keep is not None:
        x = torch.where(keep, x, -math.inf)
    if base == "2":
        # Differences first: scaled scores would be rounded by units of the largest. A constant has no influence.
        x = (x - x.detach().amax(dim=-1, keepdim=True)) * math.log(2)
    y = torch.softmax(x, dim=-1)
    # A row without a kept score came out as NaN.
    return y if keep is None else torch.where(keep, y, 0.0)


def exact_softmax_gradient(
    scores: torch.Tensor, keep: torch.Tensor | None, base: str, gradient: torch.Tensor
) -> torch.Tensor:
    """Product of the exact softmax's Jacobian, which is symmetric, with ``gradient``; of the scores' type.

    Parameters
    ----------
    scores, keep, base
        As for :func:`exact_softmax`.
    gradient : Tensor, (..., n)
        Gradient of any real type.
    """
    if torch.is_grad_enabled():  # somebody wants to differentiate this
        return _product(scores, keep, base, gradient)
    n = scores.shape[-1]
    rows, gradients = scores.reshape(-1, n), gradient.reshape(-1, n)
    kept = None if keep is None else keep.reshape(-1, n)
    out = torch.empty_like(rows, memory_format=torch.contiguous_format)
    for block in blocks(*rows.shape):
        out[block] = _product(rows[block], None if kept is None else kept[block], base, gradients[block])
    return out.view(scores.shape)


def _product(scores, keep, base, gradient):
    y = exact_softmax(scores, keep, base)
    gradient = gradient.to(y.dtype)
    if base == "2":
        gradient = gradient * math.log(2)
    return (y * (gradient - (y * gradient).sum(dim=-1, keepdim=True))).to(scores.dtype)


def working_dtype(dtype: torch.dtype) -> torch.dtype:
    """Type in which reals of a type are computed."""
    return torch.float64 if dtype == torch.float64 else torch.float32
