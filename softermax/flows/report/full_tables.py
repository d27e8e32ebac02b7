"""Tables of everything that was measured, for the page, with the headings and formats of the command line."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from ..designs.registry import unit_titles
from ..measurement.cosimulation import COSIM
from ..measurement.unit_columns import UNIT_COLUMNS
from ..results.columns import merged
from .results import LibraryResults, design_name, has_parts, parts_of

__all__ = ["Table", "full_tables"]

#: Columns that only a report has.
REPORT_COLUMNS = {
    "unit": ("unit", lambda unit: unit_titles().get(unit, unit)),
    "max_len": ("longest\nrow", "{:,}".format),
    "combinational_area": ("combinat.\n{area_unit}", "{:,.0f}".format),
    "rows": ("rows", "{:,}".format),
    "slices": ("slices", "{:,}".format),
    "fo4": ("FO4\n/ps", "{:,.2f}".format),
    "energy_per_element": ("element\n{element_unit}", "{:,.2f}".format),
}

AREAS = (
    *("area", "area_per_lane", "sequential_area", "combinational_area", "memory_area"),
    *("area_ratio", "paper_area_ratio"),
)
COSIMULATION = ("latency", "throughput", "rows", "slices", "cycles_compared", "mismatches")
#: What a table of parts says beside them.
BESIDE_PARTS = {"area": ("rest_area", "area", "softmax_area_ratio"), "energy": ("energy_per_row",)}
TIMES = ("period", "fo4", "period_in_fo4", "starts", "ends")
ENERGIES = (
    *("tokens", "net_switching_energy", "cells_energy", "clock_energy", "leakage_energy", "memory_energy"),
    *("energy_per_row", "energy_per_element", "glitch_factor", "energy_with_glitches"),
    *("energy_ratio", "energy_with_glitches_ratio", "paper_energy_ratio", "mismatches"),
)
SENSITIVITY = ("energy_ratio_half_memory", "energy_ratio", "energy_ratio_double_memory")
LENGTH_ENERGIES = tuple(field for field in ENERGIES if field != "paper_energy_ratio")


@dataclass(frozen=True)
class Table:
    """A table ready to be shown.

    Attributes
    ----------
    title : str
    folded : bool
        Whether a page shows it only when asked.
    headings : list of str
    numeric : list of bool
        Whether a column holds numbers.
    rows : list of list of str
    note : str
        Text below it.
    """

    title: str
    folded: bool
    headings: list[str]
    numeric: list[bool]
    rows: list[list[str]]
    note: str = ""

    @property
    def groups(self) -> dict[str, list[list[str]]]:
        """Rows without the unit, by unit; all of them under no name where the first column is no unit."""
        if self.headings[0] != "unit":
            return {"": self.rows}
        groups: dict[str, list[list[str]]] = {}
        for unit, *cells in self.rows:
            groups.setdefault(unit, []).append(cells)
        return groups

    @property
    def columns(self) -> list[tuple[str, bool]]:
        """Headings of the columns of groups, and whether numbers are below them."""
        columns = list(zip(self.headings, self.numeric, strict=True))
        return columns[1:] if self.headings[0] == "unit" else columns


def full_tables(library: LibraryResults) -> list[Table]:
    """Tables of a library's results; a table without any measured result is left out."""
    maker = _TableMaker(library)
    by_parts = [result for result in library.units if has_parts(result)]
    played = [result for result in library.units if result.get("cycles_compared") is not None]
    tables = [
        maker.table("Co-simulation", played, COSIMULATION),
        maker.table("Area", library.units, AREAS),
        maker.parts_table("Area of the processing element by part", by_parts, "area"),
        maker.table("Timing and slowest path", library.units, TIMES),
        maker.table("Energy", library.units, ENERGIES),
        maker.parts_table("Energy of the processing element by part", by_parts, "energy"),
        maker.table("Energy ratio of the processing element if its memories took half or twice", by_parts, SENSITIVITY),
        maker.table("Energy against sequence length", library.lengths, LENGTH_ENERGIES, folded=True),
        maker.table("Area against lanes and longest row", library.sweeps, AREAS, folded=True),
    ]
    return [table for table in tables if table]


class _TableMaker:
    """Makes tables of a library's results, with its units in their headings."""

    def __init__(self, library: LibraryResults):
        declared = {
            column.field: (column.heading, column.show)
            for column in merged(UNIT_COLUMNS, COSIM.columns)
            if not column.hidden
        }
        self._columns = {**declared, **REPORT_COLUMNS}
        self._units = {name: getattr(library, name) for name in ("area_unit", "energy_unit", "element_unit")}

    def table(self, title: str, results: Sequence[dict], measured: Sequence[str], folded: bool = False) -> Table | None:
        """Results that have any of the fields measured, which come after what tells design points apart."""
        results = [result for result in results if any(result.get(field) is not None for field in measured)]
        if not results:
            return None
        longest = sorted({result["max_len"] for result in results})
        note = f"Rows of up to {longest[0]:,} scores." if len(longest) == 1 else ""
        results = [result | {"design": _design(result)} for result in results]
        # What stands beside all rows would only take room.
        told = ("unit", "design") if note else ("unit", "design", "max_len")
        fields = [field for field in (*told, *measured) if any(r.get(field) is not None for r in results)]
        columns = [self._columns.get(field, (field.replace("_", " "), str)) for field in fields]
        shown = [(field, show) for field, (_, show) in zip(fields, columns, strict=True)]
        rows = [["–" if r.get(field) is None else show(r[field]) for field, show in shown] for r in results]
        numeric = [not any(isinstance(result.get(field), str | bool) for result in results) for field in fields]
        return Table(title, folded, [self._heading(heading) for heading, _ in columns], numeric, rows, note)

    def parts_table(self, title: str, results: Sequence[dict], figure: str) -> Table | None:
        """Parts of processing elements, a column each; None if none was measured apart."""
        parts = {f"{part}_{figure}": part.replace("_", " ") for result in results for part in parts_of(result, figure)}
        unit, show = ("{area_unit}", "{:,.0f}".format) if figure == "area" else ("{energy_unit}", "{:,.2f}".format)
        self._columns |= {field: (f"{name}\n{unit}", show) for field, name in parts.items()}
        return self.table(title, results, (*parts, *BESIDE_PARTS[figure])) if parts else None

    def _heading(self, heading: str) -> str:
        return heading.replace("-\n", "").format_map(defaultdict(str, self._units))


def _design(result: dict) -> str:
    """What tells a result from the others of its unit: a first column that stays in sight must say it all."""
    return f"{design_name(result)}, {result['lanes']} lane{'s' if result['lanes'] > 1 else ''}"
