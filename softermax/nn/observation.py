"""Running a model to look at its attention scores, and calibration by it."""

from __future__ import annotations

import contextlib
import math
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from softermax.model import Q, SoftermaxConfig
from softermax.model.faithful import LONGEST
from softermax.model.golden import VANISHED
from softermax.model.lost_mass import LITTLE

from .attention import (
    CALIBRATED,
    QUANTISER,
    SoftermaxAttention,
    register,
    register_attention,
    registered,
)
from .quantiser import ScoreQuantiser
from .reach import unreached
from .row_sums import RowSums

__all__ = ["calibrate", "load_quantisers", "observe"]

#: Name of the attention that observes.
OBSERVING = "softermax_observing"

Observer = Callable[[nn.Module, Tensor, Tensor | None, Tensor], None]


def calibrate(
    model: PreTrainedModel,
    batches: Iterable[Mapping | Tensor],
    config: SoftermaxConfig | str | None = None,
    *,
    name: str = "softermax",
    percentile: float | None = None,
) -> list[dict]:
    """Give each attention of a model a quantiser, calibrated on batches, and let the model use Softermax.

    The batches are run with exact softmax of the config's base. Then each attention module that was called has a
    child ``score_quantiser``, frozen, whose zero points are in the model's ``state_dict`` (see
    :func:`load_quantisers`); a quantiser that it had before is replaced. The model is what it was if that fails.

    Parameters
    ----------
    model : PreTrainedModel
    batches : iterable of mapping or Tensor
        Inputs of the model: keyword arguments, or the one argument.
    config : SoftermaxConfig, name of a preset, or None
        Registered by ``name``. None: what is registered by that name, and if nothing is, the default.
    name : str
        As for :func:`softermax.register`.
    percentile : float or None
        As for :class:`ScoreQuantiser`.

    Returns
    -------
    list of dict
        For each attention module and head ``module``, ``head``, ``zero_point`` (in units of the last place of the input
        format) and the fractions of the scores that it leaves clipped, ``clipped_above`` and ``clipped_below``. Of the
        rows' sums in the output format, where the input format clips nothing, the mean ``row_sum``,
        ``least_row_sum``, ``greatest_row_sum`` and ``mass_error``, the mean distance from 1. All of it is in the
        ``state_dict``, too.

    Warns
    -----
    UserWarning
        If a head's ``mass_error`` is above :data:`softermax.model.lost_mass.LITTLE`: once, with the worst head and what
        of the config would do. If the model has positions for longer rows than the config takes.

    Raises
    ------
    TypeError, ValueError
        If a parameter is not as described, there is no batch, the model has no attention that can be replaced, or its
        rows are longer than the config takes.
    """
    config = _registered_config(config, name)
    quantisers: dict[nn.Module, ScoreQuantiser] = {}

    def observer(module, scores, keep, probabilities):
        if module not in quantisers:
            quantiser = ScoreQuantiser(scores.shape[1], config, percentile)
            quantiser.row_sums = RowSums(scores.shape[1], config)
            quantisers[module] = quantiser.to(scores.device)
        quantisers[module](scores, keep)
        quantisers[module].row_sums.add(scores, keep)

    observe(model, batches, config, observer)
    for quantiser in quantisers.values():
        quantiser.freeze()
    for module, quantiser in quantisers.items():
        setattr(module, QUANTISER, quantiser)
        if hasattr(module, "config"):
            # Saved with the model, which transformers loads without its zero points, and says little of it.
            setattr(module.config, CALIBRATED, True)
    model.set_attn_implementation(name)
    report = _report(model)
    _warn_of_lost_mass(report, quantisers.values())
    _warn_of_long_rows(model, config)
    return report


def load_quantisers(model: PreTrainedModel, state: Mapping[str, Tensor], config: SoftermaxConfig | str | None = None):
    """Give a model the quantisers of a calibrated one.

    Parameters
    ----------
    model : PreTrainedModel
        Model of the same architecture.
    state : mapping of str to Tensor
        The calibrated model's ``state_dict``, or the part of it that has ``score_quantiser`` in the names.
    config : SoftermaxConfig, name of a preset, or None
        That it was calibrated for; None: the default.

    Raises
    ------
    ValueError
        If the state has no quantisers, or not the model's, or they are of another format of scores.
    """
    config = SoftermaxConfig.default() if config is None else SoftermaxConfig.of(config)
    ending = f".{QUANTISER}.zero_point"
    modules = {name.removesuffix(ending): len(value) for name, value in state.items() if name.endswith(ending)}
    if not modules:
        raise ValueError("state must come from a calibrated model, not from one without quantisers")
    unknown = sorted(set(modules) - {name for name, _ in model.named_modules()})
    if unknown:
        raise ValueError(f"state must be of the same architecture, not with attention modules such as {unknown[0]}")
    for name, heads in modules.items():
        quantiser, prefix = ScoreQuantiser(heads, config), f"{name}.{QUANTISER}."
        own = {key.removeprefix(prefix): state[key] for key in state if key.startswith(prefix)}
        _check_format(own.get("format"), quantiser)
        if any(key.startswith("row_sums.") for key in own):
            quantiser.row_sums = RowSums(heads, config)
        quantiser.load_state_dict(own)
        setattr(model.get_submodule(name), QUANTISER, quantiser.to(model.device))


