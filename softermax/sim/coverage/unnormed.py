"""Coverage of the Unnormed Softmax Unit's values: scores, numerators, running sum."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from softermax.model import SoftermaxConfig

from ..softermax_units import unnormed_values
from .coverpoints import Coverpoints, amount_bins, amounts, counted, named
from .flow import each
from .rows_view import RowsView

__all__ = ["UNNORMED", "ScoresView"]

UNNORMED = Coverpoints()


class ScoresView(RowsView):
    """Rows of fixed-point scores, and what the Unnormed Softmax Unit makes of them."""

    WAY = ("slice", "sum")
    DROPPED_WAIT = True

    @property
    def config(self) -> SoftermaxConfig:
        """The unit's."""
        return self.shape

    @cached_property
    def values(self) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        """Fields of the unnormed slices and of the running row summaries, for every slice kept."""
        return unnormed_values((self.x, self.keep, self.last), self.framing, self.config)

    @property
    def scores(self) -> np.ndarray:
        """Raw scores of the slices kept, (slices kept, lanes) of int64."""
        return self.values[0]["x"].astype(np.int64)

    order = scores

    @property
    def slice_maximum(self) -> np.ndarray:
        """Integer maximum of each slice kept."""
        return self.values[0]["maximum"].astype(np.int64)

    @property
    def at_ends(self) -> dict[str, np.ndarray]:
        """Row summaries."""
        return {name: values[self.framing.last] for name, values in self.values[1].items()}


def _range(config) -> int:
    """How far two maxima can lie from each other."""
    return 1 << config.input.integer_bits


def _rises(view) -> list[str]:
    config = view.config
    if config.max_slices == 1:
        return []
    rises, falls = (
        amount_bins(width, _range(config))[1:] for width in (config.power_sum.width, config.slice_sum_width)
    )
    return [*each(["rises by"], rises), *each(["falls by"], falls)]


@UNNORMED("running maximum moves by", _rises)
def moves_by(view):
    """By how much the running sum, or the slice's, is shifted; from its width on nothing is left of it."""
    config, distance = view.config, view.slice_maximum - view.maximum_before
    first = view.framing.places[1] == 0
    rises = amounts(distance[(distance > 0) & ~first], config.power_sum.width)
    falls = amounts(-distance[(distance < 0) & ~first], config.slice_sum_width)
    return {f"rises by: {n}": hits for n, hits in rises.items()} | {f"falls by: {n}": hits for n, hits in falls.items()}


@UNNORMED(
    "score",
    lambda view: ["lowest", "highest", *["both in one slice"] * (view.config.lanes > 1), "0", "-1 unit", "1 unit"],
)
def extremes(view):
    """Scores at both ends of the format and about 0."""
    input = view.config.input
    lowest, highest = (view.kept & (view.scores == value) for value in (input.min_raw, input.max_raw))
    kept = view.scores[view.kept]
    cases = {"lowest": kept == input.min_raw, "highest": kept == input.max_raw}
    hits = counted(cases | {"0": kept == 0, "-1 unit": kept == -1, "1 unit": kept == 1})
    both = int((lowest.any(axis=1) & highest.any(axis=1)).sum())
    return hits | ({"both in one slice": both} if both else {})


@UNNORMED("fraction of a score", lambda view: range(1 << view.config.input.fraction_bits))
def fractions(view):
    """Fractions that Power of Two looks up."""
    return view.scores[view.kept] & ((1 << view.config.input.fraction_bits) - 1)


def _maxima(view) -> list[str]:
    above = ["highest, above the format"] * (view.config.input.fraction_bits > 0)
    return ["lowest", "negative", "0", "positive", *above]


@UNNORMED("maximum of a slice", _maxima)
def maxima(view):
    """The integer maximum, which rounding up can take beyond the format of scores."""
    maximum, lowest = view.slice_maximum[view.kept.any(axis=1)], view.config.lowest_maximum
    cases = {"lowest": maximum == lowest, "highest, above the format": maximum == -lowest}
    return named(cases | {"negative": maximum < 0, "0": maximum == 0, "positive": maximum > 0})


