"""Jobs: what a command does for one design point, and how commands run many of them.

Areas, periods and energies are kept in ``build_dir/cache`` under all that they follow from, so that nothing is
synthesised or measured twice.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from inspect import signature
from pathlib import Path

from rich.console import Console

from ..cosimulation.verify import verify
from ..design_points import DesignPoint
from ..gates.liberty import unpacked
from ..gates.opensta import opensta_period
from ..jobs.cache import Cache, kept
from ..jobs.provenance import library_digests, place_of
from ..jobs.running import Job, run_jobs
from ..synthesis.sram_macros import SramMacro
from ..synthesis.synthesis import AreaOptions, Synthesis, synthesise
from ..synthesis.verilog import write_component_verilog
from .faithfulness import measure_faithfulness
from .mapped_unit import MappedUnit, read_mapped_unit
from .ratios import with_ratios
from .row_energy import measure_row_energy

__all__ = [
    "CosimOptions",
    "area",
    "characterise",
    "cosim",
    "datasheet",
    "energy",
    "faithfulness",
    "run",
    "synthesis",
    "timing",
    "timing_beside_opensta",
    "write_verilog",
]

#: The unit that was read back last, by its netlist and the options.
_LAST_READ: dict[tuple, MappedUnit] = {}


@dataclass(frozen=True)
class CosimOptions:
    """How co-simulations are run."""

    seed: int = 1
    simulator: str = "verilator"


def write_verilog(point: DesignPoint, build_dir: Path, macros: bool = False) -> dict:
    """Generate a point's Verilog into ``build_dir/verilog``, its memories SRAM macros if asked."""
    verilog, _ = write_component_verilog(point.component(), point.name, build_dir, macros=macros)
    return {"verilog": str(verilog)}


def cosim(point: DesignPoint, build_dir: Path, options: CosimOptions) -> dict:
    """Generate a point's Verilog and verify it."""
    verilog = Path(write_verilog(point, build_dir)["verilog"])
    folder = build_dir / "cosim" / f"{point.name}_{options.simulator}"
    return verify(point, verilog, folder, seed=options.seed, simulator=options.simulator)


def _place(job: str, point: DesignPoint, build_dir: Path, options: AreaOptions, **others) -> tuple[Cache, str]:
    options = vars(options) | {"liberty": library_digests(options.liberty)}
    return place_of(job, point, build_dir, options=options, **others)


def _kept(job: Callable[..., dict]) -> Callable[..., dict]:
    """The same job, whose results are kept by :func:`_place`."""
    parameters = signature(job)

    def place(*given, **options) -> tuple[Cache, str]:
        call = parameters.bind(*given, **options)
        call.apply_defaults()
        return _place(job.__name__, **call.arguments)

    return kept(job, place)


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
    cache, key = _place("synthesis", point, build_dir, options, macros=macros)
    folder, found = build_dir / "area" / point.name / key[:16], cache.get(key)
    if found is not None and _digest(folder / "netlist.v") == found["digest"]:
        return _read_synthesis(found["synthesis"], folder / "netlist.v")
    verilog, used = write_component_verilog(point.component(), point.name, build_dir, macros=macros)
    how = {"macros": used, "parts": apart, "cache": cache if apart else None}
    made = synthesise(verilog, point.name, **vars(options), **how, build_dir=folder)
    cache.put(key, {"digest": _digest(made.netlist), "synthesis": asdict(made) | {"netlist": made.netlist.name}})
    return made


def _digest(file: Path) -> str | None:
    """SHA-256 of a file, None if there is none."""
    return hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else None


def _read_synthesis(fields: dict, netlist: Path) -> Synthesis:
    macros = {name: SramMacro(**macro) for name, macro in fields["macros"].items()}
    return Synthesis(**fields | {"netlist": netlist, "macros": macros})


def _mapped_unit(result: Synthesis, options: AreaOptions) -> MappedUnit:
    """A unit read back; the last one is remembered, as several jobs follow from it."""
    key = result.netlist, _digest(result.netlist), options
    if key not in _LAST_READ:
        # Not two at once: a processing element takes gigabytes.
        _LAST_READ.clear()
        _LAST_READ[key] = read_mapped_unit(result, options.liberty, options.exclude)
    return _LAST_READ[key]


@_kept
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


@_kept
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


def timing_beside_opensta(point: DesignPoint, build_dir: Path, options: AreaOptions) -> dict:
    """The same, and the period that OpenSTA finds in the same netlist."""
    found = timing(point, build_dir, options)
    with unpacked(options.liberty) as plain:
        netlist = synthesis(point, build_dir, options).netlist
        return found | {"opensta_period": round(opensta_period(netlist, point.name, list(plain.values())), 3)}


@_kept
def energy(point: DesignPoint, build_dir: Path, options: AreaOptions, tokens: int, period: float) -> dict:
    """Energy of a point's netlist for rows of real scores."""
    result = synthesis(point, build_dir, options)
    found = measure_row_energy(point, _mapped_unit(result, options), tokens=tokens, period=period)
    unit = "pJ" if options.liberty else "k loads"
    return {
        "recipe": result.recipe,
        "area": round(result.area, 3),
        "area_unit": result.area_unit,
        "energy_unit": unit,
    } | found


def characterise(
    point: DesignPoint, build_dir: Path, options: AreaOptions, tokens: Sequence[int], period: float
) -> dict:
    """Area, timing, and energies for rows of some lengths, all of one netlist."""
    return {
        "area": area(point, build_dir, options),
        "timing": timing(point, build_dir, options),
        "energies": [energy(point, build_dir, options, some, period) for some in tokens],
    }


def _find_characterised(point, build_dir, options, tokens, period) -> dict | None:
    mapped, timed = area.find(point, build_dir, options), timing.find(point, build_dir, options)
    energies = [energy.find(point, build_dir, options, some, period) for some in tokens]
    whole = None not in (mapped, timed, *energies)
    return {"area": mapped, "timing": timed, "energies": energies} if whole else None


characterise.find = _find_characterised


def faithfulness(point: DesignPoint, build_dir: Path, rows: int, seed: int) -> dict:
    """Bound and attack a point's config."""
    return measure_faithfulness(point, build_dir, rows=rows, seed=seed)


def datasheet(points: Sequence[DesignPoint], build_dir: Path, cosim_options, area_options, console: Console):
    """Co-simulation and area of every point, one flat object for each."""
    jobs = [Job(cosim, point, build_dir, {"options": cosim_options}) for point in points]
    jobs += [Job(area, point, build_dir, {"options": area_options}) for point in points]
    results = run_jobs(jobs, "Verifying and synthesising", console)
    return with_ratios([{**a, **b} for a, b in zip(results[: len(points)], results[len(points) :], strict=True)])


def run(function, points: Sequence, build_dir: Path, description: str, console: Console, **options) -> list[dict]:
    """One job for every point, in parallel on the machine's cores; results as of :func:`run_jobs`."""
    return run_jobs([Job(function, point, build_dir, options) for point in points], description, console)
