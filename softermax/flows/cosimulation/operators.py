"""Co-simulation of an operator by itself: its Verilog against the model, under random gaps and backpressure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from softermax.hw.baseline import Operator, Pipeline
from softermax.sim.cosim import CosimResult, cosimulate
from softermax.sim.operator_trace import operator_trace
from softermax.sim.trace import Trace
from softermax.sim.traffic import bursty

from ..files import write_whole
from ..synthesis.verilog import generate_verilog

__all__ = ["cosimulate_operator", "random_trace"]


def random_trace(operator: Operator, model: Callable, operands: Sequence[np.ndarray], lanes: int, seed: int) -> Trace:
    """A trace of operands, (n,) each, under random permits; the last slice is filled up with the first operands."""
    rng = np.random.default_rng(seed)
    size = -(-len(operands[0]) // lanes) * lanes
    slices = [np.resize(values, size).reshape(-1, lanes) for values in operands]
    permits = {"i": bursty(rng, 257), "o": bursty(rng, 263)}
    return operator_trace(operator, dict(zip(operator.operands, slices, strict=True)), model(*slices), permits, rng)


def cosimulate_operator(
    operator: Operator, model: Callable, operands: Sequence[np.ndarray], build_dir: Path, *, lanes: int, seed: int = 1
) -> CosimResult:
    """Every output port on every cycle of ``lanes`` operators side by side, in Verilator.

    Parameters
    ----------
    model : callable
        From arrays of operands to results.
    operands : sequence of ndarray, (n,)
    build_dir : Path
        For Verilog and simulator.
    """
    verilog = build_dir / "operator.v"
    write_whole(verilog, generate_verilog(Pipeline(operator, lanes), "operator"))
    [result] = cosimulate(verilog, "operator", [random_trace(operator, model, operands, lanes, seed)], build_dir)
    return result
