"""Coverage of the baseline's values: binary16 scores, numerators, sums and probabilities."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np

from softermax.model import binary16
from softermax.model.baseline import BaselineConfig
from softermax.model.exponential import Exponential
from softermax.model.fixed_sum import SUM_FRACTION_BITS, to_fixed_numerator
from softermax.model.fused_exponential import NOTHING, FusedExponential

from ..baseline_units import baseline_values
from .binary16 import KINDS, ROUNDINGS, exponents, is_normal, kinds, roundings, sum_bins, sums
from .coverpoints import Coverpoints, counted, named
from .flow import each
from .rows_view import RowsView

__all__ = ["BASELINE_NORMALIZATION", "BASELINE_UNNORMED", "Binary16View", "QuotientsView"]

BASELINE_UNNORMED, BASELINE_NORMALIZATION = Coverpoints(), Coverpoints()

SIGN = 0x8000


class Binary16View(RowsView):
    """Rows of binary16 scores, and what the baseline makes of them."""

    WAY = ("running maximum",)
    DROPPED_WAIT = False

    @cached_property
    def values(self) -> dict[str, np.ndarray]:
        """Fields of all streams for every slice kept."""
        return baseline_values(self.scores, self.kept, self.framing, self.shape)

    @property
    def scores(self) -> np.ndarray:
        """Raw scores of the slices kept."""
        return self.x[self.framing.kept]

    @property
    def order(self) -> np.ndarray:
        """Scores in the order in which the maximum takes them."""
        return binary16.total_order(self.scores.astype(np.int64))

    @cached_property
    def slice_maximum(self) -> np.ndarray:
        """Maximum of each slice kept, in that order."""
        return np.where(self.kept, self.order, binary16.total_order(np.int64(0xFFFF))).max(axis=1)

    @cached_property
    def row_maximum(self) -> np.ndarray:
        """Raw maximum of each row."""
        order = np.array([row.max() for row in self.maxima_by_row])
        return np.where(order < 0, SIGN - 1 - order, order)

    @cached_property
    def powers(self) -> np.ndarray:
        """Results of a fused exponential for each score that is kept, in rows of numbers."""
        row = self.framing.places[0]
        counts = self.kept & ~self.values["no_number"][:, None]
        maximum = np.broadcast_to(self.row_maximum[row][:, None], counts.shape)
        return FusedExponential(self.shape.base)(self.scores[counts], maximum[counts])

    @cached_property
    def tree(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """The operands of each level of the adder tree."""
        level, pairs = self.values["u"], []
        while level.shape[1] > 1:
            a, b = level[:, 0:-1:2], level[:, 1::2]
            pairs.append((a, b))
            level = np.concatenate([binary16.add(a, b), level[:, level.shape[1] & ~1 :]], axis=1)
        return pairs

    @cached_property
    def running(self) -> tuple[np.ndarray, np.ndarray]:
        """The operands of the running sum: the sum before, and the slice's; of slices that are not a row's first."""
        total = self.values["total"]
        level = self.values["u"]
        for a, b in self.tree:
            level = np.concatenate([binary16.add(a, b), level[:, level.shape[1] & ~1 :]], axis=1)
        later = np.flatnonzero(self.framing.places[1])
        return total[later - 1], level[later, 0]


@BASELINE_UNNORMED("kind of score", lambda view: KINDS)
def kinds_of_scores(view):
    """Numbers of every kind that are kept."""
    return kinds(view.scores[view.kept].astype(np.int64))


@BASELINE_UNNORMED("kind of a row's maximum", lambda view: KINDS)
def kinds_of_maxima(view):
    """Maxima of every kind; a row of which nothing is kept has a negative NaN."""
    return kinds(view.row_maximum)


def _of_operators(bins):
    """Bins that a datapath of operators has, and a fused one has not."""
    return lambda view: [] if view.shape.fused else bins(view)


def _of_fused(bins):
    """Bins that a fused datapath has, and one of operators has not."""
    return lambda view: bins(view) if view.shape.fused else []


@BASELINE_UNNORMED("subtraction of the maximum", _of_operators(lambda view: sum_bins(differing_signs=True)))
def subtraction(view):
    """Subtraction of a row's maximum from its scores."""
    if view.shape.fused:
        return []
    row = view.framing.places[0]
    subtrahend = np.broadcast_to(view.row_maximum[row][:, None] ^ SIGN, view.kept.shape)
    return sums(view.scores[view.kept], subtrahend[view.kept])


