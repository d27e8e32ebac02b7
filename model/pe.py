"""Golden model of the processing element: from 8-bit queries and keys to probabilities, bit for bit.

For a row r of queries: acc_j = q_r . k_j - zero_point in 24 bits; x_j = round(acc_j * multiplier / 2**shift), saturated
to the score's format; then the softmax of x_j over the keys that the row may see.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from .baseline import BaselineConfig, baseline_softmax_raw
from .binary16 import from_fixed
from .config import SoftermaxConfig
from .formats import Q, QFormat
from .shape import check_ranges
from .softermax import softermax_raw

__all__ = ["Head", "ProcessingElementConfig", "Register", "probabilities", "requantise", "scores", "visible_keys"]

#: Bits of an operand of a multiplication, and of the sum of the products.
OPERAND_BITS = 8
ACCUMULATOR_BITS = 24
#: Bits of the requantiser's shift.
SHIFT_BITS = 5
#: What the zero point may be, so that with any dot product of 128 elements it fits the accumulator.
ZERO_POINT_BITS = 23
#: Score format of the baseline, whose softmax itself takes binary16.
BASELINE_SCORE = Q(6, 2)


class Register(IntEnum):
    """Addresses of the register interface; words of 32 bits. Settings can be written while it is not busy.

    ``CONTROL``: bit 0 starts a head; reads as 0. ``STATUS``, to read: bit 0 busy, bit 1 done, bit 2 refused, bit 3
    saturated. ``SCALE``: multiplier from bit 0, shift from bit 16. ``MASK``: bit 0 causal.
    """

    CONTROL = 0
    STATUS = 1
    QUERIES = 2
    KEYS = 3
    D_HEAD = 4
    SCALE = 5
    ZERO_POINT = 6
    MASK = 7


@dataclass(frozen=True, kw_only=True)
class ProcessingElementConfig:
    """Sizes of a processing element.

    Parameters
    ----------
    softmax : SoftermaxConfig or BaselineConfig
        Which softmax it has; its ``lanes`` are the dot products that are computed side by side, a power of two, and its
        ``max_len`` is the greatest number of queries and of keys.
    vector_size : int
        Pairs of 8-bit numbers that a lane multiplies in a clock cycle; a power of two, 1 to 128.
    max_d_head : int
        Elements of the longest query, 1 to 128.
    scale_bits : int
        Bits of the requantiser's multiplier, 4 to 16.

    Raises
    ------
    TypeError, ValueError
        If a parameter is not as described.
    """

    softmax: SoftermaxConfig | BaselineConfig
    vector_size: int = 16
    max_d_head: int = 128
    scale_bits: int = 8

    def __post_init__(self):
        if not isinstance(self.softmax, SoftermaxConfig | BaselineConfig):
            raise TypeError(f"softmax must be a SoftermaxConfig or a BaselineConfig, not {self.softmax!r}")
        check_ranges(self, {"vector_size": (1, 128), "max_d_head": (1, 128), "scale_bits": (4, 16)})
        for name, size in (("lanes", self.lanes), ("vector_size", self.vector_size)):
            if size.bit_count() != 1 or (name == "lanes" and size == 1):
                least = ", 2 or more," if name == "lanes" else ""
                raise ValueError(f"{name} must be a power of two{least} for a processing element, not {size!r}")

    @property
    def lanes(self) -> int:
        """Dot products side by side, and scores of a slice."""
        return self.softmax.lanes

    @property
    def max_len(self) -> int:
        """Greatest number of queries, and of keys."""
        return self.softmax.max_len

    @property
    def score(self) -> QFormat:
        """Format of the requantised scores."""
        return self.softmax.input if isinstance(self.softmax, SoftermaxConfig) else BASELINE_SCORE

    @property
    def max_chunks(self) -> int:
        """Words of ``vector_size`` elements that the longest query or key takes."""
        return self.chunks(self.max_d_head)

    @property
    def sum_bits(self) -> int:
        """Of the signed sum of a lane's products of one cycle."""
        return 2 * OPERAND_BITS + (self.vector_size - 1).bit_length()

    @property
    def key_words(self) -> int:
        """Words of each lane's bank of the weight buffer: the keys of a sequence."""
        return self.softmax.max_slices * self.max_chunks

    @property
    def query_words(self) -> int:
        """Words of the input buffer: two queries, one in use while the other one arrives; a power of two."""
        return 2 << (self.max_chunks - 1).bit_length()

    def chunks(self, d_head: int) -> int:
        """Words that a query or key of ``d_head`` elements takes."""
        return -(-d_head // self.vector_size)


@dataclass(frozen=True, eq=False, kw_only=True)
class Head:
    """One attention head as the processing element takes it: data, and what its registers hold.

    Parameters
    ----------
    q, k : ndarray of int8, (queries, d_head) and (keys, d_head)
        ``k`` holds the keys that are not padding.
    multiplier, shift : int
        The scale from a dot product to a raw score, multiplier / 2**shift; at most 16 and 5 bits.
    zero_point : int
        Taken from every dot product, in its units; 23 bits, signed. Softmax does not change under it.
    causal : bool
        Whether a query sees its own and earlier positions only.

    Raises
    ------
    TypeError, ValueError
        If a parameter is not as described.
    """

    q: np.ndarray
    k: np.ndarray
    multiplier: int
    shift: int
    zero_point: int = 0
    causal: bool = False

    def __post_init__(self):
        for name in ("q", "k"):
            array = getattr(self, name)
            if not isinstance(array, np.ndarray) or array.dtype != np.int8:
                raise TypeError(f"{name} must be an array of int8, not {getattr(array, 'dtype', type(array).__name__)}")
            if array.ndim != 2 or not array.size:
                raise ValueError(f"{name} must be a matrix with a row and a column or more, not of shape {array.shape}")
        if self.q.shape[1] != self.k.shape[1]:
            raise ValueError(f"q and k must have rows of one length, not {self.q.shape[1]} and {self.k.shape[1]}")
        limit = 1 << (ZERO_POINT_BITS - 1)
        ranges = {"multiplier": (0, 0xFFFF), "shift": (0, (1 << SHIFT_BITS) - 1), "zero_point": (-limit, limit - 1)}
        check_ranges(self, ranges)

    def check(self, config: ProcessingElementConfig):
        """ValueError, in a sentence, unless a processing element of this config takes the head."""
        longest = max(len(self.q), len(self.k))
        if longest > config.max_len:
            raise ValueError(f"a head must have at most max_len = {config.max_len} queries and keys, not {longest}")
        if self.q.shape[1] > config.max_d_head:
            raise ValueError(f"d_head must be at most max_d_head = {config.max_d_head}, not {self.q.shape[1]}")
        if self.multiplier >> config.scale_bits:
            raise ValueError(f"multiplier must have at most {config.scale_bits} bits, not {self.multiplier!r}")

    @property
    def visible(self) -> np.ndarray:
        """Number of keys that each query sees, see :func:`visible_keys`."""
        return visible_keys(len(self.q), len(self.k), self.causal)

    def settings(self) -> dict[Register, int]:
        """What to write into the registers before a start."""
        return {
            Register.QUERIES: len(self.q),
            Register.KEYS: len(self.k),
            Register.D_HEAD: self.q.shape[1],
            Register.SCALE: self.multiplier | self.shift << 16,
            Register.ZERO_POINT: self.zero_point & 0xFFFFFFFF,
            Register.MASK: int(self.causal),
        }


def visible_keys(queries: int, keys: int, causal: bool) -> np.ndarray:
    """Number of keys that each query sees: ndarray of int, (queries,); the first so many."""
    return np.minimum(np.arange(1, queries + 1), keys) if causal else np.full(queries, keys)


def requantise(accumulators: np.ndarray, multiplier: int, shift: int, score: QFormat) -> np.ndarray:
    """Raw scores of accumulators: scaled by multiplier / 2**shift, rounded to nearest (ties up), saturated.

    Parameters
    ----------
    accumulators : ndarray of int, any shape
        Of 24 bits, signed.

    Returns
    -------
    ndarray of int16, same shape
    """
    doubled = 2 * accumulators.astype(np.int64) * multiplier >> shift
    return np.clip((doubled + 1) >> 1, score.min_raw, score.max_raw).astype(np.int16)


def scores(head: Head, config: ProcessingElementConfig) -> np.ndarray:
    """Raw scores of every query with every key, masked or not: ndarray of int16, (queries, keys)."""
    head.check(config)
    accumulators = head.q.astype(np.int32) @ head.k.astype(np.int32).T - head.zero_point
    return requantise(accumulators, head.multiplier, head.shift, config.score)


def probabilities(head: Head, config: ProcessingElementConfig) -> np.ndarray:
    """Raw probabilities of every query, 0 where masked: ndarray of int, (queries, keys).

    In the output format of Softermax, or binary16.
    """
    x = scores(head, config)
    mask = np.arange(len(head.k)) < head.visible[:, None]
    if isinstance(config.softmax, BaselineConfig):
        return baseline_softmax_raw(from_fixed(x, config.score.fraction_bits), config.softmax, mask)
    return softermax_raw(x, config.softmax, mask)
