"""The datasheet, the main job: co-simulation and area of every design point."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from ..design_points import DesignPoint
from ..jobs.running import run_jobs
from ..measurement.cosimulation import COSIM, CosimOptions
from ..measurement.jobs import AREA
from ..measurement.ratios import with_ratios
from ..results.columns import merged
from ..synthesis.synthesis import AreaOptions

__all__ = ["DATASHEET_COLUMNS", "datasheet"]

DATASHEET_COLUMNS = merged(COSIM.columns, AREA.columns)


def datasheet(
    points: Sequence[DesignPoint],
    build_dir: Path,
    cosim_options: CosimOptions,
    area_options: AreaOptions,
    console: Console,
) -> list[dict]:
    """Co-simulation and area of every point, one flat object for each, with ratios."""
    simulated = COSIM.jobs(points, build_dir, options=cosim_options)
    mapped = AREA.jobs(points, build_dir, options=area_options)
    # Longest jobs first, so that no core waits at the end.
    order = sorted([*simulated, *mapped], key=lambda job: not job.point.entry.parts)
    found = dict(zip(order, run_jobs(order, "Verifying and synthesising", console), strict=True))
    return with_ratios([{**found[a], **found[b]} for a, b in zip(simulated, mapped, strict=True)])
