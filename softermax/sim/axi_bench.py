"""The cocotb bench of AXI4-Stream ports: cocotbext-axi's sources and sinks do what scenarios say, step by step.

It runs inside the simulator, where :func:`softermax.sim.axi.play_axi` starts it. The bus model is not this project's:
what the standard means is not for a unit's own tests to say.
"""

from __future__ import annotations

import json
import logging
import os
from itertools import cycle
from pathlib import Path

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import First, RisingEdge
from cocotbext.axi import AxiStreamBus, AxiStreamFrame, AxiStreamSink, AxiStreamSource

#: Period of the clock, in ns.
PERIOD = 2
#: Clock cycles for which a reset is held, for which a step may wait while nothing moves, and which pass at the end.
RESET_CYCLES, STANDSTILL_CYCLES, IDLE_CYCLES = 2, 200, 40
#: Clock cycles that a step may take at most.
LONGEST = 10_000


@cocotb.test()
async def play(dut):
    """Play the scenarios one after the other and write what came of them."""
    scenarios = json.loads(Path(os.environ["SOFTERMAX_STIMULI"]).read_text())
    Clock(dut.aclk, PERIOD, "ns").start()
    bench = AxiBench(dut, scenarios[0]["sources"], scenarios[0]["sinks"], scenarios[0]["counted"])
    results = [await bench.run(scenario) for scenario in scenarios]
    Path(os.environ["SOFTERMAX_RESULTS"]).write_text(json.dumps(results))


