"""Co-simulation: builds a unit's Verilog in a simulator and plays traces into it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from .trace import Trace
from .verilator import ROOT

__all__ = [
    "SIMULATORS",
    "CosimError",
    "CosimResult",
    "cosimulate",
    "cosimulate_variants",
    "run_bench",
    "simulator_environment",
    "simulator_version",
]

#: Simulators and the programs that each needs, with how to get them.
SIMULATORS = {
    "verilator": {"make": "Debian package make", "g++": "Debian package g++"},
    "icarus": {"iverilog": "Debian package iverilog", "vvp": "Debian package iverilog"},
}


#: In one piece: the package's makefile fails on designs that are split, for want of a precompiled header. Not optimised
#: by the C++ compiler, which takes longer over large designs than a trace takes to play.
VERILATOR_ARGUMENTS = ["-O3", "-CFLAGS", "-O0", "--output-split", "0"]


#: Variables that cocotb, its runners and the simulator's interface read, and how the others of them begin. What the
#: user's shell sets for other projects must not reach our benches.
READ_BY_BENCHES = {"GUI", "WAVES", "TESTCASE"}
PREFIXES_OF_BENCHES = ("COCOTB_", "GPI_", "PYGPI_", "SIM_CMD_")

#: Files of a run that stay.
KEPT = ("build.log", "simulation.log", "dump.vcd")


class CosimError(Exception):
    """The co-simulation could not be run; the text says why and what to do, in one sentence."""


@dataclass(frozen=True)
class CosimResult:
    """Result of playing a trace into a unit.

    Attributes
    ----------
    cycles : int
        Clock cycles compared.
    mismatches : int
        Output ports that differed from the trace, over all cycles.
    described : list of dict
        The first mismatches: cycle, port, expected and seen bits.
    moves : dict of str to list of int
        For each output stream, the cycles in which an item was taken from it.
    """

    cycles: int
    mismatches: int
    described: list[dict]
    moves: dict[str, list[int]]


def cosimulate(
    verilog: Path,
    top: str,
    traces: Sequence[Trace],
    build_dir: Path,
    *,
    simulator: str = "verilator",
    dump_vcd: bool = False,
) -> list[CosimResult]:
    """Play traces into a unit's Verilog.

    Parameters
    ----------
    verilog : Path
        File with the unit and all its modules.
    top : str
        Name of the unit's module.
    traces : sequence of Trace
        Played one after the other, each from reset.
    build_dir : Path
        For what the simulator says, in ``build.log`` and ``simulation.log``; made if it does not exist. Its own files
        are in a scratch folder, so that several runs may share this one.
    simulator : str
        One of :data:`SIMULATORS`.
    dump_vcd : bool
        Whether Verilator is to write all signals into ``dump.vcd`` of the build directory.

    Returns
    -------
    list of CosimResult
        One for each trace.

    Raises
    ------
    CosimError
        If a program is missing, the Verilog does not build or the simulation ends early.
    """
    plan = {"traces": traces, "variants": [{}], "until_mismatch": False}
    [results] = _play(verilog, top, plan, build_dir, simulator, dump_vcd)
    return results


def cosimulate_variants(
    verilog: Path, top: str, traces: Sequence[Trace], variants: Sequence[dict[str, int]], build_dir: Path
) -> list[list[CosimResult]]:
    """Play traces in Verilator into each of many variants of a unit that are one design, until a mismatch.

    Parameters
    ----------
    verilog, top, traces, build_dir
        As for :func:`cosimulate`.
    variants : sequence of dict of str to int
        For each variant the inputs that select it, which keep their values throughout.

    Returns
    -------
    list of list of CosimResult
        For each variant one for each trace, up to that with a mismatch, which ends with the cycle that has it.

    Raises
    ------
    CosimError
        As :func:`cosimulate` does.
    """
    plan = {"traces": traces, "variants": list(variants), "until_mismatch": True}
    return _play(verilog, top, plan, build_dir, "verilator", dump_vcd=False)


def _play(verilog: Path, top: str, plan: dict, build_dir: Path, simulator: str, dump_vcd: bool):
    """Build a unit and let the bench do what a plan says; results for each variant and trace."""
    plan |= {"traces": [trace.to_dict() for trace in plan["traces"]]}
    results = run_bench("softermax.sim.bench", verilog, top, plan, build_dir, simulator=simulator, dump_vcd=dump_vcd)
    return [[CosimResult(**result) for result in of_variant] for of_variant in results]


def run_bench(
    bench: str,
    verilog: Path,
    top: str,
    stimuli: dict | list,
    build_dir: Path,
    *,
    simulator: str = "verilator",
    dump_vcd: bool = False,
) -> list:
    """Build a unit's Verilog and run a cocotb bench on it.

    Parameters
    ----------
    bench : str
        Module of the bench. It reads the stimuli from the file that ``SOFTERMAX_STIMULI`` names, and writes its results
        to the file of ``SOFTERMAX_RESULTS``, both as JSON.
    stimuli : dict or list
        Input of the bench, as plain objects.
    all others, Raises
        As for :func:`cosimulate`.

    Returns
    -------
    list
        Results of the bench.
    """
    build_dir.mkdir(parents=True, exist_ok=True)
    with simulator_environment(simulator), tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch).resolve()
        stimuli_file, results_file = folder / "stimuli.json", folder / "results.json"
        stimuli_file.write_text(json.dumps(stimuli))
        files = {"SOFTERMAX_STIMULI": str(stimuli_file), "SOFTERMAX_RESULTS": str(results_file)}
        try:
            _run(bench, verilog.resolve(), top, folder, simulator, files, dump_vcd)
        except CosimError as error:
            raise CosimError(str(error).replace(str(folder), str(build_dir))) from error
        finally:
            _keep(folder, build_dir)
        return json.loads(results_file.read_text())


def _keep(scratch: Path, folder: Path):
    """Put what users may look at into a folder, a file at a time, whatever other runs put there."""
    for name in KEPT:
        if (scratch / name).exists():
            handle, whole = tempfile.mkstemp(dir=folder)
            os.close(handle)
            shutil.copy(scratch / name, whole)
            os.replace(whole, folder / name)


def simulator_version(simulator: str) -> str:
    """The version of a simulator: of the package, or in the program's own words.

    Raises
    ------
    CosimError
        If the simulator is unknown or needs a program that is missing.
    """
    _check_simulator(simulator)
    if simulator == "verilator":
        return metadata.version("verilator")
    said = subprocess.run(["iverilog", "-V"], capture_output=True, text=True, check=False).stdout
    return said.partition("\n")[0]


def _check_simulator(simulator: str):
    if simulator not in SIMULATORS:
        raise CosimError(f"the simulator must be one of {', '.join(SIMULATORS)}, not {simulator!r}")
    for program, source in SIMULATORS[simulator].items():
        if shutil.which(program) is None:
            raise CosimError(f"{simulator} needs the program {program}, which is not on the PATH: install {source}")


def _run(bench: str, verilog: Path, top: str, build_dir: Path, simulator: str, files: dict[str, str], dump_vcd: bool):
    """Build and simulate; what the simulator prints goes to files of the build directory."""
    from .runners import runner_of  # cocotb's take long to import, and most commands do without

    runner = runner_of(simulator)
    build_args = VERILATOR_ARGUMENTS if simulator == "verilator" else []
    build_args = [*build_args, "--trace-underscore"] if dump_vcd else build_args
    try:
        runner.build(
            sources=[verilog],
            hdl_toplevel=top,
            build_dir=build_dir,
            build_args=build_args,
            always=True,
            waves=dump_vcd,
            timescale=("1ns", "1ps"),
            log_file=build_dir / "build.log",
        )
    except (RuntimeError, SystemExit) as error:
        log = build_dir / "build.log"
        raise CosimError(f"{simulator} could not build {verilog.name}{_first_error(log)}: see {log}") from error
    try:
        runner.test(
            hdl_toplevel=top,
            test_module=bench,
            build_dir=build_dir,
            test_dir=build_dir,
            extra_env=files,
            waves=dump_vcd,
            log_file=build_dir / "simulation.log",
        )
    except (RuntimeError, SystemExit) as error:
        raise CosimError(f"{simulator} failed on {top}: see {build_dir / 'simulation.log'}") from error


def _first_error(log: Path) -> str:
    """The first error in a simulator's log, in brackets; nothing if there is none."""
    lines = log.read_text(errors="replace").splitlines() if log.is_file() else []
    found = next((line for line in lines if "error" in line.lower()), None)
    return f" ({found.strip()})" if found else ""


@contextmanager
def simulator_environment(simulator: str):
    """PATH with this Python's programs, Verilator's package as its root, and nothing that benches read.

    Raises
    ------
    CosimError
        If the simulator is unknown or needs a program that is missing.
    """
    _check_simulator(simulator)
    before = dict(os.environ)
    for variable in before:
        if variable in READ_BY_BENCHES or variable.startswith(PREFIXES_OF_BENCHES):
            del os.environ[variable]
    os.environ["VERILATOR_ROOT"] = ROOT
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), before.get("PATH", "")])
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
