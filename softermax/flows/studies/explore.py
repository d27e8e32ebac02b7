"""Exploration of faithful widths: synthesis of the search's candidates of minimum modelled area.

Shows that the config that the generator takes is the smallest, or by how much it is not, and gives the samples that the
coefficients of :func:`softermax.model.width_search.area_model` are fitted to.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from softermax.hw import NormalizationUnit, UnnormedSoftmaxUnit
from softermax.model import SoftermaxConfig
from softermax.model.width_search import area_model, candidates, derived_widths

from ..jobs.measure import Measure
from ..results.columns import AREA, Column, hidden, real
from ..synthesis.libraries import check_mapping
from ..synthesis.options import LEAST_AREA_SYNTHESIS
from ..synthesis.synthesis import AreaOptions, synthesise_component

__all__ = ["EXPLORE", "Candidate", "least_candidates", "measure_candidate"]


@dataclass(frozen=True)
class Candidate:
    """A faithful config that the search has considered."""

    config: SoftermaxConfig
    place: int

    @property
    def name(self) -> str:
        """Name of the candidate's files."""
        sizes = (self.config.lanes, self.config.max_len, *derived_widths(self.config).values())
        return "_".join(["candidate", *(str(size).replace("-", "m") for size in sizes)])

    def identity(self) -> dict:
        """The widths, and the place that the modelled area gives them."""
        return {"place": self.place, **derived_widths(self.config), "modelled": area_model(self.config)}


def least_candidates(config: SoftermaxConfig, number: int) -> list[Candidate]:
    """The candidates of least modelled area for a faithful config; the first is the one that the generator takes."""
    ordered = sorted(set(candidates(config)), key=area_model)
    return [Candidate(found, place) for place, found in enumerate(ordered[:number], start=1)]


def measure_candidate(candidate: Candidate, build_dir: Path, options: AreaOptions) -> dict:
    """Area of a candidate's Unnormed Softmax Unit and Normalization Unit, and of both."""
    areas = {}
    for name, unit in (("unnormed", UnnormedSoftmaxUnit), ("normalization", NormalizationUnit)):
        result = synthesise_component(unit(candidate.config), f"{name}_{candidate.name}", build_dir, options)
        areas[f"{name}_area"] = round(result.area, 3)
    return areas | {"area": round(sum(areas.values()), 3), "area_unit": result.area_unit}


EXPLORE = Measure(
    name="explore",
    help="Synthesise the candidates of minimum modelled area for a faithful config. The preset takes the first one.",
    example="explore --preset faithful --max-len 1024 --number 5 --liberty cells.lib",
    title="Candidates for a faithful config: widths in bits, areas by recipe {options.recipe}",
    progress="Synthesising",
    run=measure_candidate,
    check=check_mapping,
    options=(LEAST_AREA_SYNTHESIS,),
    columns=(
        Column("place", "place"),
        Column("unnormed", "numer-\nator"),
        Column("reciprocal", "recip-\nrocal"),
        Column("reciprocal_segments", "segment\nindex", detail=True),
        Column("mantissa_guard_bits", "guard\nbits", detail=True),
        Column("product", "product", detail=True),
        Column("power_sum", "power\nsum", detail=True),
        real("modelled", "modelled\n/um2", 1),
        real("unnormed_area", "unnormed\n{area_unit}", 1),
        real("normalization_area", "normalization\n{area_unit}", 1),
        AREA,
        *hidden("area_unit"),
    ),
)
