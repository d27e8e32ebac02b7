"""The page: a section for each library, and HTML made of them by the templates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from jinja2 import Environment, PackageLoader
from markupsafe import Markup

from ..designs.registry import compared_presets
from .data_files import DATA_FILES
from .drawing import Plot
from .full_tables import Table, full_tables
from .headline import HeadlineRow, headline
from .results import LibraryResults

__all__ = ["Section", "render_page", "sections"]


@dataclass(frozen=True)
class Section:
    """What the page says of one library."""

    library: LibraryResults
    headline: list[HeadlineRow]
    plots: list[Plot]
    tables: list[Table]

    @property
    def measures(self) -> dict[str, list[HeadlineRow]]:
        """The headline by measure."""
        return {measure: list(rows) for measure, rows in groupby(self.headline, lambda row: row.measure)}

    @property
    def aims(self) -> list[HeadlineRow]:
        """Lines of the headline that have an aim."""
        return [row for row in self.headline if row.aim is not None]

    @property
    def missing(self) -> list[str]:
        """What was not measured, in words."""
        looked_for = {
            "areas of units": any(result.get("area") is not None for result in self.library.units),
            "timing": any(result.get("period") is not None for result in self.library.units),
            "energies of units": any(result.get("energy_per_row") is not None for result in self.library.units),
            "energies against length": any(result.get("energy_per_row") is not None for result in self.library.lengths),
            "areas against size": any(result.get("area") is not None for result in self.library.sweeps),
        }
        return [what for what, found in looked_for.items() if not found]

    @property
    def command(self) -> str:
        """The command that makes the results again."""
        provenance = self.library.provenance
        files = provenance.get("liberty_files") or []
        return provenance.get("command") or " ".join(
            ["softermax evaluate", *(f"--liberty {file.get('name')}" for file in files)]
        )


def sections(libraries: Sequence[LibraryResults], plots: dict[str, list[Plot]]) -> list[Section]:
    """A section for each library; ``plots`` by its slug."""
    return [Section(library, headline(library), plots[library.slug], full_tables(library)) for library in libraries]


def render_page(found: Sequence[Section], errors: Table, plots: Sequence[Plot]) -> str:
    """The page, complete in itself.

    Parameters
    ----------
    errors : Table
    plots : sequence of Plot
        Those that no library changes.
    """
    environment = Environment(
        loader=PackageLoader("softermax.flows.report"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["inline"] = lambda plot: Markup(plot.inline)  # Matplotlib escapes what it writes.
    page = environment.get_template("page.html")
    return page.render(sections=found, errors=errors, plots=plots, data_files=DATA_FILES, presets=compared_presets())