#: End of powers of e: the smallest normal exponent.
LEAST_EXPONENT = -14


@BASELINE_UNNORMED("exponent of a numerator", lambda view: range(LEAST_EXPONENT, 1))
def numerator_exponents(view):
    """The range of numerators."""
    return exponents(view.values["u"])


@cache
def _least_numerator(base: str) -> int:
    """The smallest exponential of any number that is not 0, by operators."""
    powers = Exponential(base=base)(np.arange(1 << 16).astype(np.uint16))
    return int(powers[powers > 0].min())


def _ends(view) -> list[str]:
    """A fused numerator is no NaN, and its smallest one depends on the maximum."""
    return ["1", "0, the score too low", "0, masked", *["smallest", "NaN"] * (not view.shape.fused)]


@BASELINE_UNNORMED("numerator", _ends)
def numerators(view):
    """The ends of a numerator's range."""
    u = view.values["u"]
    cases = {"0, masked": ~view.kept, "0, the score too low": u == 0}
    if not view.shape.fused:
        cases |= {"smallest": u == _least_numerator(view.shape.base), "NaN": u == binary16.NAN}
    return counted(cases | {"1": u == binary16.ONE})


@BASELINE_UNNORMED(
    "sum over lanes",
    _of_operators(lambda view: sum_bins(differing_signs=False) if view.shape.lanes > 1 else []),
)
def tree_sums(view):
    """Sums in the adder tree."""
    return [] if view.shape.fused else _together(sums(a, b) for a, b in view.tree)


@BASELINE_UNNORMED(
    "running sum",
    _of_operators(lambda view: sum_bins(differing_signs=False) if view.shape.max_slices > 1 else []),
)
def running_sums(view):
    """Additions of a slice's sum to the row's."""
    return [] if view.shape.fused else sums(*view.running)


@BASELINE_UNNORMED("row", _of_fused(lambda view: ["numbers", "spoilt"]))
def spoilt(view):
    """Rows that give NaNs by their flag."""
    return named({"spoilt": view.values["no_number"]}, "numbers") if view.shape.fused else []


@BASELINE_UNNORMED(
    "difference from the maximum",
    _of_fused(lambda view: ["rounds to 1", "less than 1", "1 and more", "left for the sum alone", "beyond the reach"]),
)
def differences(view):
    """How far scores that are kept lie below their rows' maxima."""
    if not view.shape.fused:
        return []
    power = view.powers
    cases = {
        "beyond the reach": power == NOTHING,
        "left for the sum alone": power < 0x400,
        "rounds to 1": power == binary16.ONE,
    }
    return counted(cases | {"less than 1": power >= (0x35E3 if view.shape.base == "e" else 0x3800)}, "1 and more")


@BASELINE_UNNORMED("numerator in the sum", _of_fused(lambda view: ["whole", "rounded down", "rounded up"]))
def fixed_numerators(view):
    """Rounding of a numerator to the sum's last place."""
    if not view.shape.fused:
        return []
    power = view.powers[view.powers != NOTHING]
    exact = ((power & 0x3FF) | 0x400) * 2.0 ** ((power >> 10) - 25 + SUM_FRACTION_BITS)
    fixed = to_fixed_numerator(power)
    return counted({"whole": fixed == exact, "rounded up": fixed > exact}, "rounded down")


