"""Softermax in standard operators alone, with nothing that depends on values: for export to ONNX."""

from __future__ import annotations

import math

import torch

from ..config import SoftermaxConfig
from .forward import quantise, result_dtype, scale, softermax_block, visible

__all__ = ["standard_rows"]


def standard_rows(scores: torch.Tensor, keep: torch.Tensor | None, config: SoftermaxConfig) -> torch.Tensor:
    """Softermax over the last axis; the same bits as :func:`softermax.model.torch.forward.softermax_rows`.

    No graph can refuse a score: rows in which a kept one is not finite come out as NaN.

    Parameters
    ----------
    scores : Tensor of a real type, (..., n)
    keep : Tensor of bool, (..., n), or None
    """
    n = scores.shape[-1]
    x = scores.reshape(-1, n)
    kept = torch.ones_like(x, dtype=torch.bool) if keep is None else keep.reshape(-1, n)
    finite = (torch.isfinite(x) | ~kept).all(dim=1, keepdim=True)
    kept = visible(x, kept, config)
    raw = quantise(scale(torch.where(kept, x, 0.0), config), config)
    y = softermax_block(raw, kept, config, result_dtype(scores.dtype, config))
    return torch.where(finite, y, math.nan).view(scores.shape)
