"""Exploration of faithful widths: the candidates of the search with the least modelled area, synthesised.

Shows that the config that the generator takes is the smallest, or by how much it is not, and gives the samples that the
coefficients of :func:`softermax.model.faithful.area_model` are fitted to.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from softermax.hw import NormalizationUnit, UnnormedSoftmaxUnit
from softermax.model import SoftermaxConfig
from softermax.model.faithful import area_model, candidates, derived_widths

from .files import write_whole
from .synthesis import synthesise
from .verilog import generate_verilog

__all__ = ["Candidate", "least_candidates", "measure_candidate"]


@dataclass(frozen=True)
class Candidate:
    """A faithful config that the search has considered."""

    config: SoftermaxConfig
    place: int

    @property
    def name(self) -> str:
        """Name of the candidate's files."""
        return "_".join(["candidate", *(str(bits) for bits in derived_widths(self.config).values())])

    def identity(self) -> dict:
        """The widths, and the place that the modelled area gives them."""
        return {"place": self.place, **derived_widths(self.config), "modelled": area_model(self.config)}


def least_candidates(config: SoftermaxConfig, number: int) -> list[Candidate]:
    """The candidates of least modelled area for a faithful config; the first is the one that the generator takes."""
    ordered = sorted(set(candidates(config)), key=area_model)
    return [Candidate(found, place) for place, found in enumerate(ordered[:number], start=1)]


def measure_candidate(candidate: Candidate, build_dir: Path, options) -> dict:
    """Area of a candidate's Unnormed Softmax Unit and Normalization Unit, and of both; ``options`` as for any area."""
    areas = {}
    for name, unit in (("unnormed", UnnormedSoftmaxUnit), ("normalization", NormalizationUnit)):
        top = f"{name}_{candidate.name}".replace("-", "m")
        folder = build_dir / "explore" / top
        write_whole(folder / "unit.v", generate_verilog(unit(candidate.config), top))
        result = synthesise(folder / "unit.v", top, **vars(options), build_dir=folder)
        areas[f"{name}_area"] = round(result.area, 3)
    return areas | {"area": round(sum(areas.values()), 3), "area_unit": result.area_unit}
