"""Softermax as one operator of PyTorch's, ``torch.ops.softermax.probabilities``: for compilers and meta tensors.

They know its shape, type and gradient without a look inside, so no arithmetic is theirs to change, and a score that is
not finite is still found when it runs.
"""

from __future__ import annotations

from functools import lru_cache

import torch

from ..config import SoftermaxConfig
from ..formats import QFormat
from .exact import exact_softmax_gradient
from .forward import result_dtype, softermax
from .partial import partial_rows
from .rows import batch_first

__all__ = ["as_operator", "compute"]

#: Parameters of a config. Tracers do not read dataclasses.
FORMATS = ("input", "unnormed", "power_sum", "reciprocal", "output", "product")
INTEGERS = (
    "lanes",
    "max_len",
    "power_segments",
    "reciprocal_segments",
    "mantissa_guard_bits",
    "guard_bits",
    "saturate",
)
TEXTS = ("normalizer", "rounding", "base")


def as_operator(
    scores: torch.Tensor, keep: torch.Tensor | None, config: SoftermaxConfig, exact: frozenset[str]
) -> torch.Tensor:
    """:func:`compute` through the operator."""
    dtype = result_dtype(scores.dtype, config, exact)
    # Sorted, so that the same call is the same graph.
    return torch.ops.softermax.probabilities(scores, keep, _text(config), ",".join(sorted(exact)), dtype)


def compute(
    scores: torch.Tensor,
    keep: torch.Tensor | None,
    config: SoftermaxConfig,
    exact: frozenset[str],
    dtype: torch.dtype | None = None,
) -> torch.Tensor:
    """Softermax over the last axis, without a gradient.

    Parameters
    ----------
    scores : Tensor of a real type, (..., n)
    keep : Tensor of bool, (..., n), or None
    exact : frozenset of str
        Approximations that are left out.
    dtype : torch.dtype or None
        Type of the result. None: see :func:`softermax.model.torch.forward.result_dtype`.
    """
    dtype = result_dtype(scores.dtype, config, exact) if dtype is None else dtype
    if not exact:
        return softermax(scores, keep, config, dtype)
    n = scores.shape[-1]
    kept = None if keep is None else keep.reshape(-1, n)
    return partial_rows(scores.reshape(-1, n), kept, config, exact).to(dtype).view(scores.shape)


def _text(config: SoftermaxConfig) -> str:
    """A config in words, one for each parameter."""
    formats = [f"{name}={_format(getattr(config, name))}" for name in FORMATS]
    integers = [f"{name}={int(getattr(config, name))}" for name in INTEGERS]
    texts = [f"{name}={getattr(config, name)}" for name in TEXTS]
    cuts = [] if config.cuts is None else [f"cuts={','.join(config.cuts)}"]
    return " ".join(formats + integers + texts + cuts)


def _format(value: QFormat) -> str:
    return f"{'Q' if value.signed else 'UQ'}({value.integer_bits},{value.fraction_bits})"


@lru_cache(maxsize=64)
def _config(text: str) -> SoftermaxConfig:
    """The config of a text."""
    words = dict(word.split("=") for word in text.split(" "))
    values = words | {name: int(words[name]) for name in INTEGERS}
    values["saturate"] = bool(values["saturate"])
    if "cuts" in words:
        values["cuts"] = tuple(filter(None, words["cuts"].split(",")))
    return SoftermaxConfig(**values)


def _run(scores, keep, config, exact, dtype):
    return compute(scores, keep, _config(config), frozenset(filter(None, exact.split(","))), dtype)


def _shape(scores, keep, config, exact, dtype):
    if exact and torch.onnx.is_in_onnx_export():
        raise ValueError("Softermax must have no approximation left out to be exported to ONNX")
    return torch.empty(scores.shape, dtype=dtype, device=scores.device)


def _save(ctx, inputs, output):
    scores, keep, config, *_ = inputs
    ctx.save_for_backward(scores, keep)
    ctx.base = _config(config).base


def _gradient(ctx, gradient):
    return torch.ops.softermax.gradient(*ctx.saved_tensors, ctx.base, gradient), None, None, None, None


def _batched(info, in_dims, scores, keep, *others):
    scores, keep = (batch_first(x, dim, info.batch_size) for x, dim in zip((scores, keep), in_dims, strict=False))
    return torch.ops.softermax.probabilities(scores, keep, *others), 0


#: They live as long as this.
LIBRARY = torch.library.Library("softermax", "DEF")
NAME = "softermax::probabilities"
LIBRARY.define("probabilities(Tensor scores, Tensor? keep, str config, str exact, ScalarType dtype) -> Tensor")
LIBRARY.define("gradient(Tensor scores, Tensor? keep, str base, Tensor gradient) -> Tensor")
LIBRARY.impl("probabilities", _run, "CompositeExplicitAutograd")
LIBRARY.impl("gradient", exact_softmax_gradient, "CompositeExplicitAutograd")
torch.library.register_fake(NAME, _shape, lib=LIBRARY)
torch.library.register_fake(
    "softermax::gradient",
    lambda scores, *_: torch.empty(scores.shape, dtype=scores.dtype, device=scores.device),
    lib=LIBRARY,
)
torch.library.register_autograd(NAME, _gradient, setup_context=_save, lib=LIBRARY)
torch.library.register_vmap(NAME, _batched, lib=LIBRARY)
