"""Tables of results for people: of text, as a terminal shows them, and of Markdown."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import TextIO

from rich.box import MARKDOWN, SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from .columns import POINT, Column, shown_columns
from .fitting import Fitted, fit, wrapped

__all__ = ["fact_lines", "markdown_table", "print_tables", "text_tables"]

#: Characters of a line into which tables are fitted where there is no terminal, and how long it may be if need be.
WIDTH, UNLIMITED = 200, 100_000
#: Characters by which the value of a fact that has no room beside its name is set in, and between the two.
INDENT, GAP = 4, 2
#: Fields by which design points of another kind are told: their results are shown in a table of their own.
KIND = tuple(column.field for column in POINT if not column.hidden)


def print_tables(
    tables: Mapping[str, Sequence[dict]], columns: Sequence[Column], file: TextIO, width: int | None = None
):
    """Print results by title, those whose points have other fields in tables of their own. Nothing is ever cut.

    Parameters
    ----------
    width : int or None
        Characters of the terminal's lines. Columns that do not fit go to the title or are left out, which a line says,
        or each result becomes a block of lines. None: no terminal; lines are as long as they must be.
    """
    console = Console(file=file, width=UNLIMITED if width is None else width)
    for title, results in tables.items():
        for alike in _by_kind(results):
            fitted = fit(alike, columns, WIDTH if width is None else width, limited=width is not None)
            _print_results(title, alike, fitted, console)


def text_tables(tables: Mapping[str, Sequence[dict]], columns: Sequence[Column]) -> str:
    """The text that :func:`print_tables` prints where there is no terminal."""
    file = io.StringIO()
    print_tables(tables, columns, file)
    return file.getvalue()


def markdown_table(results: Sequence[dict], columns: Sequence[Column]) -> str:
    """One table in Markdown."""
    table = Table(box=MARKDOWN)
    for column in shown_columns(results, columns):
        heading = column.one_line_heading(results[0])
        table.add_column(Text(heading), justify=_side(column, results), no_wrap=not column.wraps)
    _add_rows(table, shown_columns(results, columns), results)
    file = io.StringIO()
    Console(file=file, width=1000).print(table)
    return "\n".join(line.strip() for line in file.getvalue().strip().splitlines()) + "\n"


def fact_lines(facts: Sequence[tuple[str, str]], width: int | None = None) -> list[str]:
    """A line for each name and value, or several where both do not fit into one: the value below, set in.

    Parameters
    ----------
    width : int or None
        Characters of a line; None: any number.
    """
    names = max((len(name) for name, _ in facts), default=0) + GAP
    lines = []
    for name, value in facts:
        if width is None or names + cell_len(value) <= width:
            lines.append(f"{name:{names}}{value}")
        else:
            lines += [*wrapped(name, width), *(" " * INDENT + line for line in wrapped(value, width - INDENT))]
    return lines


def _by_kind(results: Sequence[dict]) -> list[list[dict]]:
    """Results in groups that have the same fields of :data:`KIND`, in the order in which these occur first."""
    groups: dict[tuple, list[dict]] = {}
    for result in results:
        groups.setdefault(tuple(field in result for field in KIND), []).append(result)
    return list(groups.values())


def _print_results(title: str, results: Sequence[dict], fitted: Fitted, console: Console):
    first = results[0]
    constant = ", ".join(f"{column.one_line_heading(first)} {column.text(first)}" for column in fitted.constant)
    title = f"{title}. All have: {constant}." if constant else title
    _print_lines(wrapped(title, console.width), console, style="table.title")
    if fitted.widths:
        console.print(_table(results, fitted))
    for result in results if not fitted.widths else ():
        facts = [(column.one_line_heading(result), column.text(result)) for column in fitted.columns]
        _print_lines(["", *fact_lines(facts, console.width)], console)
    if fitted.left_out:
        names = ", ".join(column.one_line_heading(first) for column in fitted.left_out)
        _print_lines(wrapped(f"Left out for want of width: {names}; --json has all.", console.width), console)


def _print_lines(lines: Sequence[str], console: Console, style: str = ""):
    """Print lines as they stand."""
    for line in lines:
        console.print(Text(line, style), soft_wrap=True)


def _table(results: Sequence[dict], fitted: Fitted) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for column, width in zip(fitted.columns, fitted.widths, strict=True):
        heading = Text(column.heading.format_map(results[0]))
        table.add_column(heading, justify=_side(column, results), width=width, no_wrap=not column.wraps)
    _add_rows(table, fitted.columns, results)
    return table


def _side(column: Column, results: Sequence[dict]) -> str:
    """Where values stand in their column: numbers at its right."""
    return "left" if any(isinstance(result.get(column.field), str) for result in results) else "right"


def _add_rows(table: Table, columns: Sequence[Column], results: Sequence[dict]):
    for result in results:
        table.add_row(*(Text(column.text(result)) for column in columns))
