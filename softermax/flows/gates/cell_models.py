"""Verilog models of standard cells, made from a library's functions, for simulation of netlists."""

from __future__ import annotations

import re
from collections.abc import Collection

from ..errors import FlowError
from .boolean import python_expression
from .liberty import Cell, Library

__all__ = ["cell_models"]


def cell_models(library: Library, kinds: Collection[str], *, of_cycles: bool = False) -> str:
    """Modules of some cells: logic without delay, flip-flops, and clock gates with their latch.

    Parameters
    ----------
    of_cycles : bool
        Models for Yosys in which a step is a clock cycle, not half of one: a clock that ticks is 1, one that is gated
        is 0.

    Raises
    ------
    FlowError
        If a cell is of a kind that has no model: a latch, or a flip-flop with more than a clock and logic of data.
    """
    return "\n".join(_model(kind, library.cells[kind], of_cycles) for kind in sorted(kinds))


def _model(kind: str, cell: Cell, of_cycles: bool) -> str:
    bodies = {"logic": _logic, "flop": _flop_of_cycles if of_cycles else _flop}
    bodies["clock gate"] = _gate_of_cycles if of_cycles else _gate
    if cell.kind not in bodies:
        raise FlowError(
            f"the netlist must be of logic, plain flip-flops and clock gates, not with a {cell.kind}, {kind}"
        )
    outputs = [cell.state["out"]] if cell.kind == "clock gate" else list(cell.outputs)
    body = bodies[cell.kind](cell)
    ports = "".join(f"  input {pin};\n" for pin in cell.inputs) + "".join(f"  output {pin};\n" for pin in outputs)
    # An escaped name, since a library may call a cell what Verilog calls something else.
    return f"module \\{kind} ({', '.join([*cell.inputs, *outputs])});\n{ports}{body}endmodule\n"


def _expression(function: str) -> str:
    """A function, with Python's operators, as a Verilog expression."""
    constants = {"-1": "1'b1", "0": "1'b0"}
    return re.sub(r"(?<!\w)(-1|0)(?!\w)", lambda match: constants[match[0]], python_expression(function))


def _logic(cell: Cell) -> str:
    return "".join(f"  assign {pin} = {_expression(function)};\n" for pin, function in cell.outputs.items())


def _flop(cell: Cell) -> str:
    state = cell.state
    lines = [f"reg {state['positive']};", f"always @(posedge {_expression(state['clock'])})"]
    lines += [f"  {state['positive']} <= {_expression(state['next'])};"]
    return _lines(lines) + _shown(cell)


def _flop_of_cycles(cell: Cell) -> str:
    """Holds what stands at its data pin, not the inverse that some take."""
    state = cell.state
    inverted = "~" in (following := _expression(state["next"]))
    taken = f"{'~' * inverted}({following})"
    lines = ["wire held;", f"\\$_FF_ state (.D({_expression(state['clock'])} ? {taken} : held), .Q(held));"]
    return _lines([*lines, f"wire {state['positive']} = {'~' * inverted}held;"]) + _shown(cell)


def _shown(cell: Cell) -> str:
    state = cell.state
    inverse = [f"wire {state['negative']} = ~{state['positive']};"] if "negative" in state else []
    return _lines(inverse) + _logic(cell)


def _gate(cell: Cell) -> str:
    state = cell.state
    lines = ["reg enabled;", f"always @* if (~{state['clock']}) enabled = {_enable(cell)};"]
    return _lines([*lines, f"assign {state['out']} = {state['clock']} & enabled;"])


def _gate_of_cycles(cell: Cell) -> str:
    state = cell.state
    return _lines([f"assign {state['out']} = {state['clock']} & ({_enable(cell)});"])


def _enable(cell: Cell) -> str:
    return " | ".join(cell.state[role] for role in ("enable", "test") if role in cell.state)


def _lines(lines: Collection[str]) -> str:
    return "".join(f"  {line}\n" for line in lines)
