"""Jobs on the Verilog of a design point: to generate it, and to verify it on real attention scores."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import click

from softermax.sim.cosim import SIMULATORS, simulator_environment, simulator_version

from ..cosimulation.verify import verify
from ..design_points import DesignPoint
from ..errors import FlowError
from ..generation.point_verilog import write_with_testbench
from ..jobs.cache import Cache, CachedJob
from ..jobs.measure import Measure, OptionGroup
from ..jobs.provenance import cache_key, file_digest, versions
from ..results.columns import COMPARED, LATENCY, POINT, Column, hidden, real
from ..synthesis.verilog import verilog_path

__all__ = [
    "COSIM",
    "COSIM_OPTIONS",
    "SEED",
    "SIMULATOR",
    "VERILOG",
    "CosimOptions",
    "check_cosim",
    "check_simulator",
    "cosim",
    "every",
    "write_verilog",
]

SEED = click.Option(
    ["--seed"],
    type=click.IntRange(0),
    default=1,
    show_default=True,
    help="Seed of gaps, backpressure and random rows.",
)
SIMULATOR = click.Option(
    ["--simulator"],
    type=click.Choice(list(SIMULATORS)),
    default="verilator",
    show_default=True,
    help="Simulator of the Verilog; Icarus must be installed separately.",
)


def every(default: int) -> click.Option:
    """The option that thins out what is played."""
    help = "Sampling interval: one row or head in so many is played."
    return click.Option(["--every"], type=click.IntRange(1), default=default, show_default=True, help=help)


@dataclass(frozen=True)
class CosimOptions:
    """How co-simulations are run; see :func:`softermax.flows.cosimulation.verify.verify`."""

    seed: int = 1
    simulator: str = "verilator"
    every: int = 1


COSIM_OPTIONS = OptionGroup("options", CosimOptions, (SEED, SIMULATOR, every(1)))
GIVEN_VERILOG = click.Option(
    ["--verilog"],
    type=click.Path(path_type=Path, exists=True, dir_okay=False, readable=True),
    help="File with Verilog of UNIT, possibly edited; it is verified instead of generated Verilog.",
)


def check_simulator(simulator: str = "verilator"):
    """Refuse a simulator that needs a program that is missing; a CosimError says which."""
    with simulator_environment(simulator):
        pass


def check_cosim(point: DesignPoint, build_dir: Path, options: CosimOptions, verilog: Path | None = None):
    """Refuse what :func:`cosim` could not do."""
    check_simulator(options.simulator)
    if verilog is not None:
        _check_module(point.name, verilog)
    point.entry.traffic.check(point)


def _check_module(name: str, verilog: Path):
    """Refuse a file in which the module of a point is missing: it was made with other options."""
    try:
        text = verilog.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise FlowError(f"--verilog must be a file of Verilog: {verilog} cannot be read as text") from error
    if re.search(rf"^\s*module\s+{re.escape(name)}\b", text, re.MULTILINE) is None:
        raise FlowError(
            f"--verilog must have a module {name}, which {verilog} has not: give the options that it was made with"
        )


def write_verilog(point: DesignPoint, build_dir: Path, macros: bool = False, testbench: bool = False) -> dict:
    """Generate a point's Verilog into ``build_dir/verilog``, its memories SRAM macros, and a testbench, if asked."""
    path = verilog_path(point.name, build_dir, macros=macros)
    return write_with_testbench(point, path, macros=macros, testbench=testbench)


def check_verilog(point: DesignPoint, build_dir: Path, macros: bool = False, testbench: bool = False):
    """Refuse a testbench that :func:`write_verilog` could not write; a FlowError says why."""
    if testbench and macros:
        raise FlowError("testbench must come without --macros: SRAM macros are empty, so nothing could be simulated")
    if testbench:
        point.entry.traffic.example(point)


VERILOG = Measure(
    name="verilog",
    help="Generate Verilog.",
    example="verilog unnormed --lanes 32 -o u.v",
    title="Verilog",
    progress="Generating Verilog",
    run=write_verilog,
    options=(
        click.Option(
            ["--macros"],
            is_flag=True,
            help="Make memories instances of SRAM macros, to be filled in, instead of registers.",
        ),
        click.Option(
            ["--testbench"],
            is_flag=True,
            help="Write a self-checking testbench as well, with real rows, in plain Verilog-2005 for any simulator.",
        ),
    ),
    check=check_verilog,
    columns=(*POINT, Column("verilog", "file"), Column("testbench", "testbench")),
)


def _entry(point: DesignPoint, build_dir: Path, options: CosimOptions) -> tuple[Cache, str]:
    """Where the result of a co-simulation is cached, and under which key."""
    bench = versions(("cocotb",)) | {options.simulator: simulator_version(options.simulator)}
    return Cache(build_dir / "cache"), cache_key("cosim", point, options=vars(options), bench=bench)


def cosim(point: DesignPoint, build_dir: Path, options: CosimOptions, verilog: Path | None = None) -> dict:
    """Verify a point's Verilog, which is generated unless a file of it is given."""
    folder = build_dir / "cosim" / f"{point.name}_{options.simulator}"
    given, verilog = verilog is not None, verilog or Path(write_verilog(point, build_dir)["verilog"])
    result = verify(point, verilog, folder, **vars(options))
    if given:
        return result
    cache, key = _entry(point, build_dir, options)
    return cache.put(key, {"verilog": file_digest(verilog), "result": result})["result"]


def _lookup(point: DesignPoint, build_dir: Path, options: CosimOptions, verilog: Path | None = None) -> dict | None:
    """What was found before, if nothing differed and the Verilog is still there; never of a file that is given."""
    if verilog is not None:
        return None
    cache, key = _entry(point, build_dir, options)
    found = cache.get(key)
    if found is None or found["result"]["mismatches"]:
        return None
    verilog = verilog_path(point.name, build_dir, macros=False)
    return found["result"] if file_digest(verilog) == found["verilog"] else None


cosim = CachedJob(cosim, _lookup)


COSIM = Measure(
    name="cosim",
    help="Co-simulate on real attention scores; compare every output port with the golden model on every clock cycle.",
    example="cosim unnormed --lanes 16 --seed 7 --simulator icarus",
    title="Co-simulation in {options.simulator}, seed {options.seed}",
    progress="Co-simulating",
    run=cosim,
    check=check_cosim,
    options=(COSIM_OPTIONS, GIVEN_VERILOG),
    columns=(
        *POINT,
        LATENCY,
        real("throughput", "slices\n/cycle", 3),
        *COMPARED,
        *hidden("rows", "slices", "heads"),
    ),
)
