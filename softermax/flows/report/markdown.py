"""A report's tables in Markdown, as documents have them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..designs.registry import compared_presets, preset_label
from .full_tables import Table, full_tables
from .headline import headline
from .leading import leading_table
from .results import LibraryResults

__all__ = ["markdown_ratios", "markdown_report", "markdown_tables"]

START = "# Figures\n\nWritten by `softermax evaluate`, for each library that was given.\n"
#: Measures of the short table of ratios: names of the headline, and what its columns call them.
SHORT = {"area": "area", "energy, no glitches": "energy"}


def markdown_report(libraries: Sequence[LibraryResults]) -> str:
    """The headline and all tables of each library."""
    return START + "".join(f"{_title(library)}{markdown_tables(library)}" for library in libraries)


def markdown_tables(library: LibraryResults) -> str:
    """The headline and all tables of a library, each under a heading of the third level."""
    return "".join(_tables(library))


def markdown_ratios(library: LibraryResults) -> str:
    """A short table: for each level area and energy as ratios to the baseline, presets beside the paper's own."""
    rows = [row for row in headline(library) if row.measure in SHORT]
    names = [*map(preset_label, compared_presets()), "published"]
    cells: dict[str, list[str]] = {row.unit: [] for row in rows}
    for row in rows:
        cells[row.unit] += [_short(ratio) for ratio in (*row.ours.values(), row.published)]
    headings = [heading for measure in SHORT.values() for heading in (f"{measure}: {names[0]}", *names[1:])]
    return _table(["unit", *headings], [[unit, *ratios] for unit, ratios in cells.items()])


def _short(ratio: float | None) -> str:
    return "-" if ratio is None else f"{ratio:.2f}"


def _title(library: LibraryResults) -> str:
    commit = library.provenance.get("commit")
    at = f"At commit {commit[:12]}{', changed' * bool(library.provenance.get('dirty'))}.\n" if commit else ""
    return f"\n## {library.title}\n{at}"


def _tables(library: LibraryResults) -> Iterator[str]:
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
