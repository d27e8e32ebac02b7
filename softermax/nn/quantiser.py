"""Calibration of scores: per head a zero point from observed scores, for models and processing elements."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn

from softermax.model import SoftermaxConfig
from softermax.model.golden import VANISHED
from softermax.model.pe import fixed_point
from softermax.model.pe_config import SHIFT_BITS, ZERO_POINT_BITS, ProcessingElementConfig
from softermax.model.scalars import positive_int

from .histogram import BINS, HeadHistograms
from .row_sums import RowSums

__all__ = ["Requantisation", "ScoreQuantiser"]

#: Octaves of a score from which on no zero point is sought: histograms and zero points hold less.
LARGEST = 2.0**31
#: A bin of a histogram at first, of a unit in the last place of a score. Halves of units must be edges.
BIN_OF_ULP = 1 / 8


class Requantisation(NamedTuple):
    """Register values of a processing element for a head, see :class:`softermax.model.pe.Head`."""

    multiplier: int
    shift: int
    zero_point: int


class ScoreQuantiser(nn.Module):
    """Moves each head's scores to where the input format of a config holds them.

    Softmax does not change under a shift, so a zero point for each head costs nothing. The quantiser first observes
    scores; then :meth:`freeze` chooses the zero points and from then on it subtracts them. Rounding and saturation are
    those of :func:`softermax.model.torch.softmax`, which takes what comes out.

    By default a zero point is the one nearest to 0 for which the fewest rows are hurt. A row is hurt if two of its
    scores exceed the format, which ties them (one alone stays the largest), or if its largest is so low that
    ``max_len`` scores clipped to the format's least would outweigh it.

    Parameters
    ----------
    heads : int
    config : SoftermaxConfig or str
        Or the name of a preset. Scores are quantised to its ``input``; with base ``"e"`` after multiplication by
        log2(e).
    percentile : float or None
        Instead: put this percentile of all scores at the format's greatest, and if it is there or below, leave scores
        as they are. The paper takes 99.999.

    Attributes
    ----------
    zero_point : Tensor of int64, (heads,)
        In units of the last place of ``config.input``; 0 while observing.
    frozen : Tensor of bool, ()
    observed, clipped_above, clipped_below : Tensor of int64, (heads,)
        Kept scores that were observed; those of them that the format, moved by the zero point, does not hold. 0 while
        observing.
    format : Tensor of int64, (3,)
        Integer and fraction bits of ``config.input``, and 1 with base ``"e"``, else 0. With those above it is what a
        ``state_dict`` has.
    row_sums : RowSums or None
        Where calibration has counted them; then in a ``state_dict`` too.

    Raises
    ------
    TypeError, ValueError
        If a parameter is not as described.
    """

    def __init__(self, heads: int, config: SoftermaxConfig, percentile: float | None = None):
        super().__init__()
        heads, config = positive_int("heads", heads), SoftermaxConfig.of(config)
        if percentile is not None and not 0 < percentile <= 100:
            raise ValueError(f"percentile must be above 0 and at most 100, not {percentile!r}")
        self.heads, self.config, self.percentile = heads, config, percentile
        for name in ("zero_point", "observed", "clipped_above", "clipped_below"):
            self.register_buffer(name, torch.zeros(heads, dtype=torch.int64))
        self.register_buffer("frozen", torch.tensor(False))
        score = config.input
        self.register_buffer("format", torch.tensor([score.integer_bits, score.fraction_bits, config.base == "e"]))
        width = config.input.ulp * BIN_OF_ULP
        self.row_sums: RowSums | None = None
        self.scores, self.largest, self.second = (HeadHistograms(heads, width) for _ in range(3))

    @property
    def unit(self) -> float:
        """Value of a score of 1 in the input format: log2(e) with base ``"e"``."""
        return math.log2(math.e) if self.config.base == "e" else 1.0

    def forward(self, scores: Tensor, mask: Tensor | None = None) -> Tensor:
        """Observe scores and give them back; once frozen, subtract the zero points.

        Parameters
        ----------
        scores : Tensor of float, (..., heads, rows, n)
        mask : Tensor of bool, broadcastable to the scores' shape, or None
            True where a score takes part.

        Returns
        -------
        Tensor, same shape and dtype

        Raises
        ------
        ValueError
            If the scores are of other heads or, while observing, a kept one is not finite.
        """
        if self.frozen:
            return self.moved(scores)
        self._check_heads(scores)
        self._observe(scores.detach(), mask)
        return scores

    def moved(self, scores: Tensor) -> Tensor:
        """Scores less the zero points, which are 0 until they are frozen: as for :meth:`forward`."""
        self._check_heads(scores)
        zero_point = self.zero_point.double() * (self.config.input.ulp / self.unit)
        return scores - zero_point.to(scores.dtype)[:, None, None]

    def _check_heads(self, scores: Tensor):
        if scores.ndim < 3 or scores.shape[-3] != self.heads:
            raise ValueError(f"scores must have {self.heads} heads on axis -3, not the shape {tuple(scores.shape)}")

    def freeze(self):
        """Choose the zero points.

        Raises
        ------
        ValueError
            If a head has had no score.
        """
        empty = (self.scores.total == 0).nonzero().flatten().tolist()
        if empty:
            raise ValueError(f"every head must have observed a score before freeze, but heads {empty} have none")
        self.zero_point.copy_(self._fewest_rows_hurt() if self.percentile is None else self._percentile_at_greatest())
        self.observed.copy_(self.scores.total)
        for name, counts in zip(("clipped_below", "clipped_above"), self.clipped(self.zero_point), strict=True):
            getattr(self, name).copy_(counts)
        self.frozen.fill_(True)

    def head(self, head: int) -> dict:
        """Facts of a frozen head: ``zero_point``, the fractions ``clipped_above`` and ``clipped_below``, row sums.

        Those are as of :meth:`softermax.nn.row_sums.RowSums.head`, where they were counted.
        """
        observed = int(self.observed[head])
        fractions = {name: int(getattr(self, name)[head]) / observed for name in ("clipped_above", "clipped_below")}
        sums = {} if self.row_sums is None else self.row_sums.head(head)
        return {"zero_point": int(self.zero_point[head])} | fractions | sums

    def clipped(self, zero_point: Tensor) -> tuple[Tensor, Tensor]:
        """How many observed scores zero points leave below and above the format: two of int64, (heads,)."""
        ulp, score = self.config.input.ulp, self.config.input
        # Scores that round to the minimum or the maximum are not clipped.
        moved = zero_point.double()[:, None] * ulp
        below = self.scores.below(moved + (score.min_raw - 0.5) * ulp)[:, 0]
        above = self.scores.total - self.scores.below(moved + (score.max_raw + 0.5) * ulp)[:, 0]
        return below, above

    def export(self, q_scale, k_scale, scaling: float, config: ProcessingElementConfig) -> list[Requantisation]:
        """The frozen parameters as a processing element takes them, for 8-bit queries and keys.

        Parameters
        ----------
        q_scale, k_scale : float or sequence of float, (heads,)
            Real value of one unit of the queries and of the keys (of a group of query heads: the same keys').
        scaling : float
            Factor with which the attention multiplies dot products, such as ``d_head**-0.5``.
        config : ProcessingElementConfig

        Returns
        -------
        list of Requantisation
            One for each head, for :class:`softermax.model.pe.Head`.

        Raises
        ------
        ValueError
            If it is not frozen, the processing element is the baseline's or its scores are of another format, or its
            registers cannot hold the numbers.
        """
        if not self.frozen:
            raise ValueError("the quantiser must be frozen to be exported: call freeze after the last batch")
        if not isinstance(config.softmax, SoftermaxConfig):
            raise ValueError(
                "the processing element must have Softermax, whose scores have the base folded in, not the baseline"
            )
        if config.score != self.config.input:
            raise ValueError(f"scores of the processing element must be {self.config.input}, not {config.score}")
        scales = torch.as_tensor(q_scale, dtype=torch.float64) * torch.as_tensor(k_scale, dtype=torch.float64)
        factors = scales * (scaling * self.unit / self.config.input.ulp)
        per_head = zip(factors.expand(self.heads).tolist(), self.zero_point.tolist(), strict=True)
        return [_requantisation(factor, zero_point, config) for factor, zero_point in per_head]

    def _observe(self, scores: Tensor, mask: Tensor | None):
        keep = torch.ones_like(scores, dtype=torch.bool) if mask is None else mask.expand(scores.shape)
        if not scores[keep].isfinite().all():
            raise ValueError("scores must be finite where the mask keeps them")
        folded = (scores.double() * self.unit).masked_fill(~keep, -math.inf)
        # A mask that was added to the scores, of whatever size.
        keep = keep & (folded.amax(dim=-1, keepdim=True) - folded < VANISHED)
        largest = float(folded.masked_fill(~keep, 0).abs().max()) if folded.numel() else 0.0
        if largest >= LARGEST:
            raise ValueError(
                f"scores must be less than {LARGEST:.1e} octaves in size for a zero point, not {largest:.1e}"
            )
        folded = folded.masked_fill(~keep, -math.inf)
        self.scores.add(folded, keep)
        ranked = folded.topk(min(2, folded.shape[-1]), dim=-1).values
        kept = ranked > -math.inf
        self.largest.add(ranked[..., :1], kept[..., :1])
        self.second.add(ranked[..., 1:], kept[..., 1:])

    def _percentile_at_greatest(self) -> Tensor:
        score = self.config.input
        excess = self.scores.percentile(self.percentile) / score.ulp - score.max_raw
        return torch.ceil(excess).clamp(min=0).long()

    def _fewest_rows_hurt(self) -> Tensor:
        """Of the zero points that matter the best, for each head."""
        score = self.config.input
        highest = score.to_real(score.max_raw).item() + score.ulp / 2
        lowest = score.to_real(score.min_raw).item() + math.log2(self.config.max_len)
        # As fine as the histograms know: a unit in the last place, unless scores are huge.
        step = max(score.ulp, self.largest.width, self.second.width)
        reach = math.ceil(max(self.largest.width, self.second.width) * (BINS // 2) / step)
        steps = torch.arange(-reach, reach + 1, device=self.zero_point.device)
        steps = steps[steps.abs().argsort(stable=True)]
        moved = steps.double() * step
        tied = self.second.total[:, None] - self.second.below(moved + highest)
        hurt = tied + self.largest.below(moved + lowest)
        # argmin gives any of several: the rank in the order of magnitude makes it the first.
        best = (hurt * len(steps) + torch.arange(len(steps), device=hurt.device)).argmin(dim=-1)
        return (steps[best] * round(step / score.ulp)).long()


def _requantisation(factor: float, zero_point: int, config: ProcessingElementConfig) -> Requantisation:
    """Of a head whose dot products make raw scores by ``factor``, less ``zero_point``."""
    if not (math.isfinite(factor) and factor > 0):
        raise ValueError(
            f"scales must be positive and finite, not such that a dot product of 1 is a raw score of {factor}"
        )
    multiplier, shift = fixed_point(factor, config.scale_bits)
    if shift >= 1 << SHIFT_BITS:
        # The shift's range ends; the multiplier has fewer bits then.
        shift = (1 << SHIFT_BITS) - 1
        multiplier = round(factor * 2**shift)
    if shift < 0 or multiplier == 0:
        raise ValueError(f"a dot product of 1 must be a raw score that the requantiser can scale to, not {factor}")
    # By the exact factor: what the multiplier's rounding adds then grows with the distance from the zero point only.
    in_dot_products = round(zero_point / factor)
    if not -(1 << (ZERO_POINT_BITS - 1)) <= in_dot_products < 1 << (ZERO_POINT_BITS - 1):
        raise ValueError(
            f"a zero point must have at most {ZERO_POINT_BITS} bits, not be {in_dot_products} dot products"
        )
    return Requantisation(multiplier, shift, in_dot_products)
