"""Tables of the documents, written from records.

Tables stand between two comments, of which the first says what they show::

    <!-- figures: RECORD; FIELD, FIELD, ...; FIELD=VALUE|VALUE, ... -->
    <!-- evaluation: RECORD -->
    <!-- ratios: RECORD -->
    <!-- end of figures -->

Figures are one table. Fields are its columns, in this order; the part after the second semicolon chooses rows, and
without it every result is one. ``HEADS>FIELD`` is a column for every value of HEADS with the values of FIELD, in one
row for all results that agree in the fields before. An evaluation is all tables of the report, ratios the short table
of its headline.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ..designs.registry import labelled
from ..errors import FlowError
from ..evaluation.evaluation import evaluation_of
from ..results.columns import Column, hidden
from ..results.tables import markdown_table
from .record import RECORDS, read_record

__all__ = ["documents", "fill"]

TABLE = re.compile(r"(?ms)^(<!-- (figures|evaluation|ratios): (.*?) -->\n)(.*?)^(<!-- end of figures -->)$")
#: What is between two conditions; values may have commas, too.
CONDITION = re.compile(r",\s*(?=\w+=)")


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
    makers = {"figures": _figures, "evaluation": _evaluation, "ratios": _ratios}
    return TABLE.sub(lambda found: f"{found[1]}{makers[found[2]](found[3], root)}{found[5]}", text)


def _evaluation(name: str, root: Path) -> str:
    # Headings need empty lines around them; the first stands below a comment.
    from ..report import markdown_tables

    return f"{markdown_tables(_library(name, root))}\n"


def _ratios(name: str, root: Path) -> str:
    from ..report import markdown_ratios

    return markdown_ratios(_library(name, root))


def _library(name: str, root: Path):
    """Results of an evaluation that is kept in a record, under the name of its library."""
    from ..report import library_results  # plots take a second to import

    lists = evaluation_of(read_record(name, root)["results"])
    [library] = library_results({name.removeprefix("units-"): lists})
    return library


def _figures(wanted: str, root: Path) -> str:
    name, fields, *conditions = (part.strip() for part in wanted.split(";"))
    results = read_record(name, root)["results"]
    for field, values in (each.split("=") for part in conditions for each in CONDITION.split(part)):
        results = [result for result in results if str(result.get(field)) in values.split("|")]
    if not results:
        raise FlowError(f"the table {wanted!r} must show a result of {name}, not none")
    fields = [field.strip() for field in fields.split(",")]
    plain = [field for field in fields if ">" not in field]
    columns = [_column(name, field, results) for field in plain]
    for field in fields:
        if ">" in field:
            results, wide = _spread(name, *field.split(">"), plain, results)
            columns += wide
    return markdown_table(results, labelled([*columns, *hidden("*")]))


def _spread(
    name: str, heads: str, values: str, plain: Sequence[str], results: Sequence[dict]
) -> tuple[list[dict], list[Column]]:
    """One row for all results that agree in the plain fields, and a column of values for each head."""
    shown = _column(name, values, results)
    rows: dict[tuple, dict] = {}
    columns: dict[str, Column] = {}
    for result in results:
        head = _column(name, heads, results).text(result)
        field = f"{values} at {head}"
        columns.setdefault(field, replace(shown, field=field, heading=head))
        row = rows.setdefault(tuple(result.get(each) for each in plain), dict(result))
        if field in row:
            raise FlowError(f"the table of {name} must have one {values} at {heads} {head} in a row, not more")
        row[field] = result.get(values)
    return list(rows.values()), list(columns.values())


def _column(name: str, field: str, results: Sequence[dict]) -> Column:
    if not any(field in result for result in results):
        raise FlowError(f"{name} must have the field {field!r} to show it: it has {', '.join(results[0])}")
    found = [column for column in RECORDS[name].columns if column.field == field]
    return found[0] if found else Column(field, field)
