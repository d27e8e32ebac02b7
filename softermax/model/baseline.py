"""Golden model of the baseline: a conventional, numerically stable softmax in IEEE binary16, three passes over a row.

y_i = e**(x_i - max x) / sum_j e**(x_j - max x), or the same of base 2. By the datapath ``operators`` each operation is
rounded as :mod:`softermax.model.binary16` says, in the order of the hardware: a row in slices of ``lanes``; the sum by
a tree over the lanes, then slice after slice. By ``fused`` difference and sum are in fixed point, see
:mod:`softermax.model.fused_exponential` and :mod:`softermax.model.fixed_sum`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from . import binary16
from .exponential import BASES, EXPONENTIAL, Exponential
from .fixed_sum import to_fixed_numerator, total_of
from .fused_exponential import NOTHING, FusedExponential, to_binary16
from .rows import check_row, check_scores, plain_rows, to_slices
from .shape import RowShape, check_choices

__all__ = [
    "BaselineConfig",
    "BaselineRows",
    "baseline_softmax",
    "baseline_softmax_raw",
    "exponential_sums",
    "normalize",
]

#: Pipeline stages of the operators that have several; of adders, multiplier and comparison, one each.
DIVIDER_STAGES = 3
EXPONENTIAL_STAGES = 2
#: Of the adders of the fused datapath: over the lanes, and over the slices.
FIXED_SUM_STAGES = 2

#: What the parameters may be that have a name for each choice.
CHOICES = {"normalizer": ("divide", "multiply"), "datapath": ("operators", "fused"), "base": BASES}

#: What a masked lane counts as in the maximum: the lowest binary16 in IEEE 754's totalOrder, a NaN.
LOWEST = 0xFFFF


@dataclass(frozen=True, kw_only=True)
class BaselineConfig(RowShape):
    """Sizes and kind of the baseline softmax. Scores and probabilities are binary16.

    Parameters
    ----------
    lanes, max_len : int
        As in :class:`softermax.model.shape.RowShape`, but ``max_len`` at most 32,759 in whole slices: the sum of a
        longer row could overflow.
    normalizer : str
        ``"divide"``: a divider for each lane, whose results are correctly rounded. ``"multiply"``: one reciprocal for
        each row and a multiplier for each lane, whose results are rounded twice.
    datapath : str
        ``"operators"``: a subtractor, an exponential and adders of binary16, composed. ``"fused"``: the exponential
        takes the difference in fixed point, and the sum is one of integers; smaller and more exact.
    base : str
        Base of the exponential, ``"e"`` or ``"2"``.

    Raises
    ------
    TypeError, ValueError
        If a parameter is not as described.
    """

    normalizer: str = "divide"
    datapath: str = "operators"
    base: str = "e"

    presets: ClassVar[tuple[str, ...]] = ("fp16",)

    @classmethod
    def fp16(
        cls,
        lanes: int = 16,
        max_len: int = 384,
        *,
        normalizer: str = "divide",
        datapath: str = "operators",
        base: str = "e",
    ) -> BaselineConfig:
        """The preset of the baseline, at the sizes that the paper's has."""
        return cls(lanes=lanes, max_len=max_len, normalizer=normalizer, datapath=datapath, base=base)

    def __post_init__(self):
        super().__post_init__()
        check_choices(self, CHOICES)
        # A slice's sum is at most its lanes, and when it is added, at most twice of it is: 65,520 would be infinity.
        if 2 * self.capacity >= 65520:
            most = 32759 // self.lanes * self.lanes
            raise ValueError(f"max_len must be at most {most} with {self.lanes} lanes, not {self.max_len!r}")

    @property
    def fused(self) -> bool:
        """Whether the exponential takes the difference in fixed point."""
        return self.datapath == "fused"

    @property
    def maximum_stages(self) -> int:
        """Registers up to the running maximum; the exponential of a fused datapath is fast enough for one more."""
        return 2 if self.fused else 1

    @property
    def numerator_latency(self) -> int:
        """Latency from a slice's second pass to its numerators: subtraction, if it is apart, and exponential."""
        return EXPONENTIAL_STAGES + (not self.fused)

    @property
    def adder_latency(self) -> int:
        """Latency from a slice's numerators to the running sum that has them."""
        return FIXED_SUM_STAGES if self.fused else self.tree_levels + 1

    @property
    def conversion_latency(self) -> int:
        """Latency from a row's running sum to the sum in binary16."""
        return 1 if self.fused else 0

    @property
    def sum_latency(self) -> int:
        """Latency from the numerators of a row's last slice to the row's sum."""
        return self.adder_latency + self.conversion_latency

    @property
    def row_latency(self) -> int:
        """Latency from a row's sum to when its slices can be normalised."""
        return 1 if self.normalizer == "divide" else DIVIDER_STAGES

    @property
    def slice_latency(self) -> int:
        """Latency of a slice while it is normalised."""
        return DIVIDER_STAGES if self.normalizer == "divide" else 1

    @property
    def score_depth(self) -> int:
        """Slices of scores that wait for their row's maximum: a row, and what passes while it is on its way."""
        return self.max_slices + self.maximum_stages + 1

    @property
    def numerator_depth(self) -> int:
        """Slices of numerators that wait for their row's sum: a row, and what passes while it is on its way."""
        return self.max_slices + self.sum_latency + self.row_latency


