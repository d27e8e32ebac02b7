"""Jobs: what a command does for one design point, and how commands run many of them with progress."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from .design_points import DesignPoint
from .errors import FlowError
from .faithfulness import measure_faithfulness
from .gates.liberty import read_libraries, unpacked
from .gates.netlist import read_netlist
from .gates.opensta import opensta_period
from .gates.timing import analyse
from .ratios import with_ratios
from .row_energy import measure_row_energy
from .synthesis import AreaOptions, Synthesis, synthesise_component
from .verify import verify
from .verilog import write_component_verilog

__all__ = [
    "CosimOptions",
    "area",
    "cosim",
    "datasheet",
    "energy",
    "faithfulness",
    "run",
    "timing",
    "write_verilog",
]


@dataclass(frozen=True)
class CosimOptions:
    """How co-simulations are run."""

    seed: int = 1
    simulator: str = "verilator"


@dataclass(frozen=True)
class _Job:
    """A function of a design point and a build directory, called in a process of its own."""

    function: Callable[..., dict]
    point: DesignPoint
    build_dir: Path
    options: dict = field(default_factory=dict)

    def __call__(self) -> dict:
        return self.point.identity() | self.function(self.point, self.build_dir, **self.options)


def write_verilog(point: DesignPoint, build_dir: Path, macros: bool = False) -> dict:
    """Generate a point's Verilog into ``build_dir/verilog``, its memories SRAM macros if asked."""
    verilog, _ = write_component_verilog(point.component(), point.name, build_dir, macros=macros)
    return {"verilog": str(verilog)}


def cosim(point: DesignPoint, build_dir: Path, options: CosimOptions) -> dict:
    """Generate a point's Verilog and verify it."""
    verilog = Path(write_verilog(point, build_dir)["verilog"])
    folder = build_dir / "cosim" / f"{point.name}_{options.simulator}"
    return verify(point, verilog, folder, seed=options.seed, simulator=options.simulator)


def area(point: DesignPoint, build_dir: Path, options: AreaOptions, macros: bool | None = None) -> dict:
    """Generate a point's Verilog and synthesise it; memories are macros in a processing element, unless told."""
    apart = point.unit == "pe"
    macros = apart if macros is None else macros
    result = synthesise_component(point.component(), point.name, build_dir, options, macros=macros, parts=apart)
    return {
        "recipe": result.recipe,
        "cells": result.cells,
        "flops": result.flops,
        "area": round(result.area, 3),
        "sequential_area": round(result.sequential_area, 3),
        "combinational_area": round(result.combinational_area, 3),
        "memory_area": round(result.memory_area, 3) if macros else None,
        **(_by_parts(result) if apart else {}),
        "area_per_lane": round(result.area / point.lanes, 3),
        "delay": result.delay,
        "area_unit": result.area_unit,
    }


def _by_parts(result: Synthesis) -> dict:
    """Areas of a processing element's parts; the softmax is everything from scores to probabilities."""
    softmax = sum(area for part, area in result.part_areas.items() if part in ("softmax", "binary16_scores"))
    parts = {f"{part}_area": round(area, 3) for part, area in result.part_areas.items()}
    return parts | {"softmax_area": round(softmax, 3), "rest_area": round(result.area - softmax, 3)}


def timing(point: DesignPoint, build_dir: Path, options: AreaOptions, opensta: bool = False) -> dict:
    """Generate a point's Verilog, synthesise it and analyse its timing; a processing element with SRAM macros.

    And again by OpenSTA if asked.
    """
    component, apart = point.component(), point.unit == "pe"
    result = synthesise_component(component, point.name, build_dir, options, macros=apart, parts=apart)
    with unpacked(options.liberty) as plain:
        netlist = read_netlist(result.netlist, point.name, list(plain.values()))
        library = read_libraries(plain, options.exclude)
        found = analyse(netlist, library, list(plain.values()), result.macros)
        second = opensta_period(result.netlist, point.name, list(plain.values())) if opensta else None
    return {
        "recipe": result.recipe,
        "area": round(result.area, 3),
        "area_unit": result.area_unit,
        "period": round(found.period, 3),
        "opensta_period": second and round(second, 3),
        "fo4": round(found.fo4, 3),
        "period_in_fo4": round(found.period / found.fo4, 2),
        "starts": found.path[0].net,
        "ends": found.end,
        "path": [vars(step) for step in found.path],
    }


def energy(point: DesignPoint, build_dir: Path, options: AreaOptions, tokens: int, period: float) -> dict:
    """Generate a softmax unit's Verilog, synthesise it and measure its energy for rows of real scores."""
    if point.unit == "pe":
        raise FlowError("the unit must be a softmax unit to measure its energy, not 'pe'")
    result = synthesise_component(point.component(), point.name, build_dir, options)
    with unpacked(options.liberty) as plain:
        library, files = read_libraries(plain, options.exclude), list(plain.values())
        found = measure_row_energy(point, result, library, files, tokens=tokens, period=period)
    unit = "pJ" if options.liberty else "k loads"
    return {
        "recipe": result.recipe,
        "area": round(result.area, 3),
        "area_unit": result.area_unit,
        "energy_unit": unit,
    } | found


def faithfulness(point: DesignPoint, build_dir: Path, rows: int, seed: int) -> dict:
    """Bound and attack a point's config."""
    return measure_faithfulness(point, build_dir, rows=rows, seed=seed)


def datasheet(points: Sequence[DesignPoint], build_dir: Path, cosim_options, area_options, console: Console):
    """Co-simulation and area of every point, one flat object for each."""
    jobs = [_Job(cosim, point, build_dir, {"options": cosim_options}) for point in points]
    jobs += [_Job(area, point, build_dir, {"options": area_options}) for point in points]
    results = _run(jobs, "Verifying and synthesising", console)
    return with_ratios([{**a, **b} for a, b in zip(results[: len(points)], results[len(points) :], strict=True)])


def run(function, points: Sequence[DesignPoint], build_dir: Path, description: str, console: Console, **options):
    """One of this module's jobs for every point, in parallel on the machine's cores.

    Returns
    -------
    list of dict
        In the order of the points: the point's identity and what the job found.
    """
    return _run([_Job(function, point, build_dir, options) for point in points], description, console)


def _run(jobs: list[_Job], description: str, console: Console) -> list[dict]:
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    results: dict[int, dict] = {}
    workers = min(len(jobs), os.cpu_count() or 1)
    pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"))
    try:
        with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
            task = progress.add_task(description, total=len(jobs))
            futures = {pool.submit(job): place for place, job in enumerate(jobs)}
            for future in as_completed(futures):
                results[futures[future]] = future.result()
                progress.advance(task)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
    return [results[place] for place in range(len(jobs))]
