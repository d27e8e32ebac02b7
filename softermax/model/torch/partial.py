"""Softermax with some of its approximations replaced by exact arithmetic, in float64: which of them costs how much?"""

from __future__ import annotations

from collections.abc import Set

import torch

from ..config import SoftermaxConfig
from .forward import scaled_scores
from .rows import blocks
from .tables import tables

__all__ = ["APPROXIMATIONS", "partial_rows"]

#: Steps that can be made exact.
APPROXIMATIONS = ("input", "power_of_two", "sum", "reciprocal", "output")


def partial_rows(
    scores: torch.Tensor, keep: torch.Tensor | None, config: SoftermaxConfig, exact: Set[str]
) -> torch.Tensor:
    """Softermax of rows with the approximations in ``exact`` left out.

    With none left out the results equal the golden model's, if numerator times reciprocal has at most 53 bits.

    Parameters
    ----------
    scores : Tensor, (rows, n)
    keep : Tensor of bool, (rows, n), or None

    Returns
    -------
    Tensor of float64, (rows, n)

    Raises
    ------
    ValueError
        If a kept score is not finite, or, with the input exact, so large that powers of two are beyond float64.
    """
    y = torch.empty(scores.shape, dtype=torch.float64, device=scores.device)
    for block in blocks(*scores.shape):
        kept = torch.ones_like(scores[block], dtype=torch.bool) if keep is None else keep[block]
        y[block] = _PartialBlock(config, exact).softermax(scores[block], kept)
    return y


class _PartialBlock:
    """A block's way through the units, in real numbers; the names are as in the golden model."""

    def __init__(self, config: SoftermaxConfig, exact: Set[str]):
        self.config = config
        self.approximate = {name: name not in exact for name in APPROXIMATIONS}

    def softermax(self, scores, keep):
        """The block's results, (rows, n)."""
        n = scores.shape[1]
        short = -n % self.config.lanes
        x, keep = (torch.nn.functional.pad(some, (0, short)) for some in self.input(scores, keep))
        slices = len(x), -1, self.config.lanes
        x, keep = x.view(slices), keep.view(slices)
        slice_maximum = torch.where(keep, x, torch.finfo(x.dtype).min).amax(dim=-1).ceil()
        numerators = torch.where(keep, self.power_of_two(x, slice_maximum[..., None]), 0.0)
        maximum, power_sum = self.reduction(numerators.sum(dim=-1), slice_maximum)
        y = self.normalise(x, maximum[:, None, None], power_sum[:, None, None])
        return self.output(torch.where(keep, y, 0.0).flatten(1))[:, :n]

    def input(self, scores, keep):
        """Scores, quantised or not, 0 where masked; and which take part."""
        fmt = self.config.input
        x, visible = scaled_scores(scores.to(torch.float64), keep, self.config)
        if self.approximate["input"]:
            # An exact value needs no help where it vanishes.
            x, keep = x.round().clamp(fmt.min_raw, fmt.max_raw), visible
        x = torch.where(keep, x * fmt.ulp, 0.0)
        if not torch.isfinite(x).all():
            raise ValueError("scores must be less than 2**1000 in magnitude where the input is exact")
        return x, keep

    def power_of_two(self, x, maximum):
        """2**(x - maximum)."""
        if not self.approximate["power_of_two"]:
            return torch.exp2(x - maximum)
        fmt = self.config.unnormed
        mantissa, exponent = self.mantissa(x, tables(self.config, x.device).power.double() * fmt.ulp)
        return _truncated(mantissa * torch.exp2(exponent - maximum), fmt.fraction_bits)

    def mantissa(self, x, table):
        """2**x as an exponent and a mantissa: the table's at the nearest score there is, times 2**(x - nearest)."""
        fmt = self.config.input
        nearest = (x / fmt.ulp).round() * fmt.ulp
        exponent = nearest.floor()
        index = ((nearest - exponent) / fmt.ulp).to(torch.int64)
        return table[index] * torch.exp2(x - nearest), exponent

    def reduction(self, sums, slice_maximum):
        """Maximum and power sum of each row, (rows,)."""
        running_maximum = slice_maximum.cummax(dim=1).values
        maximum = running_maximum[:, -1]
        if not self.approximate["sum"]:
            return maximum, (sums * torch.exp2(slice_maximum - maximum[:, None])).sum(dim=1)
        fmt = self.config.power_sum
        terms = _truncated(sums * torch.exp2(slice_maximum - running_maximum), fmt.fraction_bits)
        scales = torch.exp2(-running_maximum.diff(dim=1))
        running = terms[:, 0].clamp(max=fmt.max_raw * fmt.ulp)
        for scale, term in zip(scales.T, terms.T[1:], strict=True):
            running = _truncated(running * scale, fmt.fraction_bits) + term
            running = running.clamp(max=fmt.max_raw * fmt.ulp)
        return maximum, running

    def reciprocal(self, power_sum):
        """1/m and the exponent, for a power sum m * 2**(exponent - 1)."""
        exponent = torch.frexp(power_sum).exponent.clamp(min=0).to(torch.float64)
        m = power_sum * torch.exp2(1 - exponent)
        if not self.approximate["reciprocal"]:
            return 1 / m, exponent
        entries = 1 << self.config.mantissa_bits
        index = ((m - 1) * entries).to(torch.int64).clamp(0, entries - 1)
        return tables(self.config, m.device).reciprocal[index].double() * self.config.reciprocal.ulp, exponent

    def normalise(self, x, maximum, power_sum):
        """Powers over the power sum."""
        inverse, exponent = self.reciprocal(power_sum)
        top = maximum + exponent - 1
        if self.config.normalizer == "multiply":
            return self.power_of_two(x, top + 1) * inverse * 2
        fmt = self.config.product
        mantissa, whole = self.mantissa(x, tables(self.config, x.device).product.double() * fmt.ulp)
        if not self.approximate["power_of_two"]:
            mantissa = torch.exp2(x - whole)
        product = mantissa * inverse
        if self.approximate["reciprocal"]:
            product = self.rounded_product(product)
        return product * torch.exp2(whole - top)

    def rounded_product(self, product):
        """Row products in their format."""
        scaled = product / self.config.product.ulp
        scaled = scaled.ceil() if self.config.rounding == "directed" else (scaled + 0.5).floor()
        return scaled * self.config.product.ulp

    def output(self, y):
        """Results, rounded and saturated or not."""
        if not self.approximate["output"]:
            return y
        fmt, half = self.config.output, 0.0 if self.config.rounding == "directed" else 0.5
        fine = (y / fmt.ulp * 2.0**self.config.guard_bits + half).floor() * 2.0**-self.config.guard_bits
        if self.config.rounding == "cascade":
            sums = (fine.cumsum(dim=-1) + half).floor()
            fine = sums.diff(dim=-1, prepend=torch.zeros_like(sums[..., :1]))
        return fine.clamp(max=fmt.max_raw) * fmt.ulp


def _truncated(value: torch.Tensor, fraction_bits: int) -> torch.Tensor:
    return (value * 2.0**fraction_bits).floor() * 2.0**-fraction_bits
