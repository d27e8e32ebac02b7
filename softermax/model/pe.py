"""Golden model of the processing element: from 8-bit queries, keys and values to context, bit for bit.

For a row r of queries: acc_j = q_r . k_j - zero_point in 24 bits; x_j = round(acc_j * multiplier / 2**shift), saturated
to the score's format; then the softmax of x_j over the keys that the row may see gives the probabilities p_j. With
values, context_e = round(sum_j p_j v_je * context_multiplier / 2**context_shift), saturated to 8 bits.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from .formats import Q, QFormat
from .pe_config import SHIFT_BITS, ZERO_POINT_BITS, ProcessingElementConfig
from .scalars import plain_bool
from .shape import check_ranges

__all__ = [
    "CONTEXT",
    "Head",
    "Register",
    "context",
    "fixed_point",
    "probabilities",
    "requantise",
    "scores",
    "visible_keys",
]

#: Format of context, in units of the head's choice.
CONTEXT = Q(8, 0)


class Register(IntEnum):
    """Addresses of the register interface; words of 32 bits. Settings can be written while it is not busy.

    ``CONTROL``: bit 0 starts a head; reads as 0. ``STATUS``, to read: bit 0 busy, bit 1 done, bit 2 refused, bit 3
    saturated. ``SCALE`` and, with values, ``CONTEXT_SCALE``: multiplier from bit 0, shift from bit 16. ``MASK``: bit 0
    causal.
    """

    CONTROL = 0
    STATUS = 1
    QUERIES = 2
    KEYS = 3
    D_HEAD = 4
    SCALE = 5
    ZERO_POINT = 6
    MASK = 7
    CONTEXT_SCALE = 8


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
    v : ndarray of int8, (keys, d_head), or None
        Values, of a processing element that keeps them.
    context_multiplier, context_shift : int
        The scale from a sum of products of raw probabilities and values to context, as for scores.

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
    v: np.ndarray | None = None
    context_multiplier: int = 0
    context_shift: int = 0

    def __post_init__(self):
        for name, array in self._matrices().items():
            if isinstance(array, np.ma.MaskedArray):
                raise TypeError(f"{name} must be an array of int8, not a masked array")
            if not isinstance(array, np.ndarray) or array.dtype != np.int8:
                raise TypeError(f"{name} must be an array of int8, not {getattr(array, 'dtype', type(array).__name__)}")
            if array.ndim != 2 or not array.size:
                raise ValueError(f"{name} must be a matrix with a row and a column or more, not of shape {array.shape}")
        if self.q.shape[1] != self.k.shape[1]:
            raise ValueError(f"q and k must have rows of one length, not {self.q.shape[1]} and {self.k.shape[1]}")
        if self.v is not None and self.v.shape != self.k.shape:
            raise ValueError(f"v must have the shape of k, {self.k.shape}, not {self.v.shape}")
        limit = 1 << (ZERO_POINT_BITS - 1)
        multiplier, shift = (0, 0xFFFF), (0, (1 << SHIFT_BITS) - 1)
        ranges = {"multiplier": multiplier, "shift": shift, "zero_point": (-limit, limit - 1)}
        check_ranges(self, ranges | {"context_multiplier": multiplier, "context_shift": shift})
        object.__setattr__(self, "causal", plain_bool("causal", self.causal))

    def _matrices(self) -> dict[str, np.ndarray]:
        return {"q": self.q, "k": self.k} | ({} if self.v is None else {"v": self.v})

    def check(self, config: ProcessingElementConfig):
        """ValueError, in a sentence, unless a processing element of this config takes the head."""
        longest = max(len(self.q), len(self.k))
        if longest > config.max_len:
            raise ValueError(f"a head must have at most max_len = {config.max_len} queries and keys, not {longest}")
        if self.q.shape[1] > config.max_d_head:
            raise ValueError(f"d_head must be at most max_d_head = {config.max_d_head}, not {self.q.shape[1]}")
        for name in ("multiplier", "context_multiplier"):
            if getattr(self, name) >> config.scale_bits:
                raise ValueError(f"{name} must have at most {config.scale_bits} bits, not {getattr(self, name)!r}")
        if config.values and self.v is None:
            raise ValueError("a head must have values for a processing element that keeps them")

    @property
    def visible(self) -> np.ndarray:
        """Number of keys that each query sees, see :func:`visible_keys`."""
        return visible_keys(len(self.q), len(self.k), self.causal)

    def settings(self) -> dict[Register, int]:
        """Contents of the registers before a start."""
        settings = {
            Register.QUERIES: len(self.q),
            Register.KEYS: len(self.k),
            Register.D_HEAD: self.q.shape[1],
            Register.SCALE: self.multiplier | self.shift << 16,
            Register.ZERO_POINT: self.zero_point & 0xFFFFFFFF,
            Register.MASK: int(self.causal),
        }
        if self.v is not None:
            settings[Register.CONTEXT_SCALE] = self.context_multiplier | self.context_shift << 16
        return settings


def visible_keys(queries: int, keys: int, causal: bool) -> np.ndarray:
    """Number of keys that each query sees: ndarray of int, (queries,); the first so many."""
    return np.minimum(np.arange(1, queries + 1), keys) if causal else np.full(queries, keys)


def fixed_point(factor: float, bits: int = 16) -> tuple[int, int]:
    """A multiplier of ``bits`` bits, top bit set, and a shift: multiplier / 2**shift is nearest ``factor``."""
    mantissa, exponent = np.frexp(factor)
    multiplier, shift = round(float(mantissa) * 2**bits), bits - int(exponent)
    return (multiplier, shift) if multiplier < 2**bits else (multiplier // 2, shift - 1)


def requantise(accumulators: np.ndarray, multiplier: int, shift: int, score: QFormat) -> np.ndarray:
    """Raw scores of accumulators: scaled by multiplier / 2**shift, rounded to nearest (ties up), saturated.

    Parameters
    ----------
    accumulators : ndarray of int, any shape
        Signed numbers of 24 bits.

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
    arithmetic = config.softmax.arithmetic
    words = arithmetic.encode(scores(head, config), config.softmax)
    mask = np.arange(len(head.k)) < head.visible[:, None]
    return arithmetic.softmax(words, config.softmax, mask)


def multiplied_probabilities(head: Head, config: ProcessingElementConfig) -> np.ndarray:
    """Raw probabilities in the format that values are multiplied with: ndarray of int, (queries, keys)."""
    return config.softmax.arithmetic.to_fixed(probabilities(head, config), config.softmax)


def context(head: Head, config: ProcessingElementConfig) -> np.ndarray:
    """Raw context of every query: ndarray of int16, (queries, d_head), of 8 bits.

    Raises
    ------
    ValueError
        If the head has no values or does not fit.
    """
    sums = multiplied_probabilities(head, config).astype(np.int64) @ head.v
    return requantise(sums, head.context_multiplier, head.context_shift, CONTEXT)
