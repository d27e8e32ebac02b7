"""The one parameter object that model and hardware are built from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from .config_checks import check_formats, check_sizes, check_sum
from .formats import UQ, Q, QFormat
from .plan import PipelinePlan
from .shape import RowShape
from .tables import PiecewiseLinear, power_of_two_table, reciprocal_table

__all__ = ["SoftermaxConfig"]


@dataclass(frozen=True, kw_only=True)
class SoftermaxConfig(RowShape):
    """Every format and size of a Softermax, from which the golden model and the hardware are both built.

    The defaults are the paper's formats. Formats may be given as texts, such as ``"Q(6,2)"``. What the paper leaves
    open is chosen here, once:

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
        an adder; by row product only. ``"cascade"``: tables and products as with ``"nearest"``, and what rounding
        takes from a result, or gives it, is carried to the next one of the row (:mod:`softermax.model.cascade`): every
        output is the floor or the ceiling of its result, and a row sums to one.
    guard_bits : int
        Bits below the output's last place of the results that are rounded by cascade, at least 1; by cascade only.
    saturate : bool
        Let the power sum saturate (and say so in the row's summary) where ``capacity`` scores of equal size could
        overflow it. Without it such formats are refused, and the hardware has no saturation logic.
    cuts : tuple of str or None
        Stages of the Unnormed Softmax Unit, in order, behind which a register cuts its pipeline: some of ``"int_max"``,
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
    guard_bits: int = 0
    saturate: bool = False
    cuts: tuple[str, ...] | None = None
    base: str = "2"

    presets: ClassVar[tuple[str, ...]] = ("paper", "faithful")
    #: Default config of a model's softmax, :func:`softermax.model.faithful.default_config`.
    default: ClassVar[Callable[[], SoftermaxConfig]]
    #: The other preset, :func:`softermax.model.faithful.faithful_config`.
    faithful: ClassVar[Callable[..., SoftermaxConfig]]

    @classmethod
    def paper(
        cls,
        lanes: int = 16,
        max_len: int = 384,
        *,
        power_sum: QFormat | str = UQ(10, 6),
        normalizer: str = "multiply",
        saturate: bool = False,
        cuts: tuple[str, ...] | None = None,
        base: str = "2",
    ) -> SoftermaxConfig:
        """The paper's formats and datapath: Q(6,2) in, UQ(1,15), UQ(10,6), UQ(1,7), UQ(1,7) out.

        Its power sum holds rows of up to 1023 elements; longer ones need another, or let it saturate.
        """
        return cls(
            lanes=lanes,
            max_len=max_len,
            power_sum=power_sum,
            normalizer=normalizer,
            saturate=saturate,
            cuts=cuts,
            base=base,
        )

    def __post_init__(self):
        super().__post_init__()
        check_sizes(self)
        check_formats(self)
        check_sum(self)

    @cached_property
    def plan(self) -> PipelinePlan:
        """The pipeline's registers and latencies."""
        return PipelinePlan(self.tree_levels, self.max_slices, self.normalizer, self.cuts, self.rounding)

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
        """Largest exponent of the sum; the sum's smallest value, 1/2, has exponent 0."""
        return self.power_sum.integer_bits

    @property
    def result_bits(self) -> int:
        """Fraction bits of a lane's result: the output's bits and the guard bits of a cascade."""
        return self.output.fraction_bits + self.guard_bits

    @property
    def rounding_loss(self) -> int:
        """Units of the output by which a cascade may change a result; other roundings are in the error budget."""
        return 1 if self.rounding == "cascade" else 0

    @property
    def product_shift(self) -> int:
        """Fraction bits that numerator times reciprocal has beyond a lane's result (negative: it has fewer).

        The sum's exponent counts from 1/2, that is, the product is twice what its fraction bits say.
        """
        return self.unnormed.fraction_bits + self.reciprocal.fraction_bits - 1 - self.result_bits

    @property
    def product_width(self) -> int:
        """Bits of the largest row product."""
        largest = int(self.reciprocal_table.values.max()) * int(self.product_table.values.max())
        return ((largest >> self.reciprocal.fraction_bits) + 1).bit_length()

    @property
    def largest_result(self) -> float:
        """Bound on the result of any lane before its last rounding.

        The reciprocal of the mantissa, which is below 2, adds at most twice its table's error. A row product has the
        error of its constant, and is rounded by at most a unit.
        """
        largest = self._largest_quotient * (1 + 2 * self.reciprocal_table.error_bound)
        if self.normalizer == "row_product":
            constants = self.product.to_real(self.product_table.values)
            largest = largest * float((constants / self._powers).max()) + self.product.ulp
        return largest

    @property
    def output_can_saturate(self) -> bool:
        """Whether any row can exceed the output format, from a bound: rounding adds half a unit, a cascade one."""
        rounding = self.output.ulp / (1 if self.rounding == "cascade" else 2)
        return bool(self.largest_result + rounding > self.output.to_real(self.output.max_raw))

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
