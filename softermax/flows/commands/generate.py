"""The command that generates hardware: ``softermax verilog``."""

from __future__ import annotations

from pathlib import Path

import click

from ..design_points import DesignPoint
from ..errors import FlowError
from ..files import STANDARD_OUTPUT
from ..generation.point_verilog import write_with_testbench
from ..measurement.cosimulation import VERILOG, check_verilog
from .options import BUILD_DIR, MAIN_POINTS_WITH_AXI_STREAM
from .output import MESSAGES, Output, OutputFile, command

__all__ = ["verilog"]

VERILOG_FILE = click.Option(
    ["-o", "--output", "verilog_file"],
    type=OutputFile(),
    help="File for the Verilog of UNIT; by default a file in the build directory.",
)


@command(
    VERILOG.name,
    *MAIN_POINTS_WITH_AXI_STREAM.parameters,
    *VERILOG.parameters,
    VERILOG_FILE,
    BUILD_DIR,
    help=f"{VERILOG.help} {MAIN_POINTS_WITH_AXI_STREAM.help}",
    example=VERILOG.example,
    writes=False,
)
def verilog(output: Output, verilog_file, build_dir, unit, **given):
    arguments = VERILOG.arguments(given)
    points = MAIN_POINTS_WITH_AXI_STREAM.points(unit, **given)
    if verilog_file is not None and unit is None:
        raise FlowError("-o must come with a UNIT: without one, the files go into the build directory")
    if verilog_file is None:
        results = VERILOG.results(points, build_dir, MESSAGES, **arguments)
    else:
        [point] = points
        results = [point.identity() | _write_file(point, verilog_file, build_dir, **arguments)]
    # Nothing but Verilog goes where Verilog is read from.
    if verilog_file != STANDARD_OUTPUT:
        output.show(results, VERILOG.columns, VERILOG.title)


def _write_file(point: DesignPoint, file: Path, build_dir: Path, *, macros: bool, testbench: bool) -> dict:
    """Write a point's Verilog into a file, and a testbench beside it if asked; returns the names of both."""
    check_verilog(point, build_dir, macros=macros, testbench=testbench)
    if testbench and file == STANDARD_OUTPUT:
        raise FlowError("--testbench must come with a file, not with -o -: a testbench is a file of its own")
    return write_with_testbench(point, file, macros=macros, testbench=testbench)


verilog.measure = VERILOG
