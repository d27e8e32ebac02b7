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
from ..measurement.unit_columns import LISTS
from ..results.columns import Column, hidden
from ..results.tables import markdown_table
from .record import RECORDS, read_record

__all__ = ["documents", "fill"]

END = "<!-- end of figures -->"
TABLE = re.compile(rf"(?ms)^(<!-- (figures|evaluation|ratios): ([^\n]*?) -->\n)(.*?)^({END})$")
START = re.compile(r"<!-- (figures|evaluation|ratios): .* -->")
#: A line that is meant to be one of these comments, however it is written.
MEANT = re.compile(r"(?im)^.*<!--\s*(?:figure|evaluation|ratio|end of figure)s?\b.*$")
#: What is between two conditions; values may have commas, too.
CONDITION = re.compile(r",\s*(?=\w+=)")


def documents(root: Path) -> list[Path]:
    """README and the documents that have tables of figures."""
    return [
        file for file in [root / "README.md", *sorted((root / "docs").rglob("*.md"))] if MEANT.search(file.read_text())
    ]


def fill(text: str, root: Path) -> str:
    """A document's text with its tables as the records have them.

    Raises
    ------
    FlowError
        If a table asks for a record, field or result that there is not, or a comment around it is not as above.
    """
    _check_comments(text)
    makers = {"figures": _figures, "evaluation": _evaluation, "ratios": _ratios}
    try:
        return TABLE.sub(lambda found: f"{found[1]}{makers[found[2]](found[3], root)}{found[5]}", text)
    except (ValueError, TypeError, KeyError) as error:
        raise FlowError(f"records must have results that tables can show, but one has not: {error}") from error


def _check_comments(text: str):
    """Refuse a comment that is misspelt or lacks its other one: a table would stay old, or text behind it be lost."""
    opened = None
    for line in MEANT.findall(text):
        if line != END and not START.fullmatch(line):
            forms = "<!-- figures: ... -->, <!-- evaluation: ... -->, <!-- ratios: ... -->"
            raise FlowError(f"a comment around a table must be a line {forms} or {END}, not {line!r}")
        if (line == END) == (opened is None):
            raise FlowError(f"{opened or line!r} must have the other comment of its table: {END} ends each table")
        opened = None if line == END else line
    if opened is not None:
        raise FlowError(f"{opened!r} must have the other comment of its table: {END} ends each table")


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

    results = read_record(name, root)["results"]
    if not results or not all(result.get("list") in LISTS for result in results):
        raise FlowError(f"{name} must be a record of softermax evaluate to show its ratios, which it is not")
    lists = evaluation_of(results)
    [library] = library_results({name.removeprefix("units-"): lists})
    return library


def _figures(wanted: str, root: Path) -> str:
    name, fields, conditions = _parts(wanted)
    results = read_record(name, root)["results"]
    for field, values in conditions:
        for value in values:
            if not any(str(result.get(field)) == value for result in results):
                raise FlowError(f"the table {wanted!r} must show a result of {name} with {field}={value}, not none")
        results = [result for result in results if str(result.get(field)) in values]
    if not results:
        raise FlowError(f"the table {wanted!r} must show a result of {name}, not none")
    fields = [field.strip() for field in fields.split(",")]
    plain = [field for field in fields if ">" not in field]
    columns = [_column(name, field, results) for field in plain]
    for field in fields:
        if ">" in field:
            heads, _, values = field.partition(">")
            results, wide = _spread(name, heads, values, plain, results)
            columns += wide
    return markdown_table(results, labelled([*columns, *hidden("*")]))


def _parts(wanted: str) -> tuple[str, str, list[tuple[str, list[str]]]]:
    """Record, fields and conditions of a table; a condition is a field and the values that it may have."""
    name, *parts = (part.strip() for part in wanted.split(";"))
    conditions = [each.partition("=") for part in parts[1:] for each in CONDITION.split(part)]
    if not parts or not all(equals for _, equals, _ in conditions):
        raise FlowError(f"a table must be written RECORD; FIELD, ...; FIELD=VALUE|VALUE, ..., not {wanted!r}")
    return name, parts[0], [(field, values.split("|")) for field, _, values in conditions]


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
