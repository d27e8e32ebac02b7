"""Cases for a complete softmax behind AXI4-Stream: scenarios, well-formed and malformed, and what must come of each."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from softermax.model import softmax_raw
from softermax.model.baseline import BaselineConfig, baseline_softmax_raw
from softermax.model.binary16 import from_fixed
from softermax.sim.axi import AxiResult, AxiScenario, Packet, numbers_of, packet_of, play_axi
from softermax.sim.traffic import bursty

from .packing import to_signed
from .stimuli import difficult_rows

SOURCE, SINK = "s_axis", "m_axis"


@dataclass
class Case:
    """A scenario, what its sink must receive, and how often counted ports must be high; those not named never."""

    scenario: AxiScenario
    expected: list[Packet]
    counts: dict[str, int] = field(default_factory=dict)

    def problems(self, result: AxiResult) -> list[str]:
        """What is wrong with a result."""
        found = list(result.violations)
        if result.stuck is not None:
            found.append(f"stuck in step {result.stuck}: {self.scenario.steps[result.stuck :][:1]}")
        received, expected = result.packets[SINK], self.expected
        if len(received) != len(expected):
            found.append(f"received {len(received)} packets, not {len(expected)}")
        pairs = enumerate(zip(received, expected, strict=False))
        found += [f"packet {number} is {got}, not {wanted}" for number, (got, wanted) in pairs if got != wanted]
        counts = {port: count for port, count in result.counts.items() if count}
        if counts != self.counts:
            found.append(f"counted {counts}, not {self.counts}")
        return found


def found(cases: dict[str, Case], verilog: Path, top: str, **ports) -> dict[str, list[str]]:
    """What is wrong in Verilog, by the names of the cases that find it; ``ports`` are those of the bench."""
    scenarios = [case.scenario for case in cases.values()]
    results = play_axi(verilog, top, scenarios, verilog.with_suffix(""), **ports)
    problems = {name: case.problems(result) for (name, case), result in zip(cases.items(), results, strict=True)}
    return {name: some for name, some in problems.items() if some}


def sizes(config) -> tuple[int, int]:
    """Bytes of a score and of a probability, worked out without the hardware's help."""
    if isinstance(config, BaselineConfig):
        return 2, 2
    return (config.input.width + 7) // 8, (config.output.width + 7) // 8


