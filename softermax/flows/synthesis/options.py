"""Options of the command line for synthesis, and for everything that is measured on netlists."""

from __future__ import annotations

from pathlib import Path

import click

from ..jobs.measure import OptionGroup
from .mapping import RECIPES
from .synthesis import AreaOptions

__all__ = ["BALANCED_SYNTHESIS", "CLOCK_GATING", "EXCLUDE", "LEAST_AREA_SYNTHESIS", "LIBERTY"]

LIBERTY = click.Option(
    ["--liberty"],
    type=click.Path(path_type=Path),
    multiple=True,
    help="Liberty file of standard cells, .gz too; may be repeated. By default, generic cells in gate equivalents.",
)
EXCLUDE = click.Option(["--exclude"], multiple=True, help="Name or pattern of cells to leave out; may be repeated.")
CLOCK_GATING = click.Option(
    ["--clock-gating/--no-clock-gating"],
    default=True,
    show_default=True,
    help="Gate the clocks of registers that hold their value.",
)


def _synthesis(recipe: str) -> OptionGroup:
    """The options that make :class:`AreaOptions`, with a default recipe."""
    which = click.Option(
        ["--recipe"], type=click.Choice(list(RECIPES)), default=recipe, show_default=True, help="Recipe of synthesis."
    )
    return OptionGroup("options", AreaOptions, (LIBERTY, which, EXCLUDE, CLOCK_GATING))


LEAST_AREA_SYNTHESIS, BALANCED_SYNTHESIS = _synthesis("least-area"), _synthesis("balanced")
