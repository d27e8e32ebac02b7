"""Statistics of a model's attention scores: for each layer and head, as flat results."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor
from transformers import PreTrainedModel

from softermax.model import SoftermaxConfig

from .observation import observe
from .quantiser import ScoreQuantiser

__all__ = ["PERCENTILES", "score_statistics"]

#: Fields of the percentiles that are reported.
PERCENTILES = {"least": 1e-9, "p1": 1.0, "p50": 50.0, "p99": 99.0, "p99_999": 99.999, "greatest": 100.0}


def score_statistics(
    model: PreTrainedModel, batches: Iterable[Mapping | Tensor], config: SoftermaxConfig | str | None = None
) -> list[dict]:
    """Statistics of each head's attention scores, with exact softmax.

    Parameters
    ----------
    model, batches
        As for :func:`softermax.nn.calibrate`; the model stays as it is.
    config : SoftermaxConfig, name of a preset, or None
        For whose input format and base; None: the default.

    Returns
    -------
    list of dict
        In the order in which the attentions are called: ``layer`` (of that order), ``module``, ``head``, ``scores``
        (their number), the percentiles of :data:`PERCENTILES` in units of the input format (log2(e) folded with base
        e), to within a histogram's bin; the fractions ``clipped_above`` and ``clipped_below`` by the format as it is;
        ``zero_point`` (in units of the format's last place) and with it ``moved_clipped_above`` and
        ``moved_clipped_below``; over the rows with a kept score the means ``entropy``, in bits, and
        ``max_probability``, of a row's largest.

    Raises
    ------
    TypeError, ValueError
        As for :func:`softermax.nn.calibrate`.
    """
    config = SoftermaxConfig.default() if config is None else SoftermaxConfig.of(config)
    attentions: dict[torch.nn.Module, _Attention] = {}

    def observer(module, scores, keep, probabilities):
        if module not in attentions:
            attentions[module] = _Attention(scores, config)
        attentions[module].add(scores, keep, probabilities)

    observe(model, batches, config, observer)
    names = {module: name for name, module in model.named_modules()}
    return [
        {"layer": layer, "module": names[module], "head": head} | statistics
        for layer, (module, attention) in enumerate(attentions.items())
        for head, statistics in enumerate(attention.heads())
    ]


class _Attention:
    """Of one attention: a quantiser that observes, and sums over the rows."""

    def __init__(self, scores: Tensor, config: SoftermaxConfig):
        heads = scores.shape[1]
        self._quantiser = ScoreQuantiser(heads, config).to(scores.device)
        self._rows, self._entropy, self._largest = torch.zeros(3, heads, dtype=torch.float64, device=scores.device)

    def add(self, scores: Tensor, keep: Tensor | None, probabilities: Tensor):
        self._quantiser(scores, keep)
        # A fully masked row has no distribution.
        rows = torch.ones(scores.shape[:-1], dtype=torch.bool, device=scores.device) if keep is None else keep.any(-1)
        exact = probabilities.double()
        entropy = -torch.special.xlogy(exact, exact).sum(dim=-1) / torch.log(torch.tensor(2.0, dtype=torch.float64))
        self._rows += rows.sum(dim=(0, 2))
        self._entropy += (entropy * rows).sum(dim=(0, 2))
        self._largest += (exact.amax(dim=-1) * rows).sum(dim=(0, 2))

    def heads(self) -> list[dict]:
        """The statistics of each head."""
        quantiser = self._quantiser
        below, above = quantiser.clipped(torch.zeros_like(quantiser.zero_point))
        quantiser.freeze()
        values = {"scores": quantiser.observed}
        values |= {name: quantiser.scores.percentile(percent) for name, percent in PERCENTILES.items()}
        values |= {"clipped_above": above / quantiser.observed, "clipped_below": below / quantiser.observed}
        values |= {"entropy": self._entropy / self._rows, "max_probability": self._largest / self._rows}
        columns = {name: column.tolist() for name, column in values.items()}
        return [
            {name: column[head] for name, column in columns.items()}
            | {("" if name == "zero_point" else "moved_") + name: value for name, value in quantiser.head(head).items()}
            for head in range(quantiser.heads)
        ]