class AxiBench:
    """A unit with a source or a sink at every stream. Each public coroutine is a step of a scenario."""

    def __init__(self, dut, sources: list[str], sinks: list[str], counted: list[str]):
        self._dut, self._sources, self._sinks, self._counted = dut, sources, sinks, counted
        dut.aresetn.value = 0
        for strobe in ("csr__read_strobe", "csr__write_strobe"):
            if hasattr(dut, strobe):
                getattr(dut, strobe).value = 0
        kinds = dict.fromkeys(sources, AxiStreamSource) | dict.fromkeys(sinks, AxiStreamSink)
        # Without a reset of their own: whether they are reset with the unit is the scenario's choice.
        self._ends = {
            name: kind(AxiStreamBus.from_prefix(dut, name), dut.aclk, reset=None) for name, kind in kinds.items()
        }
        for end in self._ends.values():
            end.log.setLevel(logging.WARNING)
        parts = ("tdata", "tkeep", "tlast", "tuser")
        self._beats = {
            name: [getattr(dut, f"{name}_{part}") for part in parts if hasattr(dut, f"{name}_{part}")] for name in sinks
        }

    async def run(self, scenario: dict) -> dict:
        """A scenario, from reset until all has been silent for a while.

        Returns
        -------
        dict
            ``packets`` that each sink has received; ``violations`` of the standard by the unit, as sentences;
            ``counts``, the cycles in which each counted port was high; ``stuck``, the number of the step that did not
            come to its end, or None.
        """
        for port, value in scenario["inputs"].items():
            getattr(self._dut, port).value = value
        self._packets = {name: [] for name in self._sinks}
        self._counts, self._violations, self._still = dict.fromkeys(self._counted, 0), [], 0
        for end in self._ends.values():
            end.set_pause_generator(None)
            end.pause = False
        await self.reset(RESET_CYCLES)
        for end in self._ends.values():
            end.clear()
        for name, pauses in scenario["pauses"].items():
            self._ends[name].set_pause_generator(cycle(pauses))
        self._taken = dict.fromkeys(self._sources, (0, 0))
        monitor = cocotb.start_soon(self._watch())
        stuck = await self._play(scenario["steps"])
        monitor.cancel()
        self._collect()
        return {
            "packets": self._packets,
            "violations": self._violations,
            "counts": self._counts,
            "stuck": stuck,
        }

    async def _play(self, steps) -> int | None:
        for number, (name, *arguments) in enumerate([*steps, ["cycles", IDLE_CYCLES]]):
            step, standstill = cocotb.start_soon(getattr(self, name)(*arguments)), cocotb.start_soon(self._standstill())
            await First(step, standstill)
            standstill.cancel()
            if not step.done():
                step.cancel()
                return number
        return None

    async def _standstill(self):
        """Wait until no beat has been moved for long, or until beats have been moved for too long."""
        self._still = 0
        for _ in range(LONGEST):
            await RisingEdge(self._dut.aclk)
            if self._still > STANDSTILL_CYCLES:
                return

    async def send(self, name: str, packets: list[dict]):
        """Queue packets at a source: bytes as hexadecimal digits, and for each byte whether it is kept."""
        for packet in packets:
            self._ends[name].send_nowait(AxiStreamFrame(bytes.fromhex(packet["data"]), tkeep=list(packet["keep"])))

    async def sent(self, name: str):
        """Wait until a source has nothing left, its last beat taken."""
        await self._ends[name].wait()

    async def clear(self, name: str):
        """Forget what a source has not begun to send."""
        self._ends[name].clear()

    async def taken(self, name: str, packets: int, beats: int):
        """Wait until so many whole packets of a source have been taken, and so many beats of the next one."""
        await self._until(lambda: self._taken[name] >= (packets, beats))

    async def receive(self, name: str, number: int):
        """Wait until a sink has received so many packets, of this scenario."""
        while len(self._packets[name]) < number:
            self._packets[name].append(_packet(await self._ends[name].recv(compact=False)))

    async def offered(self, name: str):
        """Wait until a stream has a beat that is not taken."""
        await self._until(lambda: self._high(f"{name}_tvalid") and not self._high(f"{name}_tready"))

    async def write(self, address: int, data: int):
        """Write a register."""
        self._dut.csr__address.value, self._dut.csr__write_data.value = address, data
        self._dut.csr__write_strobe.value = 1
        await RisingEdge(self._dut.aclk)
        self._dut.csr__write_strobe.value = 0

    async def wait(self, port: str):
        """Wait until a port is high."""
        await RisingEdge(self._dut.aclk)
        await self._until(lambda: self._high(port))

    async def cycles(self, number: int):
        """Let some clock cycles pass."""
        for _ in range(number):
            await RisingEdge(self._dut.aclk)

    async def reset(self, cycles: int, sources: bool = True):
        """Reset the unit, the sinks, and by default the sources; items that the sources were to send stay."""
        self._collect()
        ends = [end for name, end in self._ends.items() if sources or name in self._sinks]
        self._dut.aresetn.value = 0
        for end in ends:
            end.assert_reset(True)
        await self.cycles(cycles)
        self._dut.aresetn.value = 1
        for end in ends:
            end.assert_reset(False)

    def _collect(self):
        """Take the packets that sinks have received and no step has waited for."""
        for name in self._sinks:
            while not self._ends[name].empty():
                self._packets[name].append(_packet(self._ends[name].recv_nowait(compact=False)))

    def _high(self, port: str) -> bool:
        return str(getattr(self._dut, port).value) == "1"

    async def _until(self, holds):
        while not holds():
            await RisingEdge(self._dut.aclk)

    async def _watch(self):
        """Follow all streams: what is taken, counted, offered under reset, or withdrawn or changed while it waits."""
        waiting = dict.fromkeys(self._sinks)
        while True:
            await RisingEdge(self._dut.aclk)
            self._still += 1
            reset = not self._high("aresetn")
            for port in self._counted:
                self._counts[port] += self._high(port)
            for name in (*self._sources, *self._sinks):
                valid = self._high(f"{name}_tvalid")
                moves = valid and self._high(f"{name}_tready")
                if moves:
                    self._still = 0
                if name in self._sinks:
                    waiting[name] = self._check_offer(name, reset, valid, moves, waiting[name])
                elif moves:
                    self._count_beat(name, reset)

    def _count_beat(self, name: str, reset: bool):
        """A beat of a source is taken."""
        packets, beats = self._taken[name]
        self._taken[name] = (packets + 1, 0) if self._high(f"{name}_tlast") else (packets, beats + 1)
        if reset:
            self._violations.append(f"{name} loses a beat under reset")

    def _check_offer(self, name: str, reset: bool, valid: bool, moves: bool, waiting) -> list[str] | None:
        """What waits now for a sink, given what waited before."""
        if reset:
            if valid:
                self._violations.append(f"{name} offers a beat under reset")
            return None
        beat = [str(handle.value) for handle in self._beats[name]] if valid and (waiting or not moves) else None
        if waiting and beat != waiting:
            self._violations.append(f"{name} withdraws or changes a beat that waits")
        return None if moves else beat


def _packet(frame: AxiStreamFrame) -> dict:
    """A received packet: its bytes, and for each byte what came with it."""
    return {"data": bytes(frame.tdata).hex(), "keep": frame.tkeep, "user": frame.tuser}
