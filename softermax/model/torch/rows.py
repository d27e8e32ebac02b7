"""Tensors as users give them: checked, and cut into blocks of rows."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import torch

from ..config import SoftermaxConfig
from ..rows import check_row

__all__ = [
    "batch_first",
    "blocks",
    "check_dim",
    "check_mask",
    "check_scores",
    "is_plain",
    "keep_freed_memory",
    "refuse_not_finite",
]

#: Types of scores.
REAL = (torch.float16, torch.bfloat16, torch.float32, torch.float64)
#: Elements of a block: its few temporaries stay in a processor's cache, and calls of operations cost little beside it.
BLOCK = 1 << 18


def is_plain(scores: torch.Tensor) -> bool:
    """Whether a tensor has values that may be looked at now."""
    return (
        not torch.compiler.is_compiling()
        and type(scores) in (torch.Tensor, torch.nn.Parameter)
        and scores.device.type != "meta"
    )


def check_scores(scores):
    """TypeError, in a sentence, unless these are real scores."""
    if not isinstance(scores, torch.Tensor):
        raise TypeError(f"scores must be a tensor, not {type(scores).__name__}")
    if scores.dtype not in REAL:
        raise TypeError(f"scores must be float16, bfloat16, float32 or float64, not {scores.dtype}")


def check_dim(x: torch.Tensor, config: SoftermaxConfig, dim: int):
    """ValueError, in a sentence, unless ``x`` has that axis and rows along it are as long as the config takes."""
    if x.ndim and not -x.ndim <= dim < x.ndim:
        raise ValueError(f"dim must be {-x.ndim} to {x.ndim - 1} for {x.ndim} axes, not {dim}")
    check_row(tuple(x.movedim(dim, -1).shape if x.ndim else x.shape), config)


def check_mask(mask, x: torch.Tensor) -> torch.Tensor | None:
    """The mask at the shape of ``x``, as a view; TypeError or ValueError, in a sentence, if it is none."""
    if mask is None:
        return None
    if not isinstance(mask, torch.Tensor):
        raise TypeError(f"a mask must be a tensor, not {type(mask).__name__}")
    if mask.dtype != torch.bool:
        raise TypeError(f"a mask must be bool, True where a score is kept, not {mask.dtype}")
    if mask.device != x.device:
        raise ValueError(f"a mask must be on the scores' device {x.device}, not {mask.device}")
    try:
        return mask.expand(x.shape)
    except RuntimeError:
        shapes = f"{tuple(x.shape)}, not {tuple(mask.shape)}"
        raise ValueError(f"a mask must be broadcastable to the scores' shape {shapes}") from None


def refuse_not_finite(scores: torch.Tensor, keep: torch.Tensor | None):
    """ValueError, in a sentence, if a kept score is not finite."""
    bad = ~torch.isfinite(scores)
    if keep is not None:
        bad &= keep
    if bad.any():
        raise ValueError(f"scores must be finite where the mask keeps them, not {scores[bad][0].item()}")


def blocks(rows: int, length: int) -> Iterator[slice]:
    """Cut ``rows`` rows of ``length`` elements into blocks of about :data:`BLOCK` elements."""
    keep_freed_memory()
    step = max(1, BLOCK // length)
    return (slice(start, start + step) for start in range(0, rows, step))


@cache
def keep_freed_memory():
    """Free 30 MiB, so that the C library keeps results and the temporaries of a block for the next ones.

    glibc returns memory to the system beyond twice the largest allocation of up to 32 MiB that it has seen freed. To
    page temporaries in again for each block takes longer than all arithmetic on them.
    """
    torch.empty(30 << 20, dtype=torch.uint8)


def batch_first(x: torch.Tensor | None, dim: int | None, size: int) -> torch.Tensor | None:
    """A tensor that torch.vmap maps over ``dim`` (None: the same one ``size`` times), with that axis in front."""
    if x is None:
        return None
    return x.expand(size, *x.shape) if dim is None else x.movedim(dim, 0)
