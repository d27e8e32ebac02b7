"""Sums of a head's rows in the output format, and the format in which they would sum to one."""

from __future__ import annotations

import math
from dataclasses import replace

import torch
from torch import Tensor, nn

from softermax.model import QFormat, SoftermaxConfig
from softermax.model.faithful import enough_guard_bits
from softermax.model.lost_mass import FINEST, LITTLE
from softermax.model.torch import softmax

__all__ = ["RowSums"]

#: Proposal where the output format does not lose the mass.
FAITHFUL = "take SoftermaxConfig.faithful, as it is the config's tables and widths that lose it"


class RowSums(nn.Module):
    """Sums of the rows of each head, as Softermax computes them where the input format holds the scores.

    A row is moved so that its largest score is the format's greatest: what the input format clips is counted by
    :class:`softermax.nn.ScoreQuantiser`, what the output format loses here.

    Parameters
    ----------
    heads : int
    config : SoftermaxConfig

    Attributes
    ----------
    rows : Tensor of int64, (heads,)
        Rows with a kept score.
    total, least, greatest : Tensor of float64, (heads,)
        Statistics of the rows' sums.
    distance : Tensor of float64, (heads,)
        Sum of the distances of row sums from 1. Those above are what a ``state_dict`` has.
    """

    def __init__(self, heads: int, config: SoftermaxConfig):
        super().__init__()
        self.config = config
        # Scores are folded here.
        self._folded = replace(config, base="2")
        self.register_buffer("rows", torch.zeros(heads, dtype=torch.int64))
        for name, value in (("total", 0.0), ("least", math.inf), ("greatest", 0.0), ("distance", 0.0)):
            self.register_buffer(name, torch.full((heads,), value, dtype=torch.float64))
        # Fraction bits of an output in which the rows that lose much would not.
        self.enough = config.output.fraction_bits

    def add(self, scores: Tensor, keep: Tensor | None):
        """Count rows.

        Parameters
        ----------
        scores : Tensor of float, (batch, heads, rows, n)
            Finite where kept.
        keep : Tensor of bool, same shape, or None
            True where a score takes part. At most ``max_len`` keys may be kept by any row.

        Raises
        ------
        ValueError
            If rows are longer than the config takes.
        """
        scores, keep = self._of_kept_keys(scores, keep)
        folded = scores.double() * (math.log2(math.e) if self.config.base == "e" else 1.0)
        folded = folded.masked_fill(~keep, -math.inf)
        rows = keep.any(dim=-1)
        largest = folded.amax(dim=-1, keepdim=True).masked_fill(~rows[..., None], 0)
        folded = folded - largest
        sums = self._sums(folded, keep)
        distance = (sums - 1).abs() * rows
        self.rows += rows.sum(dim=(0, 2))
        self.total += (sums * rows).sum(dim=(0, 2))
        self.distance += distance.sum(dim=(0, 2))
        self.least = torch.minimum(self.least, sums.masked_fill(~rows, math.inf).amin(dim=(0, 2)))
        self.greatest = torch.maximum(self.greatest, (sums * rows).amax(dim=(0, 2)))
        notable = distance.sum(dim=(0, 2)) > LITTLE * rows.sum(dim=(0, 2))
        if notable.any():
            self.enough = max(self.enough, self._enough(folded[:, notable], rows[:, notable]))

    def head(self, head: int) -> dict:
        """Sums of one head: ``row_sum`` (mean), smallest and largest; ``mass_error``, the mean distance from 1."""
        rows = max(int(self.rows[head]), 1)
        return {
            "row_sum": float(self.total[head]) / rows,
            "least_row_sum": float(self.least[head]),
            "greatest_row_sum": float(self.greatest[head]),
            "mass_error": float(self.distance[head]) / rows,
        }

    def remedy(self) -> str:
        """Change of the config with which rows sum to one, in words."""
        config, ulp = self.config, self.config.output.ulp
        guard_bits = enough_guard_bits(config.max_len)
        if config.rounding == "cascade":
            if config.guard_bits < guard_bits:
                return f"take guard_bits={guard_bits}"
            return FAITHFUL if ulp <= LITTLE else f"take output={self._output(math.ceil(-math.log2(LITTLE)))}"
        if self.enough == config.output.fraction_bits:
            return FAITHFUL
        cascade = f'rounding="cascade" with guard_bits={guard_bits}'
        return f"take {cascade}" if self.enough > FINEST else f"take output={self._output(self.enough)}, or {cascade}"

    def _output(self, fraction_bits: int) -> QFormat:
        return replace(self.config.output, fraction_bits=fraction_bits)

    def _of_kept_keys(self, scores: Tensor, keep: Tensor | None) -> tuple[Tensor, Tensor]:
        """Scores, and which of them are kept; of rows that are too long, of the keys that some row keeps."""
        keep = torch.ones_like(scores, dtype=torch.bool) if keep is None else keep.expand(scores.shape)
        if scores.shape[-1] <= self.config.max_len:
            return scores, keep
        used = keep.flatten(0, -2).any(dim=0)
        if int(used.sum()) > self.config.max_len:
            raise ValueError(
                f"rows must have at most max_len = {self.config.max_len} scores, not {int(used.sum())}: "
                "calibrate with a config of a larger max_len"
            )
        return scores[..., used], keep[..., used]

    def _sums(self, folded: Tensor, keep: Tensor) -> Tensor:
        """Sums of the rows of scores, in octaves below each row's largest: float64, (batch, heads, rows)."""
        score = self.config.input
        moved = folded.masked_fill(~keep, 0) + score.max_raw * score.ulp
        return softmax(moved, self._folded, mask=keep).double().sum(dim=-1)

    def _enough(self, folded: Tensor, rows: Tensor) -> int:
        """Least fraction bits with which exact softmax, rounded, has rows that sum to one in every head."""
        exact = folded.exp2()
        exact = exact / exact.sum(dim=-1, keepdim=True).clamp(min=1)
        half, output = 0.0 if self.config.rounding == "directed" else 0.5, self.config.output
        for bits in range(output.fraction_bits, FINEST + 1):
            greatest = 2 ** (output.integer_bits + bits) - 1
            sums = torch.floor(exact * 2**bits + half).clamp(max=greatest).sum(dim=-1) / 2**bits
            distance = ((sums - 1).abs() * rows).sum(dim=(0, 2)) / rows.sum(dim=(0, 2)).clamp(min=1)
            if float(distance.max()) <= LITTLE:
                return bits
        return FINEST + 1