def _check_format(theirs: Tensor | None, quantiser: ScoreQuantiser):
    """ValueError, in a sentence, unless a state is of the quantiser's input format and base."""
    if theirs is None:
        raise ValueError("state must have the format of scores that it was calibrated for: calibrate the model again")
    if theirs.tolist() != quantiser.format.tolist():
        (*bits, e), config = theirs.tolist(), quantiser.config
        raise ValueError(
            f"state must be calibrated for scores in {config.input} with base {config.base}, as the config has it, "
            f"not {Q(*bits)} with base {'e' if e else '2'}"
        )


def observe(model: PreTrainedModel, batches: Iterable[Mapping | Tensor], config: SoftermaxConfig, observer: Observer):
    """Run batches with exact softmax, without dropout and gradients, and show an observer what the attention sees.

    Parameters
    ----------
    model, batches
        As for :func:`calibrate`.
    config : SoftermaxConfig
        Config whose base the softmax has.
    observer : callable
        Is given for each attention: the module; the scores, (batch, heads, queries, keys); which of them are kept, of
        the same shape, or None for all; and their probabilities.

    Raises
    ------
    TypeError, ValueError
        As for :func:`calibrate`.
    """
    if not isinstance(model, PreTrainedModel):
        raise TypeError(f"model must be a model of transformers, not {type(model).__name__}")
    attention = _Observing(config, observer)
    ran = False
    with _instead(model, attention), torch.no_grad():
        for batch in batches:
            model(**batch) if isinstance(batch, Mapping) else model(batch)
            ran = True
    if not ran:
        raise ValueError("batches must hold one or more, not none (an iterator may be used up)")
    if not attention.called:
        raise ValueError(unreached(model))


class _Observing(SoftermaxAttention):
    """Exact softmax that shows what it gets and gives."""

    def __init__(self, config: SoftermaxConfig, observer: Observer):
        super().__init__(config, "exact")
        self._observer, self.called, self._seeing = observer, False, None

    def __call__(self, module, query, key, value, attention_mask, *arguments, **options):
        self._seeing = _seeing_rows(attention_mask, options.get("position_bias"))
        return super().__call__(module, query, key, value, attention_mask, *arguments, **options)

    def probabilities(self, module, scores, keep):
        probabilities = super().probabilities(module, scores, keep)
        if self._seeing is not None:
            seeing = self._seeing.expand(scores.shape)
            keep = seeing if keep is None else keep & seeing
        self._observer(module, scores, keep, probabilities)
        self.called = True
        return probabilities


def _seeing_rows(*biases: Tensor | None) -> Tensor | None:
    """Which rows a mask leaves a key: a number that masks all of them leaves the row's scores what they are beside it.

    Bool, broadcastable to the scores; None for all.
    """
    hidden = None
    for bias in biases:
        if bias is not None:
            masked = ~bias if bias.dtype == torch.bool else bias <= -VANISHED * math.log(2)
            hidden = masked if hidden is None else hidden | masked
    return None if hidden is None else ~hidden.all(dim=-1, keepdim=True)


@contextlib.contextmanager
def _instead(model: PreTrainedModel, attention: SoftermaxAttention) -> Iterator[None]:
    """A model in evaluation with another attention, then again as it was."""
    parts = [part for part in model.modules() if isinstance(part, PreTrainedModel)]
    before = [part.config._attn_implementation for part in parts]
    training = [(module, module.training) for module in model.modules()]
    register_attention(OBSERVING, attention)
    try:
        model.set_attn_implementation(OBSERVING)
        model.eval()
        yield
    finally:
        # Parts come after the whole, which sets theirs too.
        for part, implementation in zip(parts, before, strict=True):
            part.set_attn_implementation(implementation)
        for module, mode in training:
            module.training = mode


def _registered_config(config: SoftermaxConfig | str | None, name: str) -> SoftermaxConfig:
    """The config that is registered by a name, after registering it if need be."""
    if config is not None or registered(name) is None:
        register(config, name)
    return registered(name).config


def _report(model: PreTrainedModel) -> list[dict]:
    """The quantisers of a model, head by head."""
    return [
        {"module": name.removesuffix(f".{QUANTISER}"), "head": head} | quantiser.head(head)
        for name, quantiser in model.named_modules()
        if isinstance(quantiser, ScoreQuantiser)
        for head in range(quantiser.heads)
    ]


def _warn_of_lost_mass(report: list[dict], quantisers: Iterable[ScoreQuantiser]):
    """One warning if rows do not sum to one: the worst head, and what would do for all."""
    lossy = [entry for entry in report if entry["mass_error"] > LITTLE]
    if not lossy:
        return
    worst, config = max(lossy, key=lambda entry: entry["mass_error"]), next(iter(quantisers)).config
    most = max((quantiser.row_sums for quantiser in quantisers), key=lambda sums: sums.enough)
    warnings.warn(
        f"rows do not sum to one in {config.output} in {len(lossy)} of {len(report)} heads; rows of head "
        f"{worst['head']} of {worst['module']} sum to {worst['row_sum']:.3f} on average, {worst['least_row_sum']:.3f} "
        f"at least: {most.remedy()}",
        stacklevel=3,
    )


def _warn_of_long_rows(model: PreTrainedModel, config: SoftermaxConfig):
    """A warning now, if texts that the model may be given or generate would be refused later."""
    positions = getattr(model.config.get_text_config(), "max_position_embeddings", None) or 0
    if config.max_len < min(positions, LONGEST):
        warnings.warn(
            f"{type(model).__name__} has {positions} positions, but rows of more than max_len = {config.max_len} "
            "scores will be refused: take a larger max_len if there are any",
            stacklevel=3,
        )
