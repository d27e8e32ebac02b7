"""Softermax as an attention of Hugging Face transformers, by name."""

from __future__ import annotations

import math
from collections.abc import Iterable

import torch
from torch import Tensor, nn
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.masking_utils import ALL_MASK_ATTENTION_FUNCTIONS
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

from softermax.model import SoftermaxConfig
from softermax.model.golden import VANISHED
from softermax.model.torch import softmax, softmax_base2
from softermax.model.torch.rows import is_plain

from . import reach
from .quantiser import ScoreQuantiser

__all__ = [
    "ARITHMETICS",
    "CALIBRATED",
    "QUANTISER",
    "SoftermaxAttention",
    "register",
    "register_attention",
    "registered",
]

#: Attribute of a model's config: its attention has zero points, which come with a state.
CALIBRATED = "softermax_calibrated"
#: Names of the arithmetics that may compute the probabilities.
ARITHMETICS = ("softermax", "exact")
#: Name of the quantiser among the children of an attention module.
QUANTISER = "score_quantiser"
#: Names that transformers would take for something of its own.
RESERVED = ("eager", "sdpa", "flex_attention", "flash_attention")
#: Arguments of some models that change an attention's probabilities and that this attention does not compute.
UNSUPPORTED = {
    "s_aux": "attention sinks",
    "sinks": "attention sinks",
    "cu_seq_lens_q": "packed sequences",
    "cu_seq_lens_k": "packed sequences",
    "indices": "sparse attention",
    "block_indices": "sparse attention",
}


def register(
    config: SoftermaxConfig | str | None = None, name: str = reach.DEFAULT_NAME, *, arithmetic: str = "softermax"
):
    """Let models of transformers have Softermax for their attention, with ``attn_implementation=name``.

    Its mask function is registered with it: without, padding would be attended to.

    Parameters
    ----------
    config : SoftermaxConfig, str or None
        Or the name of a preset, as :meth:`SoftermaxConfig.of` takes it: to base 2. None:
        ``SoftermaxConfig.default()``.
    name : str
        Name of the attention; an earlier registration of the name is replaced.
    arithmetic : str
        ``"softermax"``, or ``"exact"`` for the softmax in floating point that it stands for: of the config's base.

    Raises
    ------
    TypeError, ValueError
        If a parameter is not as described, or the name is one of transformers'.
    """
    attention = SoftermaxAttention(SoftermaxConfig.default() if config is None else config, arithmetic)
    if not isinstance(name, str) or not name or name.startswith(RESERVED) or "|" in name or "/" in name:
        raise ValueError(f"name must be a text that transformers does not use itself, not {name!r}")
    register_attention(name, attention)


def register_attention(name: str, attention: SoftermaxAttention):
    """Register an attention and the mask function that it needs."""
    reach.expect(name)
    AttentionInterface.register(name, attention)
    AttentionMaskInterface.register(name, ALL_MASK_ATTENTION_FUNCTIONS["eager"])


def registered(name: str) -> SoftermaxAttention | None:
    """Attention that :func:`register` has registered by a name; None if it has none."""
    attention = ALL_ATTENTION_FUNCTIONS.get(name)
    return attention if isinstance(attention, SoftermaxAttention) else None


