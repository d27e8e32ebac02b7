"""Mapped netlists, read back and flattened, for timing."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .errors import FlowError
from .yosys import run_yosys

__all__ = ["MappedCell", "Netlist", "read_netlist"]


@dataclass(frozen=True)
class MappedCell:
    """A cell: its kind, and the net at each pin; a constant is net -1."""

    name: str
    kind: str
    pins: dict[str, int]


@dataclass(frozen=True)
class Netlist:
    """A flat netlist.

    Attributes
    ----------
    cells : list of MappedCell
    inputs, outputs : dict of int to str
        Nets of the ports, and what they are called.
    nets : list of str
        A name for each net, one that the design gave if there is one.
    """

    cells: list[MappedCell]
    inputs: dict[int, str]
    outputs: dict[int, str]
    nets: list[str]


def read_netlist(netlist: Path, top: str, liberty: Sequence[Path]) -> Netlist:
    """Read a mapped Verilog netlist and flatten it.

    Parameters
    ----------
    netlist : Path
        As :func:`softermax.flows.synthesis.synthesise` writes it.
    liberty : sequence of Path
        Plain Liberty files with its cells.

    Raises
    ------
    FlowError
        If it is none, or a cell is in no library.
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


def _flat(module: dict, top: str) -> Netlist:
    numbers: dict[int, int] = {}
    names: list[str] = []

    def number(bit) -> int:
        if not isinstance(bit, int):
            return -1
        if bit not in numbers:
            numbers[bit] = len(names)
            names.append("")
        return numbers[bit]

    cells = []
    for name, cell in module["cells"].items():
        if any(len(bits) != 1 for bits in cell["connections"].values()):
            raise FlowError(f"the netlist of {top} must be of standard cells only, which {name} is not")
        cells.append(
            MappedCell(name, cell["type"], {pin: number(bits[0]) for pin, bits in cell["connections"].items()})
        )
    ports: dict[str, dict[int, str]] = {"input": {}, "output": {}}
    for name, port in module["ports"].items():
        for place, bit in enumerate(port["bits"]):
            ports[port["direction"]][number(bit)] = f"{name}[{place}]" if len(port["bits"]) > 1 else name
    for hidden in (True, False):
        for name, net in module["netnames"].items():
            if bool(net["hide_name"]) is hidden:
                for place, bit in enumerate(net["bits"]):
                    if isinstance(bit, int) and bit in numbers:
                        names[numbers[bit]] = f"{name}[{place}]" if len(net["bits"]) > 1 else name
    ports["output"].pop(-1, None)
    return Netlist(cells, ports["input"], ports["output"], names)
