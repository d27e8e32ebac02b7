"""The one parameter object that model and hardware are built from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from .formats import UQ, Q, QFormat
from .tables import PiecewiseLinear, power_of_two_table, reciprocal_table

__all__ = ["SoftermaxConfig"]

#: Bits by which the mantissa that enters the reciprocal table is finer than the table's result.
MANTISSA_GUARD_BITS = 2


@dataclass(frozen=True, kw_only=True)
class SoftermaxConfig:
    """Every format and size of a Softermax, from which the golden model and the hardware are both built.

    The defaults are the paper's formats. What the paper leaves open is chosen here, once:

    - The row maximum is ceil(x), which needs one integer bit more than the score; it gets that bit.
    - A numerator keeps the maximum of its own slice, not the running one.
    - The adder tree is exact; D and the slice sum are truncated to the power sum's format when they are added.
    - The reciprocal is that of the sum's mantissa in [1, 2), in ``reciprocal_segments`` uniform segments; the sum's
      exponent joins the shift that renormalises the numerators, so that there is one shift and one multiplication.
    - Right shifts truncate; the final result is rounded to nearest (ties up) and saturates.

    Parameters
    ----------
    lanes : int
        Scores per slice, taken in one clock cycle.
    max_len : int
        Elements of the longest row. Hardware counts slices, so it takes rows up to ``capacity`` elements.
    input : QFormat
        Scores; signed.
    unnormed : QFormat
        2**(x - maximum), in (0, 1]; UQ(1, f).
    power_sum : QFormat
        The running denominator; unsigned, with at least 1 fraction bit.
    reciprocal : QFormat
        Reciprocal of the sum's mantissa, in (1/2, 1]; UQ(1, f).
    output : QFormat
        Probabilities; unsigned, at most 1 integer bit.
    power_segments, reciprocal_segments : int
        Segments of the two linear-piecewise functions; powers of two. Where a fraction has fewer values than
        segments, the table has an entry for each value and no slopes.
    saturate : bool
        Let the power sum saturate (and say so in the row's summary) where ``capacity`` scores of equal size could
        overflow it. Without it such formats are refused, and the hardware has no saturation logic.
    base : str
        ``"2"``: the paper's softmax, 2**x / sum(2**x). ``"e"``: the score scale is multiplied by log2(e) before
        quantisation, so that the same arithmetic computes the ordinary softmax. Raw integers are not affected.

    Raises
    ------
    TypeError
        If a parameter is of the wrong type.
    ValueError
        If a parameter is out of range, or the power sum could overflow although ``saturate`` is false.
    """

    lanes: int
    max_len: int
    input: QFormat = Q(6, 2)
    unnormed: QFormat = UQ(1, 15)
    power_sum: QFormat = UQ(10, 6)
    reciprocal: QFormat = UQ(1, 7)
    output: QFormat = UQ(1, 7)
    power_segments: int = 4
    reciprocal_segments: int = 8
    saturate: bool = False
    base: str = "2"

    @classmethod
    def paper(cls, lanes: int = 16, max_len: int = 384, *, saturate: bool = False, base: str = "2") -> SoftermaxConfig:
        """The paper's formats and datapath: Q(6,2) in, UQ(1,15), UQ(10,6), UQ(1,7), UQ(1,7) out."""
        return cls(lanes=lanes, max_len=max_len, saturate=saturate, base=base)

    def __post_init__(self):
        self._check_sizes()
        self._check_formats()
        self._check_sum()

    def _check_sizes(self):
        for name, most in (("lanes", 1024), ("max_len", 65536), ("power_segments", 256), ("reciprocal_segments", 256)):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool):
                raise TypeError(f"{name} must be an integer, not {value!r}")
            if not 1 <= value <= most:
                raise ValueError(f"{name} must be 1 to {most}, not {value!r}")
        for name in ("power_segments", "reciprocal_segments"):
            if getattr(self, name).bit_count() != 1:
                raise ValueError(f"{name} must be a power of two, not {getattr(self, name)!r}")
        if not isinstance(self.saturate, bool):
            raise TypeError(f"saturate must be a bool, not {self.saturate!r}")
        if self.base not in ("2", "e"):
            raise ValueError(f"base must be '2' or 'e', not {self.base!r}")

    def _check_formats(self):
        for name in ("input", "unnormed", "power_sum", "reciprocal", "output"):
            value = getattr(self, name)
            if not isinstance(value, QFormat):
                raise TypeError(f"{name} must be a QFormat, not {value!r}")
            if value.signed != (name == "input"):
                raise ValueError(f"{name} must be {'signed' if name == 'input' else 'unsigned'}, not {value}")
        if self.input.width > 12 or self.input.fraction_bits > 8:
            raise ValueError(f"input must have at most 12 bits, at most 8 of them fraction bits, not {self.input}")
        for name, most in (("unnormed", 30), ("reciprocal", 20)):
            value = getattr(self, name)
            if value.integer_bits != 1 or not 1 <= value.fraction_bits <= most:
                raise ValueError(f"{name} must be UQ(1,f) with f from 1 to {most}, not {value}")
        if self.output.integer_bits > 1 or not 1 <= self.output.fraction_bits <= 24:
            raise ValueError(f"output must be UQ(0,f) or UQ(1,f) with f from 1 to 24, not {self.output}")
        if self.power_sum.integer_bits < 1 or self.power_sum.fraction_bits < 1:
            raise ValueError(f"power_sum must have an integer and a fraction bit or more, not {self.power_sum}")

        one = 1 << self.unnormed.fraction_bits
        if self.power_table.values[1:].min(initial=one) < one:
            raise ValueError(
                f"power_segments must be enough for 2**t not to come out below 1 at {self.input}, "
                f"not {self.power_segments}"
            )

    def _check_sum(self):
        if self.sum_can_overflow and not self.saturate:
            raise ValueError(
                f"power_sum must hold a row of {self.capacity} equal scores (max_len {self.max_len} in slices of "
                f"{self.lanes}) unless saturate is true, not only {self.power_sum.to_real(self.power_sum.max_raw)} "
                f"as {self.power_sum} does"
            )

    @property
    def max_slices(self) -> int:
        """Slices of the longest row."""
        return -(-self.max_len // self.lanes)

    @property
    def buffer_depth(self) -> int:
        """Slices that the row buffer holds: the longest row, and what passes while its summary is on its way."""
        return self.max_slices + 2

    @property
    def capacity(self) -> int:
        """Elements of the longest row that hardware takes: ``max_len`` rounded up to whole slices."""
        return self.max_slices * self.lanes

    @property
    def maximum(self) -> QFormat:
        """Format of the integer maximum: an integer bit more than the score, no fraction."""
        return Q(self.input.integer_bits + 1, 0)

    @property
    def lowest_maximum(self) -> int:
        """Maximum of a slice without a kept lane: no more than any score's ceiling."""
        return -(1 << (self.input.integer_bits - 1))

    @property
    def slice_sum(self) -> QFormat:
        """Format of a slice's sum: as many numerators of up to 1.0 as there are lanes, exactly."""
        return UQ(self.lanes.bit_length(), self.unnormed.fraction_bits)

    @property
    def sum_can_overflow(self) -> bool:
        """Whether ``capacity`` equal scores overflow the power sum."""
        return self.capacity << self.power_sum.fraction_bits > self.power_sum.max_raw

    @property
    def mantissa_bits(self) -> int:
        """Fraction bits of the sum's mantissa that index the reciprocal table."""
        return min(self.reciprocal.fraction_bits + MANTISSA_GUARD_BITS, self.power_sum.width - 1)

    @property
    def max_exponent(self) -> int:
        """Largest exponent of the sum, counted from that of its smallest value, 1/2."""
        return self.power_sum.integer_bits

    @property
    def product_shift(self) -> int:
        """Fraction bits that numerator times reciprocal has beyond the output (negative: it has fewer).

        The sum's exponent counts from 1/2, that is, the product is twice what its fraction bits say.
        """
        return self.unnormed.fraction_bits + self.reciprocal.fraction_bits - 1 - self.output.fraction_bits

    @property
    def output_can_saturate(self) -> bool:
        """Whether any row can exceed the output format, from a bound.

        A row's sum contains each of its numerators u, but for what truncation takes from the slice that holds the row
        maximum: one unit of the sum's last place g, of at least 1/2. So u / D <= 1 / (1 - 2g); the reciprocal of the
        mantissa adds at most its table's error, doubled, and the final rounding half a unit.
        """
        ratio = 1 / (1 - 2 * self.power_sum.ulp) if self.power_sum.fraction_bits > 1 else 2.0
        largest = ratio * (1 + 2 * self.reciprocal_table.error_bound) + self.output.ulp / 2
        return bool(largest > self.output.to_real(self.output.max_raw))

    @cached_property
    def power_table(self) -> PiecewiseLinear:
        """2**t over the fraction of a score."""
        return power_of_two_table(self.input.fraction_bits, self.power_segments, self.unnormed.fraction_bits)

    @cached_property
    def reciprocal_table(self) -> PiecewiseLinear:
        """1/m over the mantissa of the sum."""
        return reciprocal_table(
            self.mantissa_bits,
            self.reciprocal_segments,
            self.reciprocal.fraction_bits,
            truncated=self.mantissa_bits < self.power_sum.width - 1,
        )
