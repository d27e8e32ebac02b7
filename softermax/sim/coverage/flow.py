"""Coverage of flow control: what streams, elastic registers and buffers do, for any unit."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise, product

import numpy as np

from .coverpoints import Coverpoints, counted, named
from .replay import EMPTY, Occupancy, Run

__all__ = ["FLOW", "FlowView", "each"]

FLOW = Coverpoints()

#: How long something lasts, in cycles: the name of a range, and its first and last number.
DURATIONS = {"1 cycle": (1, 1), "2 to 3": (2, 3), "4 to 15": (4, 15), "16 and more": (16, 1 << 62)}


@dataclass(frozen=True)
class FlowView:
    """A run of any unit.

    Attributes
    ----------
    run : Run
    occupancy : Occupancy
    depths : dict of str to int
        How much the memories of row buffers can hold, by their names in the occupancy, where their outputs are
        registers of the same name.
    never_stalls : tuple of str
        Registers for which there is always room behind them.
    """

    run: Run
    occupancy: Occupancy
    depths: dict[str, int]
    never_stalls: tuple[str, ...] = ()

    @property
    def streams(self):
        """All streams by name."""
        return self.run.inputs | self.run.outputs


def each(names: Iterable[str], answers: Iterable[str]) -> list[str]:
    """Bins for the same answers about several things."""
    return [f"{name}: {answer}" for name, answer in product(names, answers)]


def _labelled(answers: dict[str, dict[str, int]]) -> dict[str, int]:
    """How often bins were hit, of answers about several things by name."""
    return {f"{name}: {answer}": hits for name, found in answers.items() for answer, hits in found.items()}


@FLOW("stream", lambda view: each(view.streams, ("passes", "waits", "absent, would pass", "absent, would wait")))
def stream_states(view):
    """Valid and ready of every stream."""
    return _labelled({name: _stream_state(stream) for name, stream in view.streams.items()})


def _stream_state(stream):
    cases = {
        "passes": stream.moves,
        "waits": stream.valid & ~stream.ready,
        "absent, would pass": stream.ready & ~stream.valid,
    }
    return counted(cases, "absent, would wait")


def _durations(permit: np.ndarray) -> dict[str, int]:
    """Lengths of the stretches of cycles in which a permit is true, as names of :data:`DURATIONS`."""
    edges = np.flatnonzero(np.diff(np.r_[False, permit, False].astype(int)))
    lengths = edges[1::2] - edges[::2]
    return counted({name: (least <= lengths) & (lengths <= most) for name, (least, most) in DURATIONS.items()})


@FLOW("stall length", lambda view: each(view.streams, DURATIONS))
def stall_lengths(view):
    """For how long an item waits at a stream."""
    return _labelled({name: _durations(stream.valid & ~stream.ready) for name, stream in view.streams.items()})


@FLOW("gap length", lambda view: each(view.run.inputs, DURATIONS))
def gap_lengths(view):
    """For how long a source offers nothing between two items."""
    return _labelled({name: _gaps(stream.valid) for name, stream in view.run.inputs.items()})


def _gaps(valid):
    offered = np.flatnonzero(valid)
    return _durations(~valid[offered[0] : offered[-1]]) if len(offered) else {}


@FLOW("two outputs", lambda view: each(_pairs(view), ("both pass", "first waits", "second waits", "both wait")))
def two_outputs(view):
    """Outputs that both have an item."""
    found = {}
    for pair in _pairs(view):
        a, b = (view.run.outputs[name] for name in pair.split(" and "))
        both = a.valid & b.valid
        cases = {
            "both pass": both & a.ready & b.ready,
            "first waits": both & ~a.ready & b.ready,
            "second waits": both & a.ready & ~b.ready,
            "both wait": both & ~a.ready & ~b.ready,
        }
        found[pair] = counted(cases)
    return _labelled(found)


def _pairs(view) -> list[str]:
    names = list(view.run.outputs)
    return [f"{a} and {b}" for a, b in pairwise(names)]


def _register_bins(view) -> list[str]:
    bins = each(view.occupancy.items, ("empty", "item moves on", "item stays"))
    return [bin for bin in bins if bin not in each(view.never_stalls, ["item stays"])]


@FLOW("register", _register_bins)
def register_states(view):
    """State of each elastic register: backpressure at each stage."""
    stalls = view.occupancy.stalls
    return _labelled(
        {
            name: counted({"empty": held[:-1] == EMPTY, "item stays": stalls[name]}, "item moves on")
            for name, held in view.occupancy.items.items()
        }
    )


@FLOW("register fills while the next one stalls", lambda view: [first for first, _ in _neighbours(view)])
def bubbles_close(view):
    """Elastic registers close bubbles: an item moves into an empty register although the one after it stands still."""
    found = []
    for name, following in _neighbours(view):
        held = view.occupancy.items[name]
        fills = (held[:-1] == EMPTY) & (held[1:] != EMPTY) & view.occupancy.stalls[following]
        found += [name] * int(fills.sum())
    return found


def _neighbours(view) -> list[tuple[str, str]]:
    """Registers of a chain, each with the one after it; with the first stream of one that feeds two."""
    chains = view.occupancy.chains.values()
    return [pair for names in chains for pair in pairwise(names) if "stream" not in pair[0]]


@FLOW("register that feeds two streams", lambda view: each(_forks(view), ("first waits", "second waits")))
def forks(view):
    """One stream has taken its item, the other has not: the item must be given to neither twice."""
    found = {}
    for fork in _forks(view):
        first, second = (view.occupancy.items[f"{fork}, stream {number}"][:-1] != EMPTY for number in (1, 2))
        found[fork] = counted({"first waits": first & ~second, "second waits": ~first & second})
    return _labelled(found)


def _forks(view) -> list[str]:
    return [name.removesuffix(", stream 1") for name in view.occupancy.items if name.endswith(", stream 1")]


def _moves(view, buffer: str) -> tuple[np.ndarray, np.ndarray]:
    """Cycles in which a slice is written into a row buffer's memory, and read from it into the output register."""
    output, level = view.occupancy.items[buffer], view.occupancy.levels[buffer]
    reads = (output[1:] != EMPTY) & (output[1:] != output[:-1])
    return (np.diff(level) + reads).astype(bool), reads


