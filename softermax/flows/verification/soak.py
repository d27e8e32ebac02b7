"""Soak: ten million slices through a unit's Verilog, under random stalls and at full speed, against the golden model.

A soak is made of parts, each from a reset and a seed of its own, which run side by side and are kept in
``build_dir/cache`` under all that they follow from, so that an interrupted soak goes on where it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np
from rich.console import Console

from softermax.sim.soak.bench import SoakBench
from softermax.sim.soak.build import UnitPorts, build_bench
from softermax.sim.soak.soak import FULL_SPEED, TRAFFIC, soak

from ..design_points import DesignPoint, main_design_points
from ..designs.registry import design, unit_names
from ..jobs.cache import cached
from ..jobs.measure import Measure
from ..jobs.provenance import cache_key
from ..jobs.running import Job, run_jobs
from ..measurement.cosimulation import check_simulator
from ..results.columns import CYCLES, POINT, Column, hidden, integer, real
from ..synthesis.verilog import generate_verilog

__all__ = ["PART", "SOAK", "SUMS", "SoakPart", "added_up", "failures", "soak_points", "soak_units"]

#: Slices of a part.
PART = 500_000
#: Fields that are added up over parts.
SUMS = ("slices", "rows", "cycles", "moving_cycles", "stalled_in", "stalled_out", "resets", "wrong", "lost_or_repeated")


@dataclass(frozen=True)
class SoakPart:
    """A part of a soak; its number and the seed say what is in it.

    Attributes
    ----------
    traffic : str
        One of :data:`softermax.sim.soak.soak.TRAFFIC`.
    number : int
        From 0.
    slices : int
        To compare.
    seed : int
        Seed of the whole soak.
    """

    traffic: str
    number: int
    slices: int
    seed: int

    def rng(self) -> np.random.Generator:
        """Random generator of everything in the part."""
        return np.random.default_rng([self.seed, TRAFFIC.index(self.traffic), self.number])


def soak_points() -> list[DesignPoint]:
    """Default units of a soak: the units of make with 16 lanes, each preset with its own normalizer."""
    return [point for point in main_design_points() if point.lanes == 16 and not point.options]


def soak_units(
    points: Sequence[DesignPoint], build_dir: Path, slices: int, seed: int, console: Console, *, only: int | None = None
) -> list[dict]:
    """Soak units, each under random stalls and then at full speed.

    Parameters
    ----------
    slices : int
        For each unit and traffic.
    only : int or None
        The number of the only part to run.

    Returns
    -------
    list of dict
        For each unit and traffic its identity, ``slices_compared``, ``rows_compared``, ``cycles``,
        ``slices_per_cycle``; ``stalled_in`` and ``stalled_out``; ``resets`` in the middle; ``wrong`` and
        ``lost_or_repeated``; ``bubbles``, cycles without a slice between a full-speed batch's first and last, of which
        a processing element has some; and the ``first_error``.
    """
    built = run_jobs([Job(_build, point, build_dir, check=_check) for point in points], "Building", console)
    benches = [{name: made[name] for name in ("library", "ports")} for made in built]
    numbers = range(-(-slices // PART)) if only is None else [only]
    parts = {
        traffic: [SoakPart(traffic, number, min(PART, slices - number * PART), seed) for number in numbers]
        for traffic in TRAFFIC
    }
    jobs = [
        Job(run_part, point, build_dir, bench | {"part": part})
        for traffic in TRAFFIC
        for point, bench in zip(points, benches, strict=True)
        for part in parts[traffic]
    ]
    found = iter(run_jobs(jobs, "Soaking", console))
    by_traffic = [
        [added_up(traffic, point, [next(found) for _ in parts[traffic]]) for point in points] for traffic in TRAFFIC
    ]
    return [result for of_point in zip(*by_traffic, strict=True) for result in of_point]


def _check(_point: DesignPoint, _build_dir: Path):
    check_simulator()


def _build(point: DesignPoint, build_dir: Path) -> dict:
    """Generate a point's Verilog and build the bench with it."""
    component = point.component()
    ports = UnitPorts.of(component)
    library = build_bench(generate_verilog(component, point.name), point.name, ports, build_dir / "soak" / point.name)
    return {"library": str(library), "ports": vars(ports)}


