"""Coverage of the Cascade: what results leave for the next one, which of them it changes, and where a row ends."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from softermax.model import SoftermaxConfig

from .coverpoints import Coverpoints, amount_bins, amounts, counted
from .flow import each
from .normalization import ProbabilitiesView

__all__ = ["CASCADE", "CascadeView"]

CASCADE = Coverpoints()

#: Carries in a slice that are distinguished.
CARRIES = 3


@dataclass(frozen=True)
class CascadeView:
    """Rows that have passed the Cascade.

    Attributes
    ----------
    results : ndarray of int, (slices, lanes)
        As they are cascaded, with guard bits; 0 where masked.
    last : ndarray of bool, (slices,)
    config : SoftermaxConfig
    """

    results: np.ndarray
    last: np.ndarray
    config: SoftermaxConfig

    @classmethod
    def of(cls, view: ProbabilitiesView) -> CascadeView:
        """View of the rows of a Normalization Unit."""
        raw, places = view.exact
        places = places.clip(-62, 62)
        rounded = ((raw << (-places).clip(0)) + ((1 << places.clip(0)) >> 1)) >> places.clip(0)
        return cls(np.where(view.kept, rounded, 0), view.slices["last"].astype(bool), view.config)

    @property
    def one(self) -> int:
        """A unit of the output."""
        return 1 << self.config.guard_bits

    @cached_property
    def first(self) -> np.ndarray:
        """Slices that begin a row."""
        return np.r_[True, self.last[:-1]]

    @cached_property
    def sums(self) -> np.ndarray:
        """One half plus the sum of a row's results up to each lane, (slices, lanes)."""
        sums = np.cumsum(self.results).reshape(self.results.shape)
        before = (sums[:, 0] - self.results[:, 0])[self.first]
        return sums - before[np.cumsum(self.first) - 1][:, None] + self.one // 2

    @cached_property
    def residual(self) -> np.ndarray:
        """Residual of each slice, (slices,)."""
        return self.sums[:, -1] % self.one

    @cached_property
    def found(self) -> np.ndarray:
        """The residual that each slice finds, (slices,)."""
        return np.where(self.first, self.one // 2, np.r_[self.one // 2, self.residual[:-1]])

    def rounded(self, residual: np.ndarray) -> np.ndarray:
        """Outputs, not saturated, of slices that find these residuals, (slices, lanes)."""
        sums = residual[:, None] + np.cumsum(self.results, axis=1)
        return np.diff(sums // self.one, axis=1, prepend=0)

    @cached_property
    def y(self) -> np.ndarray:
        """Outputs, not saturated."""
        return self.rounded(self.found)

    @cached_property
    def carries(self) -> np.ndarray:
        """Results that are rounded up, (slices, lanes)."""
        return self.y > self.results // self.one


def _fractions(view) -> list[str]:
    return ["0", *["below one half"] * (view.one > 2), "one half", *["above one half"] * (view.one > 2)]


def _fraction(raw: np.ndarray, one: int) -> dict[str, int]:
    cases = {"0": raw == 0, "below one half": raw < one // 2, "one half": raw == one // 2}
    return counted(cases, "above one half")


@CASCADE("guard bits of a result", _fractions)
def guard_bits(view):
    """Part of a result that is left to be cascaded."""
    return _fraction(view.results % view.one, view.one)


@CASCADE("carry of a lane", lambda view: each(range(view.config.lanes), ("none, though a part is lost", "carries")))
def lane_carries(view):
    """Whether a lane's result is rounded up or down."""
    lost = (view.results % view.one > 0) & ~view.carries
    by_lane = {"none, though a part is lost": lost, "carries": view.carries}
    counts = {name: where.sum(axis=0).tolist() for name, where in by_lane.items()}
    lanes = range(view.config.lanes)
    return {f"{lane}: {name}": counts[name][lane] for lane in lanes for name in counts if counts[name][lane]}


@CASCADE("carries in a slice", lambda view: amount_bins(CARRIES, view.config.lanes))
def slice_carries(view):
    """How often the sum over a slice's lanes goes on to the next unit, and with that wraps around."""
    return amounts(view.carries.sum(axis=1), CARRIES)


@CASCADE("residual within a row", lambda view: _fractions(view) if view.config.max_slices > 1 else [])
def residuals(view):
    """Residuals that a slice leaves for the next one."""
    return _fraction(view.residual[~view.last], view.one)


@CASCADE("residual at a row's end", _fractions)
def last_residuals(view):
    """Residuals of a row, which must not reach the next one."""
    return _fraction(view.residual[view.last], view.one)


def _against(y: np.ndarray, others: np.ndarray) -> dict[str, int]:
    return counted({"one more": y > others, "one less": y < others}, "as without")


@CASCADE(
    "output by the residual of the slice before",
    lambda view: ["one more", "one less", "as without"] if view.config.max_slices > 1 else [],
)
def across_slices(view):
    """Effect of a slice on the outputs of the next one, compared with one half as residual."""
    later = ~view.first
    return _against(view.y[later], view.rounded(np.full(len(view.y), view.one // 2))[later])


@CASCADE("output by the end of the row before", lambda view: ["one more", "one less", "as without"])
def across_rows(view):
    """Effect that a row's residual would have had on the next row's first slice, compared with the true outputs."""
    first = view.first & (np.arange(len(view.first)) > 0)
    return _against(view.y[first], view.rounded(np.r_[0, view.residual[:-1]])[first])


def _saturating(view) -> list[str]:
    most, largest = view.config.output.max_raw, int(view.config.largest_result * 2**view.config.output.fraction_bits)
    return ["by a carry"] * (largest >= most) + ["by itself"] * (largest > most)


@CASCADE("saturation of an output", _saturating)
def saturations(view):
    """An output that does not fit: by its result alone, or by what has been carried to it."""
    beyond, most = view.y > view.config.output.max_raw, view.config.output.max_raw
    return counted({"by itself": view.results // view.one > most, "by a carry": beyond})
