"""Replay of a trace: its runs from reset to reset, the items at each port, the contents of each register.

Nothing here but the trace itself says what was played. Its payloads are taken apart again, and a fresh timing model is
stepped with its handshakes; it must answer as the trace says on every cycle, as the simulated unit did.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from amaranth.hdl import Shape
from amaranth.lib import data

from softermax.model.framing import Framing
from softermax.model.timing_model import TimingModel

from ..trace import Trace
from .coverpoints import CoverageError

__all__ = ["EMPTY", "Occupancy", "Run", "StreamRun", "replay", "rows_left", "scores", "split"]

#: In place of an item, where a register holds none.
EMPTY = -1


@dataclass(frozen=True)
class StreamRun:
    """A stream in a run.

    Attributes
    ----------
    valid, ready : ndarray of bool, (cycles,)
    payload : list of (int or None)
        A value for each cycle.
    """

    valid: np.ndarray
    ready: np.ndarray
    payload: list[int | None]

    @cached_property
    def moves(self) -> np.ndarray:
        """Cycles in which an item passes."""
        return self.valid & self.ready

    def fields(
        self, layout: data.StructLayout, flags: tuple[str, ...] = (), *, waiting: bool = False
    ) -> dict[str, np.ndarray]:
        """Fields of the items that have passed, in order; with ``waiting`` also of the item that is offered at the end.

        Their shape is (items,); arrays, and ``flags``, which are a bit for each lane, have the shape (items, lanes).
        """
        cycles = np.flatnonzero(self.moves).tolist()
        if waiting and self.valid[-1] and not self.ready[-1]:
            cycles.append(len(self.valid) - 1)
        size = -(-layout.size // 8)
        raw = np.frombuffer(b"".join(self.payload[cycle].to_bytes(size, "little") for cycle in cycles), np.uint8)
        bits = np.unpackbits(raw.reshape(len(cycles), size), axis=1, bitorder="little")
        return {name: _field(bits, field, name in flags) for name, field in layout}


def _field(bits: np.ndarray, field: data.Field, flags: bool) -> np.ndarray:
    of_field = bits[:, field.offset : field.offset + field.width]
    if flags:
        return of_field.astype(bool)
    array = isinstance(field.shape, data.ArrayLayout)
    shape = Shape.cast(field.shape.elem_shape if array else field.shape)
    weights = 1 << np.arange(shape.width)
    weights[-1] *= -1 if shape.signed else 1
    values = of_field.reshape(len(bits), field.width // shape.width, shape.width) @ weights
    return values if array else values[:, 0]


@dataclass(frozen=True)
class Run:
    """A trace from a reset to the next one, or to its end.

    Attributes
    ----------
    inputs, outputs : dict of str to StreamRun
        Streams by name.
    others : dict of str to list of int
        Ports that belong to no stream.
    broken_off : bool
        Whether it ends with a reset.
    """

    inputs: dict[str, StreamRun]
    outputs: dict[str, StreamRun]
    others: dict[str, list[int]]
    broken_off: bool

    @property
    def cycles(self) -> int:
        """Its length."""
        return len(next(iter(self.outputs.values())).valid)


def split(trace: Trace) -> list[Run]:
    """The runs of a trace."""
    reset = np.array(trace.inputs["rst"], bool)
    begins = np.flatnonzero(np.diff(np.r_[True, reset].astype(int)) < 0)
    ends = np.flatnonzero(np.diff(np.r_[reset, True].astype(int)) > 0) + 1
    return [_run(trace, slice(*span)) for span in zip(begins, ends, strict=True)]


def _run(trace: Trace, span: slice) -> Run:
    def streams(offers, answers):
        names = [port.removesuffix("__valid") for port in offers if port.endswith("__valid")]
        return {
            name: StreamRun(
                np.array(offers[f"{name}__valid"][span], bool),
                np.array(answers[f"{name}__ready"][span], bool),
                offers[f"{name}__payload"][span],
            )
            for name in names
        }

    inputs, outputs = streams(trace.inputs, trace.outputs), streams(trace.outputs, trace.inputs)
    known = {f"{name}__{part}" for name in inputs | outputs for part in ("valid", "ready", "payload")}
    others = {
        port: values[span] for port, values in (trace.inputs | trace.outputs).items() if port not in known | {"rst"}
    }
    return Run(inputs, outputs, others, span.stop < trace.cycles)


@dataclass(frozen=True)
class Occupancy:
    """Contents of the registers during a run: at the start of each cycle, and after the last.

    Attributes
    ----------
    chains : dict of str to list of str
        The columns of every chain of elastic registers, from the first register on; if the last one feeds several
        streams, it has a column for each.
    items : dict of str to ndarray of int, (cycles + 1,)
        For each column, the number of the item that waits in the register, or :data:`EMPTY`.
    levels : dict of str to ndarray of int, (cycles + 1,)
        For each buffer, how much it holds.
    """

    chains: dict[str, list[str]]
    items: dict[str, np.ndarray]
    levels: dict[str, np.ndarray]

    @cached_property
    def stalls(self) -> dict[str, np.ndarray]:
        """For each column, the cycles in which its item stays."""
        return {name: (held[:-1] == held[1:]) & (held[1:] != EMPTY) for name, held in self.items.items()}

    def stalled(self, column: str) -> np.ndarray:
        """Numbers of the items that have stayed in a register for a cycle or more."""
        return np.unique(self.items[column][:-1][self.stalls[column]])


def _columns(name: str, chain) -> list[str]:
    streams = len(chain.valid)
    length = len(chain.held) - streams + 1
    columns = [f"{name} {place}" for place in range(1, length)]
    last = f"{name} {length}" if length > 1 else name
    return columns + ([last] if streams == 1 else [f"{last}, stream {stream + 1}" for stream in range(streams)])


def _by_cycle(streams: list[StreamRun], part: str) -> list[tuple[bool, ...]]:
    """A bit of several streams, cycle by cycle."""
    return list(zip(*(getattr(stream, part).tolist() for stream in streams), strict=True))


def replay(timing: TimingModel, run: Run, before=lambda timing, cycle: None) -> Occupancy:
    """Step a timing model through a run.

    Parameters
    ----------
    before : callable
        Called with the model and the cycle's number before the model is asked for anything.

    Raises
    ------
    CoverageError
        If the model answers other than the run says.
    """
    names = {name: _columns(name, chain) for name, chain in timing.chains.items()}
    chains = list(timing.chains.values())
    inputs, outputs = [run.inputs[name] for name in timing.inputs], [run.outputs[name] for name in timing.outputs]
    valids, answers = _by_cycle(inputs, "valid"), _by_cycle(inputs, "ready")
    readies, shown = _by_cycle(outputs, "ready"), _by_cycle(outputs, "valid")
    held, levels = [], []

    def look():
        held.append([EMPTY if item is None else item for chain in chains for item in chain.held])
        levels.append(list(timing.levels.values()))

    for cycle in range(run.cycles):
        before(timing, cycle)
        look()
        if tuple(timing.ready(valids[cycle], readies[cycle])) != answers[cycle] or timing.valids() != shown[cycle]:
            raise CoverageError(f"the timing model must answer as the trace, but does not in cycle {cycle} of a run")
        timing.clock(valids[cycle], readies[cycle])
    look()
    columns = [column for of_chain in names.values() for column in of_chain]
    items = dict(zip(columns, np.array(held, int).reshape(-1, len(columns)).T, strict=True))
    fill = dict(zip(timing.levels, np.array(levels, int).reshape(len(held), -1).T, strict=True))
    return Occupancy(names, items, fill)


def scores(run: Run, layout: data.StructLayout, *, waiting: bool = False) -> dict[str, np.ndarray]:
    """Fields of the slices of scores that have been taken at stream ``i``."""
    return run.inputs["i"].fields(layout, ("keep",), waiting=waiting)


def rows_left(run: Run, framing: Framing) -> int:
    """Number of rows whose results have all left a unit, given the framing of the accepted slices."""
    rows = int(framing.last[: int(run.outputs["o"].moves.sum())].sum())
    return min(rows, int(run.outputs["row"].moves.sum())) if "row" in run.outputs else rows
