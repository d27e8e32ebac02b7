"""Reduction in PyTorch, without a loop over the slices: the maximum and the denominator of whole rows.

The golden model halves the running sum, and cuts it, whenever the maximum rises. Cutting may as well wait: for integers
floor((floor(a / 2**m) + t) / 2**n) = floor((a + t 2**m) / 2**(m + n)). So the denominator is the sum of all slices'
terms, each divided by two to the power of how far the maximum then was below the row's, cut once. Those fractions are
added exactly, in words of as many bits as 64-bit integers can add up. Only a sum that saturates does so slice by slice.
"""

from __future__ import annotations

import torch
from torch import bitwise_left_shift as left_shift
from torch import bitwise_right_shift as right_shift

from ..config import SoftermaxConfig

__all__ = ["reduction"]


def reduction(
    sums: torch.Tensor, slice_maximum: torch.Tensor, config: SoftermaxConfig
) -> tuple[torch.Tensor, torch.Tensor]:
    """Reduction.

    Parameters
    ----------
    sums : Tensor of int64, (rows, slices)
        Sums of each slice's numerators, in units of ``config.unnormed``.
    slice_maximum : Tensor of int32, (rows, slices)

    Returns
    -------
    maximum, power_sum : Tensor of int64, (rows,)
    """
    dropped = config.unnormed.fraction_bits - config.power_sum.fraction_bits
    sums = sums >> dropped if dropped >= 0 else sums << -dropped
    own = slice_maximum.to(torch.int64)
    running_maximum = _running_maximum(own)
    maximum = running_maximum[:, -1]
    terms = right_shift(sums, (running_maximum - own).clamp(max=63))
    if config.sum_can_overflow:
        return maximum, _saturating_sum(terms, running_maximum, config)
    return maximum, _sum_of_fractions(terms, maximum[:, None] - running_maximum, config)


def _running_maximum(own: torch.Tensor) -> torch.Tensor:
    if not torch.compiler.is_compiling():
        return own.cummax(dim=1).values
    # By doubling, of operations that every exporter knows.
    reach = 1
    while reach < own.shape[1]:
        own = torch.cat([own[:, :reach], torch.maximum(own[:, reach:], own[:, :-reach])], dim=1)
        reach *= 2
    return own


def _sum_of_fractions(terms: torch.Tensor, distance: torch.Tensor, config: SoftermaxConfig) -> torch.Tensor:
    """Floor of the sum of terms * 2**-distance over the slices of each row."""
    word = 62 - config.max_slices.bit_length()
    farthest = 1 << config.input.integer_bits
    mask = (1 << word) - 1
    carry = torch.zeros_like(terms[:, 0])
    for place in range(-(-farthest // word) * word, 0, -word):
        # The bits of each fraction from 2**-(place - word) on to 2**-place.
        right, left = (distance - place).clamp(0, 63), (place - distance).clamp(0, word)
        digits = left_shift(right_shift(terms, right) & right_shift(mask, left), left)
        carry = (digits.sum(dim=1) + carry) >> word
    return right_shift(terms, distance.clamp(max=63)).sum(dim=1) + carry


def _saturating_sum(terms: torch.Tensor, running_maximum: torch.Tensor, config: SoftermaxConfig) -> torch.Tensor:
    # Slices first, so that each step of the recurrence finds its operands side by side.
    rises = running_maximum.diff(dim=1).clamp_(max=63).T.contiguous()
    first, *others = terms.T.contiguous()
    running = first.clamp(max=config.power_sum.max_raw)
    for rise, term in zip(rises, others, strict=True):
        running = (right_shift(running, rise) + term).clamp_(max=config.power_sum.max_raw)
    return running
