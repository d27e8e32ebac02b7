"""Scenarios for units with AXI4-Stream ports, and packets from rows and back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from .cosim import CosimError, run_bench

__all__ = ["AxiResult", "AxiScenario", "Packet", "numbers_of", "packet_of", "play_axi"]


@dataclass(frozen=True)
class Packet:
    """An AXI4-Stream packet.

    Attributes
    ----------
    data : bytes
        The last beat is filled up with bytes that are not kept.
    keep : tuple of int
        For each byte 1 if it is kept.
    user : tuple of int
        Values of ``tuser`` of a received packet, one for each byte; empty if there is none.
    """

    data: bytes
    keep: tuple[int, ...]
    user: tuple[int, ...] = ()

    def to_dict(self) -> dict:
        """The packet as plain objects, for JSON."""
        return {"data": self.data.hex(), "keep": self.keep}


@dataclass
class AxiScenario:
    """Steps of a bench with a unit, from reset.

    Attributes
    ----------
    steps : list of list
        Names of steps with their arguments, see :class:`softermax.sim.axi_bench.AxiBench`.
    pauses : dict of str to list of int
        For some streams in which cycles their source or sink pauses, repeated.
    inputs : dict of str to int
        Values of ports that belong to no stream.
    """

    steps: list[list] = field(default_factory=list)
    pauses: dict[str, list[int]] = field(default_factory=dict)
    inputs: dict[str, int] = field(default_factory=dict)

    def send(self, stream: str, packets: Sequence[Packet]) -> AxiScenario:
        """Append a step that queues packets at a source."""
        return self.then("send", stream, [packet.to_dict() for packet in packets])

    def then(self, step: str, *arguments) -> AxiScenario:
        """Append a step."""
        self.steps.append([step, *arguments])
        return self


@dataclass(frozen=True)
class AxiResult:
    """Result of a scenario.

    Attributes
    ----------
    packets : dict of str to list of Packet
        Packets that each sink has received.
    violations : list of str
        Violations of the standard by the unit.
    counts : dict of str to int
        Cycles in which each counted port was high.
    stuck : int or None
        The number of the step that did not come to its end.
    """

    packets: dict[str, list[Packet]]
    violations: list[str]
    counts: dict[str, int]
    stuck: int | None

    @classmethod
    def from_dict(cls, result: dict) -> AxiResult:
        """The result from plain objects."""
        packets = {
            name: [Packet(bytes.fromhex(p["data"]), tuple(p["keep"] or ()), tuple(p["user"] or ())) for p in received]
            for name, received in result["packets"].items()
        }
        return cls(**result | {"packets": packets})


def play_axi(
    verilog: Path,
    top: str,
    scenarios: Sequence[AxiScenario],
    build_dir: Path,
    *,
    sources: Sequence[str],
    sinks: Sequence[str],
    counted: Sequence[str] = (),
    simulator: str = "verilator",
) -> list[AxiResult]:
    """Play scenarios into a unit's Verilog, one after the other, with cocotbext-axi at every stream.

    Parameters
    ----------
    sources, sinks : sequence of str
        Prefixes of the ports of all streams.
    counted : sequence of str
        Ports whose high cycles are counted.
    all others, Raises
        As for :func:`softermax.sim.cosim.cosimulate`.
    """
    if find_spec("cocotbext") is None or find_spec("cocotbext.axi") is None:
        raise CosimError(
            "AXI4-Stream needs the package cocotbext-axi, which is not installed: pip install cocotbext-axi"
        )
    ports = {"sources": list(sources), "sinks": list(sinks), "counted": list(counted)}
    stimuli = [asdict(scenario) | ports for scenario in scenarios]
    results = run_bench("softermax.sim.axi_bench", verilog, top, stimuli, build_dir, simulator=simulator)
    return [AxiResult.from_dict(result) for result in results]


def packet_of(raw: np.ndarray, keep: np.ndarray, size: int) -> Packet:
    """A packet of a row of numbers in ``size`` bytes each, little end first; what is not kept is not kept in any byte.

    Parameters
    ----------
    raw : ndarray of int, (n,)
    keep : ndarray of bool, (n,)
    """
    modulus = 1 << 8 * size
    data = b"".join((int(number) % modulus).to_bytes(size, "little") for number in raw)
    return Packet(data, tuple(np.repeat(keep, size).astype(int).tolist()))


def numbers_of(packet: Packet, size: int) -> np.ndarray:
    """The inverse of :func:`packet_of`, for unsigned numbers: ndarray of int, (n,)."""
    return np.array([int.from_bytes(packet.data[at : at + size], "little") for at in range(0, len(packet.data), size)])