class SoftermaxAttention:
    """The attention function: transformers' eager attention with another softmax.

    Scores are computed in float32 for models in 16 bits. Where an attention module has a frozen
    :class:`softermax.nn.ScoreQuantiser`, its zero points are subtracted from them. A fully masked row gives zeros, but
    with exact arithmetic of base e what eager attention gives. A score can be masked or moved by the mask, a position
    bias or a soft cap; sliding windows are in the mask.

    Parameters
    ----------
    config : SoftermaxConfig or str
        Or the name of a preset.
    arithmetic : str
        As for :func:`register`.
    exact : iterable of str
        Approximations that are left out, as for :func:`softermax.model.torch.softmax`.
    """

    #: Transformers asks functions for their name.
    __name__ = "softermax_attention"

    def __init__(self, config: SoftermaxConfig, arithmetic: str = "softermax", exact: Iterable[str] = ()):
        if arithmetic not in ARITHMETICS:
            raise ValueError(f"arithmetic must be one of {', '.join(ARITHMETICS)}, not {arithmetic!r}")
        self.config, self.arithmetic, self._exact_parts = SoftermaxConfig.of(config), arithmetic, frozenset(exact)

    def __call__(
        self,
        module: nn.Module,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        attention_mask: Tensor | None,
        scaling: float | None = None,
        dropout: float = 0.0,
        softcap: float | None = None,
        position_bias: Tensor | None = None,
        head_mask: Tensor | None = None,
        **options,
    ) -> tuple[Tensor, Tensor]:
        """Context and probabilities.

        Parameters
        ----------
        module : Module
            Which attention it is.
        query : Tensor, (batch, heads, queries, d_head)
        key, value : Tensor, (batch, key heads, keys, d_head)
            Tensors of as many heads, or of so many that each is for a group of query heads.
        attention_mask : Tensor, broadcastable to (batch, heads, queries, keys), or None
            Mask of bool, True where a score takes part; or of float, to be added: a number of any size masks where
            it makes exact softmax in float32 0.
        scaling : float or None
            None: d_head**-0.5.
        dropout : float
            Probability of dropout in training.
        softcap : float or None
            Largest magnitude of a score, by a hyperbolic tangent.
        position_bias : Tensor, broadcastable to (batch, heads, queries, keys), or None
            Added to the scores.
        head_mask : Tensor, broadcastable to (batch, heads, queries, keys), or None
            The probabilities are multiplied with it.
        **options
            Further options that models give; those without effect here are ignored.

        Returns
        -------
        context : Tensor, (batch, queries, heads, d_head)
        probabilities : Tensor, (batch, heads, queries, keys)

        Raises
        ------
        ValueError
            If a row is too long for the config, or the model wants what is not supported.
        """
        reach.note()
        _refuse(module, options)
        key, value = _repeat(key, query.shape[1]), _repeat(value, query.shape[1])
        scores, keep = _scores(query, key, attention_mask, scaling, softcap, position_bias)
        probabilities = self.probabilities(module, scores, keep).to(query.dtype)
        probabilities = nn.functional.dropout(probabilities, p=dropout, training=module.training)
        if head_mask is not None:
            probabilities = probabilities * head_mask
        context = torch.matmul(probabilities, value).transpose(1, 2).contiguous()
        return context, probabilities

    def probabilities(self, module: nn.Module, scores: Tensor, keep: Tensor | None) -> Tensor:
        """Softmax of scores of a module; both (batch, heads, queries, keys)."""
        if self.arithmetic == "exact":
            return self._exact(scores, keep)
        if scores.shape[-1] > self.config.max_len:
            return self._of_kept_keys(module, scores, keep)
        quantiser = getattr(module, QUANTISER, None)
        if quantiser is None and getattr(getattr(module, "config", None), CALIBRATED, False):
            raise ValueError(
                "the model was calibrated before it was saved, and lacks its zero points: attach them by "
                "softermax.nn.load_quantisers(model, state), or calibrate it again"
            )
        # A compiler cannot ask whether it is frozen; zero points are 0 until then.
        if quantiser is not None and (not is_plain(scores) or quantiser.frozen):
            scores = self._checked(quantiser).moved(scores)
        return softmax(scores, self.config, mask=keep, exact=self._exact_parts)

    def _of_kept_keys(self, module: nn.Module, scores: Tensor, keep: Tensor | None) -> Tensor:
        """Softmax of rows that are too long, such as of a static cache, if few enough of their keys are kept at all."""
        used = torch.ones_like(scores[0, 0, 0], dtype=torch.bool) if keep is None else keep.flatten(0, -2).any(dim=0)
        number = int(used.sum())
        if number > self.config.max_len:
            raise ValueError(
                f"rows must have at most max_len = {self.config.max_len} scores, not {number}: "
                "register a config with a larger max_len"
            )
        found = self.probabilities(module, scores[..., used], keep[..., used])
        probabilities = torch.zeros_like(scores)
        probabilities[..., used] = found.to(scores.dtype)
        return probabilities

    def _exact(self, scores: Tensor, keep: Tensor | None) -> Tensor:
        if self.config.base == "2":
            return softmax_base2(scores, mask=keep)
        if keep is not None:
            scores = scores.masked_fill(~keep, torch.finfo(scores.dtype).min)
        return torch.softmax(scores, dim=-1)

    def _checked(self, quantiser: ScoreQuantiser) -> ScoreQuantiser:
        """A quantiser, if it was calibrated for these scores."""
        theirs, ours = ((config.input, config.base) for config in (quantiser.config, self.config))
        if theirs != ours:
            raise ValueError(
                f"the model must be calibrated for scores in {ours[0]} with base {ours[1]}, "
                f"not {theirs[0]} with base {theirs[1]}: calibrate it again"
            )
        return quantiser