def _farthest(view) -> int:
    """How far below its slice's maximum a score can lie, in whole powers of two; alone, as far as it is rounded."""
    config = view.config
    return _range(config) if config.lanes > 1 else int(config.input.fraction_bits > 0)


@UNNORMED("shift of a numerator", lambda view: amount_bins(view.config.unnormed.width, _farthest(view)))
def numerator_shifts(view):
    """How far below the maximum of its slice a score lies, in whole powers of two."""
    shift = view.slice_maximum[:, None] - (view.scores >> view.config.input.fraction_bits)
    return amounts(shift[view.kept], view.config.unnormed.width)


def _numerators(view) -> list[str]:
    width, far = view.config.unnormed.width, _farthest(view)
    return ["1", *["last place alone"] * (far >= width - 1), *["0, the score too low"] * (far >= width), "0, masked"]


@UNNORMED("numerator", _numerators)
def numerators(view):
    """The ends of a numerator's range."""
    u = view.values[0]["u"]
    cases = {
        "0, masked": ~view.kept,
        "1": u == 1 << view.config.unnormed.fraction_bits,
        "last place alone": u == 1,
        "0, the score too low": u == 0,
    }
    return counted(cases)


def _leading_ones(config) -> range:
    """Places of the power sum in which a row's leading one can be, counted from 1/2.

    The smallest sum belongs to a single score, and is 1 if scores have no fraction.
    """
    largest = min(config.capacity << config.power_sum.fraction_bits, config.power_sum.max_raw)
    return range(int(config.input.fraction_bits == 0), largest.bit_length() - config.power_sum.fraction_bits + 1)


@UNNORMED("leading one of a row's sum", lambda view: ["none", *_leading_ones(view.config)])
def leading_ones(view):
    """Place of a sum's leading one, counted from 1/2; none in a row that is masked whole."""
    power_sum = view.at_ends["power_sum"]
    place = np.frexp(power_sum.astype(np.float64))[1] - view.config.power_sum.fraction_bits
    return np.where(power_sum == 0, "none", place.astype(str))


def _saturations(view) -> list[str]:
    if not view.config.sum_can_overflow:
        return ["not, the largest sum"]
    later = ["in a slice before", "and goes on after its limit"] * (view.config.max_slices > 1)
    return ["not", "in the last slice", *later, "not, but reaches the limit"]


@UNNORMED("sum saturates", _saturations)
def saturations(view):
    """Where a row's sum saturates; without saturation, whether it comes to the most that rows can have."""
    config, running = view.config, view.values[1]
    ends = np.flatnonzero(view.framing.last)
    if not config.sum_can_overflow:
        largest = running["power_sum"][ends] == config.capacity << config.power_sum.fraction_bits
        return named({"not, the largest sum": largest})
    before = np.where(view.framing.places[1][ends] > 0, running["saturated"][ends - 1], False)
    saturated, at_limit = running["saturated"][ends], running["power_sum"][ends] == config.power_sum.max_raw
    cases = {
        "in a slice before": saturated & before & at_limit,
        "and goes on after its limit": saturated & before,
        "in the last slice": saturated,
        "not, but reaches the limit": at_limit,
    }
    return named(cases, "not")


@UNNORMED("saturated row", lambda view: each(view.way, ["stalls"]) if view.config.sum_can_overflow else [])
def saturated_stalled(view):
    """A slice with whose sum the row is saturated stands still."""
    if not view.config.sum_can_overflow:
        return []
    saturated, found = view.values[1]["saturated"], []
    for register in view.way:
        items = view.occupancy.stalled(register)
        found += [f"{register}: stalls"] * int(saturated[items[items < len(saturated)]].sum())
    return found