@dataclass(frozen=True)
class BaselineRows:
    """Results of the first two passes over rows of slices; running values are after each slice.

    Attributes
    ----------
    maximum : ndarray of uint16, (..., slices)
        Running row maximum.
    numerators : ndarray of uint16, (..., slices, lanes)
        e**(x - row maximum); 0 where masked.
    total : ndarray of uint16, (..., slices)
        Running denominator.
    no_number : ndarray of bool, (...)
        Rows that give NaNs although their numerators are 0 and their sums 1; of a datapath of operators none, as their
        numerators and sums are NaNs themselves.
    """

    maximum: np.ndarray
    numerators: np.ndarray
    total: np.ndarray
    no_number: np.ndarray


def exponential_sums(x: np.ndarray, keep: np.ndarray | None, config: BaselineConfig) -> BaselineRows:
    """The first two passes over whole rows.

    Parameters
    ----------
    x : ndarray of uint16, (..., slices, lanes)
        Raw binary16 scores.
    keep : ndarray of bool, (..., slices, lanes), or None
        Lanes that take part; None keeps all.
    config : BaselineConfig
    """
    keep = np.broadcast_to(True, x.shape) if keep is None else keep
    maximum = _running(binary16.maximum, _tree(binary16.maximum, np.where(keep, x, LOWEST)))
    return (_fused_sums if config.fused else _operator_sums)(x, keep, maximum, config)


def _operator_sums(x, keep, maximum, config: BaselineConfig) -> BaselineRows:
    """Numerators and sums by operators of binary16."""
    exponential = Exponential(EXPONENTIAL.segments, config.base)
    numerators = np.where(keep, exponential(binary16.subtract(x, maximum[..., -1:, None])), np.uint16(0))
    total = _running(binary16.add, _tree(binary16.add, numerators))
    return BaselineRows(maximum, numerators, total, np.zeros(x.shape[:-2], bool))


def _fused_sums(x, keep, maximum, config: BaselineConfig) -> BaselineRows:
    """Numerators and sums in fixed point. A row with a NaN or an infinite maximum has no numerators but a flag."""
    nan = (x & binary16.MAGNITUDE) > binary16.INFINITY
    infinite = (maximum[..., -1] & binary16.MAGNITUDE) == binary16.INFINITY
    no_number = infinite | (keep & nan).any(axis=(-2, -1))
    counts = keep & ~no_number[..., None, None]
    numerators = np.where(counts, FusedExponential(config.base)(x, maximum[..., -1:, None]), NOTHING)
    total = np.cumsum(to_fixed_numerator(numerators).sum(axis=-1), axis=-1)
    return BaselineRows(maximum, to_binary16(numerators), total_of(total), no_number)