def _refuse(module: nn.Module, options: dict):
    """ValueError, in a sentence, if a model wants what is not supported."""
    for option, what in UNSUPPORTED.items():
        if options.get(option) is not None:
            raise ValueError(
                f"unsupported attention variant of {type(module).__name__}: {what} ({option}); use eager attention"
            )


def _repeat(states: Tensor, heads: int) -> Tensor:
    """Keys or values, a copy for each query head of a group."""
    if heads == states.shape[1]:
        return states
    if heads % states.shape[1]:
        raise ValueError(f"query heads must be a multiple of the {states.shape[1]} key heads, not {heads}")
    return states.unsqueeze(2).expand(-1, -1, heads // states.shape[1], -1, -1).flatten(1, 2)


def _scores(query, key, attention_mask, scaling, softcap, position_bias) -> tuple[Tensor, Tensor | None]:
    """Scores in float32 or wider, and which of them take part, None for all: both (batch, heads, queries, keys)."""
    wide = torch.promote_types(query.dtype, torch.float32)
    scores = torch.matmul(query.to(wide), key.to(wide).transpose(2, 3))
    scores = scores.mul_(query.shape[-1] ** -0.5 if scaling is None else scaling)  # new memory costs more than this
    if softcap is not None:
        scores = torch.tanh(scores / softcap) * softcap
    keep = far = None
    for name, bias in (("position_bias", position_bias), ("attention_mask", attention_mask)):
        if bias is None:
            continue
        if is_plain(bias) and not bias.requires_grad and _has_no_effect(bias):
            continue
        kept = _kept(bias, name)
        if bias.dtype != torch.bool:
            # Where a score is masked its value only matters for the gradient.
            moved = bias.to(wide).masked_fill(~kept, 0)
            if not is_plain(moved) or moved.requires_grad or moved.any():
                scores = scores + moved
            low = kept & (bias <= -VANISHED * math.log(2))
            far = low if far is None else far | low
        keep = kept if keep is None else keep & kept
    if keep is None or (is_plain(keep) and keep.all() and (far is None or not far.any())):
        return scores, None
    if far is not None and (not is_plain(far) or far.any()):
        keep = _visible(scores, keep, far)
    return scores, keep.expand(scores.shape)


def _has_no_effect(bias: Tensor) -> bool:
    """Whether a mask keeps everything, or adds 0: the one query of a decoding step is then spared all else."""
    return bool(bias.all()) if bias.dtype == torch.bool else bias.is_floating_point() and not bias.any()


def _kept(bias: Tensor, name: str) -> Tensor:
    """Places where a mask or a bias does not mask by the minimum of its type."""
    if bias.dtype == torch.bool:
        return bias
    if not bias.is_floating_point():
        raise ValueError(
            f"{name} of four axes must be bool, True where a score takes part, or real numbers to be added, "
            f"not {bias.dtype}"
        )
    return bias > torch.finfo(bias.dtype).min / 2


def _visible(scores: Tensor, keep: Tensor, far: Tensor) -> Tensor:
    """What a mask keeps and does not, by a number of whatever size, move so far down that exact softmax is 0 there."""
    highest = scores.masked_fill(~keep, -math.inf).amax(dim=-1, keepdim=True)
    # So that what is no number is kept, and refused.
    return keep & ~(far & (highest - scores >= VANISHED * math.log(2)))
