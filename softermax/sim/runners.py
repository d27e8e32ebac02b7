"""cocotb's runners of the simulators."""

from __future__ import annotations

import cocotb_tools.config
from cocotb_tools.runner import Runner, Verilator, get_runner

from .verilator import MAKE, PROGRAM, link_verilator

__all__ = ["runner_of"]


class VerilatorOfPorts(Verilator):
    """Verilator that keeps the top module's ports for the bench and no signal below: a third of the time to build.

    All that it reads is linked into the build folder, for the reasons of :mod:`softermax.sim.verilator`.
    """

    def _simulator_in_path_build_only(self):
        self.executable = PROGRAM

    def _build_command(self):
        everything = "--public-flat-rw"
        verilator, make = super()._build_command()
        verilator = [part for word in verilator for part in (["--public-depth", "1"] if word == everything else [word])]
        names = self._link_inputs()
        commands = [verilator, [*make, *MAKE]]
        return [[_named(word, names) for word in command] for command in commands]

    def _link_inputs(self) -> dict[str, str]:
        """Link what is read into the folder; returns the names there by the paths."""
        link_verilator(self.build_dir)
        inputs = {
            "main.cpp": cocotb_tools.config.share_dir / "lib" / "verilator" / "verilator.cpp",
            "cocotb": cocotb_tools.config.libs_dir,
            **{f"source{place}.v": source.value for place, source in enumerate(self._sources)},
        }
        for name, path in inputs.items():
            (self.build_dir / name).symlink_to(path)
        return {str(path): name for name, path in inputs.items()} | {str(self.build_dir): "."}


def _named(word: str, names: dict[str, str]) -> str:
    for path, name in names.items():
        word = word.replace(path, name)
    return word


def runner_of(simulator: str) -> Runner:
    """The runner of a simulator, by its name."""
    return VerilatorOfPorts() if simulator == "verilator" else get_runner(simulator)