def _tree(operation, values: np.ndarray) -> np.ndarray:
    """Reduce the last axis by a balanced tree of neighbours; one that is left over passes to the next level."""
    while values.shape[-1] > 1:
        pairs = operation(values[..., 0:-1:2], values[..., 1::2])
        values = np.concatenate([pairs, values[..., values.shape[-1] & ~1 :]], axis=-1)
    return values[..., 0]


def _running(operation, values: np.ndarray) -> np.ndarray:
    """Reduce the last axis from its start; the values on the way."""
    running = values.copy()
    for s in range(1, values.shape[-1]):
        running[..., s] = operation(running[..., s - 1], values[..., s])
    return running


def normalize(rows: BaselineRows, config: BaselineConfig) -> np.ndarray:
    """The third pass: probabilities of whole rows.

    A sum of 0, which only a fully masked row has, counts as 1.

    Returns
    -------
    ndarray of uint16, (..., slices, lanes)
    """
    total = rows.total[..., -1]
    divisor = np.where(total == 0, np.uint16(binary16.ONE), total)[..., None, None]
    if config.normalizer == "multiply":
        probabilities = binary16.multiply(rows.numerators, binary16.reciprocal(divisor))
    else:
        probabilities = binary16.divide(rows.numerators, divisor)
    return np.where(rows.no_number[..., None, None], np.uint16(binary16.NAN), probabilities)


def baseline_softmax_raw(raw, config: BaselineConfig | str, mask=None) -> np.ndarray:
    """The baseline softmax of raw binary16 numbers, over the last axis.

    Parameters
    ----------
    raw : array_like of int, (..., n), 1 <= n <= config.max_len
        Scores, 0 to 65535. What a NumPy masked array masks takes no part. A row with a kept NaN or a kept +infinity
        gives nothing but NaNs, also where masked; so does a row of which all kept scores are -infinity.
    config : BaselineConfig or str
        Or the name of its preset, ``"fp16"``.
    mask : array_like of bool, broadcastable to the shape of ``raw``, or None
        True where a score takes part, if a masked array does not mask it.

    Returns
    -------
    ndarray of uint16, (..., n)
        Probabilities; 0 where masked, in a row that does not give NaNs.

    Raises
    ------
    TypeError, ValueError
        If scores or mask are not as described, in one sentence.
    """
    config = BaselineConfig.of(config)
    raw, kept = plain_rows(raw, mask)
    if not np.issubdtype(raw.dtype, np.integer):
        raise TypeError(f"raw scores must be integers, not {raw.dtype}")
    check_row(raw.shape, config)
    if raw.size and not (raw.min() >= 0 and raw.max() <= 0xFFFF):
        raise ValueError(f"raw scores must be 0 to 65535 for binary16, not {raw.min()} to {raw.max()}")
    x, keep = to_slices(raw.astype(np.uint16), kept, config)
    y = normalize(exponential_sums(x, keep, config), config)
    return y.reshape(*raw.shape[:-1], y.shape[-2] * y.shape[-1])[..., : raw.shape[-1]]


def baseline_softmax(scores, config: BaselineConfig | str, mask=None) -> np.ndarray:
    """The baseline softmax of real scores, which are rounded to binary16 first, over the last axis.

    Parameters and errors as for :func:`softermax.model.softmax`; scores beyond binary16 saturate at 65,504.

    Returns
    -------
    ndarray of float64, (..., n)
    """
    config = BaselineConfig.of(config)
    scores = check_scores(scores, config, mask)
    # Rounding, not arithmetic: scores are data. Subnormals count as zeros in what follows.
    rounded = np.clip(scores, -65504, 65504).astype(np.float16)
    return baseline_softmax_raw(rounded.view(np.uint16), config, mask).view(np.float16).astype(np.float64)
