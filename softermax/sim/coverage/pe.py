"""Coverage of a processing element: heads, its host's accesses, the turns that its MACs take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from softermax.model.pe import Head, Register, scores
from softermax.model.pe_config import ProcessingElementConfig
from softermax.model.pe_host_timing import Access
from softermax.model.pe_timing import Step

from .coverpoints import Coverpoints, counted, named
from .flow import each
from .replay import EMPTY, Occupancy

__all__ = ["PROCESSING_ELEMENT", "HeadsView"]

PROCESSING_ELEMENT = Coverpoints()


@dataclass(frozen=True)
class HeadsView:
    """A run of a processing element.

    Attributes
    ----------
    heads : sequence of Head
        Heads that were computed to their end.
    reuses : sequence of bool
        For each, whether it uses keys that the one before has loaded.
    accesses : list of Access
        To the registers, in each cycle.
    busy : ndarray of bool, (cycles + 1,)
        At the start of each cycle, and after the last.
    read_data : list of int
        Word that the register port shows in each cycle.
    steps : list of Step
        That have been given to the MACs.
    occupancy : Occupancy
    broken_off : bool
        Whether a reset ends it.
    config : ProcessingElementConfig
    """

    heads: Sequence[Head]
    reuses: Sequence[bool]
    accesses: list[Access]
    busy: np.ndarray
    read_data: list[int]
    steps: list[Step]
    occupancy: Occupancy
    broken_off: bool
    config: ProcessingElementConfig

    @cached_property
    def starts(self) -> list[tuple[int, dict[int, int]]]:
        """Cycles in which a start is requested, with the contents of the registers."""
        stored = dict.fromkeys(Register, 0)
        found = []
        for cycle, access in enumerate(self.accesses):
            if access.writes and access.address == Register.CONTROL and access.data & 1:
                found.append((cycle, dict(stored)))
            if access.writes and not self.busy[cycle]:
                stored[access.address] = access.data
        return found

    def turn(self, *, context: bool) -> np.ndarray:
        """Cycles in which a step for scores, or for context, stands in the first register of the MACs."""
        first = self.occupancy.items["MAC 1"][:-1]
        of_step = np.array([step.context for step in self.steps] or [False])
        return (first != EMPTY) & (of_step[first] == context)


def _sizes(values, unit: int, most: int) -> np.ndarray:
    """What sizes are to the unit that the hardware takes at a time."""
    values = np.asarray(values, int)
    cases = {"1": values == 1, "the most": values == most, "less than a unit": values < unit}
    return named(cases | {"whole units": values % unit == 0}, "units and a part")


def _size_bins(unit: int, most: int) -> list[str]:
    return list(dict.fromkeys(_sizes(range(1, most + 1), unit, most).tolist()))


@PROCESSING_ELEMENT("queries of a head", lambda view: _size_bins(view.config.lanes, view.config.max_len))
def queries(view):
    """Their number, in slices."""
    return _sizes([len(head.q) for head in view.heads], view.config.lanes, view.config.max_len)


@PROCESSING_ELEMENT("keys of a head", lambda view: _size_bins(view.config.lanes, view.config.max_len))
def keys(view):
    """Their number, in slices; a part of a slice is masked by the processing element itself."""
    return _sizes([len(head.k) for head in view.heads], view.config.lanes, view.config.max_len)


@PROCESSING_ELEMENT("d_head", lambda view: _size_bins(view.config.vector_size, view.config.max_d_head))
def d_head(view):
    """Elements of a query, in words."""
    return _sizes([head.q.shape[1] for head in view.heads], view.config.vector_size, view.config.max_d_head)


MASKS = ("full", "causal, fewer queries than keys", "causal, as many", "causal, more queries than keys")


@PROCESSING_ELEMENT("mask", lambda view: MASKS)
def masks(view):
    """Which keys a query sees."""
    found = []
    for head in view.heads:
        order = (len(head.q) > len(head.k)) - (len(head.q) < len(head.k))
        found.append(MASKS[2 + order] if head.causal else MASKS[0])
    return found


@PROCESSING_ELEMENT("keys loaded", lambda view: ["before the head", "for a head before"])
def reloads(view):
    """Whether a head has keys of its own."""
    return named({"for a head before": np.array(view.reuses[: len(view.heads)], bool)}, "before the head")


@PROCESSING_ELEMENT("last lane that a row sees", lambda view: range(view.config.lanes))
def last_lanes(view):
    """The mask in a row's last slice."""
    return np.concatenate([np.zeros(0, int), *((head.visible - 1) % view.config.lanes for head in view.heads)])


@PROCESSING_ELEMENT("score", lambda view: ["lowest", "highest", "between"])
def requantised(view):
    """Results of the requantiser; it saturates."""
    raw = np.concatenate([np.zeros(0, int), *(scores(head, view.config).reshape(-1) for head in view.heads)])
    score = view.config.score
    return counted({"lowest": raw == score.min_raw, "highest": raw == score.max_raw}, "between") if len(raw) else {}


