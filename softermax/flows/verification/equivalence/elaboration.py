"""Elaboration of RTL and netlists into and-inverter graphs, with Yosys."""

from __future__ import annotations

import tempfile
from pathlib import Path

from ...errors import FlowError
from ...gates.netlist import CLOCK
from ...synthesis.mapping import operator_synthesis
from ...tools.yosys import run_yosys
from .aig import Aig, parse_aiger

__all__ = ["read_aig"]


def read_aig(design: Path, top: str, *, operators: bool = False, x_inputs: bool = False) -> Aig:
    """Elaborate a design into a graph whose step is a clock cycle; the clock must be 1, and memories become registers.

    Ports of black boxes become ports of the design: their inputs become outputs, and their outputs inputs.

    Parameters
    ----------
    design : Path
        Verilog, or RTLIL if its name ends with ``.il``. Flip-flops take their input at the rising edge of ``clk``
        itself; cells of :func:`softermax.flows.gates.cell_models.cell_models` for cycles may also be gated.
    top : str
        Name of its top module.
    operators : bool
        Whether to apply :func:`softermax.flows.synthesis.mapping.operator_synthesis` first. Sums and products then have
        the same adders as in a netlist; without it, solvers cannot prove large ones equal.
    x_inputs : bool
        Whether undefined bits (x) become inputs named
        :data:`~softermax.flows.verification.equivalence.aig.UNDEFINED`; otherwise they are 0. A read beyond the last
        word of a memory is undefined.

    Raises
    ------
    FlowError
        If Yosys cannot read the design, or it has another clock, latches or undriven nets.
    """
    if not design.is_file():
        raise FlowError(f"the design {design} does not exist")
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        name = f"design{design.suffix}"
        commands = [
            f"{'read_rtlil' if design.suffix == '.il' else 'read_verilog -icells'} {name}",
            f"hierarchy -check -top {top}",
            *([operator_synthesis(top)] if operators else []),
            "proc",
            "flatten",
            "opt_clean",
            "expose -evert c:* t:$* %d",
            "tee -o check.txt check",
            "memory_collect",
            "memory_map",
            "dffunmap",
            "techmap",
            "opt_clean",
            # Cells with any other clock.
            f"select -assert-none t:$_DFF*_ w:{CLOCK} %co1:+$_DFF_P_[C] %d",
            # The only undriven bits left are words beyond the last one of a memory.
            f"setundef -undriven {'-anyseq' if x_inputs else '-zero'}",
            "aigmap",
            "opt_clean",
            "write_aiger -symbols design.aig",
        ]
        try:
            run_yosys(commands, folder / "yosys.log", {name: design})
        except FlowError as error:
            raise FlowError(f"{top} in {design.name} cannot be compared: {error}") from error
        if undriven := (folder / "check.txt").read_text().count("is used but has no driver"):
            raise FlowError(f"{top} in {design.name} cannot be compared: {undriven} of its bits have no driver")
        return parse_aiger(folder / "design.aig")
