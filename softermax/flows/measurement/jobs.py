"""Measures of a design point's netlist: area, timing and energy.

Their results are cached in ``build_dir/cache``, keyed by everything that they depend on, so that nothing is synthesised
or measured twice.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path

import click

from ..design_points import DesignPoint
from ..designs.captured import check_tokens
from ..generation.point_verilog import write_point_verilog
from ..jobs.cache import Cache, CachedJob, cached
from ..jobs.measure import Measure
from ..jobs.provenance import cache_key, file_digest, library_digests
from ..results import columns
from ..results.columns import CELLS, FLOPS, POINT, TOKENS, Column, hidden, integer, real
from ..synthesis.options import BALANCED_SYNTHESIS, LEAST_AREA_SYNTHESIS
from ..synthesis.sram_macros import SramMacro
from ..synthesis.synthesis import AreaOptions, Synthesis, synthesise
from .checks import check_energy, check_synthesis, check_timing
from .mapped_unit import MappedUnit, read_mapped_unit
from .ratios import RATIO_COLUMNS, with_ratios
from .row_energy import ROW_ENERGY_COLUMNS, measure_row_energy

__all__ = ["AREA", "ENERGY", "PATH", "TIMING", "area", "characterise", "energy", "synthesis", "timing"]

#: Elements of the rows that energies are measured for.
USUAL_TOKENS = 384
#: The unit that was read back last, by its netlist and the options.
_LAST_READ: dict[tuple, MappedUnit] = {}


def _cache_key(job: str, point: DesignPoint, options: AreaOptions, **others) -> str:
    options = vars(options) | {"liberty": library_digests(options.liberty)}
    return cache_key(job, point, options=options, **others)


def synthesis(point: DesignPoint, build_dir: Path, options: AreaOptions, macros: bool | None = None) -> Synthesis:
    """Generate a point's Verilog and synthesise it, unless that has been done before.

    Netlist and log are in ``build_dir/area``, in a folder of the point's for all that they follow from.

    Parameters
    ----------
    macros : bool or None
        Whether memories are SRAM macros; None leaves it to the unit.
    """
    apart = point.entry.parts
    macros = point.entry.macros if macros is None else macros
    cache, key = Cache(build_dir / "cache"), _cache_key("synthesis", point, options, macros=macros)
    folder, found = build_dir / "area" / point.name / key[:16], cache.get(key)
    if found is not None and file_digest(folder / "netlist.v") == found["digest"]:
        return _read_synthesis(found["synthesis"], folder / "netlist.v")
    verilog, used = write_point_verilog(point, build_dir, macros=macros)
    how = {"macros": used, "parts": apart, "cache": cache if apart else None}
    made = synthesise(verilog, point.name, **vars(options), **how, build_dir=folder)
    cache.put(key, {"digest": file_digest(made.netlist), "synthesis": asdict(made) | {"netlist": made.netlist.name}})
    return made


def _read_synthesis(fields: dict, netlist: Path) -> Synthesis:
    macros = {name: SramMacro(**macro) for name, macro in fields["macros"].items()}
    return Synthesis(**fields | {"netlist": netlist, "macros": macros})


def _mapped_unit(result: Synthesis, options: AreaOptions) -> MappedUnit:
    """A unit read back; the last one is remembered, as several jobs follow from it."""
    key = result.netlist, file_digest(result.netlist), options
    if key not in _LAST_READ:
        # Not two at once: a processing element takes gigabytes.
        _LAST_READ.clear()
        _LAST_READ[key] = read_mapped_unit(result, options.liberty, options.exclude)
    return _LAST_READ[key]


@cached(partial(_cache_key, "area"))
def area(point: DesignPoint, build_dir: Path, options: AreaOptions, macros: bool | None = None) -> dict:
    """Areas of a point and what is in it; for ``macros`` see :func:`synthesis`."""
    result = synthesis(point, build_dir, options, macros)
    return {
        "recipe": result.recipe,
        "cells": result.cells,
        "flops": result.flops,
        "area": round(result.area, 3),
        "sequential_area": round(result.sequential_area, 3),
        "combinational_area": round(result.combinational_area, 3),
        "memory_area": round(result.memory_area, 3) if result.macros else None,
        **(_by_parts(point, result) if result.part_areas else {}),
        "area_per_lane": round(result.area / point.lanes, 3),
        "delay": result.delay,
        "area_unit": result.area_unit,
    }


def _by_parts(point: DesignPoint, result: Synthesis) -> dict:
    """Areas of a unit's parts; the softmax is everything from scores to probabilities.

    Behind AXI4-Stream ports the processing element is a part itself.
    """
    parts = {f"{part}_area": round(area, 3) for part, area in result.part_areas.items()}
    if not any(part in point.entry.softmax_parts for part in result.part_areas):
        return parts
    softmax = sum(area for part, area in result.part_areas.items() if part in point.entry.softmax_parts)
    return parts | {"softmax_area": round(softmax, 3), "rest_area": round(result.area - softmax, 3)}


AREA = Measure(
    name="area",
    help="Synthesise with Yosys and report the area.",
    example="area normalization --lanes 32 --liberty cells.lib.gz --recipe balanced",
    title="Area, recipe {options.recipe}",
    progress="Synthesising",
    run=area,
    check=check_synthesis,
    options=(
        LEAST_AREA_SYNTHESIS,
        click.Option(
            ["--macros/--flip-flops"],
            default=None,
            help="Memories as SRAM macros with a modelled area (default of a pe) or as flip-flops (default elsewhere).",
        ),
    ),
    columns=(
        *POINT,
        CELLS,
        FLOPS,
        columns.AREA,
        real("sequential_area", "sequent.\n{area_unit}", 0, detail=True),
        real("memory_area", "memories\n{area_unit}", 0, detail=True),
        real("softmax_area", "softmax\n{area_unit}", 0),
        real("rest_area", "the rest\n{area_unit}", 0, detail=True),
        real("area_per_lane", "per lane\n{area_unit}", 1, detail=True),
        *RATIO_COLUMNS,
        *hidden("recipe", "combinational_area", "delay", "area_unit"),
        # Areas of the parts of a processing element.
        *hidden("*_area"),
    ),
    complete=with_ratios,
)


@cached(partial(_cache_key, "timing"))
def timing(point: DesignPoint, build_dir: Path, options: AreaOptions) -> dict:
    """Timing of a point's netlist; a processing element has SRAM macros."""
    result = synthesis(point, build_dir, options)
    found = _mapped_unit(result, options).delays.slowest()
    return {
        "recipe": result.recipe,
        "area": round(result.area, 3),
        "area_unit": result.area_unit,
        "period": round(found.period, 3),
        "fo4": round(found.fo4, 3),
        "period_in_fo4": round(found.period / found.fo4, 2),
        "starts": found.path[0].net,
        "ends": found.end,
        "path": [vars(step) for step in found.path],
    }