@PROCESSING_ELEMENT("zero point", lambda view: ["0", "positive", "negative"])
def zero_points(view):
    """Zero points, which are subtracted from every dot product."""
    zero_point = np.array([head.zero_point for head in view.heads], int)
    return named({"0": zero_point == 0, "positive": zero_point > 0}, "negative")


WRONG = ("none", "too many")


@PROCESSING_ELEMENT("start", lambda view: ["taken", "refused, busy", "refused, loading", *each(_limits(view), WRONG)])
def starts(view):
    """Starts, at all times; and why they are refused."""
    found = []
    for cycle, stored in view.starts:
        wrong = [
            f"{name}: {WRONG[bool(stored[register])]}"
            for name, (register, most) in _limits(view).items()
            if not 0 < stored[register] <= most
        ]
        if view.busy[cycle]:
            found.append("refused, busy")
        else:
            found += wrong or ["taken" if view.busy[cycle + 1] else "refused, loading"]
    return found


def _limits(view) -> dict[str, tuple[Register, int]]:
    return {
        "queries": (Register.QUERIES, view.config.max_len),
        "keys": (Register.KEYS, view.config.max_len),
        "d_head": (Register.D_HEAD, view.config.max_d_head),
    }


@PROCESSING_ELEMENT(
    "access to a register",
    lambda view: each(_registers(view), ["read", "written, idle", "written, busy", "read and written at once"]),
)
def accesses(view):
    """Accesses of the host to each register and to unused addresses; a start is a write to CONTROL."""
    found = []
    for cycle, access in enumerate(view.accesses):
        if access.reads or access.writes:
            name = _registers(view)[min(access.address, len(Register))]
            found += [f"{name}: read"] * access.reads
            found += [f"{name}: written, {'busy' if view.busy[cycle] else 'idle'}"] * access.writes
            found += [f"{name}: read and written at once"] * (access.reads and access.writes)
    return found


def _registers(view) -> list[str]:
    return [*(register.name for register in sorted(Register)), "none"]


@PROCESSING_ELEMENT("status", lambda view: _status_bits(view))
def status(view):
    """Bits of the status that the host has read."""
    found = []
    for access, seen in zip(view.accesses, view.read_data[1:], strict=False):
        if access.reads and access.address == Register.STATUS:
            found += [name for place, name in enumerate(STATUS_BITS) if seen >> place & 1] or ["none"]
    return found


STATUS_BITS = ("busy", "done", "refused", "saturated")


def _status_bits(view) -> list[str]:
    return ["none", *STATUS_BITS[: 3 + getattr(view.config.softmax, "sum_can_overflow", False)]]


@PROCESSING_ELEMENT("turns of the MACs", lambda view: _turns(view))
def turns(view):
    """Scores and context take turns, without a cycle between them or after waiting."""
    cases = {}
    score, context = view.turn(context=False), view.turn(context=True)
    if view.config.values:
        cases["context after scores"] = context[1:] & score[:-1]
        cases["scores after context"] = score[1:] & context[:-1]
        cases["context after waiting"] = context[1:] & ~context[:-1] & ~score[:-1]
    cases["scores after waiting"] = score[1:] & ~score[:-1] & ~context[:-1]
    cases["scores again"] = score[1:] & score[:-1]
    return counted(cases)


def _turns(view) -> list[str]:
    of_context = ["context after scores", "scores after context", "context after waiting"] * view.config.values
    return [*of_context, "scores after waiting", "scores again"]


QUERY_LEVELS = {"empty": ("rests", "fills"), "between": ("rests", "fills", "drains"), "full": ("rests", "drains")}


@PROCESSING_ELEMENT(
    "words of queries", lambda view: [bin for level, does in QUERY_LEVELS.items() for bin in each([level], does)]
)
def query_levels(view):
    """How full the query buffer is, and what happens: it fills by words and drains by queries."""
    level = view.occupancy.levels["queries"]
    change = np.diff(level)
    fill = {"empty": level[:-1] == 0, "full": level[:-1] == view.config.query_words}
    return [
        f"{a}: {b}"
        for a, b in zip(
            named(fill, "between"), named({"fills": change > 0, "drains": change < 0}, "rests"), strict=True
        )
    ]


@PROCESSING_ELEMENT("reset of a head", lambda view: ["computed", "loaded"])
def resets(view):
    """Whether a reset comes while a head is computed, or while its keys are being loaded."""
    if not view.broken_off:
        return []
    keys = view.occupancy.levels["keys"]
    return ["computed"] * bool(view.busy[-1]) + ["loaded"] * bool(not view.busy[-1] and keys[-1] != keys[-50:].min())
