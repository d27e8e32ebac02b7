"""How commands print and write their results, and how they end."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from pathlib import Path

import click
from rich.console import Console

from ..designs.registry import labelled
from ..errors import FlowError
from ..files import check_writable, write_whole
from ..results.columns import Column
from ..results.fitting import wrapped
from ..results.formats import FORMATS, Results
from ..results.tables import fact_lines, print_tables
from .wording import as_typed

__all__ = ["MESSAGES", "Output", "OutputFile", "command", "fail_on_mismatch", "stop"]

#: Progress, and what else is for people only.
MESSAGES = Console(stderr=True)


class OutputFile(click.Path):
    """The type of options that name a file to write, which is tried, without a trace, before any work."""

    def __init__(self):
        super().__init__(path_type=Path)

    def convert(self, value, param, ctx) -> Path:
        """The path; a FlowError if it cannot be written."""
        if value == "" or str(value).endswith(("/", os.sep)):
            self.fail(f"must be the name of a file, not {str(value)!r}", param, ctx)
        path = super().convert(value, param, ctx)
        check_writable(path)
        return path


FORMAT = click.Option(
    ["--format", "format"], type=click.Choice(list(FORMATS)), help="Format of the results; a table by default."
)
JSON = click.Option(["--json", "as_json"], is_flag=True, help="Print a list of flat objects, as --format json does.")
FILE = click.Option(
    ["-o", "--output", "file"],
    type=OutputFile(),
    help="File for the results, instead of printing them; it is written whole or not at all.",
)


@dataclass(frozen=True)
class Output:
    """Where a command's results go, and in which format.

    Parameters
    ----------
    format : str
        One of :data:`~softermax.flows.results.formats.FORMATS`.
    file : Path or None
        None: the results are printed.
    """

    format: str = "table"
    file: Path | None = None

    @classmethod
    def chosen(cls, format: str | None, as_json: bool, file: Path | None = None) -> Output:
        """The output that the options ask for."""
        if as_json and format not in (None, "json"):
            raise FlowError(f"--json must not come with --format {format}: they are two formats")
        return cls("json" if as_json else format or "table", file)

    def show(
        self,
        results: Sequence[dict],
        columns: Sequence[Column],
        title: str,
        *,
        tables: Mapping[str, Sequence[dict]] | None = None,
    ):
        """Print or write flat results.

        Parameters
        ----------
        tables : mapping of str to sequence of dict
            Tables for people, by title, in place of one table of all results.
        """
        columns = labelled(columns)
        shown = Results(results, columns, {title: results} if tables is None else tables)
        if self.file is None and self.format == "table":
            print_tables(shown.tables, columns, sys.stdout, _terminal_width())
        else:
            self._put(FORMATS[self.format](shown))

    def show_facts(self, facts: dict):
        """Print or write one flat object; people get a line for each field."""
        if self.format == "table":
            width = _terminal_width() if self.file is None else None
            lines = fact_lines([(name, str(value)) for name, value in facts.items()], width)
            self._put("".join(f"{line}\n" for line in lines))
            return
        lines = [{"fact": name, "value": str(value)} for name, value in facts.items()]
        self.show([facts], (Column("fact", "fact"), Column("value", "value")), "Facts", tables={"Facts": lines})

    @property
    def has_notes(self) -> bool:
        """Whether lines for people may be printed beside the results."""
        return self.file is not None or self.format == "table"

    def note(self, text: str):
        """Print a line for people if that disturbs no program."""
        if self.has_notes:
            width = _terminal_width()
            print(text if width is None else "\n".join(wrapped(text, width)))

    def _put(self, text: str):
        if self.file is None:
            print(text, end="")
        else:
            write_whole(self.file, text)
            print(f"results written to {self.file}", file=sys.stderr)


def command(name: str, *parameters: click.Parameter, help: str, example: str, writes: bool = True):
    """Decorator: a command of a function, which is given the parameters and as ``output`` an :class:`Output`.

    Parameters
    ----------
    example : str
        A call of the command, without ``softermax``.
    writes : bool
        Whether ``-o`` names a file for the results; otherwise the command may have a ``-o`` of its own.
    """
    options = [*parameters, FORMAT, JSON, *([FILE] if writes else [])]

    def decorate(function: Callable) -> click.Command:
        @wraps(function)
        def callback(format, as_json, file=None, **given):
            try:
                return function(output=Output.chosen(format, as_json, file), **given)
            except FlowError as error:
                raise FlowError(as_typed(str(error), options, given.get("further", ()))) from error

        return click.Command(name, params=options, callback=callback, help=help, epilog=f"Example: softermax {example}")

    return decorate


def _terminal_width() -> int | None:
    """Characters of a line of the terminal that the standard output is; None if it is none."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def fail_on_mismatch(results: Sequence[dict]):
    """A mismatch is a failure of the hardware or of the model, not of the user: exit status 1."""
    wrong = [result for result in results if result["mismatches"]]
    for result in wrong:
        print(
            f"softermax: {result['unit']} with {result['lanes']} lanes has {result['mismatches']} mismatches, "
            f"the first of them {result.get('first_mismatch')}",
            file=sys.stderr,
        )
    if wrong:
        sys.exit(1)


def stop(message: str, status: int):
    """End with one sentence."""
    print(f"softermax: {message}", file=sys.stderr)
    sys.exit(status)