TIMING = Measure(
    name="timing",
    help="Find the minimum clock period of a unit from the library's timing tables, and the critical path.",
    example="timing unnormed --lanes 32 --liberty cells.lib.gz --path",
    title="Minimum clock period, recipe {options.recipe}",
    progress="Synthesising and timing",
    run=timing,
    check=check_timing,
    options=(BALANCED_SYNTHESIS,),
    columns=(
        *POINT,
        columns.AREA,
        real("period", "period\n/ps", 1),
        real("opensta_period", "OpenSTA\n/ps", 1),
        real("period_in_fo4", "period\n/FO4", 1),
        Column("starts", "from", detail=True),
        Column("ends", "to", detail=True),
        *hidden("recipe", "area_unit", "fo4", "path"),
    ),
)
#: Columns of the steps of a path.
PATH = (Column("net", "net"), Column("driver", "driven by"), Column("edge", "edge"), real("arrival", "at\n/ps", 1))


def _tokens(point: DesignPoint, tokens: int | None) -> int:
    return min(USUAL_TOKENS, point.max_len) if tokens is None else tokens


def _energy_key(point: DesignPoint, options: AreaOptions, tokens: int | None, period: float) -> str:
    return _cache_key("energy", point, options, tokens=_tokens(point, tokens), period=period)


def _positive(context, option, period: float) -> float:
    """A click callback: the number itself if a clock can have it as its period."""
    if not 0 < period < math.inf:
        raise click.BadParameter(f"must be a positive number of ps, not {period!r}")
    return period


@cached(_energy_key)
def energy(point: DesignPoint, build_dir: Path, options: AreaOptions, tokens: int | None, period: float) -> dict:
    """Energy of a point's netlist for rows of real scores, of the usual length or the longest if that is not told."""
    result = synthesis(point, build_dir, options)
    found = measure_row_energy(point, _mapped_unit(result, options), tokens=_tokens(point, tokens), period=period)
    unit = "pJ" if options.liberty else "k loads"
    return {
        "recipe": result.recipe,
        "area": round(result.area, 3),
        "area_unit": result.area_unit,
        "energy_unit": unit,
    } | found


def _check_energy(point: DesignPoint, build_dir: Path, options: AreaOptions, tokens: int | None, period: float):
    check_tokens(_tokens(point, tokens), point.max_len)
    check_energy(point, build_dir, options)


ENERGY = Measure(
    name="energy",
    help="Measure the energy of a unit for rows of real attention scores, played into its mapped netlist. Without "
    "a library, energies are in units of 1,000 inverter loads, charged and discharged.",
    example="energy unnormed --lanes 32 --liberty cells.lib.gz --tokens 384",
    title="Energy for a row, recipe {options.recipe}",
    progress="Synthesising and simulating",
    run=energy,
    check=_check_energy,
    options=(
        BALANCED_SYNTHESIS,
        click.Option(
            ["--tokens"],
            type=click.IntRange(1),
            help=f"Elements of a row; by default {USUAL_TOKENS}, or the unit's longest row if that is shorter.",
        ),
        click.Option(
            ["--period"],
            type=float,
            default=1000.0,
            show_default=True,
            callback=_positive,
            help="Clock period in ps; it only affects leakage energy.",
        ),
    ),
    columns=(
        *POINT,
        TOKENS,
        integer("mismatches", "mis-\nmatches"),
        columns.AREA,
        *ROW_ENERGY_COLUMNS,
        *RATIO_COLUMNS,
        *hidden("recipe", "area_unit"),
    ),
    complete=with_ratios,
)


def characterise(
    point: DesignPoint, build_dir: Path, options: AreaOptions, tokens: Sequence[int], period: float
) -> dict:
    """Area, timing, and energies for rows of some lengths, all of one netlist."""
    return {
        "area": area(point, build_dir, options),
        "timing": timing(point, build_dir, options),
        "energies": [energy(point, build_dir, options, some, period) for some in tokens],
    }


def _lookup_characterised(point, build_dir, options, tokens, period) -> dict | None:
    mapped, timed = area.lookup(point, build_dir, options), timing.lookup(point, build_dir, options)
    energies = [energy.lookup(point, build_dir, options, some, period) for some in tokens]
    whole = None not in (mapped, timed, *energies)
    return {"area": mapped, "timing": timed, "energies": energies} if whole else None


characterise = CachedJob(characterise, _lookup_characterised)
