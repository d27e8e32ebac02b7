"""Commands made from measures: points are chosen, measured, shown, and looked at for failures."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import click

from ..jobs.measure import Measure
from .options import BUILD_DIR, PointChoice
from .output import MESSAGES, Output, command

__all__ = ["measure_command"]


def measure_command(
    measure: Measure,
    choice: PointChoice,
    *,
    options: Sequence[click.Option] = (),
    collect: Callable[..., list[dict]] | None = None,
    note: Callable[..., None] | None = None,
    fail: Callable[[list[dict], dict], None] | None = None,
) -> click.Command:
    """The command of a measure.

    Parameters
    ----------
    options : sequence of click.Option
        Further options of the command, which ``collect`` and ``note`` are given by name.
    collect : callable
        Gets the results, like :meth:`Measure.results`, which it is unless given.
    note : callable
        Given the output, the results and the further options, says what tables do not.
    fail : callable
        Given the results and the measure's arguments, ends with exit status 1 if the hardware is at fault.
    """

    @command(
        measure.name,
        *choice.parameters,
        *measure.parameters,
        *options,
        BUILD_DIR,
        help=f"{measure.help} {choice.help}".strip(),
        example=measure.example,
    )
    def run(output: Output, build_dir, **given):
        arguments = measure.arguments(given)
        further = {option.name: given.pop(option.name) for option in options}
        points = choice.points(**given)
        if collect is None:
            results = measure.results(points, build_dir, MESSAGES, **arguments)
        else:
            results = collect(points, build_dir, MESSAGES, **arguments, **further)
        output.show(results, measure.columns, measure.title.format(**arguments))
        if note is not None:
            note(output, results, **further)
        if fail is not None:
            fail(results, arguments)

    run.measure = measure
    return run
