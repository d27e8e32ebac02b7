"""Counterexamples as waveforms: the netlist is played with the inputs that abc has found."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from vcd import VCDWriter

__all__ = ["write_trace"]

#: Nanoseconds of a clock cycle in a waveform.
CYCLE = 10


def write_trace(folder: Path, failing: str):
    """Write ``counterexample.vcd`` of ``counterexample.aiw``, the inputs of each cycle, in a folder with a netlist.

    Parameters
    ----------
    failing : str
        What fails in the last cycle, for the waveform's head.
    """
    netlist = _Netlist.read(folder / "netlist.aig")
    lines = (folder / "counterexample.aiw").read_text().split()
    # First come the registers, which are all 0: what they hold before the first reset are inputs, too.
    stimuli = [[int(bit) for bit in line] for line in lines if len(line) == netlist.inputs]
    if len(netlist.latches) == netlist.inputs:
        stimuli = stimuli[1:]
    wires = _wires(folder / "netlist.map")
    with (folder / "counterexample.vcd").open("w") as file:
        writer = VCDWriter(file, timescale="1 ns", comment=f"fails in the last cycle: {failing}", check_values=False)
        variables = {name: writer.register_var(*_place(name), "wire", size=len(bits)) for name, bits in wires.items()}
        for cycle, values in enumerate(netlist.play(stimuli)):
            for name, bits in wires.items():
                number = sum(_value(values, literal) << place for place, literal in bits.items())
                writer.change(variables[name], cycle * CYCLE, number)
        writer.close(len(stimuli) * CYCLE)


def _place(name: str) -> tuple[str, str]:
    """Scope and name in a waveform; a field of a structure belongs to its name."""
    scope, _, inner = name.rpartition(".") if name.startswith("unit.") and "payload" not in name else ("", "", name)
    return (f"harness.{scope}".rstrip("."), inner)


def _wires(path: Path) -> dict[str, dict[int, int]]:
    """Literals of the bits of all wires with a name."""
    wires: dict[str, dict[int, int]] = defaultdict(dict)
    for line in path.read_text().splitlines():
        kind, *place = line.split(" ", 3)
        if kind == "wire" and "$" not in place[-1]:
            literal, bit, name = place
            wires[name][int(bit)] = int(literal)
    return {name: bits for name, bits in wires.items() if sorted(bits) == list(range(len(bits)))}


def _value(values: list[int], literal: int) -> int:
    return values[literal >> 1] ^ (literal & 1)


@dataclass(frozen=True)
class _Netlist:
    """Ands and inverters in the AIGER format.

    Attributes
    ----------
    inputs : int
    latches : list of int
        Literal that each takes at the end of a cycle; all are 0 at first.
    ands : list of tuple of int
        The two literals of each.
    """

    inputs: int
    latches: list[int]
    ands: list[tuple[int, int]]

    @classmethod
    def read(cls, path: Path) -> _Netlist:
        """Read a binary file."""
        content = path.read_bytes()
        head, _, rest = content.partition(b"\n")
        _, _, inputs, latches, outputs, ands, *properties = head.split()
        inputs, latches, ands = int(inputs), int(latches), int(ands)
        following = latches + int(outputs) + sum(map(int, properties))
        lines = rest.split(b"\n", following)
        deltas = _deltas(lines[-1])
        gates = []
        for gate in range(inputs + latches + 1, inputs + latches + ands + 1):
            first = 2 * gate - next(deltas)
            gates.append((first, first - next(deltas)))
        return cls(inputs, [int(line.split()[0]) for line in lines[:latches]], gates)

    def play(self, stimuli: list[list[int]]):
        """Values of all nodes in each cycle."""
        state = [0] * len(self.latches)
        for inputs in stimuli:
            values = [0, *inputs, *state]
            for a, b in self.ands:
                values.append(_value(values, a) & _value(values, b))
            yield values
            state = [_value(values, literal) for literal in self.latches]


def _deltas(content: bytes):
    """Numbers of 7 bits a byte, the lowest first."""
    number = shift = 0
    for byte in content:
        number |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            yield number
            number = shift = 0
