"""Sizes of a processing element, and the widths that follow."""

from __future__ import annotations

from dataclasses import dataclass

from .formats import QFormat
from .scalars import plain_bool
from .shape import RowShape, check_ranges

__all__ = ["ProcessingElementConfig"]

#: Bits of an operand of a multiplication, and of the sum of the products.
OPERAND_BITS = 8
ACCUMULATOR_BITS = 24
#: Bits of the requantiser's shift.
SHIFT_BITS = 5
#: Bits of the zero point, so that with any dot product of 128 elements it fits the accumulator.
ZERO_POINT_BITS = 23


@dataclass(frozen=True, kw_only=True)
class ProcessingElementConfig:
    """Sizes of a processing element.

    Parameters
    ----------
    softmax : RowShape with an arithmetic
        Config of its softmax, such as a SoftermaxConfig or a BaselineConfig, or the name of a preset of these. Its
        ``lanes`` are the dot products that are computed side by side, a power of two. Its ``max_len`` is the greatest
        number of queries and of keys.
    vector_size : int
        Pairs of 8-bit numbers that a lane multiplies in a clock cycle; a power of two, 1 to 128.
    max_d_head : int
        Elements of the longest query, 1 to 128.
    scale_bits : int
        Bits of the requantiser's multiplier, 4 to 16.
    values : bool
        Whether it keeps values as well and gives context instead of probabilities. Scores must have 8 bits then,
        probabilities at most 8, ``vector_size`` must be the softmax's lanes, and no power sum may saturate.

    Raises
    ------
    TypeError, ValueError
        If a parameter is not as described.
    """

    softmax: RowShape
    vector_size: int = 16
    max_d_head: int = 128
    scale_bits: int = 8
    values: bool = False

    def __post_init__(self):
        if isinstance(self.softmax, str):
            object.__setattr__(self, "softmax", RowShape.of(self.softmax, "softmax"))
        if getattr(self.softmax, "arithmetic", None) is None:
            raise TypeError(f"softmax must be the config of a softmax, such as a SoftermaxConfig, not {self.softmax!r}")
        check_ranges(self, {"vector_size": (1, 128), "max_d_head": (1, 128), "scale_bits": (4, 16)})
        object.__setattr__(self, "values", plain_bool("values", self.values))
        for name, size in (("lanes", self.lanes), ("vector_size", self.vector_size)):
            if size.bit_count() != 1 or (name == "lanes" and size == 1):
                least = ", 2 or more," if name == "lanes" else ""
                raise ValueError(f"{name} must be a power of two{least} for a processing element, not {size!r}")
        if self.values:
            self._check_values()

    def _check_values(self):
        """ValueError unless values can be multiplied by the MACs that make the scores."""
        if self.vector_size != self.lanes:
            raise ValueError(f"vector_size must be lanes = {self.lanes} with values, not {self.vector_size!r}")
        if self.score.width != OPERAND_BITS:
            raise ValueError(
                f"scores must have {OPERAND_BITS} bits with values, not {self.score.width} as in {self.score}"
            )
        if self.probability.width > OPERAND_BITS:
            raise ValueError(f"probabilities must have at most {OPERAND_BITS} bits with values, not {self.probability}")
        # Rows then add up to less than 2, so that the sums of products of a row fit the accumulator many times.
        if self.softmax.saturate:
            raise ValueError("power sums must not saturate with values: probabilities would add up to more than 1")

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
        return self.softmax.arithmetic.score(self.softmax)

    @property
    def probability(self) -> QFormat:
        """Format of the probabilities that values are multiplied with."""
        return self.softmax.arithmetic.probability(self.softmax)

    @property
    def max_chunks(self) -> int:
        """Words of ``vector_size`` elements that the longest query or key takes."""
        return self.chunks(self.max_d_head)

    @property
    def key_words(self) -> int:
        """Words that the keys of a sequence take in each lane's bank of the weight buffer; its values take as many."""
        return self.softmax.max_slices * self.max_chunks

    @property
    def bank_words(self) -> int:
        """Words of each lane's bank."""
        return self.key_words * (2 if self.values else 1)

    @property
    def query_words(self) -> int:
        """Words of the input buffer: two queries, one in use while the other one arrives; a power of two."""
        return 2 << (self.max_chunks - 1).bit_length()

    @property
    def value_rows(self) -> int:
        """Greatest number of rows of transposed values: of elements, filled up to whole slices of context."""
        return self.max_chunks * self.lanes

    def chunks(self, d_head: int) -> int:
        """Words that a query or key of ``d_head`` elements takes."""
        return -(-d_head // self.vector_size)
