"""Tables of results for people: of text, as a terminal shows them, and of Markdown."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

from rich.box import MARKDOWN, SIMPLE_HEAD, Box
from rich.console import Console
from rich.table import Table

from .columns import POINT, Column, shown_columns

__all__ = ["WIDTH", "markdown_table", "print_tables", "text_tables"]

#: Characters of a line that no terminal limits.
WIDTH = 200
#: Fields by which design points of another kind are told: their results are shown in a table of their own.
KIND = tuple(column.field for column in POINT if not column.hidden)


def print_tables(tables: Mapping[str, Sequence[dict]], columns: Sequence[Column], console: Console):
    """Print results by title, those whose points have other fields in tables of their own."""
    for title, results in tables.items():
        for alike in _by_kind(results):
            style = {"title": title, "title_justify": "left", "box": SIMPLE_HEAD, "pad_edge": False}
            console.print(_table(alike, columns, **style))


def text_tables(tables: Mapping[str, Sequence[dict]], columns: Sequence[Column]) -> str:
    """The text that :func:`print_tables` prints, without colours."""
    file = io.StringIO()
    print_tables(tables, columns, Console(file=file, width=WIDTH))
    return file.getvalue()


def markdown_table(results: Sequence[dict], columns: Sequence[Column]) -> str:
    """One table in Markdown."""
    file = io.StringIO()
    Console(file=file, width=1000).print(_table(results, columns, box=MARKDOWN))
    return "\n".join(line.strip() for line in file.getvalue().strip().splitlines()) + "\n"


def _by_kind(results: Sequence[dict]) -> list[list[dict]]:
    """Results in groups that have the same fields of :data:`KIND`, in the order in which these occur first."""
    groups: dict[tuple, list[dict]] = {}
    for result in results:
        groups.setdefault(tuple(field in result for field in KIND), []).append(result)
    return list(groups.values())


def _table(results: Sequence[dict], columns: Sequence[Column], *, box: Box, **style) -> Table:
    table = Table(box=box, **style)
    lines = " " if box is MARKDOWN else "\n"
    shown = shown_columns(results, columns)
    for column in shown:
        numeric = not any(isinstance(result.get(column.field), str) for result in results)
        heading = column.heading.format_map(results[0]).replace("\n", lines)
        table.add_column(heading, justify="right" if numeric else "left", no_wrap=not column.wraps)
    for result in results:
        table.add_row(*(_text(column, result.get(column.field)) for column in shown))
    return table


def _text(column: Column, value) -> str:
    return "-" if value is None else column.show(value)
