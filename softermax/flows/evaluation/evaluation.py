"""The evaluation: every unit's area, timing and energy with one library, their ratios to the baseline, and how they go
with lanes and lengths of rows.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console

from ..design_points import DesignPoint
from ..designs.registry import designs
from ..errors import FlowError
from ..files import write_whole
from ..jobs.provenance import commit, versions
from ..jobs.running import Job, run_jobs
from ..measurement.checks import check_energy
from ..measurement.jobs import area, characterise
from ..measurement.ratios import with_ratios
from ..measurement.unit_columns import LISTS
from ..synthesis.synthesis import AreaOptions

__all__ = [
    "Plan",
    "evaluate",
    "evaluation_of",
    "evaluation_path",
    "flat_results",
    "full_plan",
    "library_name",
    "provenance",
    "read_evaluation",
    "read_evaluations",
    "unit_tables",
    "write_evaluation",
]

#: Recipe of timed and simulated units, and recipe of the sweeps.
RECIPE, LEAST = "balanced", "least-area"
#: Clock period in ps, for leakage.
PERIOD = 1000.0
#: What comes first, and shows in seconds whether the library will do at all: of the one all jobs, for rows of its
#: longest, of the other, which has memories, the area.
PROBE, PROBE_OF_MEMORIES = DesignPoint("unnormed", "paper", 2, 16), DesignPoint("softmax", "paper", 2, 16)

#: Lengths of rows that energies are measured for, and lanes of the units: a processing element of 32 takes minutes.
TOKENS, LANES_OF_LENGTHS = (64, 256, 1024), {"unnormed": 32, "normalization": 32, "pe": 16}
#: The unit whose least areas are measured at other sizes, its memories as SRAM macros.
SWEPT, LANES = "softmax", (4, 8, 16, 32)
LENGTHS = (64, 1024, 4096)

#: Tables for people: title, and a unit's fields in addition to its point's.
TABLES = {
    f"Area, recipe {RECIPE}": (
        *("area_unit", "memory_area", "softmax_area", "rest_area", "area", "area_per_lane"),
        *("area_ratio", "softmax_area_ratio", "paper_area_ratio"),
    ),
    "Minimum clock period": ("period", "period_in_fo4"),
    "Energy for a row": (
        *("energy_unit", "tokens", "net_switching_energy", "cells_energy", "clock_energy", "leakage_energy"),
        *("memory_energy", "softmax_energy", "energy_per_row", "energy_ratio", "paper_energy_ratio"),
        *("energy_ratio_half_memory", "energy_ratio_double_memory"),
        *("glitch_factor", "energy_with_glitches", "energy_with_glitches_ratio"),
    ),
}


@dataclass(frozen=True)
class Plan:
    """Design points of an evaluation.

    Attributes
    ----------
    units : tuple of DesignPoint
        Points for which everything is measured, energies for rows of ``tokens`` elements.
    lengths : tuple of (DesignPoint, tuple of int)
        Points, and lengths of rows that their energies are measured for.
    sweeps : tuple of DesignPoint
        Points whose minimum areas are measured, memories of a complete softmax as SRAM macros.
    """

    units: tuple[DesignPoint, ...]
    tokens: int
    lengths: tuple[tuple[DesignPoint, tuple[int, ...]], ...] = ()
    sweeps: tuple[DesignPoint, ...] = ()


def full_plan() -> Plan:
    """Plan of ``make evaluate``."""
    long = [point for unit, lanes in LANES_OF_LENGTHS.items() for point in _presets(unit, lanes, 1024)]
    sizes = [*((lanes, 384) for lanes in LANES), *((16, max_len) for max_len in LENGTHS)]
    return Plan(
        units=tuple(point for lanes in (16, 32) for unit in LANES_OF_LENGTHS for point in _presets(unit, lanes, 384)),
        tokens=384,
        lengths=tuple((point, TOKENS) for point in long),
        sweeps=tuple(point for size in sizes for point in _presets(SWEPT, *size)),
    )


def _presets(unit: str, lanes: int, max_len: int) -> list[DesignPoint]:
    """A unit of a size in every design of make that has it, in the variants that the design names."""
    longest = -(-max_len // lanes) * lanes
    return [
        DesignPoint(unit, preset, lanes, max_len, options)
        for preset, design in designs().items()
        if unit in design.in_make
        for options in design.evaluated(unit, longest)
    ]


def evaluate(plan: Plan, build_dir: Path, library: AreaOptions, console: Console, scheduler: str | None = None) -> dict:
    """Do all that is not in ``build_dir/cache`` from an earlier or interrupted run, what takes longest first.

    Parameters
    ----------
    library : AreaOptions
        Options of the library; their recipe does not matter.
    scheduler : str or None
        As for :func:`softermax.flows.jobs.running.run_jobs`.

    Returns
    -------
    dict
        ``provenance``; ``units``, ``lengths`` and ``sweeps`` as lists of flat results with ratios, in the plan's order.
        The same whenever sources, programs and library are.
    """
    work = _Work(build_dir, library)
    work.characterised(PROBE, (PROBE.max_len,))
    work.least_area(PROBE_OF_MEMORIES, macros=True)
    probes = work.jobs()
    units = [work.characterised(point, (plan.tokens,)) for point in plan.units]
    lengths = [work.characterised(point, tokens) for point, tokens in plan.lengths]
    sweeps = [work.least_area(point, macros=True) for point in plan.sweeps]
    others = [job for job in work.jobs() if job not in probes]
    order = [*probes, *sorted(others, key=_effort, reverse=True)]
    found = dict(zip(order, run_jobs(order, "Evaluating", console, scheduler), strict=True))
    return {
        "provenance": provenance(library, recipe=RECIPE, period=PERIOD),
        "units": with_ratios([_unit(job.point, found[job]) for job in units]),
        "lengths": with_ratios([job.point.identity() | row for job in lengths for row in found[job]["energies"]]),
        "sweeps": with_ratios([dict(found[job]) for job in sweeps]),
    }


class _Work:
    """Jobs, each of them once."""

    def __init__(self, build_dir: Path, library: AreaOptions):
        self._build_dir = build_dir
        self._balanced, self._least = replace(library, recipe=RECIPE), replace(library, recipe=LEAST)
        self._jobs: dict[tuple, Job] = {}

    def jobs(self) -> list[Job]:
        """In the order in which they have been asked for."""
        return list(self._jobs.values())

    def least_area(self, point: DesignPoint, macros: bool | None = None) -> Job:
        return self._job(area, point, options=self._least, macros=macros)

    def characterised(self, point: DesignPoint, tokens: Sequence[int]) -> Job:
        return self._job(characterise, point, options=self._balanced, tokens=tuple(tokens), period=PERIOD)

    def _job(self, function: Callable[..., dict], point: DesignPoint, **options) -> Job:
        key = (function, point, *options.items())
        return self._jobs.setdefault(key, Job(function, point, self._build_dir, options, check_energy))


def _effort(job: Job) -> tuple:
    """Sorts jobs by how long they take."""
    point = job.point
    return point.entry.parts, point.lanes, point.design.is_baseline, sum(job.options.get("tokens", ()))


def _unit(point: DesignPoint, found: dict) -> dict:
    """All results of a unit, in one flat object; ``period`` is the minimum period, not the one for leakage."""
    timed = {name: value for name, value in found["timing"].items() if name != "path"}
    [energies] = found["energies"]
    return point.identity() | found["area"] | energies | timed


def provenance(library: AreaOptions, **options) -> dict:
    """Sources, library, options and programs that results follow from."""
    sources, changed = commit()
    return {
        "commit": sources,
        "dirty": changed,
        "library": library_name(library.liberty),
        "liberty_files": [
            {"name": file.name, "sha256": hashlib.sha256(file.read_bytes()).hexdigest()} for file in library.liberty
        ],
        **options,
        "versions": versions(),
    }


def library_name(liberty: Sequence[Path]) -> str:
    """Name of a library: its first file's name."""
    return liberty[0].name.removesuffix(".gz").removesuffix(".lib") if liberty else "generic"


