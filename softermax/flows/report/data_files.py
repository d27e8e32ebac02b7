"""The data of a report as files: all of it as JSON, each list as CSV, and tables in Markdown."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from ..files import write_whole
from ..measurement.unit_columns import LISTS
from ..results.formats import as_csv
from .markdown import markdown_report
from .results import LibraryResults

__all__ = ["DATA_FILES", "write_data_files"]

#: Names of the files.
DATA_FILES = ("figures.json", *(f"{name}.csv" for name in LISTS), "figures.md")


def write_data_files(raw: dict[str, dict], libraries: Sequence[LibraryResults], folder: Path):
    """Write evaluations as they are, their tables, and every list with a row a result and a column for its library."""
    write_whole(folder / "figures.json", json.dumps(raw, indent=2, ensure_ascii=False) + "\n")
    write_whole(folder / "figures.md", markdown_report(libraries))
    for name in LISTS:
        results = [{"library": library.name, **result} for library in libraries for result in getattr(library, name)]
        write_whole(folder / f"{name}.csv", as_csv(results))
