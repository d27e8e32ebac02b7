"""The scores that the fused baseline takes: binary16, or fixed point, which needs no conversion."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Mux, Value

from softermax.model import QFormat
from softermax.model.fused_exponential import DIFFERENCE_BITS, FusedExponential

from .fused_lane import is_below, least_score, to_fixed_magnitude
from .maximum import maximum
from .ripple import add, greater, name_value
from .rounding import Operand

__all__ = ["Binary16Form", "FixedForm", "score_form"]


class Binary16Form:
    """Scores in binary16.

    Parameters
    ----------
    exponential : FusedExponential
    """

    width = 16
    maximum = staticmethod(maximum)

    def __init__(self, exponential: FusedExponential):
        self._exponential = exponential

    def masked(self, x: Value, keep: Value) -> Value:
        """The score as the maximum takes it: a masked one as the lowest of all, which is all ones."""
        return x | (~keep).replicate(16)

    def no_number(self, x: Value) -> Value:
        """Whether a score is a NaN."""
        return Operand(x).no_number

    def reference(self, m: Module, row_maximum: Value, no_number: Value) -> dict[str, Value]:
        """Facts of a row that its lanes need: its maximum in fixed point, the smallest score that counts, if any does.

        Parameters
        ----------
        no_number : Value, 1 bit
            One of the row's scores is a NaN. An infinite maximum spoils the row as well.
        """
        x = Operand(row_maximum)
        magnitude = to_fixed_magnitude(m, x, self._exponential.difference_fraction_bits)
        sign, least = least_score(m, row_maximum, self._exponential.reach)
        return {
            "fixed_maximum": name_value(m, Mux(x.sign, -magnitude, magnitude)[: len(magnitude)], "fixed_maximum"),
            "least_sign": sign,
            "least": least,
            "no_number": no_number | (x.special & ~x.fraction.any()),
        }

    def difference(self, m: Module, x: Value, row: dict[str, Value]) -> tuple[Value, Value]:
        """Maximum - x, without the integer bits that are not needed; and whether nothing is left of the score."""
        x = Operand(x)
        magnitude = to_fixed_magnitude(m, x, self._exponential.difference_fraction_bits)
        subtrahend = magnitude ^ (~x.sign).replicate(len(magnitude))
        difference = add(m, row["fixed_maximum"], subtrahend, ~x.sign)
        return difference, is_below(m, x, row["least_sign"], row["least"]) | row["no_number"]


class FixedForm:
    """Scores in fixed point, all of them numbers.

    Parameters
    ----------
    score : QFormat
    exponential : FusedExponential

    Raises
    ------
    ValueError
        If the format has more fraction bits than a difference.
    """

    def __init__(self, score: QFormat, exponential: FusedExponential):
        self.width = score.width
        self._below = exponential.difference_fraction_bits - score.fraction_bits
        if self._below < 0 or not score.signed:
            most = exponential.difference_fraction_bits
            raise ValueError(f"the score's format must be signed with at most {most} fraction bits, not {score}")
        self._reach = int(exponential.fixed(exponential.reach)) >> self._below

    def maximum(self, m: Module, a: Value, b: Value) -> Value:
        """The larger of two scores."""
        larger = greater(m, Cat(a[:-1], ~a[-1]), Cat(b[:-1], ~b[-1]))
        return Mux(name_value(m, larger, "larger"), a, b)

    def masked(self, x: Value, keep: Value) -> Value:
        """The score as the maximum takes it: a masked one as the lowest of all."""
        return Cat(x[:-1] & keep.replicate(self.width - 1), x[-1] | ~keep)

    def no_number(self, x: Value) -> Value:
        """None is."""
        return Const(0, 1)

    def reference(self, m: Module, row_maximum: Value, no_number: Value) -> dict[str, Value]:
        """The maximum is all that lanes need to know of a row."""
        return {"fixed_maximum": row_maximum, "no_number": Const(0, 1)}

    def difference(self, m: Module, x: Value, row: dict[str, Value]) -> tuple[Value, Value]:
        """As in :class:`Binary16Form`."""
        difference = add(m, row["fixed_maximum"], ~x, 1)
        aligned = Cat(Const(0, self._below), difference, Const(0, DIFFERENCE_BITS))
        return aligned[:DIFFERENCE_BITS], difference >= self._reach


def score_form(score: QFormat | None, exponential: FusedExponential) -> Binary16Form | FixedForm:
    """The form of scores of a format, or of binary16."""
    return Binary16Form(exponential) if score is None else FixedForm(score, exponential)
