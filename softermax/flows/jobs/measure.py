"""Measures: what a command of the command line measures of a point, declared beside the function that measures it.

The command with its options, the fields of its JSON and the columns of its tables all follow from the measure.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import click
from rich.console import Console

from ..results.columns import Column
from .cache import CachedJob
from .running import Job, run_jobs

__all__ = ["Measure", "OptionGroup"]


@dataclass(frozen=True)
class OptionGroup:
    """Options of the command line that together make one argument of a job.

    Parameters
    ----------
    argument : str
        Name of the job's argument.
    make : callable
        Makes its value of the options' values, given by name.
    options : tuple of click.Option
    """

    argument: str
    make: Callable[..., object]
    options: tuple[click.Option, ...]


@dataclass(frozen=True, kw_only=True)
class Measure:
    """A measure of design points, with its command and its columns.

    Parameters
    ----------
    name : str
        The command's name.
    help : str
        The command's help; where UNIT is a design point's, without a sentence on it.
    example : str
        A call of the command, without ``softermax``.
    title : str
        Title of the table, with arguments of ``run`` in braces.
    progress : str
        The words beside the progress bar.
    run : callable or CachedJob
        The job: takes a point, the build directory and the arguments that ``options`` make.
    check : callable or None
        Takes the arguments of ``run`` and refuses, before any job is run, what that would refuse late.
    columns : tuple of Column
        Columns of all fields of the results that tables show or leave out on purpose.
    options : tuple of click.Option or OptionGroup
        Options of the command; each makes the argument of ``run`` that has its name.
    each : str or None
        The argument that holds several values, with a job for each of them.
    complete : callable
        Adds what follows from all results together, such as ratios.
    """

    name: str
    help: str
    example: str
    title: str
    progress: str
    run: Callable[..., dict]
    columns: tuple[Column, ...]
    options: tuple[click.Option | OptionGroup, ...] = ()
    each: str | None = None
    check: Callable[..., None] | None = None
    complete: Callable[[list[dict]], list[dict]] = list

    @property
    def cached(self) -> bool:
        """Whether results are cached; the key is the key of the job, ``run``."""
        return isinstance(self.run, CachedJob)

    @property
    def parameters(self) -> list[click.Option]:
        """All options of the command line, in order."""
        groups = [entry.options if isinstance(entry, OptionGroup) else (entry,) for entry in self.options]
        return [option for group in groups for option in group]

    def arguments(self, given: dict) -> dict:
        """Take the values of the options out of ``given`` and return the arguments of ``run``."""
        arguments = {}
        for entry in self.options:
            if isinstance(entry, OptionGroup):
                arguments[entry.argument] = entry.make(
                    **{option.name: given.pop(option.name) for option in entry.options}
                )
            else:
                arguments[entry.name] = given.pop(entry.name)
        return arguments

    def jobs(self, points: Sequence, build_dir: Path, **arguments) -> list[Job]:
        """A job for each point and each value of the argument ``each``."""
        calls = [arguments]
        if self.each is not None:
            calls = [arguments | {self.each: value} for value in arguments[self.each]]
        return [Job(self.run, point, build_dir, call, self.check) for point in points for call in calls]

    def results(self, points: Sequence, build_dir: Path, console: Console, **arguments) -> list[dict]:
        """Run the jobs, in parallel, and complete the results; in order, as of :func:`run_jobs`."""
        return self.complete(run_jobs(self.jobs(points, build_dir, **arguments), self.progress, console))
