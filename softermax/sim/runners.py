"""cocotb's runners of the simulators."""

from __future__ import annotations

from cocotb_tools.runner import Runner, Verilator, get_runner

__all__ = ["runner_of"]


class VerilatorOfPorts(Verilator):
    """Verilator that keeps the top module's ports for the bench and no signal below: a third of the time to build."""

    def _build_command(self):
        everything = "--public-flat-rw"
        return [
            [part for word in command for part in (["--public-depth", "1"] if word == everything else [word])]
            for command in super()._build_command()
        ]


def runner_of(simulator: str) -> Runner:
    """The runner of a simulator, by its name."""
    return VerilatorOfPorts() if simulator == "verilator" else get_runner(simulator)
