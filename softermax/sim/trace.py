"""Traces: every port of a unit on every clock cycle, as the golden models predict them.

The value model says what every slice becomes, the timing model on which cycle it stands where. A bench plays a trace's
inputs and compares its outputs: it needs to know nothing of the unit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import reduce

import numpy as np

from softermax.model.timing_model import TimingModel

from .streams import PackedStream

__all__ = [
    "Host",
    "Trace",
    "cut_by_reset",
    "record",
]

#: Clock cycles for which the reset is held, and for which a unit must stay silent after its last item.
RESET_CYCLES = 2
IDLE_CYCLES = 8


@dataclass(frozen=True)
class Trace:
    """Ports by name, a value for each clock cycle, the reset among them.

    Attributes
    ----------
    inputs : dict of str to list of int
        Values that the bench drives.
    outputs : dict of str to list of (int or None)
        Values that the unit must show before the clock edge that ends the cycle; None where it may show anything: at
        its outputs under reset and in data that have never been loaded.
    widths : dict of str to int
        Bits of each output.
    """

    inputs: dict[str, list[int]]
    outputs: dict[str, list[int | None]]
    widths: dict[str, int]

    @property
    def cycles(self) -> int:
        """Length of the trace in clock cycles, reset included."""
        return len(self.inputs["rst"])

    def to_dict(self) -> dict:
        """The trace as plain objects, for JSON."""
        return asdict(self)


def cut_by_reset(trace: Trace, cycle: int | Sequence[int], then: Trace) -> Trace:
    """A trace that is broken off before ``cycle``, or again before each of several, and another after a reset.

    The reset lasts a single cycle, in which an item that waits behind another has no time to leave by itself, and sinks
    take nothing: whatever a reset does not remove is there to be seen.
    """
    if isinstance(cycle, Sequence):
        return reduce(lambda made, some: cut_by_reset(trace, some, made), reversed(cycle), then)
    ports_in = {port: [*values[:cycle], *_from_reset(port, then.inputs[port])] for port, values in trace.inputs.items()}
    ports_out = {
        port: [*values[:cycle], *then.outputs[port][RESET_CYCLES - 1 :]] for port, values in trace.outputs.items()
    }
    return Trace(ports_in, ports_out, trace.widths)


def _from_reset(port: str, values: list[int]) -> list[int]:
    """An input from the last cycle of its reset on."""
    return [0 if port.endswith("__ready") else values[RESET_CYCLES - 1], *values[RESET_CYCLES:]]


class _Source:
    """Offers a stream's items in order: from when the permit allows it until the unit takes it, as the contract says.

    Attributes
    ----------
    taken : int
        Number of items that the unit has taken.
    """

    def __init__(self, stream: PackedStream, permit: np.ndarray | None):
        self._stream, self._permit = stream, permit
        self.taken = 0
        self._held = False

    def offers(self, cycle: int, limit: int | None = None) -> bool:
        """Whether an item is offered; once it is, it stays. There may be a limit to their number."""
        allowed = self._permit is None or bool(self._permit[cycle % len(self._permit)])
        allowed &= limit is None or self.taken < limit
        self._held = (self._held or allowed) and not self.exhausted
        return self._held

    def payload(self, rng: np.random.Generator) -> int:
        """The item's data, or noise that the unit must ignore."""
        if self._held:
            return self._stream.payloads[self.taken]
        return int.from_bytes(rng.bytes(-(-self._stream.width // 8))) >> (-self._stream.width % 8)

    def clock(self, ready: bool):
        """Clock edge."""
        if self._held and ready:
            self.taken, self._held = self.taken + 1, False

    @property
    def exhausted(self) -> bool:
        """Whether the last item has been taken."""
        return self.taken == len(self._stream)


class Host:
    """Driver of the ports that belong to no stream; this base class has none.

    Attributes
    ----------
    inputs : tuple of str
    outputs : dict of str to int
        Bits of each output.
    finished : bool
        Whether nothing more is going to be done.
    """

    inputs: tuple[str, ...] = ()
    outputs: dict[str, int] = {}  # noqa: RUF012 (read only)
    finished = True

    def limit(self, name: str) -> int | None:
        """How many items of an input stream may be offered, up to now; None for all."""
        return None

    def drive(self, timing: TimingModel, taken: dict[str, int]) -> dict[str, int]:
        """Inputs in this cycle, given the items accepted so far; the timing model is told of them."""
        return {}

    def shown(self, timing: TimingModel) -> dict[str, int]:
        """Expected outputs in this cycle."""
        return {}


class _Recorder:
    """Collects a trace cycle by cycle from a unit's timing model."""

    def __init__(self, timing: TimingModel, sources, sinks: dict[str, PackedStream], permits, rng, host: Host):
        self._timing, self._sinks, self._permits, self._rng, self._host = timing, sinks, permits, rng, host
        self._players = [_Source(sources[name], permits.get(name)) for name in timing.inputs]
        self._awaited = {name: len(sinks[name]) - 1 for name in timing.outputs}
        widths = {f"{name}__ready": 1 for name in timing.inputs}
        for name in timing.outputs:
            widths |= {f"{name}__valid": 1, f"{name}__payload": sinks[name].width}
        ports_in = ["rst", *(f"{name}__{part}" for name in timing.inputs for part in ("valid", "payload"))]
        ports_in += [*(f"{name}__ready" for name in timing.outputs), *host.inputs]
        widths |= host.outputs
        self.trace = Trace({port: [] for port in ports_in}, {port: [] for port in widths}, widths)

    def reset(self):
        """A cycle of reset, during which sources may do anything."""
        for name, player in zip(self._timing.inputs, self._players, strict=True):
            self._drive(name, bool(self._rng.integers(2)), player.payload(self._rng))
        for name in self._timing.outputs:
            self.trace.inputs[f"{name}__ready"].append(int(self._rng.integers(2)))
        for port in self._host.inputs:
            self.trace.inputs[port].append(int(self._rng.integers(2)))
        for values in self.trace.outputs.values():
            values.append(None)
        self.trace.inputs["rst"].append(1)

    def _drive(self, name, valid, payload):
        self.trace.inputs[f"{name}__valid"].append(int(valid))
        self.trace.inputs[f"{name}__payload"].append(payload)

    def cycle(self, number: int) -> bool:
        """A clock cycle; returns whether every source is exhausted and every output's last item has been taken."""
        timing, players = self._timing, dict(zip(self._timing.inputs, self._players, strict=True))
        self._drive_host({name: player.taken for name, player in players.items()})
        valids = tuple(player.offers(number, self._host.limit(name)) for name, player in players.items())
        readies = tuple(self._takes(name, number) for name in timing.outputs)
        answers = timing.ready(valids, readies)
        for name, player, valid, answer in zip(timing.inputs, self._players, valids, answers, strict=True):
            self._drive(name, valid, player.payload(self._rng))
            self.trace.outputs[f"{name}__ready"].append(int(answer))
        for name, ready, valid, item in zip(timing.outputs, readies, timing.valids(), timing.shown(), strict=True):
            self.trace.inputs[f"{name}__ready"].append(int(ready))
            self.trace.outputs[f"{name}__valid"].append(int(valid))
            payload = self._sinks[name].payloads[item] if item >= 0 else None
            self.trace.outputs[f"{name}__payload"].append(payload)
            if valid and ready and item == self._awaited[name]:
                self._awaited[name] = None
        self.trace.inputs["rst"].append(0)
        timing.clock(valids, readies)
        for player, answer in zip(self._players, answers, strict=True):
            player.clock(answer)
        exhausted = all(player.exhausted for player in self._players)
        return exhausted and set(self._awaited.values()) == {None} and self._host.finished

    def _drive_host(self, taken):
        for port, value in self._host.drive(self._timing, taken).items():
            self.trace.inputs[port].append(value)
        for port, value in self._host.shown(self._timing).items():
            self.trace.outputs[port].append(value)

    def _takes(self, name, number) -> bool:
        permit = self._permits.get(name)
        return permit is None or bool(permit[number % len(permit)])


def record(timing: TimingModel, sources, sinks, permits, rng, host: Host | None = None) -> Trace:
    """The trace of a unit's timing model and streams, until it has been silent for a while after the last item."""
    patience = 1000 * (1 + sum(len(stream) for stream in (*sources.values(), *sinks.values())))
    recorder = _Recorder(timing, sources, sinks, permits, rng, host or Host())
    for _ in range(RESET_CYCLES):
        recorder.reset()
    silent = number = 0
    while silent < IDLE_CYCLES:
        silent = silent + 1 if recorder.cycle(number) else 0
        number += 1
        if number > patience:
            raise ValueError(f"permits must let every slice pass, not hold it for {patience} cycles")
    return recorder.trace
