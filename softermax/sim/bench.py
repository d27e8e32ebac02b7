"""The cocotb bench: plays traces into a simulated unit and compares every output port on every clock cycle.

It runs inside the simulator, where :mod:`softermax.sim.cosim` starts it with the names of two files: the plan of what
to play and the results to write.
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
    """Play the traces one after the other into every variant of the unit and write what was found."""
    plan = json.loads(Path(os.environ["SOFTERMAX_STIMULI"]).read_text())
    players = [_Player(dut, trace) for trace in plan["traces"]]
    results = []
    for held in plan["variants"]:
        for port, value in held.items():
            getattr(dut, port).value = value
        results.append([])
        for player in players:
            found = await player.play(plan["until_mismatch"])
            results[-1].append(found)
            if plan["until_mismatch"] and found["mismatches"]:
                break
    Path(os.environ["SOFTERMAX_RESULTS"]).write_text(json.dumps(results))


class _Player:
    """A trace with the ports that it drives and compares."""

    def __init__(self, dut, trace: dict):
        self._dut, self._trace = dut, trace
        self._inputs = [(getattr(dut, port), values) for port, values in trace["inputs"].items()]
        # As strings of bits, so that an unknown bit is a mismatch and wide ports compare without conversion.
        self._outputs = [
            (port, getattr(dut, port), [None if v is None else f"{v:0{trace['widths'][port]}b}" for v in values])
            for port, values in trace["outputs"].items()
        ]

    async def play(self, until_mismatch: bool) -> dict:
        """Play the trace; returns the cycles compared, the mismatches, and when each output stream moved.

        Parameters
        ----------
        until_mismatch : bool
            Whether the first cycle with a mismatch is the last one.
        """
        dut, inputs = self._dut, self._trace["inputs"]
        streams = [port.removesuffix("__valid") for port in self._trace["outputs"] if port.endswith("__valid")]
        moves = {stream: [] for stream in streams}
        mismatches, described = 0, []
        cycles = len(inputs["rst"])
        for cycle in range(cycles):
            dut.clk.value = 0
            for handle, values in self._inputs:
                handle.value = values[cycle]
            await Timer(1, "ns")
            for port, handle, expected in self._outputs:
                if expected[cycle] is not None and (seen := str(handle.value)) != expected[cycle]:
                    mismatches += 1
                    if len(described) < DESCRIBED:
                        described.append({"cycle": cycle, "port": port, "expected": expected[cycle], "seen": seen})
            for stream in streams:
                taken = inputs[f"{stream}__ready"][cycle] and not inputs["rst"][cycle]
                if taken and str(getattr(dut, f"{stream}__valid").value) == "1":
                    moves[stream].append(cycle)
            dut.clk.value = 1
            await Timer(1, "ns")
            if until_mismatch and mismatches:
                cycles = cycle + 1
                break
        return {"cycles": cycles, "mismatches": mismatches, "described": described, "moves": moves}
