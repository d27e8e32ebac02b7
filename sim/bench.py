"""The cocotb bench: plays traces into a simulated unit and compares every output port on every clock cycle.

It runs inside the simulator, where :mod:`softermax.sim.cosim` starts it with the names of two files: the traces to
play and the results to write.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import cocotb
from cocotb.triggers import Timer

#: Mismatches that are described one by one; the others are only counted.
DESCRIBED = 20


@cocotb.test()
async def replay(dut):
    """Play the traces one after the other and write what was found."""
    traces = json.loads(Path(os.environ["SOFTERMAX_STIMULI"]).read_text())
    results = [await play(dut, trace) for trace in traces]
    Path(os.environ["SOFTERMAX_RESULTS"]).write_text(json.dumps(results))


async def play(dut, trace: dict) -> dict:
    """Play one trace; returns the cycles compared, the mismatches, and when each output stream moved."""
    inputs = [(getattr(dut, port), values) for port, values in trace["inputs"].items()]
    # As strings of bits, so that an unknown bit is a mismatch and wide ports compare without conversion.
    outputs = [
        (port, getattr(dut, port), [None if v is None else f"{v:0{trace['widths'][port]}b}" for v in values])
        for port, values in trace["outputs"].items()
    ]
    streams = [port.removesuffix("__valid") for port in trace["outputs"] if port.endswith("__valid")]
    moves = {stream: [] for stream in streams}
    mismatches, described = 0, []
    cycles = len(trace["inputs"]["rst"])
    for cycle in range(cycles):
        dut.clk.value = 0
        for handle, values in inputs:
            handle.value = values[cycle]
        await Timer(1, "ns")
        for port, handle, expected in outputs:
            if expected[cycle] is not None and (seen := str(handle.value)) != expected[cycle]:
                mismatches += 1
                if len(described) < DESCRIBED:
                    described.append({"cycle": cycle, "port": port, "expected": expected[cycle], "seen": seen})
        for stream in streams:
            taken = trace["inputs"][f"{stream}__ready"][cycle] and not trace["inputs"]["rst"][cycle]
            if taken and str(getattr(dut, f"{stream}__valid").value) == "1":
                moves[stream].append(cycle)
        dut.clk.value = 1
        await Timer(1, "ns")
    return {"cycles": cycles, "mismatches": mismatches, "described": described, "moves": moves}
