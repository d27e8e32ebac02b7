"""Counterexamples as waveforms: the netlist is played with the inputs that abc has found."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import numpy as np
from vcd import VCDWriter

from ..equivalence.aig import Aig, parse_aiger

__all__ = ["write_trace"]

#: Nanoseconds of a clock cycle in a waveform.
CYCLE = 10


def write_trace(folder: Path, failing: str):
    """Write ``counterexample.vcd`` of ``counterexample.aiw``, the inputs of each cycle, in a folder with a netlist.

    Parameters
    ----------
    failing : str
        Property that fails in the last cycle, for the waveform's head.
    """
    aig = parse_aiger(folder / "netlist.aig")
    stimuli = _stimuli(folder / "counterexample.aiw", aig)
    wires = _wires(folder / "netlist.map")
    with (folder / "counterexample.vcd").open("w") as file:
        writer = VCDWriter(file, timescale="1 ns", comment=f"fails in the last cycle: {failing}", check_values=False)
        variables = {name: writer.register_var(*_place(name), "wire", size=len(bits)) for name, bits in wires.items()}
        for cycle, values in enumerate(aig.simulate(stimuli, np.zeros((len(aig.latches), 1), np.uint64))):
            for name, literals in wires.items():
                bits = aig.read(values, literals)[:, 0] & np.uint64(1)
                number = sum(int(bit) << place for place, bit in enumerate(bits))
                writer.change(variables[name], cycle * CYCLE, number)
        writer.close(len(stimuli) * CYCLE)


def _place(name: str) -> tuple[str, str]:
    """Scope and name in a waveform; a field of a structure belongs to its name."""
    scope, _, inner = name.rpartition(".") if name.startswith("unit.") and "payload" not in name else ("", "", name)
    return (f"harness.{scope}".rstrip("."), inner)


def _stimuli(path: Path, aig: Aig) -> list[np.ndarray]:
    """Inputs of each cycle, (inputs, 1), as abc has found them."""
    # First come the registers, which are all 0: what they hold before the first reset are inputs, too.
    lines = path.read_text().split()[1:]
    inputs = [line for line in lines if len(line) == len(aig.inputs) and set(line) <= {"0", "1"}]
    return [np.array([int(bit) for bit in line], np.uint64)[:, None] for line in inputs]


def _wires(path: Path) -> dict[str, list[int]]:
    """Literals of all wires with a name, bit by bit."""
    wires: dict[str, dict[int, int]] = defaultdict(dict)
    for line in path.read_text().splitlines():
        kind, *place = line.split(" ", 3)
        if kind == "wire" and "$" not in place[-1]:
            literal, bit, name = place
            wires[name][int(bit)] = int(literal)
    # A part of some wires is missing, as nothing depends on it.
    return {name: [bits[place] for place in range(len(bits))] for name, bits in wires.items() if max(bits) < len(bits)}
