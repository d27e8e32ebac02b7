"""Ratios of figures against the baseline's, and the paper's beside them."""

from __future__ import annotations

import math

from ..designs.registry import design
from ..results.columns import real

__all__ = ["RATIO_COLUMNS", "with_ratios"]

#: Names of ratios, and the fields that they are of, each with its weight.
RATIOS = {
    "area_ratio": {"area": 1.0},
    "softmax_area_ratio": {"softmax_area": 1.0},
    "energy_ratio": {"energy_per_row": 1.0},
    "energy_with_glitches_ratio": {"energy_with_glitches": 1.0},
    "energy_ratio_half_memory": {"energy_per_row": 1.0, "memory_energy": -0.5},
    "energy_ratio_double_memory": {"energy_per_row": 1.0, "memory_energy": 1.0},
}
#: Columns of the ratios.
RATIO_COLUMNS = (
    real("area_ratio", "area of\nbaseline", 3),
    real("energy_ratio", "energy of\nbaseline", 3),
    real("energy_with_glitches_ratio", "with\nglitches", 3, detail=True),
    real("energy_ratio_half_memory", "half the\nmemory", 3, detail=True),
    real("energy_ratio_double_memory", "twice the\nmemory", 3, detail=True),
    real("paper_energy_ratio", "published\nenergy", 2, detail=True),
    real("softmax_area_ratio", "softmax of\nbaseline's", 3),
    real("paper_area_ratio", "published\narea", 2, detail=True),
)


def with_ratios(results: list[dict]) -> list[dict]:
    """The same results with ratios to the baseline's unit of the same size, of whatever has been measured.

    ``area_ratio``: of areas; ``softmax_area_ratio``: of those of a processing element's softmax;
    ``energy_ratio`` and ``energy_with_glitches_ratio``: of energies without glitches and with them;
    ``energy_ratio_half_memory`` and ``energy_ratio_double_memory``: of those without, if memories took half
    or twice what they are modelled to. Of the baseline's two normalizers the smaller figure counts.
    ``paper_area_ratio`` and ``paper_energy_ratio`` are the paper's ratios. Where no result is of a baseline, there are
    no ratios.
    """
    if not any(_is_baseline(result) for result in results):
        return results
    for ratio, weights in RATIOS.items():
        least: dict[tuple, float] = {}
        measured = [result for result in results if all(result.get(field) is not None for field in weights)]
        for result in measured:
            if _is_baseline(result):
                least[_size(result)] = min(_figure(result, weights), least.get(_size(result), math.inf))
        for result in measured:
            figure = least.get(_size(result))
            result[ratio] = round(_figure(result, weights) / figure, 4) if figure else None
    for field, what in (("paper_area_ratio", "area"), ("paper_energy_ratio", "energy_per_row")):
        for result in results:
            if what in result:
                result[field] = design(result["preset"]).published.get(what, {}).get(result["unit"])
    return results


def _is_baseline(result: dict) -> bool:
    return design(result["preset"]).is_baseline


def _figure(result: dict, weights: dict[str, float]) -> float:
    return sum(weight * result[field] for field, weight in weights.items())


def _size(result: dict) -> tuple:
    return tuple(result.get(name) for name in ("unit", "lanes", "max_len", "values", "tokens"))
