"""Cases for a processing element behind AXI4-Stream: scenarios, well-formed and malformed, and what comes of each."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from softermax.model.pe import Head, Register
from softermax.model.pe_config import ProcessingElementConfig
from softermax.sim.axi import AxiScenario, Packet
from softermax.sim.traffic import bursty

from ..axi_cases import SINK, Case
from .axi_packets import WHATS, malformed, packets_of, rows_of

#: A beat every eighth cycle, so that none is taken between the one that is awaited and what is done then.
SLOW = [1, 1, 1, 1, 1, 1, 1, 0]


def source(name: str) -> str:
    """The ports of a matrix."""
    return f"s_axis_{name}"


class ElementCases:
    """The cases of a config whose probabilities have 8 bits, by name."""

    def __init__(self, config: ProcessingElementConfig, seed: int):
        self._config, self._rng = config, np.random.default_rng(seed)
        self.matrices = ("k", "q", "v") if config.values else ("k", "q")
        self._loaded = [name for name in self.matrices if name != "q"]
        #: Of the bench.
        self.ports = {
            "sources": [source(name) for name in self.matrices],
            "sinks": [SINK],
            "counted": [f"{name}_{event}" for name in self.matrices for event in ("ends_early", "ends_late")],
        }

    def all(self) -> dict[str, Case]:
        """Every case."""
        cases = {"full speed": self._heads({}), "stalls": self._heads(self._permits())}
        for name in self.matrices:
            for what in WHATS:
                cases[f"{name}: {what}"] = self._with_malformed(name, [{0: what, 2: what}], {})
            cases[f"{name}: malformed, stalls"] = self._all_malformed(name, self._permits())
            cases[f"{name}: tlast never"] = self._never(name)
            cases[f"{name}: reset with its source"] = self._reset(name, True)
            cases[f"{name}: reset without its source"] = self._reset(name, False)
        return cases | self._of_states()

    def few(self) -> dict[str, Case]:
        """Most of it in fewer scenarios."""
        cases = {f"{name}: malformed": self._all_malformed(name, {}) for name in self.matrices}
        cases |= {"k: tlast never": self._never("k"), "q: reset without its source": self._reset("q", False)}
        return cases | self._of_states()

    def _of_states(self) -> dict[str, Case]:
        """What comes before sizes are written, and what is done in the middle of a packet."""
        cases = {"q: reset while filled up": self._reset_while_filled_up()}
        for name in self.matrices:
            cases[f"{name}: before sizes"] = self._before_sizes(name)
            cases[f"{name}: resets at full speed"] = self._resets(name)
        for name, register in (("k", Register.D_HEAD), ("v", Register.KEYS)):
            if name in self.matrices:
                cases[f"{name}: size written in a packet"] = self._size_in_packet(name, register)
                cases[f"{name}: start in a packet"] = self._start_in_packet(name)
        return cases

    def _head(self, queries=3, keys=5, d_head=5) -> Head:
        """Random queries, keys and values; scores of some units, so that each key has its share."""
        shapes = {"q": (queries, d_head), "k": (keys, d_head), "v": (keys, d_head)}
        data = {name: self._rng.integers(-128, 128, shape).astype(np.int8) for name, shape in shapes.items()}
        return Head(**data, multiplier=172, shift=19, context_multiplier=128, context_shift=14)

    def _permits(self) -> dict[str, list[int]]:
        names = [*map(source, self.matrices), SINK]
        return {name: (~bursty(self._rng, 257)).astype(int).tolist() for name in names}

    def _load(self, scenario: AxiScenario, head: Head, packets: dict[str, list[Packet]]):
        """Write the sizes, and load keys and values."""
        for register, value in head.settings().items():
            scenario.then("write", register, value)
        self._send_and_wait(scenario, packets)

    def _send_and_wait(self, scenario: AxiScenario, packets: dict[str, list[Packet]]):
        """Send keys and values, and wait until they are loaded, filled up perhaps."""
        for name in self._loaded:
            scenario.send(source(name), packets[name])
        for name in self._loaded:
            scenario.then("sent", source(name))
        scenario.then("cycles", 8)

    def _compute(self, scenario: AxiScenario, queries: list[Packet], rows: int):
        """Start and send queries; so many rows must have come since the scenario began."""
        scenario.then("write", Register.CONTROL, 1).send(source("q"), queries)
        scenario.then("receive", SINK, rows).then("wait", "done")

    def _packets(self, head: Head) -> dict[str, list[Packet]]:
        return {name: packets_of(head, name, self._config) for name in self.matrices}

    def _run(self, scenario: AxiScenario, head: Head, expected: list[Packet]):
        """A whole head as it should be; its rows are appended to what is expected."""
        packets = self._packets(head)
        expected += rows_of(head, self._config)
        self._load(scenario, head, packets)
        self._compute(scenario, packets["q"], len(expected))

    def _heads(self, pauses: dict[str, list[int]]) -> Case:
        """Heads of several sizes, one with the keys and values of the one before."""
        case = Case(AxiScenario(pauses=pauses), [])
        for sizes in ((3, 5, 5), (1, 1, 1), (5, 12, 6), (2, 4, 2)):
            self._run(case.scenario, head := self._head(*sizes), case.expected)
        again = replace(head, q=self._head(4, 4, 2).q)
        for register, value in again.settings().items():
            if register not in (Register.D_HEAD, Register.KEYS):
                case.scenario.then("write", register, value)
        case.expected.extend(rows_of(again, self._config))
        self._compute(case.scenario, packets_of(again, "q", self._config), len(case.expected))
        return case

    def _before_sizes(self, early: str) -> Case:
        """Packets of a matrix that come before sizes are written wait."""
        head, case = self._head(), Case(AxiScenario(), [])
        packets = self._packets(head)
        case.scenario.send(source(early), packets[early]).then("cycles", 20)
        packets[early] = []
        case.expected += rows_of(head, self._config)
        self._load(case.scenario, head, packets)
        self._compute(case.scenario, packets["q"], len(case.expected))
        return case

    def _all_malformed(self, name: str, pauses: dict[str, list[int]]) -> Case:
        """Two heads of rows that are malformed in any way, one after the other."""
        return self._with_malformed(name, [dict(enumerate(WHATS[::2])), dict(enumerate(WHATS[1::2]))], pauses)

    def _with_malformed(self, name: str, heads: list[dict[int, str]], pauses: dict[str, list[int]]) -> Case:
        """Heads of which some rows are malformed, and how; the others, and the head after them, are not."""
        case, counts = Case(AxiScenario(pauses=pauses), []), {"early": 0, "late": 0}
        for whats in heads:
            head = self._head(5, 5, 5)
            packets, matrix = self._packets(head), getattr(head, name).copy()
            rows = matrix.T if name == "v" else matrix
            for place, what in whats.items():
                instead = malformed(what, rows[place], self._config.vector_size, self._rng)
                packets[name][place], rows[place] = instead.packet, instead.row
                for end in counts:
                    counts[end] += getattr(instead, end)
            case.expected += rows_of(replace(head, **{name: matrix}), self._config)
            self._load(case.scenario, head, packets)
            self._compute(case.scenario, packets["q"], len(case.expected))
        case.counts.update({f"{name}_ends_{end}": count for end, count in counts.items() if count})
        self._run(case.scenario, self._head(2, 3, 4), case.expected)
        return case

    def _never(self, name: str) -> Case:
        """A packet without an end is one row; all the rest of it is lost, until a reset."""
        head, case = self._head(), Case(AxiScenario(), [], {f"{name}_ends_late": 1})
        packets = self._packets(head)
        endless = Packet(bytes(1000), (1,) * 1000)
        for register, value in head.settings().items():
            case.scenario.then("write", register, value)
        case.scenario.send(source(name), [packets[name][0], endless]).then("taken", source(name), 1, 100)
        case.scenario.then("reset", 2)
        self._run(case.scenario, self._head(), case.expected)
        return case

    def _begin(self, case: Case, head: Head, name: str, rows: int) -> Packet:
        """Load, or of queries compute, and stop in a packet after so many rows, of which a beat has been taken."""
        packets = self._packets(head)
        case.scenario.pauses[source(name)] = SLOW
        if name == "q":
            self._load(case.scenario, head, packets)
            case.scenario.then("write", Register.CONTROL, 1)
        else:
            for register, value in head.settings().items():
                case.scenario.then("write", register, value)
        case.scenario.send(source(name), packets[name][: rows + 1]).then("taken", source(name), rows, 1)
        broken, size = packets[name][rows], self._config.vector_size
        return Packet(broken.data[size:], broken.keep[size:])

    def _reset(self, name: str, sources: bool) -> Case:
        """A reset in a packet. If its source is not reset, what is left of it is the first row of the next head."""
        head, case = self._head(d_head=6), Case(AxiScenario(pauses={SINK: [1] * 150 + [0] * 200}), [])
        rest = self._begin(case, head, name, 2)
        if name == "q":
            # The first row's result is lost, too.
            case.scenario.then("offered", SINK)
        case.scenario.then("reset", 9, sources)
        # With as many elements as fill slices, so that no row of zeros is to be counted.
        after = self._head(d_head=6)
        if sources:
            self._run(case.scenario, after, case.expected)
            return case
        packets, matrix = self._packets(after), getattr(after, name).copy()
        rows = matrix.T if name == "v" else matrix
        rows[1:] = rows[:-1].copy()
        rows[0] = 0
        rows[0, : len(rest.data)] = np.frombuffer(rest.data, np.int8)
        packets[name] = packets[name][:-1]
        case.expected += rows_of(replace(after, **{name: matrix}), self._config)
        self._load(case.scenario, after, packets)
        self._compute(case.scenario, packets["q"], len(case.expected))
        case.counts[f"{name}_ends_early"] = 1
        return case

    def _reset_while_filled_up(self) -> Case:
        """A reset while there is no room for the zeros of a query that has ended early."""
        head, case = self._head(), Case(AxiScenario(), [], {"q_ends_early": 3})
        for register, value in head.settings().items():
            case.scenario.then("write", register, value)
        case.scenario.send(source("q"), [Packet(b"\x55", (1,))] * 3).then("taken", source("q"), 3, 0).then("cycles", 20)
        case.scenario.then("reset", 1)
        self._run(case.scenario, self._head(), case.expected)
        return case

    def _resets(self, name: str) -> Case:
        """Resets in packets at full speed: nothing is taken under them; what is left after the first one is lost."""
        head, case = self._head(), Case(AxiScenario(), [])
        for register, value in head.settings().items():
            case.scenario.then("write", register, value)
        case.scenario.send(source(name), self._packets(head)[name]).then("taken", source(name), 1, 1)
        case.scenario.then("reset", 2, False).then("reset", 2).then("clear", source(name))
        self._run(case.scenario, self._head(), case.expected)
        return case

    def _size_in_packet(self, name: str, register: Register) -> Case:
        """A size is written in a packet: the rest of the packet is not the next row, which begins again."""
        case, head = Case(AxiScenario(), []), self._head()
        self._begin(case, head, name, 1)
        case.scenario.then("write", register, head.settings()[register])
        self._run(case.scenario, head, case.expected)
        return case

    def _start_in_packet(self, name: str) -> Case:
        """A start in a packet too many: the rest of the packet is not the first row of the next head."""
        case, head = Case(AxiScenario(), []), self._head(d_head=3)
        packets = self._packets(head)
        case.scenario.pauses[source(name)] = SLOW
        self._load(case.scenario, head, packets)
        rows = len(packets[name])
        case.scenario.send(source(name), packets[name][:1]).then("taken", source(name), rows, 1)
        case.expected += rows_of(head, self._config)
        self._compute(case.scenario, packets["q"], len(case.expected))
        another = self._packets(after := self._head(d_head=3))
        case.expected += rows_of(after, self._config)
        self._send_and_wait(case.scenario, another)
        self._compute(case.scenario, another["q"], len(case.expected))
        return case
