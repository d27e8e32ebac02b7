"""Testbenches in the simulators that a user may have."""

import shutil
import subprocess
from pathlib import Path

from softermax.sim.cosim import SIMULATORS, simulator_environment
from softermax.sim.verilator import PROGRAM, ROOT, link_verilator

__all__ = ["INSTALLED", "run_testbench"]

INSTALLED = ["verilator", *(["icarus"] if all(map(shutil.which, SIMULATORS["icarus"])) else [])]
#: As the testbench says itself, without the optimisation that C++ takes long for.
VERILATOR = ["--binary", "--timing", "-CFLAGS", "-std=c++20 -O0", "-MAKEFLAGS", f"CURDIR=. VERILATOR_ROOT={ROOT}"]


def run_testbench(simulator: str, bench: Path, verilog: Path, folder: Path) -> subprocess.CompletedProcess:
    """Build a testbench with its unit in a folder, without a warning, and run it."""
    folder.mkdir(parents=True, exist_ok=True)
    sources = ["tb.v", "unit.v"]
    for name, file in zip(sources, (bench, verilog), strict=True):
        shutil.copy(file, folder / name)
    with simulator_environment(simulator):
        if simulator == "verilator":
            for place in (folder, folder / "obj_dir"):
                place.mkdir(exist_ok=True)
                link_verilator(place)
            _build([f"./{PROGRAM}", *VERILATOR, *sources], folder)
            return _run(["obj_dir/Vtb"], folder)
        said = _build(["iverilog", "-g2005", "-Wall", "-o", "tb", *sources], folder)
        assert said == ""
        return _run(["vvp", "-N", "tb"], folder)


def _build(command: list[str], folder: Path) -> str:
    done = _run(command, folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stderr


def _run(command: list[str], folder: Path) -> subprocess.CompletedProcess:
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, check=False, timeout=300)
