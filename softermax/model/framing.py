"""Framing: rows longer than a unit takes are cut, and the slices that are kept are numbered."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .shape import RowShape

__all__ = ["Entrance", "Framing", "frame"]


@dataclass(frozen=True)
class Framing:
    """How a sequence of slices is framed.

    Attributes
    ----------
    kept : ndarray of bool, (slices in,)
        False for the slices of an overlong row that are dropped.
    last, overlong : ndarray of bool, (slices kept,)
        End of a row as emitted; and whether that row was cut there for being longer than ``shape.max_slices``.
    """

    kept: np.ndarray
    last: np.ndarray
    overlong: np.ndarray

    @property
    def places(self) -> tuple[np.ndarray, np.ndarray]:
        """Row number and position in its row of every kept slice."""
        rows = np.concatenate([[0], np.cumsum(self.last)[:-1]]).astype(int)
        starts = np.searchsorted(rows, np.arange(rows[-1] + 1))
        return rows, np.arange(len(rows)) - starts[rows]


def frame(last: np.ndarray, shape: RowShape) -> Framing:
    """Cut rows at ``shape.max_slices`` slices, drop what follows up to their end.

    Parameters
    ----------
    last : ndarray of bool, (slices in,)
        End-of-row flags as they come in.
    """
    last = np.asarray(last, bool)
    number = np.arange(len(last))
    starts = np.concatenate([[True], last[:-1]])[: len(last)]
    position = number - np.maximum.accumulate(np.where(starts, number, 0))
    kept = position < shape.max_slices
    cut = (position == shape.max_slices - 1) & ~last
    return Framing(kept, (last | cut)[kept], cut[kept])


class Entrance:
    """Where rows are cut: numbers the slices that are kept.

    Parameters
    ----------
    framing : Framing
        Framing of all slices that will come in.
    """

    def __init__(self, framing: Framing):
        self._kept = framing.kept
        self._taken = 0
        self._entered = 0

    @property
    def keeps(self) -> bool:
        """Whether the next slice is kept, as the first one of a row always is."""
        return self._taken == len(self._kept) or bool(self._kept[self._taken])

    def take(self) -> int | None:
        """The item that the slice taken now becomes, None if it is dropped."""
        keeps = self.keeps
        self._taken += 1
        self._entered += keeps
        return self._entered - 1 if keeps else None
