"""The one parameter object that model and hardware are built from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .formats import UQ, Q, QFormat
from .shape import RowShape, check_choices, check_ranges
from .tables import PiecewiseLinear, power_of_two_table, reciprocal_table

__all__ = ["SoftermaxConfig"]

#: Fraction bits of a score up to which the row products are smaller than a multiplier for each lane (docs/faithful.md).
ROW_PRODUCT_FRACTION_BITS = 5
#: Least and greatest value of the parameters that are numbers.
RANGES = {
    "power_segments": (1, 256),
    "reciprocal_segments": (1, 256),
    "mantissa_guard_bits": (-8, 8),
}
#: What the parameters may be that have a name for each choice.
CHOICES = {"normalizer": ("multiply", "row_product"), "rounding": ("nearest", "directed"), "base": ("2", "e")}


@dataclass(frozen=True, kw_only=True)
class SoftermaxConfig(RowShape):
    """Every format and size of a Softermax, from which the golden model and the hardware are both built.

    The defaults are the paper's formats. What the paper leaves open is chosen here, once:

    - The row maximum is ceil(x), which needs one integer bit more than the score; it gets that bit.
    - A numerator keeps the maximum of its own slice, not the running one.
    - The adder tree is exact; D and the slice sum are truncated to the power sum's format when they are added.
    - The reciprocal is that of the sum's mantissa in [1, 2), in ``reciprocal_segments`` uniform segments; the sum's
      exponent joins the shift that renormalises the numerators, so that there is one shift and one multiplication.
    - Right shifts truncate; the final result is rounded to nearest (ties up) and saturates.
    - By row product, a product is rounded to nearest to 10 fraction bits, 3 more than the output has.

    Parameters
    ----------
    lanes, max_len : int
        As in :class:`softermax.model.shape.RowShape`.
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
    mantissa_guard_bits : int
        Bits by which the mantissa that indexes the reciprocal's table is finer than its result (negative: coarser);
        -8 to 8.
    normalizer : str
        ``"multiply"``: the paper's; shift each numerator, multiply it by the reciprocal. ``"row_product"``: a
        numerator has only 2**f mantissas, f the fraction bits of a score, so multiply those by the reciprocal once
        for each row; a lane selects one of the products and shifts it, and scores wait in the row buffer instead of
        numerators.
    product : QFormat
        The row products, by row product only; UQ(1, f).
    rounding : str
        ``"nearest"``: tables, products and results are rounded to nearest. ``"directed"``: numerators and thus D are
        never too large, reciprocals and products never too small, and the result is truncated, which spares each lane
        an adder; by row product only.
    saturate : bool
        Let the power sum saturate (and say so in the row's summary) where ``capacity`` scores of equal size could
        overflow it. Without it such formats are refused, and the hardware has no saturation logic.
    cuts : tuple of str or None
        Steps of the Unnormed Softmax Unit, in order, behind which a register cuts its pipeline: some of ``"int_max"``,
        ``"power_of_two"`` and the levels of the adder tree, ``"sum_1"``, ``"sum_2"`` and so on. More of them allow a
        faster clock and keep glitches from spreading. None: those that 1 GHz takes in a 7 nm process up to 32 lanes,
        where they cost least.
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

    input: QFormat = Q(6, 2)
    unnormed: QFormat = UQ(1, 15)
    power_sum: QFormat = UQ(10, 6)
    reciprocal: QFormat = UQ(1, 7)
    output: QFormat = UQ(1, 7)
    power_segments: int = 4
    reciprocal_segments: int = 8
    mantissa_guard_bits: int = 2
    normalizer: str = "multiply"
    product: QFormat = UQ(1, 10)
    rounding: str = "nearest"
    saturate: bool = False
    cuts: tuple[str, ...] | None = None
    base: str = "2"

    @classmethod
    def paper(
        cls,
        lanes: int = 16,
        max_len: int = 384,
        *,
        normalizer: str = "multiply",
        saturate: bool = False,
        cuts: tuple[str, ...] | None = None,
        base: str = "2",
    ) -> SoftermaxConfig:
        """The paper's formats and datapath: Q(6,2) in, UQ(1,15), UQ(10,6), UQ(1,7), UQ(1,7) out."""
        return cls(lanes=lanes, max_len=max_len, normalizer=normalizer, saturate=saturate, cuts=cuts, base=base)

    @classmethod
    def faithful(
        cls,
        input: QFormat = Q(6, 2),
        output: QFormat = UQ(0, 8),
        max_len: int = 384,
        lanes: int = 16,
        *,
        normalizer: str | None = None,
        rounding: str = "nearest",
        cuts: tuple[str, ...] | None = None,
        base: str = "2",
    ) -> SoftermaxConfig:
        """The cheapest config whose every output is faithfully rounded.

        That is, less than one unit in the last place away from exact base-2 softmax of the quantised scores (saturated
        to the output format), for every row of up to ``max_len`` elements. Every other width is derived from a bound.

        Parameters
        ----------
        input, output : QFormat
            At most 12 bits; at most 16 fraction bits.
        normalizer : str or None
            None chooses what is smaller: row products up to 5 fraction bits of a score, multiplication above.
        rounding : str
            ``"directed"``, by row product only, saves each lane an adder, but its errors have one sign: a row then sums
            to less than 1, on real scores by up to a fifth (docs/faithful.md).

        Raises
        ------
        TypeError, ValueError
            As for the class, or if no width is enough.
        """
        if isinstance(output, QFormat) and output.fraction_bits > 16:
            raise ValueError(f"output must have at most 16 fraction bits to be faithful, not {output}")
        if normalizer is None:
            normalizer = cls.smaller_normalizer(input)
        wanted = cls(
            lanes=lanes,
            max_len=max_len,
            input=input,
            output=output,
            power_sum=UQ(17, 6),
            normalizer=normalizer,
            power_segments=256,
            rounding=rounding,
            cuts=cuts,
            base=base,
        )
        from .faithful import derive  # here, because it needs this class

        return derive(wanted)

    @staticmethod
    def smaller_normalizer(input: QFormat) -> str:
        """The style that takes less area for scores of this format, by measurement (docs/faithful.md)."""
        return "row_product" if input.fraction_bits <= ROW_PRODUCT_FRACTION_BITS else "multiply"

    def __post_init__(self):
        super().__post_init__()
        self._check_sizes()
        self._check_formats()
        self._check_sum()

    def _check_sizes(self):
        check_ranges(self, RANGES)
        for name in ("power_segments", "reciprocal_segments"):
            if getattr(self, name).bit_count() != 1:
                raise ValueError(f"{name} must be a power of two, not {getattr(self, name)!r}")
        if not isinstance(self.saturate, bool):
            raise TypeError(f"saturate must be a bool, not {self.saturate!r}")
        check_choices(self, CHOICES)
        cuts = self.register_steps
        if not isinstance(cuts, tuple) or cuts != tuple(step for step in self.steps if step in cuts):
            raise ValueError(f"cuts must be a tuple of some of {', '.join(self.steps)}, in order, not {self.cuts!r}")
        if self.rounding == "directed" and self.normalizer != "row_product":
            raise ValueError("rounding must be 'nearest' with normalizer 'multiply', not 'directed'")

    def _check_formats(self):
        for name in ("input", "unnormed", "power_sum", "reciprocal", "output", "product"):
            value = getattr(self, name)
            if not isinstance(value, QFormat):
                raise TypeError(f"{name} must be a QFormat, not {value!r}")
            if value.signed != (name == "input"):
                raise ValueError(f"{name} must be {'signed' if name == 'input' else 'unsigned'}, not {value}")
        if self.input.width > 12 or self.input.fraction_bits > 8:
            raise ValueError(f"input must have at most 12 bits, at most 8 of them fraction bits, not {self.input}")
        for name, most in (("unnormed", 36), ("reciprocal", 20), ("product", 24)):
            value = getattr(self, name)
            if value.integer_bits != 1 or not 1 <= value.fraction_bits <= most:
                raise ValueError(f"{name} must be UQ(1,f) with f from 1 to {most}, not {value}")
        if self.output.integer_bits > 1 or not 1 <= self.output.fraction_bits <= 24:
            raise ValueError(f"output must be UQ(0,f) or UQ(1,f) with f from 1 to 24, not {self.output}")
        if self.mantissa_bits < 1:
            raise ValueError(
                f"mantissa_guard_bits must leave a bit or more of an index at {self.reciprocal}, "
                f"not {self.mantissa_guard_bits!r}"
            )
        if self.power_sum.integer_bits < 1 or self.power_sum.fraction_bits < 1:
            raise ValueError(f"power_sum must have an integer and a fraction bit or more, not {self.power_sum}")

        one = 1 << self.unnormed.fraction_bits
        if self.power_table.values.max() >= 2 * one:
            raise ValueError(
                f"unnormed must be fine enough for 2**t not to come out as 2 at {self.input}, not {self.unnormed}"
            )
        if self.power_table.values[1:].min(initial=one) < one:
            raise ValueError(
                f"power_segments must be enough for 2**t not to come out below 1 at {self.input}, "
                f"not {self.power_segments}"
            )

        if self.normalizer == "row_product" and self.power_table.offset_bits:
            raise ValueError(
                f"power_segments must be {1 << self.input.fraction_bits} or more for a row product at {self.input}, "
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
    def buffer_depth(self) -> int:
        """Slices that the row buffer holds: the longest row, and what passes while its summary is on its way."""
        return self.max_slices + self.summary_stages - self.slice_stages + self.row_stages

    @property
    def steps(self) -> tuple[str, ...]:
        """Steps of the Unnormed Softmax Unit up to a slice's sum."""
        return "int_max", "power_of_two", *(f"sum_{level}" for level in range(1, self.tree_levels + 1))

    @property
    def register_steps(self) -> tuple[str, ...]:
        """The steps behind which there is a register: ``cuts``, or what is chosen without.

        Numerators that leave need a register anyway; scores leave before there are any, and sums of eight are fewer.
        """
        if self.cuts is not None:
            return self.cuts
        levels = self.steps[2:]
        before_sum = ("power_of_two",) if self.normalizer == "multiply" else levels[:3][-1:]
        return "int_max", *before_sum, *(level for level in levels[-1:] if level not in before_sum)

    @property
    def summary_stages(self) -> int:
        """Registers of the Unnormed Softmax Unit from a slice to its row's summary, the running values among them."""
        return len(self.register_steps) + 1

    @property
    def slice_stages(self) -> int:
        """Those that a slice passes until it leaves: from the first one in which all that leaves of it stands."""
        needed = 0 if self.normalizer == "row_product" else 1
        return 1 + sum(self.steps.index(step) < needed for step in self.register_steps)

    @property
    def row_stages(self) -> int:
        """Registers that a row's summary passes before its slices can be normalised."""
        return 3 if self.normalizer == "row_product" else 2

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
    def slice_sum_width(self) -> int:
        """Bits of a slice's sum with the fraction of the power sum."""
        return self.slice_sum.integer_bits + self.power_sum.fraction_bits

    @property
    def sum_can_overflow(self) -> bool:
        """Whether ``capacity`` equal scores overflow the power sum."""
        return self.capacity << self.power_sum.fraction_bits > self.power_sum.max_raw

    @property
    def mantissa_bits(self) -> int:
        """Fraction bits of the sum's mantissa that index the reciprocal table."""
        return min(self.reciprocal.fraction_bits + self.mantissa_guard_bits, self.power_sum.width - 1)

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
    def product_width(self) -> int:
        """Bits of the largest row product."""
        largest = int(self.reciprocal_table.values.max()) * int(self.product_table.values.max())
        return ((largest >> self.reciprocal.fraction_bits) + 1).bit_length()

    @property
    def output_can_saturate(self) -> bool:
        """Whether any row can exceed the output format, from a bound.

        The reciprocal of the mantissa, which is below 2, adds at most twice its table's error, and the final rounding
        half a unit. A row product has the error of its constant, and is rounded by at most a unit.
        """
        largest = self._largest_quotient * (1 + 2 * self.reciprocal_table.error_bound) + self.output.ulp / 2
        if self.normalizer == "row_product":
            constants = self.product.to_real(self.product_table.values)
            largest = largest * float((constants / self._powers).max()) + self.product.ulp
        return bool(largest > self.output.to_real(self.output.max_raw))

    @property
    def _largest_quotient(self) -> float:
        """Bound on what is divided, over the power sum.

        A row's sum contains each of its numerators u, but for what truncation takes from the slice that holds the row
        maximum: one unit of the sum's last place g, of at least 1/2. So u / D <= 1 / (1 - 2g). A row product stands
        for 2**(x - M) itself. It exceeds 1/2, which no sum is below, only for a score above M - 1 in a slice with
        that maximum: the sum then contains its numerator, halved and truncated.
        """
        if self.normalizer == "multiply":
            return 1 / (1 - 2 * self.power_sum.ulp) if self.power_sum.fraction_bits > 1 else 2.0
        cut = max(self.unnormed.fraction_bits - self.power_sum.fraction_bits, 0)
        sums = self.unnormed.to_real((self.power_table.values >> (1 + cut)) << cut)
        return float((self._powers / 2 / np.maximum(sums, 0.5)).max())

    @property
    def _powers(self) -> np.ndarray:
        """Exactly 2**t over the fraction of a score."""
        return np.exp2(np.arange(1 << self.input.fraction_bits) * self.input.ulp)

    @cached_property
    def power_table(self) -> PiecewiseLinear:
        """2**t over the fraction of a score, for the numerators."""
        direction = "down" if self.rounding == "directed" else "nearest"
        return power_of_two_table(self.input.fraction_bits, self.power_segments, self.unnormed.fraction_bits, direction)

    @cached_property
    def product_table(self) -> PiecewiseLinear:
        """2**t over the fraction of a score, for the row products; as fine as they are."""
        direction = "up" if self.rounding == "directed" else "nearest"
        return power_of_two_table(self.input.fraction_bits, self.power_segments, self.product.fraction_bits, direction)

    @cached_property
    def reciprocal_table(self) -> PiecewiseLinear:
        """1/m over the mantissa of the sum."""
        return reciprocal_table(
            self.mantissa_bits,
            self.reciprocal_segments,
            self.reciprocal.fraction_bits,
            truncated=self.mantissa_bits < self.power_sum.width - 1,
            direction="up" if self.rounding == "directed" else "nearest",
        )
