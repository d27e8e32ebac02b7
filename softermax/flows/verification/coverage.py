"""Functional coverage of the standard benches: what they have played without a mismatch, bin by bin."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from softermax.sim.cosim import cosimulate
from softermax.sim.coverage.coverpoints import Coverage
from softermax.sim.trace import Trace

from ..cosimulation.verify import compared
from ..design_points import DesignPoint, main_design_points
from ..designs.registry import unit_names
from ..errors import FlowError
from ..jobs.measure import Measure, OptionGroup
from ..measurement.cosimulation import SEED, SIMULATOR, CosimOptions, check_cosim, write_verilog
from ..results.columns import COMPARED, POINT, Column, hidden, integer

__all__ = ["COVERAGE", "FLOOR", "by_coverpoint", "coverage", "covered_designs", "summary", "trace_coverage"]

#: Fields of a co-simulation that a summary has.
SIMULATED = ("cycles_compared", "mismatches", "first_mismatch")

#: The part of all bins that a design point's benches must hit.
FLOOR = 1.0


def coverage(point: DesignPoint, build_dir: Path, options: CosimOptions) -> dict:
    """Play the rows of :func:`~softermax.flows.measurement.cosimulation.cosim`, and count what they cover.

    Returns
    -------
    dict
        ``cycles_compared``, ``mismatches`` and ``first_mismatch`` as there; ``coverpoints``: for each coverpoint a row
        as of :meth:`softermax.sim.coverage.coverpoints.Coverage.rows`. A trace with a mismatch covers nothing.
    """
    verilog = Path(write_verilog(point, build_dir)["verilog"])
    folder = build_dir / "coverage" / f"{point.name}_{options.simulator}"
    traces, _ = point.entry.traffic.traces(point, options.seed)
    results = cosimulate(verilog, point.name, traces, folder, simulator=options.simulator)
    right = [not result.mismatches for result in results]
    return compared(results) | {"coverpoints": _covered(point, options.seed, traces, right).rows()}


def _check(point: DesignPoint, build_dir: Path, options: CosimOptions):
    _refuse_uncounted(point)
    check_cosim(point, build_dir, options)


def _refuse_uncounted(point: DesignPoint):
    if not point.entry.traffic.has_coverage:
        raise FlowError(f"the unit must have coverpoints, which {point.unit} of {point.preset} has not")


COVERAGE = Measure(
    name="coverage",
    help="Measure functional coverage: the situations that a unit's benches have reached without a mismatch. UNIT is "
    f"one of {', '.join(unit_names())}, and then every coverpoint is shown; by default, all units with 16 lanes, of "
    "every preset. The command fails if a bin that the config allows is not hit.",
    example="coverage unnormed --preset faithful --seed 7 --json",
    title="Functional coverage, seed {options.seed}",
    progress="Playing and counting",
    run=coverage,
    check=_check,
    options=(OptionGroup("options", CosimOptions, (SEED, SIMULATOR)),),
    columns=(
        *POINT,
        Column("coverpoint", "coverpoint"),
        *(integer(number, number) for number in ("coverpoints", "bins", "hit")),
        Column("covered", "covered", "{:.1%}".format),
        *COMPARED,
        *hidden("uncovered"),
    ),
)


def trace_coverage(point: DesignPoint, seed: int) -> Coverage:
    """Coverage of a point's traces if they are played without a mismatch."""
    traces, _ = point.entry.traffic.traces(point, seed)
    return _covered(point, seed, traces, [True] * len(traces))


def _covered(point: DesignPoint, seed: int, traces: Sequence[Trace], right: Sequence[bool]) -> Coverage:
    """The coverage of all traces that were right."""
    _refuse_uncounted(point)
    return point.entry.traffic.coverage(point, seed, traces, right)


def covered_designs() -> list[DesignPoint]:
    """Design points of make with 16 lanes."""
    return [point for point in main_design_points() if point.lanes == 16]


def by_coverpoint(points: Sequence[DesignPoint], results: Sequence[dict]) -> list[dict]:
    """A flat object for each coverpoint of each design point: what it is of, ``coverpoint`` and so on."""
    return [
        point.identity() | row for point, result in zip(points, results, strict=True) for row in result["coverpoints"]
    ]


def summary(points: Sequence[DesignPoint], results: Sequence[dict]) -> list[dict]:
    """A flat object for each design point: what was compared, and all its coverpoints together."""
    rows = []
    for point, result in zip(points, results, strict=True):
        bins, hit = (sum(row[name] for row in result["coverpoints"]) for name in ("bins", "hit"))
        of_all = {
            "coverpoints": len(result["coverpoints"]),
            "bins": bins,
            "hit": hit,
            "covered": hit / bins if bins else 0.0,
        }
        rows.append(point.identity() | {name: result[name] for name in SIMULATED} | of_all)
    return rows
