"""How results fit into lines of some width, so that no value is cut and none is broken but at spaces.

In this order: the columns as they are; those that all results have alike go to the title; then those that are details
are left out, the last one first; then each result becomes a block of lines, with everything.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from rich.cells import cell_len

from .columns import Column, shown_columns

__all__ = ["Fitted", "fit", "wrapped"]

#: Characters between two columns of a table, and at both its edges together.
BETWEEN, EDGES = 3, 2
#: Characters that a column of sentences has at least, unless its words or all of it take less.
SENTENCE = 20


@dataclass(frozen=True)
class Fitted:
    """Columns of a table that fits a width.

    Attributes
    ----------
    columns : list of Column
    widths : list of int
        Characters of each column; none if each result is a block of lines.
    constant : list of Column
        Columns in which all results are equal, for the title.
    left_out : list of Column
    """

    columns: list[Column]
    widths: list[int]
    constant: list[Column] = field(default_factory=list)
    left_out: list[Column] = field(default_factory=list)


def fit(results: Sequence[dict], columns: Sequence[Column], width: int, *, limited: bool) -> Fitted:
    """Choose the columns of a table of results.

    Parameters
    ----------
    width : int
        Characters of a line.
    limited : bool
        Whether no line may be longer, as on a terminal. Otherwise nothing is left out.
    """
    shown = shown_columns(results, columns)
    if widths := _widths(results, shown, width):
        return Fitted(shown, widths)
    constant = _constant(results, shown)
    rest = [column for column in shown if column not in constant]
    left_out: list[Column] = []
    details = [column for column in rest if column.detail] if limited and len(results) > 1 else []
    while not (widths := _widths(results, rest, width)) and details:
        left_out.insert(0, details.pop())
        rest.remove(left_out[0])
    if widths:
        return Fitted(rest, widths, constant, left_out)
    return Fitted(shown, [] if limited else [_narrowest(results, column) for column in shown])


def wrapped(text: str, width: int) -> list[str]:
    """Lines of a text, broken at its spaces only: a longer word has a line of its own."""
    lines = [""]
    for word in text.split(" "):
        if lines[-1] and cell_len(lines[-1]) + 1 + cell_len(word) > width:
            lines.append(word)
        else:
            lines[-1] += f" {word}" if lines[-1] else word
    return lines


def _constant(results: Sequence[dict], columns: Sequence[Column]) -> list[Column]:
    """Columns of short values that are alike in all of several results; not all columns."""
    alike = [column for column in columns if len({column.text(result) for result in results}) == 1]
    if len(results) == 1 or len(alike) == len(columns):
        return []
    return [column for column in alike if not column.wraps]


def _widths(results: Sequence[dict], columns: Sequence[Column], width: int) -> list[int]:
    """Widths of columns that fit into a line; nothing if there are none."""
    widths = [_narrowest(results, column) for column in columns]
    wanted = [_widest(results, column) for column in columns]
    spare = width - EDGES - BETWEEN * (len(columns) - 1) - sum(widths)
    if spare < 0:
        return []
    # The spare characters go one by one to the sentences that lack the most.
    for _ in range(min(spare, sum(wanted) - sum(widths))):
        neediest = max(range(len(columns)), key=lambda place: wanted[place] - widths[place])
        widths[neediest] += 1
    return widths


def _widest(results: Sequence[dict], column: Column) -> int:
    """Characters of a column without any line broken."""
    heading = column.heading.format_map(results[0]).split("\n")
    return max(map(cell_len, [*heading, *(column.text(result) for result in results)]))


def _narrowest(results: Sequence[dict], column: Column) -> int:
    """Characters that a column needs."""
    widest = _widest(results, column)
    if not column.wraps:
        return widest
    texts = [column.heading.format_map(results[0]), *(column.text(result) for result in results)]
    words = [word for text in texts for word in text.split()]
    return max(min(widest, SENTENCE), *map(cell_len, words))
