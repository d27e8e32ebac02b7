"""The command that generates hardware: ``softermax verilog``."""

from __future__ import annotations

import click

from ..errors import FlowError
from ..files import STANDARD_OUTPUT, write_whole
from ..generation.point_verilog import point_verilog
from ..measurement.cosimulation import VERILOG
from .options import BUILD_DIR, MAIN_POINTS_WITH_AXI_STREAM
from .output import MESSAGES, Output, OutputFile, command

__all__ = ["verilog"]

VERILOG_FILE = click.Option(
    ["-o", "--output", "verilog_file"],
    type=OutputFile(),
    help="File for the Verilog of UNIT, instead of one in the build directory.",
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
        text, _ = point_verilog(point, **arguments)
        write_whole(verilog_file, text)
        results = [point.identity() | {"verilog": str(verilog_file)}]
    # Nothing but Verilog goes where Verilog is read from.
    if verilog_file != STANDARD_OUTPUT:
        output.show(results, VERILOG.columns, VERILOG.title)


verilog.measure = VERILOG
