"""Commands that measure netlists: area, timing and energy, and figures beside OpenSTA's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click
from rich.console import Console

from ..design_points import DesignPoint
from ..errors import FlowError
from ..measurement.jobs import AREA, ENERGY, PATH, TIMING
from ..measurement.opensta_energy import OPENSTA_ENERGY, check_beside_opensta, timing_beside_opensta
from .measures import measure_command
from .options import MAIN_POINTS, MAIN_POINTS_WITH_AXI_STREAM, PointChoice, design_points
from .output import Output, fail_on_mismatch

__all__ = ["area", "energy", "opensta_energy", "timing"]

PATH_OPTION = click.Option(["--path"], is_flag=True, help="Print the slowest path of each unit as well.")
OPENSTA_OPTION = click.Option(
    ["--opensta"], is_flag=True, help="Report the period by OpenSTA as well, which must be installed."
)


def _times(points, build_dir: Path, console: Console, *, options, opensta: bool, path: bool) -> list[dict]:
    measure = replace(TIMING, run=timing_beside_opensta, check=check_beside_opensta) if opensta else TIMING
    return measure.results(points, build_dir, console, options=options)


def _print_paths(output: Output, results: Sequence[dict], *, path: bool, opensta: bool):
    for result in results if path and output.has_notes else ():
        Output().show(result["path"], PATH, f"Slowest path of {result['unit']}, {result['preset']}")


def _softmax_units(unit: str | None, **size) -> list[DesignPoint]:
    points = [point for point in design_points(unit, **size) if not point.entry.macros]
    if not points:
        raise FlowError(
            f"the unit must be a softmax unit to be compared, not {unit!r}, whose memories OpenSTA does not know"
        )
    return points


area = measure_command(AREA, MAIN_POINTS_WITH_AXI_STREAM)
timing = measure_command(TIMING, MAIN_POINTS, options=(PATH_OPTION, OPENSTA_OPTION), collect=_times, note=_print_paths)
energy = measure_command(ENERGY, MAIN_POINTS, fail=lambda results, _: fail_on_mismatch(results))
opensta_energy = measure_command(OPENSTA_ENERGY, PointChoice(MAIN_POINTS.parameters, _softmax_units, MAIN_POINTS.help))
