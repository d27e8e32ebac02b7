"""The figures that a report leads with: areas, periods and energies of the compared units, in their own units."""

from __future__ import annotations

from collections.abc import Callable

from ..designs.registry import unit_titles
from .full_tables import Table
from .results import LibraryResults, design_name, has_parts

__all__ = ["leading_table"]


def _nanoseconds(picoseconds: float) -> str:
    return f"{picoseconds / 1000:.2f}"


#: What is led with: field, heading and text of a value. Mismatches are among them where whole ports were compared.
FIGURES: tuple[tuple[str, str, Callable[[float], str]], ...] = (
    ("area", "area\n{area_unit}", "{:,.0f}".format),
    ("period", "minimum\nperiod ns", _nanoseconds),
    ("energy_per_row", "energy of\na row {energy_unit}", "{:,.1f}".format),
    ("energy_with_glitches", "with\nglitches", "{:,.1f}".format),
    ("latency", "latency\ncycles", str),
    ("cycles_compared", "cycles\ncompared", "{:,}".format),
    ("mismatches", "mis-\nmatches", "{:,}".format),
)


def leading_table(library: LibraryResults) -> Table | None:
    """Figures of every unit and design at the lanes of the comparison; None if nothing was measured."""
    results = [result for unit in unit_titles() for result in library.compared(unit)]
    shown = [figure for figure in FIGURES if _has(results, figure[0])]
    if not shown:
        return None
    rows = [
        [
            unit_titles()[result["unit"]],
            design_name(result),
            *("–" if result.get(field) is None else show(result[field]) for field, _, show in shown),
        ]
        for result in results
    ]
    names = {"area_unit": library.area_unit, "energy_unit": library.energy_unit}
    headings = ["unit", "design", *(heading.format_map(names) for _, heading, _ in shown)]
    return Table("Figures", False, headings, [False, False] + [True] * len(shown), rows, _note(library, results))


def _has(results: list[dict], field: str) -> bool:
    if field == "mismatches":
        field = "cycles_compared"
    return any(result.get(field) is not None for result in results)


def _note(library: LibraryResults, results: list[dict]) -> str:
    """What the figures are of, and terms that the table has."""
    longest = ", ".join(f"{max_len:,}" for max_len in sorted({result["max_len"] for result in results}))
    sentences = [f"Units have {library.lanes} lanes and take rows of up to {longest} scores."]
    if _has(results, "area") and not library.is_real:
        sentences.append("A gate equivalent (GE) is the area of one NAND2 gate.")
    if _has(results, "energy_per_row"):
        tokens = ", ".join(str(tokens) for tokens in sorted({r["tokens"] for r in results if r.get("tokens")}))
        sentences.append(f"Energies are for one row of {tokens} scores.")
        if any(has_parts(result) for result in results):
            sentences.append("A processing element also computes the scores of the row.")
    if _has(results, "mismatches"):
        sentences.append(
            "Co-simulation plays real attention scores. In each cycle it compares every output port of the generated "
            "Verilog with the golden model."
        )
    return " ".join(sentences)
