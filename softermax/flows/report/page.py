"""The page: a section for each library, and HTML made of them by the templates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from jinja2 import Environment, PackageLoader
from markupsafe import Markup

from ..designs.registry import compared_presets, preset_label
from .data_files import DATA_FILES
from .drawing import Plot
from .full_tables import Table, full_tables
from .headline import HeadlineRow, headline
from .leading import leading_table
from .results import LibraryResults

__all__ = ["Section", "page_title", "render_page", "sections"]


@dataclass(frozen=True)
class Section:
    """The page's section on one library."""

    library: LibraryResults
    leading: Table | None
    headline: list[HeadlineRow]
    plots: list[Plot]
    tables: list[Table]

    @property
    def measures(self) -> dict[str, list[HeadlineRow]]:
        """The headline by measure."""
        return _by_measure(self.headline)

    @property
    def aims(self) -> list[HeadlineRow]:
        """Lines of the headline that have an aim."""
        return [row for row in self.headline if row.aim is not None]

    @property
    def aims_by_measure(self) -> dict[str, list[HeadlineRow]]:
        """Lines of the headline, by measure."""
        return _by_measure(self.aims)

    @property
    def has(self) -> dict[str, bool]:
        """Options and files of the measurement."""
        library, units = self.library, self.library.units
        return {
            "co-simulation": _measured(units, "cycles_compared"),
            "areas of units": _measured(units, "area"),
            "timing": _measured(units, "period"),
            "energies of units": _measured(units, "energy_per_row"),
            "energies against length": _measured(library.lengths, "energy_per_row"),
            "areas against size": _measured(library.sweeps, "area"),
            "ratios to the baseline": library.has_ratios,
        }

    @property
    def missing(self) -> list[str]:
        """Measures of an evaluation that are missing here, in words."""
        return [what for what, found in self.has.items() if not found and what != "co-simulation"]

    @property
    def command(self) -> str:
        """The command that makes the results again."""
        provenance = self.library.provenance
        files = provenance.get("liberty_files") or []
        return provenance.get("command") or " ".join(
            ["softermax evaluate", *(f"--liberty {file.get('name')}" for file in files)]
        )


def _measured(results: Sequence[dict], field: str) -> bool:
    return any(result.get(field) is not None for result in results)


def _by_measure(rows: Sequence[HeadlineRow]) -> dict[str, list[HeadlineRow]]:
    return {measure: list(some) for measure, some in groupby(rows, lambda row: row.measure)}


def sections(libraries: Sequence[LibraryResults], plots: dict[str, list[Plot]]) -> list[Section]:
    """A section for each library, real cells first; ``plots`` by its slug."""
    ordered = sorted(libraries, key=lambda library: not library.is_real)
    return [
        Section(library, leading_table(library), headline(library), plots[library.slug], full_tables(library))
        for library in ordered
    ]


def page_title(has: dict[str, bool]) -> str:
    """The title of a page that has what any of its sections has."""
    names = {
        "co-simulation": "co-simulation",
        "areas of units": "area",
        "timing": "timing",
        "energies of units": "energy",
    }
    found = [name for what, name in names.items() if has.get(what)]
    *others, last = found or [""]
    listed = f"{', '.join(others)} and {last}" if others else last
    compared = " compared with an FP16 softmax" if has.get("ratios to the baseline") else ""
    return f"Softermax{compared}" + (f": {listed}" if listed else "")


def render_page(found: Sequence[Section], errors: Table, plots: Sequence[Plot]) -> str:
    """The page, complete in itself.

    Parameters
    ----------
    errors : Table
    plots : sequence of Plot
        Plots that no library changes.
    """
    environment = Environment(
        loader=PackageLoader("softermax.flows.report"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["inline"] = lambda plot: Markup(plot.inline)  # Matplotlib escapes what it writes.
    environment.filters["label"] = preset_label
    has = {what: any(section.has[what] for section in found) for what in (found[0].has if found else ())}
    page = environment.get_template("page.html")
    return page.render(
        title=page_title(has),
        has=has,
        sections=found,
        errors=errors,
        plots=plots,
        data_files=DATA_FILES,
        presets=compared_presets(),
    )
