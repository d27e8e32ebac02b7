"""The quick main job: every unit of two presets, co-simulated on a sample of real scores, synthesised and drawn."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from ..design_points import DesignPoint
from ..designs.registry import design
from ..measurement.cosimulation import CosimOptions
from ..results.columns import LATENCY, Column, hidden, integer, real
from ..synthesis.synthesis import AreaOptions
from .datasheet import datasheet
from .evaluation import provenance

__all__ = ["QUICK_COLUMNS", "quick", "quick_points"]

PRESETS, LANES = ("faithful", "paper"), 16
#: Sampling interval of rows and heads; ``softermax datasheet`` plays all.
EVERY = 8
#: Columns that fit 80 characters.
QUICK_COLUMNS = (
    Column("unit", "unit"),
    Column("preset", "preset"),
    LATENCY,
    integer("cycles_compared", "cycles\ncompared"),
    integer("mismatches", "mis-\nmatches"),
    real("area", "area\n{area_unit}", 0),
    *hidden("*"),
)


def quick_points() -> list[DesignPoint]:
    """Every unit of the compared presets with 16 lanes, rows of up to 384 scores."""
    return [DesignPoint(unit, preset, LANES) for preset in PRESETS for unit in design(preset).units]


def quick(points: Sequence[DesignPoint], build_dir: Path, seed: int, library: AreaOptions, console: Console) -> dict:
    """Verilog, co-simulation of one row in eight, and area of every point.

    Returns
    -------
    dict
        An evaluation as :func:`softermax.flows.report.write_report` takes it: ``provenance``, and ``units``, flat
        results in order, with the fields of :data:`softermax.flows.evaluation.datasheet.DATASHEET_COLUMNS`.
    """
    options = CosimOptions(seed, every=EVERY)
    units = datasheet(points, build_dir, options, library, console)
    return {"provenance": provenance(library, command="make", recipe=library.recipe), "units": units}
