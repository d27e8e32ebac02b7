"""Results of one library, and how they are chosen and named in a report."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..designs.design import Unit
from ..designs.registry import designs, preset_label
from ..measurement.unit_columns import LISTS

__all__ = ["IDENTITY", "LibraryResults", "design_name", "has_parts", "library_results", "options_of", "parts_of"]

#: What every result names of its design point.
IDENTITY = ("unit", "preset", "normalizer", "lanes", "max_len", "values")
#: Lanes at which units are compared, as in the paper.
COMPARED_LANES = 32
#: Unit of a row's energy, and that of an element's, a thousandth of it.
THOUSANDTH = {"pJ": "fJ", "k loads": "loads"}
#: What else than a unit's part has an area or an energy. The score converter counts with the softmax.
NO_PARTS = {
    *("sequential", "combinational", "memory", "logic", "rest", "score_converter"),
    *("unnormed", "normalization", "net_switching", "cells", "clock", "leakage"),
}


@dataclass(frozen=True)
class LibraryResults:
    """Everything that was measured with one library.

    Attributes
    ----------
    name : str
    slug : str
        The name in names of files and anchors.
    provenance : dict
    units, lengths, sweeps : list of dict
        Flat results, one for each design point, for each design point and length, and for each further size.
    """

    name: str
    slug: str
    provenance: dict
    units: list[dict]
    lengths: list[dict]
    sweeps: list[dict]

    @property
    def title(self) -> str:
        """The library as people call it."""
        return "generic cells" if self.name == "generic" else self.name

    @property
    def lanes(self) -> int | None:
        """Lanes at which units are compared; None if no unit was measured."""
        found = {result["lanes"] for result in self.units}
        return COMPARED_LANES if COMPARED_LANES in found else max(found, default=None)

    @property
    def has_ratios(self) -> bool:
        """Whether anything was compared with the baseline."""
        ratios = ("area_ratio", "energy_ratio", "energy_with_glitches_ratio")
        return any(result.get(ratio) is not None for result in self.units for ratio in ratios)

    @property
    def is_real(self) -> bool:
        """Whether the library is of real cells, whose areas are in um2."""
        return any(result.get("area_unit") == "um2" for result in self.units)

    @property
    def area_unit(self) -> str:
        """Unit of areas."""
        return self._first("area_unit").replace("um2", "µm²")

    @property
    def energy_unit(self) -> str:
        """Unit of a row's energy: pJ, or for cells that have no voltage thousands of inverter loads."""
        return self._first("energy_unit")

    @property
    def element_unit(self) -> str:
        """Unit of an element's energy."""
        return THOUSANDTH.get(self.energy_unit, "")

    def compared(self, unit: str) -> list[dict]:
        """Results of a unit at the lanes of the comparison."""
        return [result for result in self.units if result["unit"] == unit and result["lanes"] == self.lanes]

    def _first(self, field: str) -> str:
        return next((r[field] for r in (*self.units, *self.lengths, *self.sweeps) if r.get(field)), "")


def library_results(evaluations: dict[str, dict]) -> list[LibraryResults]:
    """Results of evaluations by library, whatever of their lists there is."""
    found: dict[str, LibraryResults] = {}
    for name, evaluation in evaluations.items():
        base = re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_") or "library"
        slug = next(slug for slug in (base, *(f"{base}_{n}" for n in range(2, len(found) + 3))) if slug not in found)
        lists = (evaluation.get(kind) or [] for kind in LISTS)
        found[slug] = LibraryResults(name, slug, evaluation.get("provenance") or {}, *lists)
    return list(found.values())


def options_of(result: dict) -> dict:
    """Further choices of a design point: arguments of its preset, except the ones that every result names."""
    design = designs().get(result["preset"])
    known = set(design.options) - set(IDENTITY) if design else ()
    return {name: value for name, value in result.items() if name in known and value is not None}


def design_name(result: dict, *, options: bool = True) -> str:
    """Name of a design point among others of the same unit and size, with or without its further options.

    Such as ``fp16 divide``, ``paper's formats``, ``paper's formats, saturate``.
    """
    name, normalizer = preset_label(result["preset"]), result.get("normalizer")
    design = designs().get(result["preset"])
    if normalizer and normalizer != (design and design.normalizer):
        name += f" {normalizer.replace('_', ' ')}"
    for option, value in options_of(result).items() if options else ():
        name += f", {option}" if str(value) == "True" else f", {option} {value}"
    return name + (", context" if result.get("values") else "")


def has_parts(result: dict) -> bool:
    """Whether a result is of a unit that is reported by parts."""
    return bool((unit := _unit(result)) and unit.parts)


def _unit(result: dict) -> Unit | None:
    """What the design of a result says of its unit; None of results of a design that is gone."""
    design = designs().get(result["preset"])
    return design and design.units.get(result["unit"])


def parts_of(result: dict, figure: str) -> dict[str, float]:
    """A unit's parts with their areas or energies, the largest first.

    Parameters
    ----------
    figure : str
        ``"area"`` or ``"energy"``.
    """
    fields = {
        field.removesuffix(f"_{figure}"): value for field, value in result.items() if field.endswith(f"_{figure}")
    }
    parts = {part: value for part, value in fields.items() if part not in NO_PARTS and value is not None}
    return dict(sorted(parts.items(), key=lambda item: -item[1]))