def evaluation_path(library: str, build_dir: Path) -> Path:
    """The file of the evaluation with a library of this name."""
    return build_dir / "evaluation" / f"{library}.json"


def write_evaluation(evaluation: dict, build_dir: Path) -> Path:
    """Write an evaluation to its file, :func:`evaluation_path`."""
    path = evaluation_path(evaluation["provenance"]["library"], build_dir)
    write_whole(path, json.dumps(evaluation, indent=2) + "\n")
    return path


def flat_results(evaluation: dict) -> list[dict]:
    """All results of an evaluation, each with the name of its list in the field ``list``."""
    return [{"list": name, **result} for name in LISTS for result in evaluation[name]]


def evaluation_of(results: Sequence[dict]) -> dict:
    """An evaluation from its flat results: its lists, and of the provenance the recipe."""
    found: dict[str, list[dict]] = {name: [] for name in LISTS}
    for result in results:
        found[result["list"]].append({field: value for field, value in result.items() if field != "list"})
    recipes = {unit["recipe"] for unit in found["units"]}
    return found | {"provenance": {"recipe": recipes.pop()} if len(recipes) == 1 else {}}


def read_evaluations(build_dir: Path) -> dict[str, dict]:
    """All evaluations that have been written, by library."""
    found = {}
    for path in sorted((build_dir / "evaluation").glob("*.json")):
        try:
            found[path.stem] = json.loads(path.read_text())
        except (OSError, ValueError) as error:
            raise FlowError(f"{path} must be an evaluation, but cannot be read: delete it") from error
    return found


def read_evaluation(path: Path) -> dict:
    """An evaluation that has been written to a file, or is kept in a record; a FlowError if it is none."""
    try:
        found = json.loads(path.read_text())
        if isinstance(found, dict) and "results" in found:
            found = evaluation_of(found["results"])
    except OSError as error:
        raise FlowError(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, TypeError, KeyError):
        found = None
    identity = {"unit", "preset", "lanes", "max_len"}
    units = found.get("units") if isinstance(found, dict) else None
    is_whole = isinstance(units, list) and all(isinstance(unit, dict) and identity <= set(unit) for unit in units)
    if not is_whole or not isinstance(found.get("provenance", {}), dict):
        raise FlowError(f"{path} must be an evaluation that `softermax evaluate` wrote, which it is not")
    return found


def unit_tables(units: Sequence[dict]) -> dict[str, list[dict]]:
    """Tables for people, by title."""
    point = ("unit", "preset", "lanes", "max_len", "normalizer", "values")
    return {
        title: [{name: unit[name] for name in (*point, *fields) if name in unit} for unit in units]
        for title, fields in TABLES.items()
    }