def _cache_key(point: DesignPoint, library: str, ports: dict, part: SoakPart) -> str:
    # The library's name is a digest of the Verilog, of its ports and of the bench.
    facts = {"library": Path(library).name, "part": vars(part)}
    return cache_key("soak", point, packages=("model", "sim"), **facts)


@cached(_cache_key)
def run_part(point: DesignPoint, build_dir: Path, library: str, ports: dict, part: SoakPart) -> dict:
    """Run a part; what it finds as of :func:`softermax.sim.soak.soak.soak`."""
    rng = part.rng()
    with SoakBench(Path(library), UnitPorts(**ports), seed=int(rng.integers(1 << 31))) as bench:
        return {"part": part.number} | soak(bench, point.entry.traffic.batches(point), part.traffic, part.slices, rng)


SOAK = Measure(
    name="soak",
    help="Send millions of slices through a unit's Verilog in a C++ bench, under random stalls and at full speed. It "
    f"reports slices that are lost, repeated or wrong. UNIT is one of {', '.join(unit_names())}; by default, all units "
    "with 16 lanes, of every preset. Finished parts are cached in the build directory, so an interrupted soak "
    "continues where it was.",
    example="soak unnormed --preset faithful --slices 1000000 --seed 7",
    title="Soak, seed {seed}: slices compared with the golden model's",
    progress="Soaking",
    run=run_part,
    options=(
        click.Option(
            ["--slices"],
            type=click.IntRange(1),
            default=10_000_000,
            show_default=True,
            help="Slices of each unit, for each traffic.",
        ),
        click.Option(
            ["--seed"],
            type=click.IntRange(0),
            default=1,
            show_default=True,
            help="Seed of stalls, resets, noise and random rows.",
        ),
        click.Option(
            ["--part"],
            type=click.IntRange(0),
            help=f"Number of the part to run alone, from 0; parts have {PART:,} slices. It repeats an error.",
        ),
    ),
    columns=(
        *POINT,
        Column("traffic", "traffic"),
        integer("slices_compared", "slices\ncompared"),
        integer("rows_compared", "rows"),
        CYCLES,
        real("slices_per_cycle", "slices\n/cycle", 3, detail=True),
        integer("stalled_in", "stalled\nin", detail=True),
        integer("stalled_out", "stalled\nout", detail=True),
        integer("resets", "resets", detail=True),
        integer("bubbles", "bubbles", detail=True),
        integer("wrong", "wrong"),
        integer("lost_or_repeated", "lost or\nrepeated"),
        *hidden("first_error"),
    ),
)


def added_up(traffic: str, point: DesignPoint, found: list[dict]) -> dict:
    """One result of all parts."""
    sums = {name: sum(part[name] for part in found) for name in SUMS}
    even = traffic == FULL_SPEED
    errors = [{"part": part["part"]} | part["first_error"] for part in found if part["first_error"]]
    return point.identity() | {
        "traffic": traffic,
        "slices_compared": sums["slices"],
        "rows_compared": sums["rows"],
        "cycles": sums["cycles"],
        "slices_per_cycle": sums["slices"] / max(sums["moving_cycles" if even else "cycles"], 1),
        "bubbles": sums["moving_cycles"] - sums["slices"] if even else None,
        **{name: sums[name] for name in ("stalled_in", "stalled_out", "resets", "wrong", "lost_or_repeated")},
        "first_error": errors[0] if errors else None,
    }


def failures(results: Sequence[dict], seed: int) -> list[str]:
    """Errors of the results, a sentence for each unit and traffic."""
    found = []
    for result in results:
        name = f"{result['unit']} {result['preset']} with {result['lanes']} lanes, {result['traffic']}"
        if result["first_error"]:
            found.append(f"{name}, seed {seed}: {_sentence(result['first_error'])}")
        elif result["bubbles"] and design(result["preset"]).units[result["unit"]].traffic.unbroken:
            found.append(f"{name}, seed {seed}: {result['bubbles']} cycles without a slice between slices back to back")
    return found


def _sentence(error: dict) -> str:
    where = f"part {error['part']}, batch {error['batch']}, cycle {error['cycle']}"
    row = "" if error["row"] is None else f" in row {error['row']}"
    expected = "" if error["expected"] is None else f", expected {error['expected']}"
    item = f"stream {error['stream']}, item {error['item']}{row}"
    return f"{error['what']} ({where}; {item}{expected}, seen {error['seen']})"
