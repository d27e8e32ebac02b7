"""Coverpoints and the hits of their bins.

A coverpoint asks one question of what has been played (how long were the rows?) and has a bin for each answer that a
config allows. Which answers those are follows from the config by the coverpoint's own rule; an answer outside of them
is an error of the rule, and raises.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np

__all__ = ["Coverage", "CoverageError", "Coverpoint", "Coverpoints", "amount_bins", "amounts", "counted", "named"]


class CoverageError(Exception):
    """Traces that cannot be counted; the message gives the reason, in one sentence."""


@dataclass(frozen=True)
class Coverpoint:
    """A question about the traces that have been played.

    Parameters
    ----------
    name : str
    bins : callable
        From a view to the names of all bins that can be reached with its config.
    sample : callable
        From a view, which holds what was played, to the bins that were hit: their names, one for each hit, or how often
        each one was.
    """

    name: str
    bins: Callable[[object], Iterable]
    sample: Callable[[object], Iterable | dict[str, int]]


class Coverpoints:
    """Coverpoints that ask about the same kind of view; made by decorating what samples them."""

    def __init__(self):
        self._coverpoints: list[Coverpoint] = []

    def __iter__(self) -> Iterator[Coverpoint]:
        return iter(self._coverpoints)

    def __call__(self, name: str, bins: Callable[[object], Iterable]):
        """Decorator: a coverpoint with this name and these bins."""

        def add(sample):
            self._coverpoints.append(Coverpoint(name, bins, sample))
            return sample

        return add


class Coverage:
    """Hits of bins, coverpoint by coverpoint.

    Attributes
    ----------
    hits : dict of str to dict of str to int
        For each coverpoint by name, for each of its bins, how often it was hit.
    """

    def __init__(self, hits: dict[str, dict[str, int]] | None = None):
        self.hits = hits or {}

    def count(self, coverpoints: Iterable[Coverpoint], view: object):
        """Count what a view holds.

        Raises
        ------
        CoverageError
            If a bin is hit that the coverpoint says cannot be.
        """
        for coverpoint in coverpoints:
            bins = self.hits.setdefault(coverpoint.name, {})
            for name in coverpoint.bins(view):
                bins.setdefault(str(name), 0)
            for name, hits in _tally(coverpoint.sample(view)).items():
                if name not in bins:
                    raise CoverageError(
                        f"{coverpoint.name} must have no {name!r} in this config, but it was hit {hits} times"
                    )
                bins[name] += hits

    def merge(self, other: Coverage):
        """Add the hits of another coverage of the same unit and config."""
        for coverpoint, bins in other.hits.items():
            own = self.hits.setdefault(coverpoint, {})
            for name, hits in bins.items():
                own[name] = own.get(name, 0) + hits

    def rows(self) -> list[dict]:
        """A flat object for each: ``coverpoint``, ``bins``, ``hit``, ``covered`` (of 1) and ``uncovered``, names."""
        rows = []
        for coverpoint, bins in self.hits.items():
            if bins:
                uncovered = [name for name, hits in bins.items() if not hits]
                hit = len(bins) - len(uncovered)
                row = {"coverpoint": coverpoint, "bins": len(bins), "hit": hit, "covered": hit / len(bins)}
                rows.append(row | {"uncovered": uncovered})
        return rows


def _tally(sample) -> dict[str, int]:
    """How often each name occurs."""
    if isinstance(sample, dict):
        return sample
    names, counts = np.unique(np.asarray(sample), return_counts=True)
    return {str(name): hits for name, hits in zip(names.tolist(), counts.tolist(), strict=True)}


def _first_case(cases: dict[str, np.ndarray]) -> np.ndarray:
    """The number of the first case that holds, element by element; their number where none does."""
    conditions = np.broadcast_arrays(*(np.asarray(case, bool) for case in cases.values()))
    number = np.full(conditions[0].shape, len(cases), np.int8)
    for place in reversed(range(len(cases))):
        number[conditions[place]] = place
    return number.reshape(-1)


def named(cases: dict[str, np.ndarray], otherwise: str | None = None) -> np.ndarray:
    """The name of the first case that holds, element by element; where none does, ``otherwise`` or nothing."""
    number = _first_case(cases)
    names = np.array([*cases, otherwise or ""])[number]
    return names if otherwise else names[number < len(cases)]


def counted(cases: dict[str, np.ndarray], otherwise: str | None = None) -> dict[str, int]:
    """How often each of these names would be given by :func:`named`."""
    counts = np.bincount(_first_case(cases), minlength=len(cases) + 1).tolist()
    hits = dict(zip([*cases, otherwise], counts, strict=True))
    return {name: hit for name, hit in hits.items() if hit and name}


def amount_bins(limit: int, most: int) -> list[str]:
    """Bins for amounts of 0 to ``most``: each one below a limit, and all from there on together."""
    return [str(n) for n in range(min(limit, most + 1))] + [f"{limit} and more"] * (most >= limit)


def amounts(values: np.ndarray, limit: int) -> dict[str, int]:
    """How often each amount occurs, in the bins of :func:`amount_bins`."""
    counts = np.bincount(np.minimum(np.asarray(values).reshape(-1), limit), minlength=limit + 1).tolist()
    return {name: hits for name, hits in zip(amount_bins(limit, limit), counts, strict=True) if hits}
