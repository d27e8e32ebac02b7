"""Options and arguments that the commands share, and the design points that they make."""

from __future__ import annotations

from functools import reduce
from pathlib import Path

import click

from softermax.model import QFormat
from softermax.model.config import CHOICES
from softermax.sim.cosim import SIMULATORS

from ..design_points import OLD_NAMES, DesignPoint, main_design_points
from ..designs.registry import designs, unit_names
from ..errors import FlowError
from ..synthesis.mapping import RECIPES
from ..synthesis.synthesis import AreaOptions

__all__ = [
    "UNIT_HELP",
    "area_options",
    "as_json",
    "axi_stream",
    "balanced_synthesis",
    "build_dir",
    "clock_gating",
    "design_point",
    "design_points",
    "exclude",
    "liberty",
    "markdown",
    "option",
    "options",
    "seed",
    "simulator",
    "size",
    "synthesis",
    "unit",
]


def options(*decorators):
    """One decorator that adds several options."""
    return lambda command: reduce(lambda inner, decorator: decorator(inner), reversed(decorators), command)


option = click.option
size = options(
    option("--preset", default="paper", show_default=True, help=f"One of {', '.join(designs())}."),
    option("--lanes", type=int, default=16, show_default=True, help="Scores per slice, taken in one clock cycle."),
    option("--max-len", type=int, default=384, show_default=True, help="Elements of the longest row."),
    option("--input-format", "input", help="Scores, such as Q(4,4); preset faithful."),
    option("--output-format", "output_format", help="Probabilities, such as UQ(1,11); preset faithful."),
    option("--normalizer", help=f"{' or '.join(CHOICES['normalizer'])}."),
    option("--rounding", help=f"{' or '.join(CHOICES['rounding'])}; preset faithful."),
    option("--saturate", is_flag=True, help="Let the power sum of long rows saturate, flagged; preset paper."),
    option("--cuts", help="Stages of the unnormed unit with a register behind, such as int_max,sum_3; or none."),
    option("--max-d-head", type=int, help="Elements of a pe's longest query; 128 unless told."),
    option("--values", is_flag=True, help="Let a pe keep values and give context instead of probabilities."),
)
axi_stream = option("--axi-stream", is_flag=True, help="AXI4-Stream ports, of softermax or pe; see docs/axi-stream.md.")
unit = click.argument("unit", required=False)
markdown = option("--markdown", type=Path, help="File for the table, too.")
as_json = option("--json", "as_json", is_flag=True, help="Print a list of flat objects instead of a table.")
build_dir = option(
    "--build-dir", type=Path, default=Path("build"), show_default=True, help="Folder for all that is generated."
)
liberty = option(
    "--liberty",
    type=Path,
    multiple=True,
    help="Standard-cell library, .gz too; may be repeated. Without one: generic cells, in gate equivalents.",
)
exclude = option("--exclude", multiple=True, help="Cells not to use, by name or pattern; may be repeated.")
clock_gating = option(
    "--clock-gating/--no-clock-gating", default=True, show_default=True, help="Gate clocks of registers that hold."
)


def _synthesis(recipe: str):
    """The options of synthesis, with a recipe to begin with."""
    which = option("--recipe", default=recipe, show_default=True, help=f"One of {', '.join(RECIPES)}.")
    return options(liberty, which, exclude, clock_gating)


synthesis, balanced_synthesis = _synthesis("least-area"), _synthesis("balanced")
seed = option(
    "--seed", type=click.IntRange(0), default=1, show_default=True, help="Of gaps, backpressure and made-up rows."
)
simulator = option("--simulator", default="verilator", show_default=True, help=f"One of {', '.join(SIMULATORS)}.")

UNIT_HELP = f"UNIT is one of {', '.join(unit_names())}; without it, every design point of make."


def area_options(arguments: dict) -> AreaOptions:
    """Take what ``synthesis`` has added out of a command's arguments."""
    return AreaOptions(**{name: arguments.pop(name) for name in ("liberty", "recipe", "exclude", "clock_gating")})


def design_points(unit: str | None, axi_stream: bool = False, **size) -> list[DesignPoint]:
    """The point of a unit and the options of ``size``, or without one all points of make."""
    if unit is None and axi_stream:
        raise FlowError("--axi-stream must come with a UNIT: the design points of make have none")
    return main_design_points() if unit is None else [design_point(unit, axi_stream=axi_stream, **size)]


def design_point(
    unit, preset, lanes, max_len, input, output_format, cuts, values, max_d_head, axi_stream=False, **choices
) -> DesignPoint:
    """The point of a unit and the options of ``size``; a FlowError if there is none."""
    try:
        formats = {"input": input and QFormat.parse(input), "output": output_format and QFormat.parse(output_format)}
    except ValueError as error:
        raise FlowError(str(error)) from error
    steps = None if cuts is None else tuple(cuts.split(",")) if cuts != "none" else ()
    chosen = {**formats, **choices, "cuts": steps, "values": values, "max_d_head": max_d_head}
    options = tuple((name, value) for name, value in chosen.items() if value not in (None, False))
    return DesignPoint(OLD_NAMES.get(unit, unit), preset, lanes, max_len, options, axi_stream)
