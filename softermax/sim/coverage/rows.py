"""Coverage of incoming rows, for scores of any format: lengths, masks, places of maxima."""

from __future__ import annotations

import numpy as np

from softermax.model.shape import RowShape

from .coverpoints import Coverpoints, named
from .flow import each
from .rows_view import relations

__all__ = ["ROWS"]

ROWS = Coverpoints()


def row_lengths(shape: RowShape) -> dict[str, tuple[int, int]]:
    """Ranges of lengths in slices, those longer than the longest row apart: name, least and most."""
    most = shape.max_slices
    ranges = {
        "1 slice": (1, 1),
        "2 slices": (2, 2),
        "between": (3, most - 1),
        "longest": (max(most, 1), most),
        "longest and 1 slice": (most + 1, most + 1),
        "longer": (most + 2, 1 << 62),
    }
    # In short rows, the longest one goes by that name.
    shorter = {name: (least, min(greatest, most - 1)) for name, (least, greatest) in list(ranges.items())[:3]}
    return {name: span for name, span in (ranges | shorter).items() if span[0] <= span[1]}


def _in_ranges(values: np.ndarray, ranges: dict[str, tuple[int, int]]) -> np.ndarray:
    return named({name: (least <= values) & (values <= most) for name, (least, most) in ranges.items()})


@ROWS("row length", lambda view: list(row_lengths(view.shape))[: None if view.cuts else -2])
def lengths(view):
    """Slices of a row; rows beyond the longest are cut."""
    return _in_ranges(view.lengths, row_lengths(view.shape))


def _successions(shape):
    names = ["1 slice", "more", "longest"] if shape.max_slices > 2 else ["1 slice", "longest"][-shape.max_slices :]
    return [f"{a}, then {b}" for a in names for b in names]


@ROWS("rows without a gap", lambda view: _successions(view.shape))
def successions(view):
    """A row's first slice is taken in the cycle after the last one of the row before."""
    ends = np.flatnonzero(view.last)[:-1]
    together = view.cycles[ends + 1] == view.cycles[ends] + 1
    longest = view.shape.max_slices
    size = named({"longest": view.lengths >= longest, "1 slice": view.lengths == 1}, "more")
    return [f"{a}, then {b}" for a, b in zip(size[:-1][together], size[1:][together], strict=True)]


@ROWS("lanes kept of a row's last slice", lambda view: range(view.shape.lanes + 1))
def ragged_tails(view):
    """Rows that end within a slice: the first so many lanes are kept."""
    ends = view.kept[view.framing.last]
    count = ends.sum(axis=1)
    return count[(ends == (np.arange(view.shape.lanes) < count[:, None])).all(axis=1)]


@ROWS("mask of a slice", lambda view: _slice_masks(view.shape.lanes))
def slice_masks(view):
    """Which lanes are kept."""
    changes = np.diff(view.kept.astype(int), axis=1)
    cases = {
        "all": view.kept.all(axis=1),
        "none": ~view.kept.any(axis=1),
        "first lanes": (changes <= 0).all(axis=1),
        "last lanes": (changes >= 0).all(axis=1),
    }
    return named(cases, "holes")


def _slice_masks(lanes: int) -> list[str]:
    return ["all", "none"] + ["first lanes", "last lanes"] * (lanes > 1) + ["holes"] * (lanes > 2)


def _row_masks(shape: RowShape) -> list[str]:
    masked = ["first slice masked", "last slice masked"] * (shape.max_slices > 1)
    return ["everything kept", "nothing kept", *masked, *["slice between masked"] * (shape.max_slices > 2)]


@ROWS("mask of a row", lambda view: _row_masks(view.shape))
def row_masks(view):
    """Whole slices that are masked, in rows that have others."""
    found = []
    for keep in view.kept_by_row:
        slices = keep.any(axis=1)
        cases = {
            "everything kept": keep.all(),
            "nothing kept": not slices.any(),
            "first slice masked": slices.any() and not slices[0],
            "last slice masked": slices.any() and not slices[-1],
            "slice between masked": slices[0] and slices[-1] and not slices.all(),
        }
        found += [name for name, holds in cases.items() if holds]
    return found


def _overlong(view) -> list[str]:
    if not view.cuts:
        return []
    waits = "dropped slice" if view.DROPPED_WAIT else "slice after"
    return [
        *each(("cut slice", "dropped slice", "slice after"), ["taken at once"]),
        *each(["cut slice", waits], ["waits"]),
    ]


@ROWS("overlong row", _overlong)
def overlong(view):
    """The slice at which a row is cut, those that are dropped, and the next row's first, under backpressure."""
    dropped = ~view.framing.kept
    following = np.r_[dropped[1:], False]
    after = ~dropped & np.r_[False, dropped[:-1]]
    place = named({"dropped slice": dropped, "cut slice": following, "slice after": after}, "other")
    waits = named({"waits": view.cycles > view.offered}, "taken at once")
    return [f"{a}: {b}" for a, b in zip(place.tolist(), waits.tolist(), strict=True) if a != "other"]


def _places(shape: RowShape) -> list[str]:
    return ["only", *["first", "last"] * (shape.max_slices > 1), *["between"] * (shape.max_slices > 2)]


@ROWS("slice of a row's maximum", lambda view: _places(view.shape))
def slice_of_maximum(view):
    """The slice in which a row's maximum is met first."""
    found = []
    for maxima, keep in zip(view.maxima_by_row, view.kept_by_row, strict=True):
        if keep.any():
            masked = np.where(keep.any(axis=1), maxima, np.iinfo(np.int64).min)
            place, last = int(masked.argmax()), len(maxima) - 1
            found.append("only" if last == 0 else {0: "first", last: "last"}.get(place, "between"))
    return found


@ROWS("lane of a slice's maximum", lambda view: range(view.shape.lanes))
def lane_of_maximum(view):
    """The lane that alone holds the largest score of its slice."""
    order = np.where(view.kept, view.order, np.iinfo(np.int64).min)
    alone = (order == order.max(axis=1, keepdims=True)).sum(axis=1) == 1
    return order.argmax(axis=1)[alone & view.kept.any(axis=1)]


@ROWS("running maximum", lambda view: relations(view.shape))
def running_maximum(view):
    """How a slice's maximum lies to the running one before it."""
    return view.relation


@ROWS(
    "running maximum, when the slice stalls",
    lambda view: [bin for register, found in view.way.items() for bin in each([register], found)],
)
def running_maximum_stalled(view):
    """Changes of the running maximum by slices that stall in a register on their way to it, or with it."""
    found = []
    for register in view.way:
        items = view.occupancy.stalled(register)
        found += [f"{register}: {relation}" for relation in view.relation[items[items < len(view.relation)]]]
    return found
