"""Mapped netlists, read back and flattened, for timing and energy."""

from __future__ import annotations

import json
import re
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..errors import FlowError
from ..tools.yosys import run_yosys
from .liberty import Library
from .liberty_files import copies_for_synthesis

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


def read_netlist(netlist: Path, top: str, library: Library) -> Netlist:
    """Read a mapped Verilog netlist and flatten it.

    Parameters
    ----------
    netlist : Path
        As :func:`softermax.flows.synthesis.synthesis.synthesise` writes it; SRAM macros are modules without contents.
    library : Library
        With its cells.

    Raises
    ------
    FlowError
        If it is none, or a cell is neither in a library nor a module of it.
    """
    of_cells = copies_for_synthesis(library.sources, library.cells)
    with tempfile.TemporaryDirectory() as scratch, of_cells as liberty:
        folder = Path(scratch)
        inputs = {f"library{place}.lib": file for place, file in enumerate(liberty)}
        libraries = [f"read_liberty -lib -ignore_miss_func {name}" for name in inputs]
        commands = [*libraries, "read_verilog netlist.v", f"hierarchy -check -top {top}", "write_json netlist.json"]
        run_yosys(commands, folder / "yosys.log", inputs | {"netlist.v": netlist})
        modules = json.loads((folder / "netlist.json").read_text())["modules"]
    return _Flattening(modules).of(top)


def _bits(buses: dict[str, list]) -> Iterator[tuple[str, int | str]]:
    """Every bit of some buses, with a name."""
    for name, bits in buses.items():
        for place, bit in enumerate(bits):
            yield (f"{name}[{place}]" if len(bits) > 1 else name), bit


class _Flattening:
    """Makes a hierarchy flat: an instance of a module becomes the module's cells, with its name before theirs."""

    def __init__(self, modules: dict[str, dict]):
        self._modules = {name: module for name, module in modules.items() if "blackbox" not in module["attributes"]}
        self._names: list[str] = []
        self._cells: list[MappedCell] = []
        #: Nets that a module only passes on are those that they are connected to outside.
        self._same: dict[int, int] = {}

    def of(self, top: str) -> Netlist:
        """The flat netlist of a module."""
        nets: dict[int, int] = {}
        ports = self._modules[top]["ports"]
        numbers = {name: self._number(bit, nets) for name, bit in self._port_bits(top)}
        self._fill(top, "", nets)
        cells = [
            MappedCell(cell.name, cell.kind, {pin: self._root(net) for pin, net in cell.pins.items()})
            for cell in self._cells
        ]
        sides = {"input": {}, "output": {}}
        for name, net in numbers.items():
            sides[ports[name if name in ports else name.rpartition("[")[0]]["direction"]][name] = self._root(net)
        return Netlist(cells, sides["input"], sides["output"], self._names)

    def _port_bits(self, kind: str) -> Iterator[tuple[str, int | str]]:
        return _bits({name: port["bits"] for name, port in self._modules[kind]["ports"].items()})

    def _number(self, bit: int | str, nets: dict[int, int]) -> int:
        """The number of a module's net, a new one if it has none yet."""
        if not isinstance(bit, int):
            return ONE if bit == "1" else ZERO
        if bit not in nets:
            nets[bit] = len(self._names)
            self._names.append("")
        return nets[bit]

    def _root(self, net: int) -> int:
        while net in self._same:
            net = self._same[net]
        return net

    def _join(self, one: int, other: int):
        """Two nets are one; a constant wins."""
        one, other = sorted((self._root(one), self._root(other)))
        if one != other:
            self._same[other] = one

    def _fill(self, kind: str, prefix: str, nets: dict[int, int]):
        """Add an instance's cells; ``nets`` has the numbers of its nets that are connected outside."""
        module, inside = self._modules[kind], []
        for name, cell in module["cells"].items():
            pins = {pin: self._number(bit, nets) for pin, bit in _bits(cell["connections"])}
            if cell["type"] in self._modules:
                inside.append((name, cell["type"], pins))
            elif cell["type"] != "$scopeinfo":
                self._cells.append(MappedCell(prefix + name, cell["type"], pins))
        self._name(module, prefix, nets)
        for name, inner_kind, pins in inside:
            self._fill(inner_kind, f"{prefix}{name}.", self._connected(inner_kind, pins))

    def _connected(self, kind: str, pins: dict[str, int]) -> dict[int, int]:
        """The nets of a module that are connected outside."""
        nets: dict[int, int] = {}
        for port, bit in self._port_bits(kind):
            if port not in pins:
                continue
            if isinstance(bit, int):
                self._join(nets.setdefault(bit, pins[port]), pins[port])
            else:
                self._join(self._number(bit, {}), pins[port])
        return nets

    def _name(self, module: dict, prefix: str, nets: dict[int, int]):
        """Nets get the outermost name that the design gave, or else any."""
        for name, bit in _bits({name: net["bits"] for name, net in module["netnames"].items()}):
            net = nets.get(bit, ZERO) if isinstance(bit, int) else ZERO
            if net >= 0 and (not self._names[net] or NAMELESS.fullmatch(self._names[net])):
                self._names[net] = prefix + name


def kind_of(cell: MappedCell, library: Library) -> str:
    """Kind of a cell, as :class:`softermax.flows.gates.liberty.Cell` has it, or a macro."""
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
