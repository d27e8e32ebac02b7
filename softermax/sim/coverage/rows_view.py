"""Rows as they come in, for coverage: what a softmax unit has taken of them, and where their maxima are."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from softermax.model.framing import Framing, frame
from softermax.model.shape import RowShape

from .coverpoints import named
from .replay import Occupancy, Run

__all__ = ["RowsView", "relations"]


@dataclass(frozen=True)
class RowsView(ABC):
    """The slices of scores that a unit has taken in a run, up to the end of the last row whose results all left it.

    Attributes
    ----------
    x, keep : ndarray, (slices, lanes)
    last : ndarray of bool, (slices,)
        All as offered.
    cycles : ndarray of int, (slices,)
        When each was taken.
    offered : ndarray of int, (slices,)
        When each was first offered.
    occupancy : Occupancy
        Occupancy of the run.
    shape : RowShape
        The unit's config.
    cuts : bool
        Whether the unit is the one that cuts rows.
    """

    #: Chains of registers through which a slice passes to the running maximum, the last of which holds it.
    WAY: ClassVar[tuple[str, ...]] = ()
    #: Whether slices that are dropped wait for room as others do; if not, the one after them may have to.
    DROPPED_WAIT: ClassVar[bool]

    x: np.ndarray
    keep: np.ndarray
    last: np.ndarray
    cycles: np.ndarray
    offered: np.ndarray
    occupancy: Occupancy
    shape: RowShape
    cuts: bool = True

    @classmethod
    def of(cls, fields, run: Run, occupancy: Occupancy, shape: RowShape, complete: int, cuts: bool = True):
        """The first ``complete`` rows at stream ``i``, from all that it took."""
        ends = np.flatnonzero(fields["last"])[:complete]
        count = int(ends[-1]) + 1 if len(ends) else 0
        stream = run.inputs["i"]
        cycles = np.flatnonzero(stream.moves)
        # An item is first offered when valid rises, or in the cycle after the item before was taken.
        begins = np.flatnonzero(stream.valid & ~np.r_[False, stream.valid[:-1] & ~stream.ready[:-1]])
        last = fields["last"].astype(bool)
        return cls(*(a[:count] for a in (fields["x"], fields["keep"], last, cycles, begins)), occupancy, shape, cuts)

    @property
    @abstractmethod
    def slice_maximum(self) -> np.ndarray:
        """Maximum of each slice kept, as the unit forms it, (slices kept,) of int64."""

    @property
    @abstractmethod
    def order(self) -> np.ndarray:
        """Integers in the order of the scores of the slices kept, (slices kept, lanes)."""

    @cached_property
    def framing(self) -> Framing:
        """How the rows are cut."""
        return frame(self.last, self.shape)

    @cached_property
    def lengths(self) -> np.ndarray:
        """Slices of each row, as offered."""
        return np.diff(np.r_[0, np.flatnonzero(self.last) + 1])

    @cached_property
    def kept(self) -> np.ndarray:
        """Masks of the slices that are not dropped, (slices kept, lanes)."""
        return self.keep[self.framing.kept]

    @cached_property
    def kept_by_row(self) -> list[np.ndarray]:
        """The same, row by row."""
        return np.split(self.kept, np.flatnonzero(self.framing.last)[:-1] + 1)

    @cached_property
    def maxima_by_row(self) -> list[np.ndarray]:
        """Maxima of the slices kept, row by row."""
        return np.split(self.slice_maximum, np.flatnonzero(self.framing.last)[:-1] + 1)

    @cached_property
    def maximum_before(self) -> np.ndarray:
        """The running maximum that each slice kept finds; a row's first slice its own."""
        return np.concatenate([np.maximum.accumulate(np.r_[row[0], row[:-1]]) for row in self.maxima_by_row])

    @cached_property
    def relation(self) -> np.ndarray:
        """How each slice's maximum lies to the running one before it, by name."""
        first = self.framing.places[1] == 0
        rise = self.slice_maximum - self.maximum_before
        cases = {"nothing kept": ~self.kept.any(axis=1), "first": first, "rises": rise > 0, "falls": rise < 0}
        return named(cases, "equal")

    @property
    def way(self) -> dict[str, list[str]]:
        """Registers through which a slice passes to the running maximum, and how slices that stall there can lie to it.

        The last register holds back only what ends its row, so what stalls in the one before begins one.
        """
        chains = [self.occupancy.chains[name] for name in self.WAY if name in self.occupancy.chains]
        names = [name for chain in chains for name in chain]
        can_lie = dict.fromkeys(names, relations(self.shape))
        return can_lie | {name: relations(self.shape)[:2] for name in names[-2:-1] if "stream" not in names[-1]}


def relations(shape: RowShape) -> list[str]:
    """Names of how a slice's maximum lies to the running one before it."""
    return ["first", "nothing kept", *["rises", "equal", "falls"] * (shape.max_slices > 1)]
