"""Options and arguments that the commands share, and the design points that they make."""

from __future__ import annotations

from ast import literal_eval
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import click
from click.core import ParameterSource

from softermax.model import QFormat

from ..design_points import OLD_NAMES, DesignPoint, main_design_points
from ..designs.registry import choices, designs, unit_names
from ..errors import FlowError

__all__ = [
    "BUILD_DIR",
    "MAIN_POINTS",
    "MAIN_POINTS_WITH_AXI_STREAM",
    "SIZE",
    "SOFTMAX",
    "UNIT",
    "Format",
    "PointChoice",
    "design_point",
    "design_points",
    "points_or",
    "refuse_sizes",
]

#: The unit that has the softmax's own config, for commands about a config.
SOFTMAX = "softmax"
UNIT = click.Argument(["unit"], required=False)
AXI_STREAM = click.Option(
    ["--axi-stream"], is_flag=True, help="Give softmax or pe AXI4-Stream ports; see docs/how-to/axi-stream.md."
)
BUILD_DIR = click.Option(
    ["--build-dir"],
    type=click.Path(path_type=Path),
    default=Path("build"),
    show_default=True,
    help="Folder for all generated files.",
)


def _size(name: str, **options) -> click.Option:
    return click.Option([name], show_default=True, **options)


def _choices(option: str) -> str:
    """What an option may be, in words."""
    return " or ".join(choices(option))


class Format(click.ParamType):
    """The type of options that are a fixed-point format."""

    name = "format"

    def convert(self, value, param, ctx) -> QFormat:
        """The format; refused as Click refuses."""
        try:
            return value if isinstance(value, QFormat) else QFormat.parse(value)
        except ValueError as error:
            return self.fail(str(error), param, ctx)


#: Why an option of a design point is refused where there is no unit.
NO_UNIT = "must come with a UNIT: without one, the points have sizes of their own"
#: Options of a design point except its unit.
SIZE = (
    _size("--preset", default="faithful", help=f"Name of the design: {', '.join(designs())}."),
    _size("--lanes", type=int, default=16, help="Scores per slice, taken in one clock cycle."),
    _size("--max-len", type=int, default=384, help="Elements of the longest row."),
    click.Option(
        ["--input-format", "input"],
        type=Format(),
        help="Format of scores, such as Q(4,4); only for preset faithful.",
    ),
    click.Option(
        ["--output-format", "output_format"],
        type=Format(),
        help="Format of probabilities, such as UQ(1,11); only for preset faithful.",
    ),
    _size("--normalizer", help=f"Kind of normalizer: {_choices('normalizer')}; by default the preset's."),
    _size("--datapath", help=f"Kind of the baseline's datapath: {_choices('datapath')}; only for preset fp16."),
    _size("--base", help="Base of the softmax: 2, or e, which folds log2(e) into the scores; by default the preset's."),
    _size("--rounding", help=f"Rounding of results: {_choices('rounding')}; only for preset faithful."),
    _size("--guard-bits", type=int, help="Bits that a cascade carries; by default enough for every row to sum to 1."),
    click.Option(
        ["--saturate"],
        is_flag=True,
        help="Allow the power sum to saturate on long rows and set a flag; only for preset paper.",
    ),
    _size(
        "--cuts", help="Stages of the unnormed unit after which a register is placed, such as int_max,sum_3, or none."
    ),
    _size("--max-d-head", type=int, help="Elements of a pe's longest query; 128 by default."),
    click.Option(
        ["--values"], is_flag=True, help="Give a pe values, so that it computes context instead of probabilities."
    ),
    click.Option(
        ["--option", "further"],
        multiple=True,
        metavar="NAME=VALUE",
        help="Name and value of a parameter of the preset's config without an option here; may be repeated.",
    ),
)


@dataclass(frozen=True)
class PointChoice:
    """How a command's arguments choose the points that it measures.

    Parameters
    ----------
    parameters : sequence of click.Parameter
    points : callable
        Makes the points of the parameters' values, given by name.
    help : str
        A sentence on the parameters, for the command's help.
    """

    parameters: Sequence[click.Parameter]
    points: Callable[..., Sequence]
    help: str = ""


def design_points(unit: str | None, axi_stream: bool = False, **size) -> list[DesignPoint]:
    """The point of a unit and the options of :data:`SIZE`, or without a unit all points of make."""
    if unit is None:
        refuse_sizes(NO_UNIT)
        return main_design_points()
    return [design_point(unit, axi_stream=axi_stream, **size)]


def refuse_sizes(rule: str):
    """A FlowError if the user of the present command has given any option of a design point, whatever its value."""
    context = click.get_current_context()
    for option in (*SIZE, AXI_STREAM):
        if context.get_parameter_source(option.name) is ParameterSource.COMMANDLINE:
            raise FlowError(f"{option.opts[0]} {rule}")


def design_point(
    unit, preset, lanes, max_len, input, output_format, cuts, values, max_d_head, further, axi_stream=False, **others
) -> DesignPoint:
    """The point of a unit and the options of :data:`SIZE`; a FlowError if there is none."""
    steps = None if cuts is None else tuple(cuts.split(",")) if cuts != "none" else ()
    chosen = {"input": input, "output": output_format, **others, "cuts": steps, "values": values}
    chosen |= {"max_d_head": max_d_head}
    for name, value in _further(further).items():
        if chosen.get(name) not in (None, False):
            raise FlowError(f"{name} must be given once, not by --option and by an option of its own")
        chosen[name] = value
    options = tuple((name, value) for name, value in chosen.items() if value is not None and value is not False)
    return DesignPoint(_present_name(unit), preset, lanes, max_len, options, axi_stream)


def _further(options: Sequence[str]) -> dict[str, object]:
    """Options that are given as NAME=VALUE: numbers, True and False as such, everything else as text."""
    found = {}
    for option in options:
        name, equals, text = option.partition("=")
        if not (name.isidentifier() and equals):
            raise FlowError(f"--option must be NAME=VALUE, not {option!r}")
        if name in found:
            raise FlowError(f"--option must name {name} once, not again as {option!r}")
        try:
            found[name] = literal_eval(text)
        except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
            found[name] = text
    return found


def _present_name(unit: str) -> str:
    """The name that a unit has now; who uses a former one is told."""
    if unit in OLD_NAMES:
        click.echo(f"softermax: the unit {unit} is called {OLD_NAMES[unit]} now", err=True)
    return OLD_NAMES.get(unit, unit)


def points_or(others: Callable[[], Sequence[DesignPoint]]) -> PointChoice:
    """The choice of one design point or, without a UNIT, of some others; the measure's help says which."""

    def points(unit: str | None, **size) -> Sequence[DesignPoint]:
        if unit is None:
            refuse_sizes(NO_UNIT)
            return others()
        return [design_point(unit, **size)]

    return PointChoice((UNIT, *SIZE), points)


UNIT_HELP = f"UNIT is one of {', '.join(unit_names())}; by default, every design point of make."
MAIN_POINTS = PointChoice((UNIT, *SIZE), design_points, UNIT_HELP)
MAIN_POINTS_WITH_AXI_STREAM = PointChoice((UNIT, *SIZE, AXI_STREAM), design_points, UNIT_HELP)
