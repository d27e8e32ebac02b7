"""Histograms of scores that grow with the data, one for each head of an attention."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

__all__ = ["BINS", "HeadHistograms"]

#: Bins of a head's histogram.
BINS = 8192


class HeadHistograms(nn.Module):
    """Counts of values of each head, in a memory that does not depend on how many there are.

    All bins have one width, a power of two, and lie around 0; a bin holds its upper edge. Where a value lies beyond
    them, they become twice as wide, as often as needed. So whatever is asked for is exact for multiples of ``width``,
    and off by less than a ``width`` for other values.

    Parameters
    ----------
    heads : int
    width : float
        Width of a bin at first; a power of two.
    """

    def __init__(self, heads: int, width: float):
        super().__init__()
        self._exponent = round(math.log2(width))
        # Not in a state_dict: what a quantiser chooses by them is, in its own.
        self.register_buffer("counts", torch.zeros(heads, BINS, dtype=torch.int64), persistent=False)

    @property
    def width(self) -> float:
        """Width of a bin now."""
        return 2.0**self._exponent

    @property
    def total(self) -> Tensor:
        """How many values each head has had: int64, (heads,)."""
        return self.counts.sum(dim=-1)

    def add(self, values: Tensor, keep: Tensor):
        """Count values.

        Parameters
        ----------
        values : Tensor of float, (..., heads, rows, n)
            Finite where kept.
        keep : Tensor of bool, same shape
            Which of them count.
        """
        heads = torch.arange(len(self.counts), device=values.device)[:, None, None].expand(values.shape)[keep]
        kept = values[keep].double()
        if not len(kept):
            return
        self._widen(float(kept.abs().max()))
        bins = torch.ceil(kept / self.width).long() + (BINS // 2 - 1)
        self.counts += torch.bincount(heads * BINS + bins, minlength=self.counts.numel()).view_as(self.counts)

    def below(self, limits: Tensor) -> Tensor:
        """How many values of each head are at most a limit: int64, (heads, n) for (n,) or (heads, n) limits."""
        bins = (torch.floor(limits / self.width) + BINS // 2).clamp(0, BINS).long()
        cumulated = nn.functional.pad(self.counts.cumsum(dim=-1), (1, 0))
        return cumulated.gather(-1, bins.expand(len(cumulated), -1))

    def percentile(self, percent: float) -> Tensor:
        """The lowest bin's upper edge that so many per cent of a head's values do not exceed: float64, (heads,).

        That is NumPy's method ``inverted_cdf``, rounded up to a multiple of ``width``. NaN without values.
        """
        rank = torch.ceil(self.total.double() * (percent / 100)).clamp(min=1)
        bins = torch.searchsorted(self.counts.cumsum(dim=-1).double(), rank[:, None])[:, 0]
        edges = (bins + 1 - BINS // 2) * self.width
        return torch.where(self.total > 0, edges, math.nan)

    def _widen(self, magnitude: float):
        """Make bins twice as wide until they reach ``magnitude``."""
        while magnitude >= self.width * (BINS // 2):
            halves = self.counts.view(len(self.counts), BINS // 2, 2).sum(dim=-1)
            self.counts = nn.functional.pad(halves, (BINS // 4, BINS // 4))
            self._exponent += 1