def _together(found) -> dict[str, int]:
    hits: dict[str, int] = {}
    for some in found:
        hits = {name: hits.get(name, 0) + some.get(name, 0) for name in hits | some}
    return hits


@dataclass(frozen=True)
class QuotientsView:
    """Rows that have passed the baseline's Normalization Unit, and what it made of them.

    Attributes
    ----------
    u, y : ndarray, (slices, lanes)
        Numerators and probabilities.
    total : ndarray, (rows,)
        Denominators.
    overlong : ndarray of bool, (rows,)
    row : ndarray of int, (slices,)
        The row of each slice.
    config : BaselineConfig
    """

    u: np.ndarray
    y: np.ndarray
    total: np.ndarray
    overlong: np.ndarray
    row: np.ndarray
    config: BaselineConfig


def _sums_of_rows(view) -> list[str]:
    """A fused sum is neither 0 nor a NaN."""
    exponents_of_sums = each(["exponent"], range(view.config.capacity.bit_length()))
    return ["1", *exponents_of_sums, *["0", "NaN"] * (not view.config.fused)]


@BASELINE_NORMALIZATION("sum of a row", _sums_of_rows)
def totals(view):
    """The range of denominators; 0 is the sum of a row of which nothing is kept."""
    cases = {"1": view.total == binary16.ONE}
    if not view.config.fused:
        cases |= {"0": view.total == 0, "NaN": view.total == binary16.NAN}
    return counted(cases) | {f"exponent: {e}": 1 for e in np.unique(exponents(view.total)).tolist()}


@BASELINE_NORMALIZATION("probability", lambda view: ["0 of 0", "0, flushed", "hardly above", "1", "NaN"])
def probabilities(view):
    """The ends of a probability's range."""
    cases = {"0 of 0": (view.u == 0) & (view.y == 0), "0, flushed": view.y == 0, "hardly above": view.y < 0x0500}
    return counted(cases | {"1": view.y == binary16.ONE, "NaN": view.y == binary16.NAN})


def _significands(*operands: np.ndarray) -> list[np.ndarray]:
    """Significands of operands where all are normal numbers."""
    operands = [operand.astype(np.int64) for operand in np.broadcast_arrays(*operands)]
    normal = np.logical_and.reduce([is_normal(operand) for operand in operands])
    return [(operand[normal] & 0x3FF) | 0x400 for operand in operands]


def _divides_rows(view) -> bool:
    """Whether what is divided is 1, once for each row, and lanes multiply."""
    return view.config.normalizer == "multiply"


@BASELINE_NORMALIZATION(
    "quotient of significands",
    lambda view: ["less than 1", "1", *["more than 1"] * (not _divides_rows(view)), "exact", "down", "up"],
)
def quotients(view):
    """How a quotient is normalised and rounded; ties there are none."""
    dividend = np.uint16(binary16.ONE) if _divides_rows(view) else view.u
    divisor = view.total if _divides_rows(view) else view.total[view.row][:, None]
    a, b = _significands(dividend, divisor)
    twice, rest = np.divmod(a << (11 + (a < b)), b)
    size = counted({"less than 1": a < b, "1": a == b}, "more than 1")
    return size | counted({"exact": (rest == 0) & (twice & 1 == 0), "up": twice & 1 == 1}, "down")


@BASELINE_NORMALIZATION(
    "product of significands",
    lambda view: ["less than 2", "2 and more", *ROUNDINGS] if _divides_rows(view) else [],
)
def products(view):
    """How the product of a numerator and its row's reciprocal is normalised and rounded."""
    if not _divides_rows(view):
        return []
    a, b = _significands(view.u, binary16.reciprocal(view.total)[view.row][:, None])
    return counted({"less than 2": a * b >> 21 == 0}, "2 and more") | roundings(a * b)


@BASELINE_NORMALIZATION("flags of a row", lambda view: ["none", "overlong"])
def flags(view):
    """Flags of a row with its probabilities."""
    return named({"overlong": view.overlong}, "none")
