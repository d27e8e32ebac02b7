"""The soak bench from Python: a library as :mod:`softermax.sim.soak.build` makes it, and batches that are run in it."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from ctypes import c_uint32, c_uint64, c_void_p
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from typing import NamedTuple

import numpy as np

from softermax.sim.streams import PackedStream
from softermax.sim.trace import IDLE_CYCLES

from .build import UnitPorts

__all__ = ["Batch", "Error", "Report", "SoakBench", "Step", "StepKind"]

#: Cycles without a handshake after which a unit is stuck: many times the longest standstill.
STUCK_CYCLES = 20_000


class StepKind(IntEnum):
    """Kinds of a host's steps, as in ``batch.h``."""

    WRITE = 0
    READ = 1
    GRANT = 2
    AWAIT_TAKEN = 3
    AWAIT_DONE = 4


class Step(NamedTuple):
    """A step of a host: ``target`` is an address, or the name of an input stream."""

    kind: StepKind
    target: int | str = 0
    value: int = 0


class Error(IntEnum):
    """Kinds of a first error, as in ``batch.h``."""

    NONE = 0
    WRONG = 1
    LOST = 2
    REPEATED = 3
    MOVED = 4
    WITHDRAWN = 5
    SURPLUS = 6
    STUCK = 7
    REGISTER = 8


@dataclass(frozen=True, eq=False)
class Batch:
    """Contents of one run of the bench, which begins with a reset.

    Attributes
    ----------
    sources, sinks : dict of str to PackedStream
        Items that are offered, and items that must leave.
    permits : dict of str to ndarray of bool
        Permissions of the streams, a value a cycle, repeated; a stream without is always allowed.
    steps : sequence of Step
        Steps of the host, if the unit has registers.
    difficult : bool
        Whether the host pauses, and accesses registers that it has no business with.
    seed : int
        Seed of noise, and of a difficult host's actions.
    stop_after : int
        Items of the first output after which the batch is broken off; 0: never.
    """

    sources: dict[str, PackedStream]
    sinks: dict[str, PackedStream]
    permits: dict[str, np.ndarray] = field(default_factory=dict)
    steps: Sequence[Step] = ()
    difficult: bool = False
    seed: int = 0
    stop_after: int = 0


@dataclass(frozen=True)
class Report:
    """Result of a batch.

    Attributes
    ----------
    taken : int
        Items of the first output.
    cycles : int
        Without reset.
    stalled_in, stalled_out : int
        Cycles in which an item waited, summed over inputs and over outputs.
    first_move, last_move : int
        Cycles in which the first and the last item of the first output were taken.
    error : Error
    stream : str
        Where the error is: the name of a stream, or "registers".
    item : int
        Its place in that stream, or in the host's steps, counted from 0.
    expected, seen : int or None
        Payload, or what a register holds; None where nothing is expected.
    """

    taken: int
    cycles: int
    stalled_in: int
    stalled_out: int
    first_move: int
    last_move: int
    error: Error
    stream: str
    item: int
    expected: int | None
    seen: int


class _StreamData(ctypes.Structure):
    _fields_ = (("words", c_void_p), ("items", c_uint64), ("permits", c_void_p), ("permits_length", c_uint64))


class _Step(ctypes.Structure):
    _fields_ = (("kind", c_uint32), ("target", c_uint32), ("value", c_uint64))


class _Batch(ctypes.Structure):
    _fields_ = (
        ("inputs", ctypes.POINTER(_StreamData)),
        ("outputs", ctypes.POINTER(_StreamData)),
        ("steps", ctypes.POINTER(_Step)),
        *((name, c_uint64) for name in ("step_count", "stop_after", "seed", "patience", "idle_cycles")),
        ("difficult", c_uint32),
    )


class _Report(ctypes.Structure):
    _fields_ = (
        *((name, c_uint64) for name in ("cycles", "stalled_in", "stalled_out", "first_move", "last_move")),
        *((name, c_uint64) for name in ("taken", "item")),
        *((name, c_uint32) for name in ("error", "stream", "expected")),
        ("seen", c_uint32 * 1024),
    )


class SoakBench:
    """A unit in the bench; what has no reset begins with anything.

    Parameters
    ----------
    library : Path
        As :func:`softermax.sim.soak.build.build_bench` makes it.
    ports : UnitPorts
        Ports of the same unit.
    seed : int
        Seed of the unit's initial contents.
    """

    def __init__(self, library: Path, ports: UnitPorts, seed: int = 1):
        self._ports = ports
        self._library = ctypes.CDLL(str(library))
        self._library.soak_open.restype = c_void_p
        self._library.soak_run.argtypes = (c_void_p, ctypes.POINTER(_Batch), ctypes.POINTER(_Report))
        self._library.soak_close.argtypes = (c_void_p,)
        self._bench = self._library.soak_open(1 + seed % (2**31 - 1))

    def __enter__(self) -> SoakBench:
        return self

    def __exit__(self, *_):
        self._library.soak_close(self._bench)

    def run(self, batch: Batch) -> Report:
        """Run a batch from reset, up to its end or its first error."""
        words = {name: np.ascontiguousarray(stream.words) for name, stream in (batch.sources | batch.sinks).items()}
        permits = {name: np.ascontiguousarray(permit, np.uint8) for name, permit in batch.permits.items()}
        places = {name: place for place, name in enumerate(self._ports.inputs)}
        steps = [(kind, places.get(target, target), value) for kind, target, value in batch.steps]
        given = _Batch(
            self._streams(self._ports.inputs, words, permits),
            self._streams(self._ports.outputs, words, permits),
            (_Step * len(steps))(*steps),
            len(steps),
            batch.stop_after,
            batch.seed,
            STUCK_CYCLES,
            IDLE_CYCLES,
            batch.difficult,
        )
        found = _Report()
        self._library.soak_run(self._bench, given, found)
        return self._report(batch, found)

    @staticmethod
    def _streams(names, words, permits):
        def data(name) -> _StreamData:
            permit = permits.get(name)
            where = (None, 0) if permit is None else (permit.ctypes.data, len(permit))
            return _StreamData(words[name].ctypes.data, len(words[name]), *where)

        return (_StreamData * len(names))(*map(data, names))

    def _report(self, batch: Batch, found: _Report) -> Report:
        names = [*self._ports.outputs, *self._ports.inputs, "registers"]
        stream, error = names[found.stream], Error(found.error)
        sink = batch.sinks.get(stream)
        expected = found.expected if error == Error.REGISTER else None
        if sink is not None and found.item < len(sink):
            expected = int.from_bytes(sink.words[found.item].tobytes(), "little")
        figures = ("taken", "cycles", "stalled_in", "stalled_out", "first_move", "last_move")
        seen = int.from_bytes(bytes(found.seen), "little")
        return Report(*(getattr(found, name) for name in figures), error, stream, found.item, expected, seen)
