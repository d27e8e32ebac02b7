"""The formats in which results are printed and written: tables for people, JSON and CSV for programs.

One function for each format, which takes :class:`Results` and returns the text.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from .columns import Column
from .tables import markdown_table, text_tables

__all__ = ["FORMATS", "Results", "as_csv", "as_json"]


@dataclass(frozen=True)
class Results:
    """Results of a command, and how people read them.

    Attributes
    ----------
    results : sequence of dict
        Flat objects: what programs get.
    columns : sequence of Column
    tables : mapping of str to sequence of dict
        Tables for people, by their titles.
    """

    results: Sequence[dict]
    columns: Sequence[Column]
    tables: Mapping[str, Sequence[dict]]


def as_json(results: Sequence[dict]) -> str:
    """A list of flat objects."""
    return json.dumps(results, indent=2) + "\n"


def as_csv(results: Sequence[dict]) -> str:
    """A line for each result: fields in the order in which they occur first, empty where a result has none.

    Fields that hold lists or dicts are left out.
    """
    nested = {field for result in results for field, value in result.items() if isinstance(value, list | dict)}
    fields = [field for field in dict.fromkeys(field for result in results for field in result) if field not in nested]
    file = io.StringIO()
    writer = csv.DictWriter(file, fields, restval="", extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(results)
    return file.getvalue()


def _as_markdown(shown: Results) -> str:
    tables = {title: markdown_table(results, shown.columns) for title, results in shown.tables.items()}
    if len(tables) == 1:
        return next(iter(tables.values()))
    return "\n".join(f"### {title}\n\n{table}" for title, table in tables.items())


#: Function that makes the text, by the format's name.
FORMATS: dict[str, Callable[[Results], str]] = {
    "table": lambda shown: text_tables(shown.tables, shown.columns),
    "json": lambda shown: as_json(shown.results),
    "csv": lambda shown: as_csv(shown.results),
    "markdown": _as_markdown,
}
