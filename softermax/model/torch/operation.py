"""Softermax as PyTorch's users call it: on tensors of any shape and place, with a gradient."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch.autograd import forward_ad

from ..config import SoftermaxConfig
from .exact import exact_softmax, exact_softmax_gradient
from .forward import softermax
from .operator import as_operator, compute
from .partial import APPROXIMATIONS
from .rows import batch_first, check_dim, check_mask, check_scores, is_plain
from .standard import standard_rows

__all__ = ["Softermax", "softmax", "softmax_base2", "softmax_raw"]

#: Made once, and not by what compilers trace.
DEFAULT = SoftermaxConfig.default()


def softmax(
    scores: torch.Tensor,
    config: SoftermaxConfig | str | None = None,
    dim: int = -1,
    mask: torch.Tensor | None = None,
    *,
    exact: Iterable[str] = (),
) -> torch.Tensor:
    """Softermax of real scores, bit by bit what :func:`softermax.model.softmax` and the hardware compute.

    The gradient is a straight-through estimate: that of the exact softmax, to the config's base, at the scores as
    they came. Probabilities for it are computed again from the scores, because the rounded ones are no substitute: in
    a long row most of them are 0, and would never learn. So the scores are all that is kept for it.

    Parameters
    ----------
    scores : Tensor of float16, bfloat16, float32 or float64
        With 1 to ``config.max_len`` elements along ``dim``; finite where kept.
    config : SoftermaxConfig, str or None
        Or the name of a preset, ``"paper"`` or ``"faithful"``, with the sizes that it has by default. None: see
        :func:`softermax.model.faithful.default_config`.
        With ``base="e"`` the scores are first multiplied by log2(e), in float64.
    dim : int
        The axis along which rows lie.
    mask : Tensor of bool, broadcastable to the scores' shape, or None
        True where a score takes part. Other scores may be anything, and have a gradient of 0.
    exact : iterable of str
        Approximations to leave out, for an ablation: ``"input"``, rounding and saturation of the scores;
        ``"power_of_two"``, the table and the format of numerators (by row product, the product's table too);
        ``"sum"``, truncation and saturation of the power sum; ``"reciprocal"``, its table (by row product, also the
        rounding of products); ``"output"``, rounding and saturation of the results. The remaining arithmetic is then
        that of real numbers, in float64. Without ``"input"``, a numerator has the relative error that the table has
        at the nearest score of the format.

    Returns
    -------
    Tensor of the scores' shape
        Probabilities; 0 where masked. Of the scores' type if each of them is exact in it (bfloat16: an output of up to
        8 bits, float16: 11, float32: 24), else of the first of float32 and float64 in which it is. With ``"output"``
        in ``exact``, of the scores' type, rounded to it.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described, in one sentence.
    """
    config = _given(config)
    check_scores(scores)
    check_dim(scores, config, dim)
    kept = check_mask(mask, scores)
    exact = _check_exact(exact)
    kept = None if kept is None else kept.movedim(dim, -1)
    return _probabilities(scores.movedim(dim, -1), kept, config, exact).movedim(-1, dim)


def softmax_raw(
    raw: torch.Tensor, config: SoftermaxConfig | str, dim: int = -1, mask: torch.Tensor | None = None
) -> torch.Tensor:
    """Softermax of raw input integers.

    Parameters
    ----------
    raw : Tensor of an integer type
        Scores in ``config.input``.
    config, dim, mask
        As for :func:`softmax`.

    Returns
    -------
    Tensor of int32, of the shape of ``raw``
        Probabilities in ``config.output``; 0 where masked.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described, in one sentence.
    """
    if not isinstance(raw, torch.Tensor):
        raise TypeError(f"raw scores must be a tensor, not {type(raw).__name__}")
    if raw.dtype == torch.bool or raw.is_floating_point() or raw.is_complex():
        raise TypeError(f"raw scores must be integers, not {raw.dtype}")
    config = SoftermaxConfig.of(config)
    check_dim(raw, config, dim)
    kept = check_mask(mask, raw)
    if raw.numel():
        low, high = (int(value) for value in torch.aminmax(raw))
        if not config.input.min_raw <= low <= high <= config.input.max_raw:
            limits = f"{config.input.min_raw} to {config.input.max_raw} for {config.input}"
            raise ValueError(f"raw scores must be {limits}, not {low} to {high}")
    kept = None if kept is None else kept.movedim(dim, -1)
    return softermax(raw.movedim(dim, -1).to(torch.int32), kept, config, torch.int32).movedim(-1, dim)


def softmax_base2(scores: torch.Tensor, dim: int = -1, mask: torch.Tensor | None = None) -> torch.Tensor:
    """Exact softmax to base 2, 2**x / sum(2**x): what Softermax approximates; differentiable.

    Parameters
    ----------
    scores, dim, mask
        As for :func:`softmax`, but rows may have any length.

    Returns
    -------
    Tensor of the scores' shape and type
        0 where masked. Computed in float64 for such scores, else in float32.

    Raises
    ------
    TypeError, ValueError
        If scores or mask are not as described, in one sentence.
    """
    check_scores(scores)
    kept = check_mask(mask, scores)
    kept = None if kept is None else kept.movedim(dim, -1)
    return exact_softmax(scores.movedim(dim, -1), kept, "2").to(scores.dtype).movedim(-1, dim)


def _given(config: SoftermaxConfig | str | None) -> SoftermaxConfig:
    return DEFAULT if config is None else SoftermaxConfig.of(config)


class Softermax(torch.nn.Module):
    """:func:`softmax` as a module, without parameters or state.

    Parameters
    ----------
    config, dim, exact
        As for :func:`softmax`.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described, in one sentence.
    """

    def __init__(self, config: SoftermaxConfig | str | None = None, dim: int = -1, *, exact: Iterable[str] = ()):
        super().__init__()
        self.config, self.dim, self.exact = _given(config), dim, _check_exact(exact)

    def forward(self, scores: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
        """Probabilities of the scores, as for :func:`softmax`."""
        return softmax(scores, self.config, self.dim, mask, exact=self.exact)

    def extra_repr(self) -> str:
        """The arguments, as torch.nn shows them."""
        return f"{self.config}, dim={self.dim}, exact={sorted(self.exact)}"


def _check_exact(exact: Iterable[str]) -> frozenset[str]:
    if isinstance(exact, str):
        raise TypeError(f"exact must be a set of names, not {exact!r}")
    for name in exact:
        if name not in APPROXIMATIONS:
            raise ValueError(f"exact must be some of {', '.join(APPROXIMATIONS)}, not {name!r}")
    return frozenset(exact)


class _StraightThrough(torch.autograd.Function):
    """Softermax over the last axis, with the gradient of the exact softmax."""

    @staticmethod
    def forward(scores: torch.Tensor, keep: torch.Tensor | None, config: SoftermaxConfig, exact: frozenset[str]):
        return compute(scores, keep, config, exact)

    @staticmethod
    def setup_context(ctx, inputs, output):
        scores, keep, config, _ = inputs
        ctx.save_for_backward(scores, keep)
        ctx.save_for_forward(scores, keep)
        ctx.base, ctx.dtype = config.base, output.dtype

    @staticmethod
    def backward(ctx, gradient):
        return exact_softmax_gradient(*ctx.saved_tensors, ctx.base, gradient), None, None, None

    @staticmethod
    def jvp(ctx, tangent, *_):
        return exact_softmax_gradient(*ctx.saved_tensors, ctx.base, tangent).to(ctx.dtype)

    @staticmethod
    def vmap(info, in_dims, scores, keep, config, exact):
        scores = batch_first(scores, in_dims[0], info.batch_size)
        keep = batch_first(keep, in_dims[1], info.batch_size)
        return _StraightThrough.apply(scores, keep, config, exact), 0


def _probabilities(scores, keep, config, exact):
    """Softermax over the last axis, differentiable."""
    if is_plain(scores) and not torch.jit.is_tracing():
        if _without_derivatives(scores):
            return compute(scores, keep, config, exact)
        return _StraightThrough.apply(scores, keep, config, exact)
    if torch.jit.is_tracing() and torch.onnx.is_in_onnx_export():
        raise ValueError("torch.onnx.export must have dynamo=True to export Softermax, not False")
    if exact or not (torch.compiler.is_compiling() and torch.onnx.is_in_onnx_export()):
        return as_operator(scores, keep, config, exact)
    return standard_rows(scores, keep, config)


def _without_derivatives(scores: torch.Tensor) -> bool:
    """Whether no derivative can be asked for and no batch is mapped. An autograd function costs a decoding step."""
    return (
        not (torch.is_grad_enabled() and scores.requires_grad)
        and not torch._C._are_functorch_transforms_active()
        and forward_ad._current_level < 0
    )
