"""A report's tables in Markdown, as docs/results/figures.md has them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..designs.registry import compared_presets, preset_label
from .full_tables import Table, full_tables
from .headline import headline
from .leading import leading_table
from .results import LibraryResults

__all__ = ["markdown_report"]

START = (
    "# Figures\n\nWritten by `make evaluate`, for each library that was given. "
    "[How](../how-to/evaluation.md) they were measured, and what they do not say.\n"
)


def markdown_report(libraries: Sequence[LibraryResults]) -> str:
    """The headline and all tables of each library."""
    return START + "".join(part for library in libraries for part in _parts(library))


def _parts(library: LibraryResults) -> Iterator[str]:
    commit = library.provenance.get("commit")
    yield f"\n## {library.title}\n"
    yield f"At commit {commit[:12]}{', changed' * bool(library.provenance.get('dirty'))}.\n" if commit else ""
    leading, rows = leading_table(library), headline(library)
    if leading:
        yield f"\n### Figures, {library.lanes} lanes\n\n"
        yield _full_table(leading)
    if rows:
        aims = any(row.aim is not None for row in rows)
        yield f"\n### Ratios to the FP16 baseline, {library.lanes} lanes\n\n"
        yield _table(
            ["figure", "unit", *map(preset_label, compared_presets()), "published", *(["aim"] if aims else [])],
            [
                [row.measure, row.unit, *map(_ratio, row.ours.values()), f"{row.published:.2f}"]
                + ([_ratio(row.aim)] if aims else [])
                for row in rows
            ],
        )
    for table in full_tables(library):
        yield f"\n### {table.title}\n\n"
        yield _full_table(table)


def _full_table(table: Table) -> str:
    headings = [heading.replace("-\n", "").replace("\n", " ") for heading in table.headings]
    return _table(headings, table.rows) + (f"\n{table.note}\n" if table.note else "")


def _ratio(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [headings, ["---"] * len(headings), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines)
