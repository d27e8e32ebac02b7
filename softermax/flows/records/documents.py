"""Tables of the documents, written from records.

A table stands between two comments, of which the first says what it shows::

    <!-- figures: RECORD; FIELD, FIELD, ...; FIELD=VALUE, ... -->
    <!-- end of figures -->

Fields are columns, in this order. The part after the second semicolon chooses rows; without it, every result is one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from ..designs.registry import labelled
from ..errors import FlowError
from ..results.columns import Column, hidden
from ..results.tables import markdown_table
from .record import RECORDS, read_record

__all__ = ["documents", "fill"]

TABLE = re.compile(r"(?ms)^(<!-- figures: (.*?) -->\n)(.*?)^(<!-- end of figures -->)$")


def documents(root: Path) -> list[Path]:
    """README and the documents that have tables of figures."""
    return [
        file for file in [root / "README.md", *sorted((root / "docs").rglob("*.md"))] if TABLE.search(file.read_text())
    ]


def fill(text: str, root: Path) -> str:
    """A document's text with its tables as the records have them.

    Raises
    ------
    FlowError
        If a table asks for a record, field or result that there is not.
    """
    return TABLE.sub(lambda found: f"{found[1]}{_table(found[2], root)}{found[4]}", text)


def _table(wanted: str, root: Path) -> str:
    name, fields, *conditions = (part.strip() for part in wanted.split(";"))
    results = read_record(name, root)["results"]
    for field, value in (each.strip().split("=") for part in conditions for each in part.split(",")):
        results = [result for result in results if str(result.get(field)) == value]
    if not results:
        raise FlowError(f"the table {wanted!r} must show a result of {name}, not none")
    columns = [_column(name, field.strip(), results) for field in fields.split(",")]
    return markdown_table(results, labelled([*columns, *hidden("*")]))


def _column(name: str, field: str, results: Sequence[dict]) -> Column:
    if not any(field in result for result in results):
        raise FlowError(f"{name} must have the field {field!r} to show it: it has {', '.join(results[0])}")
    found = [column for column in RECORDS[name].columns if column.field == field]
    return found[0] if found else Column(field, field)