def _levels(depth: int) -> dict[str, tuple[str, ...]]:
    """How full a memory can be, and what can happen then: a full one takes nothing, whatever leaves it."""
    anything = ("rests", "is written", "is read", "is written and read")
    levels = {"empty": anything[:2], "one slice": anything, "between": anything, "full": ("rests", "is read")}
    return {name: levels[name] for name, least in zip(levels, (0, 2, 3, 1), strict=True) if depth >= least}


@FLOW(
    "row buffer",
    lambda view: [
        bin for name, depth in view.depths.items() for level, events in _levels(depth).items()
        for bin in each([f"{name}, {level}"], events)
    ],
)  # fmt: skip
def buffer_levels(view):
    """How full a row buffer's memory is, and what happens to it."""
    found = []
    for name, depth in view.depths.items():
        written, read = _moves(view, name)
        level = view.occupancy.levels[name][:-1]
        fill = named({"empty": level == 0, "full": level == depth, "one slice": level == 1}, "between")
        event = named({"is written and read": written & read, "is written": written, "is read": read}, "rests")
        found += [f"{name}, {a}: {b}" for a, b in zip(fill.tolist(), event.tolist(), strict=True)]
    return found


@FLOW("row buffer wraps", lambda view: each(view.depths, ("write place", "read place")))
def buffer_wraps(view):
    """Its places are used in a circle."""
    found = []
    for name, depth in view.depths.items():
        for place, moves in zip(("write place", "read place"), _moves(view, name), strict=True):
            found += [f"{name}: {place}"] * (int(moves.sum()) // depth)
    return found


@FLOW("reset", lambda view: each(view.streams, ("waits", "passes")))
def resets(view):
    """Items that a reset cuts off at each stream."""
    if not view.run.broken_off:
        return []
    offered = {name: stream for name, stream in view.streams.items() if stream.valid[-1]}
    return [f"{name}: {'passes' if stream.ready[-1] else 'waits'}" for name, stream in offered.items()]


@FLOW("reset of a register", lambda view: each(view.occupancy.items, ("full",)))
def resets_of_registers(view):
    """An item that a reset must remove."""
    held = view.occupancy.items.items() if view.run.broken_off else ()
    return [f"{name}: full" for name, items in held if items[-2] != EMPTY]
