"""Mapped netlists, read back and flattened, for timing."""

from __future__ import annotations

import json
import re
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import FlowError
from ..yosys import run_yosys
from .liberty import Library

__all__ = ["CLOCK", "NAMELESS", "ONE", "ZERO", "MappedCell", "Netlist", "kind_of", "logic_levels", "read_netlist"]

#: Nets that synthesis has named.
NAMELESS = re.compile(r"(.*\.)?_\d+_(\[\d+\])?")
#: The port that clocks everything.
CLOCK = "clk"
#: The constants; arrays over nets have two more places for them at the end.
ZERO, ONE = -1, -2


@dataclass(frozen=True)
class MappedCell:
    """A cell: its kind, and the net at each pin; constants are nets, too. Pins of several bits are ``name[0]``, ..."""

    name: str
    kind: str
    pins: dict[str, int]


@dataclass(frozen=True)
class Netlist:
    """A flat netlist.

    Attributes
    ----------
    cells : list of MappedCell
    inputs, outputs : dict of str to int
        Net of each port, or of each of its bits, ``name[0]``, ...; an output may be a constant.
    nets : list of str
        A name for each net, one that the design gave if there is one.
    """

    cells: list[MappedCell]
    inputs: dict[str, int]
    outputs: dict[str, int]
    nets: list[str]

    def input_widths(self) -> dict[str, int]:
        """Bits of each input port but the clock."""
        ports = Counter(re.sub(r"\[\d+\]$", "", name) for name in self.inputs)
        return {port: bits for port, bits in ports.items() if port != CLOCK}


def read_netlist(netlist: Path, top: str, liberty: Sequence[Path]) -> Netlist:
    """Read a mapped Verilog netlist and flatten it.

    Parameters
    ----------
    netlist : Path
        As :func:`softermax.flows.synthesis.synthesise` writes it; SRAM macros are modules without contents.
    liberty : sequence of Path
        Plain Liberty files with its cells.

    Raises
    ------
    FlowError
        If it is none, or a cell is neither in a library nor a module of it.
    """
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        design, result = folder / "design.v", folder / "design.json"
        design.write_bytes(netlist.read_bytes())
        libraries = [f"read_liberty -lib -ignore_miss_func {file}" for file in liberty]
        commands = [*libraries, f"read_verilog {design}", f"hierarchy -check -top {top}", "flatten", "splitnets"]
        run_yosys([*commands, f"write_json {result}"], folder / "yosys.log")
        module = json.loads(result.read_text())["modules"][top]
    return _flat(module, top)


def _bits(buses: dict[str, list]) -> Iterator[tuple[str, int | str]]:
    """Every bit of some buses, with a name."""
    for name, bits in buses.items():
        for place, bit in enumerate(bits):
            yield (f"{name}[{place}]" if len(bits) > 1 else name), bit


def _flat(module: dict, top: str) -> Netlist:
    numbers: dict[int, int] = {}
    names: list[str] = []

    def number(bit) -> int:
        if not isinstance(bit, int):
            return ONE if bit == "1" else ZERO
        if bit not in numbers:
            numbers[bit] = len(names)
            names.append("")
        return numbers[bit]

    cells = []
    for name, cell in module["cells"].items():
        pins = {pin: number(bit) for pin, bit in _bits(cell["connections"])}
        cells.append(MappedCell(name, cell["type"], pins))
    ports = {}
    for direction in ("input", "output"):
        these = {name: port["bits"] for name, port in module["ports"].items() if port["direction"] == direction}
        ports[direction] = {name: number(bit) for name, bit in _bits(these)}
    for name, bit in _bits({name: net["bits"] for name, net in module["netnames"].items()}):
        if bit in numbers and (not names[numbers[bit]] or NAMELESS.fullmatch(names[numbers[bit]])):
            names[numbers[bit]] = name
    return Netlist(cells, ports["input"], ports["output"], names)


def kind_of(cell: MappedCell, library: Library) -> str:
    """What a cell is, as :class:`softermax.flows.gates.liberty.Cell` has it, or a macro."""
    return library.cells[cell.kind].kind if cell.kind in library.cells else "macro"


def logic_levels(netlist: Netlist, library: Library) -> list[list[MappedCell]]:
    """Logic cells in an order in which each comes after those that drive it, all at once as far as possible."""
    logic = [cell for cell in netlist.cells if kind_of(cell, library) == "logic"]
    outputs = {kind: set(library.cells[kind].outputs) for kind in {cell.kind for cell in logic}}
    driver = {net: n for n, cell in enumerate(logic) for pin, net in cell.pins.items() if pin in outputs[cell.kind]}
    before = [
        {driver[net] for pin, net in cell.pins.items() if pin not in outputs[cell.kind] and net in driver}
        for cell in logic
    ]
    after = defaultdict(list)
    for n, drivers in enumerate(before):
        for d in drivers:
            after[d].append(n)
    missing = [len(drivers) for drivers in before]
    ready, levels, done = [n for n, count in enumerate(missing) if not count], [], 0
    while ready:
        levels.append([logic[n] for n in ready])
        done += len(ready)
        following = []
        for n in ready:
            for m in after[n]:
                missing[m] -= 1
                if not missing[m]:
                    following.append(m)
        ready = following
    if done < len(logic):
        raise FlowError("the netlist must have no loop of logic, but has one")
    return levels
