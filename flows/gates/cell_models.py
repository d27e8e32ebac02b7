"""Verilog models of standard cells, from what a library says of them, for simulators to play netlists with."""

from __future__ import annotations

import re
from collections.abc import Collection

from .boolean import python_expression
from .liberty import Cell, Library

__all__ = ["cell_models"]


def cell_models(library: Library, kinds: Collection[str]) -> str:
    """Modules of some cells: logic without delay, flip-flops, and clock gates with their latch."""
    return "\n".join(_model(kind, library.cells[kind]) for kind in sorted(kinds))


def _model(kind: str, cell: Cell) -> str:
    outputs = [cell.state["out"]] if cell.kind == "clock gate" else list(cell.outputs)
    body = {"logic": _logic, "clock gate": _gate}.get(cell.kind, _flop)(cell)
    ports = "".join(f"  input {pin};\n" for pin in cell.inputs) + "".join(f"  output {pin};\n" for pin in outputs)
    return f"module {kind}({', '.join([*cell.inputs, *outputs])});\n{ports}{body}endmodule\n"


def _expression(function: str) -> str:
    """A function as a Verilog expression; operators are those of Python."""
    constants = {"-1": "1'b1", "0": "1'b0"}
    return re.sub(r"(?<!\w)(-1|0)(?!\w)", lambda match: constants[match[0]], python_expression(function))


def _logic(cell: Cell) -> str:
    return "".join(f"  assign {pin} = {_expression(function)};\n" for pin, function in cell.outputs.items())


def _flop(cell: Cell) -> str:
    state = cell.state
    lines = [f"reg {state['positive']};", f"always @(posedge {_expression(state['clock'])})"]
    lines += [f"  {state['positive']} <= {_expression(state['next'])};"]
    if "negative" in state:
        lines.append(f"wire {state['negative']} = ~{state['positive']};")
    return "".join(f"  {line}\n" for line in lines) + _logic(cell)


def _gate(cell: Cell) -> str:
    state = cell.state
    enable = " | ".join(state[role] for role in ("enable", "test") if role in state)
    lines = ["reg enabled;", f"always @* if (~{state['clock']}) enabled = {enable};"]
    lines += [f"assign {state['out']} = {state['clock']} & enabled;"]
    return "".join(f"  {line}\n" for line in lines)
