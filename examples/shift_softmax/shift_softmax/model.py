"""Config, golden model and timing model of a softmax of shifts alone.

For a row x_1..x_n of kept scores: e_i = floor(x_i), M = max e_i, D = sum 2**(e_i - M), s = floor(log2 D), and the
probability is y_i = 2**(e_i - M - s), truncated to the output format.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from softermax.model import UQ, Q, QFormat
from softermax.model.arithmetic import Arithmetic
from softermax.model.framing import Entrance, Framing
from softermax.model.rows import check_row, check_scores, plain_rows, to_slices
from softermax.model.shape import RowShape

__all__ = ["LOWEST", "ShiftConfig", "ShiftTiming", "shift_rows"]

SCORE: QFormat = Q(6, 2)
OUTPUT: QFormat = UQ(1, 7)
#: Integer part of the least score, which a masked lane has at most.
LOWEST = SCORE.min_raw >> SCORE.fraction_bits


@dataclass(frozen=True, kw_only=True)
class ShiftConfig(RowShape):
    """Sizes of the unit: scores in Q(6,2), probabilities in UQ(1,7).

    Parameters
    ----------
    sum_fraction_bits : int
        Fraction bits of the denominator.
    """

    sum_fraction_bits: int = 8

    #: Exact softmax to compare with.
    base = "2"

    @property
    def sum_bits(self) -> int:
        """Bits of the denominator."""
        return self.capacity.bit_length() + self.sum_fraction_bits


def shift_rows(x: np.ndarray, keep: np.ndarray | None, config: ShiftConfig) -> np.ndarray:
    """Raw probabilities of whole rows.

    Parameters
    ----------
    x, keep : ndarray of int and of bool, (..., slices, lanes)
        Raw scores, and which take part; None keeps all.

    Returns
    -------
    ndarray of int64, (..., slices, lanes)
        In UQ(1,7); 0 where masked.
    """
    keep = np.ones(x.shape, bool) if keep is None else keep
    integer = np.where(keep, x.astype(np.int64) >> SCORE.fraction_bits, LOWEST)
    of_slices = integer.max(axis=-1)
    maximum = np.maximum.accumulate(of_slices, axis=-1)
    one = 1 << config.sum_fraction_bits
    sums = np.where(keep, one >> np.minimum(of_slices[..., None] - integer, 62), 0).sum(axis=-1)
    total = np.zeros(x.shape[:-2], np.int64)
    for s in range(x.shape[-2]):
        rise = maximum[..., s] - maximum[..., max(s - 1, 0)]
        total = (total >> rise) + (sums[..., s] >> maximum[..., s] - of_slices[..., s])
    exponent = np.maximum(np.frexp(total.astype(float))[1] - 1 - config.sum_fraction_bits, 0)
    shift = maximum[..., -1, None, None] - integer + exponent[..., None, None]
    return np.where(keep, (1 << OUTPUT.fraction_bits) >> np.minimum(shift, 62), 0)


def _raw_softmax(raw, config: ShiftConfig, mask=None) -> np.ndarray:
    raw, kept = plain_rows(raw, mask)
    check_row(raw.shape, config)
    x, keep = to_slices(raw, kept, config)
    y = shift_rows(x, keep, config)
    return y.reshape(*raw.shape[:-1], y.shape[-2] * y.shape[-1])[..., : raw.shape[-1]]


def _real_softmax(scores, config: ShiftConfig, mask=None) -> np.ndarray:
    return OUTPUT.to_real(_raw_softmax(SCORE.quantise(check_scores(scores, config, mask)), config, mask))


class ShiftTiming:
    """The unit takes a row, a slice a cycle, then gives it, a slice a cycle; see :mod:`softermax.model.timing`."""

    inputs = ("i",)
    outputs = ("o",)

    def __init__(self, framing: Framing, config: ShiftConfig):
        self._entrance, self._last = Entrance(framing), framing.last
        self._given, self._filled = 0, None
        self.chains, self.levels = {}, {}

    def ready(self, valids, readies):
        """``i.ready``: while no row is given."""
        return (self._filled is None,)

    def valids(self):
        """``o.valid``."""
        return (self._filled is not None,)

    def shown(self):
        """The slice at ``o``; anything while none is offered."""
        return (-1 if self._filled is None else self._given,)

    def clock(self, valids, readies):
        """Clock edge."""
        if self._filled is None:
            item = self._entrance.take() if valids[0] else None
            if item is not None and self._last[item]:
                self._filled = item
        elif readies[0]:
            ends, self._given = self._given == self._filled, self._given + 1
            self._filled = None if ends else self._filled


ShiftConfig.arithmetic = Arithmetic(
    score=lambda config: SCORE,
    encode=lambda raw, config: raw,
    softmax=_raw_softmax,
    decode=lambda words, config: OUTPUT.to_real(words),
    probability=lambda config: OUTPUT,
    to_fixed=lambda words, config: words,
    real_softmax=_real_softmax,
    timing=ShiftTiming,
    exponential_base=2.0,
)