def row_of(packet: Packet, config) -> Packet:
    """The packet that must come out for a packet that goes in."""
    size, size_out = sizes(config)
    beats = -(-len(packet.data) // (size * config.lanes))
    missing = beats * size * config.lanes - len(packet.data)
    whole = Packet(packet.data + bytes(missing), packet.keep + (0,) * missing)
    raw, keep = numbers_of(whole, size), np.array(whole.keep, bool).reshape(-1, size).all(axis=1)
    raw, keep = raw[: config.capacity], keep[: config.capacity]
    if isinstance(config, BaselineConfig):
        y = baseline_softmax_raw(raw.astype(np.uint16), config, keep)
    else:
        bits = config.input.width
        x = [to_signed(int(number) & ((1 << bits) - 1), bits) for number in raw]
        y = softmax_raw(np.array(x, np.int16), config, keep)
    out = packet_of(y, np.ones(len(y), bool), size_out)
    overlong = beats * config.lanes > config.capacity
    return Packet(out.data, out.keep, (2 * overlong,) * len(out.data))


def random_packets(rng, config, rows: int) -> list[Packet]:
    """Packets of difficult rows: ragged, masked, overlong, with anything in the bits beyond a score."""
    size = sizes(config)[0]
    unused = 0 if isinstance(config, BaselineConfig) else 8 * size - config.input.width
    packets = []
    for raw, keep in difficult_rows(rng, config, rows):
        above = rng.integers(0, 1 << unused, len(raw)) << (8 * size - unused)
        packets.append(packet_of((raw.astype(int) & ((1 << 8 * size - unused) - 1)) | above, keep, size))
    return packets


class Cases:
    """The cases of a config, by name."""

    def __init__(self, config, seed: int):
        self._config, self._rng = config, np.random.default_rng(seed)
        self._size = sizes(config)[0]

    def all(self) -> dict[str, Case]:
        """Every case."""
        cases = {"full speed": self._sent(random_packets(self._rng, self._config, 40))}
        for place in range(3):
            cases[f"stalls of rows {place}"] = self._sent(random_packets(self._rng, self._config, 40), self._permits())
        for name, packets in self._malformed().items():
            cases[name] = self._sent([self._row(5), *packets, self._row(7), *packets, *packets, self._row(1)])
        return cases | self.few()

    def few(self) -> dict[str, Case]:
        """The same in fewer scenarios."""
        packets = [packet for malformed in self._malformed().values() for packet in (*malformed, self._row(5))]
        return {"stalls of malformed packets": self._sent(packets, self._permits())} | self._broken_off()

    def _permits(self) -> dict[str, list[int]]:
        return {name: (~bursty(self._rng, 257)).astype(int).tolist() for name in (SOURCE, SINK)}

    def _broken_off(self) -> dict[str, Case]:
        """Those in which there is a reset."""
        cases = {"tlast never": self._never()}
        for sources in (True, False):
            told = "with its source" if sources else "without its source"
            cases[f"reset {told}"] = self._reset(sources, [])
            cases[f"reset {told}, result waiting"] = self._reset(sources, [self._row(5), self._row(3)])
        return cases

    def _row(self, scores: int) -> Packet:
        """A well-formed row of so many scores, from -1 to 1, so that each has its share."""
        if isinstance(self._config, BaselineConfig):
            raw = from_fixed(self._rng.integers(-16, 17, scores), 4)
        else:
            one = 1 << self._config.input.fraction_bits
            raw = self._rng.integers(-one, one + 1, scores)
        return packet_of(raw, np.ones(scores, bool), self._size)

    def _beats(self, beats: int) -> Packet:
        return self._row(beats * self._config.lanes)

    def _malformed(self) -> dict[str, list[Packet]]:
        """Packets that are not as they should be, and some that just are."""
        config, beat = self._config, self._size * self._config.lanes
        row, most = self._beats(3), config.max_slices
        holes = np.repeat(self._rng.integers(0, 2, 3 * config.lanes), self._size)
        # In the first beat, of a lane of several bytes, only the lowest or the highest one.
        ends = [(np.arange(len(row.data)) % self._size == end).astype(int).tolist() for end in (0, self._size - 1)]
        null = (0,) * beat
        return {
            "tkeep with holes": [Packet(row.data, tuple(holes.tolist()))],
            "tkeep with part of a lane": [Packet(row.data, (*end[:beat], *row.keep[beat:])) for end in ends],
            "beat with nothing kept, first": [Packet(row.data, null + row.keep[beat:])],
            "beat with nothing kept, between": [Packet(row.data, row.keep[:beat] + null + row.keep[beat:-beat])],
            "beat with nothing kept, last": [Packet(row.data, row.keep[:-beat] + null)],
            "packet with nothing kept": [Packet(row.data[:beat], null), Packet(row.data, 3 * null)],
            "tlast early": [Packet(row.data[:beat], row.keep[:beat]), Packet(row.data[beat:], row.keep[beat:])],
            "tlast early, in a beat": [Packet(row.data[: beat - self._size], row.keep[: beat - self._size])],
            "tlast late": [self._beats(3)],
            "tlast late, beyond the longest row": [self._beats(most + 3)],
            "longest row": [self._beats(most)],
            "a beat longer than the longest row": [self._beats(most + 1), self._row(config.capacity + 1)],
            "several times the longest row": [self._beats(3 * most)],
        }

    def _sent(self, packets: list[Packet], pauses: dict[str, list[int]] | None = None) -> Case:
        """Packets, one after the other, each of which becomes one."""
        scenario = AxiScenario(pauses=pauses or {}).send(SOURCE, packets).then("receive", SINK, len(packets))
        return Case(scenario, [row_of(packet, self._config) for packet in packets])

    def _never(self) -> Case:
        """A packet without an end: the longest row comes out, once; then nothing, until a reset."""
        before, endless, after = self._row(3), self._beats(60 * self._config.max_slices), self._row(5)
        scenario = AxiScenario().send(SOURCE, [before, endless]).then("receive", SINK, 2).then("cycles", 40)
        scenario.then("reset", 1).send(SOURCE, [after]).then("receive", SINK, 3)
        return Case(scenario, [row_of(packet, self._config) for packet in (before, endless, after)])

    def _reset(self, sources: bool, waiting: list[Packet]) -> Case:
        """A reset in the middle of a packet, perhaps with results that wait, which are lost.

        If the source is reset, too, the packet is gone; otherwise what is left of it comes as a row of its own.
        """
        broken, after, taken = self._beats(3), self._row(5), 2
        # A beat every fourth cycle, so that none is taken between the one that is awaited and the reset.
        scenario = AxiScenario(pauses={SOURCE: [1, 1, 1, 0], SINK: [1] * 60 + [0] * 200})
        scenario.send(SOURCE, [*waiting, broken, after]).then("taken", SOURCE, len(waiting), taken)
        if waiting:
            scenario.then("offered", SINK)
        scenario.then("reset", 8, sources).then("receive", SINK, 1 if sources else 2)
        begin = taken * self._size * self._config.lanes
        rest = Packet(broken.data[begin:], broken.keep[begin:])
        return Case(scenario, [row_of(packet, self._config) for packet in ([after] if sources else [rest, after])])
