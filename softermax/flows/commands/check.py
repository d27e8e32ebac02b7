"""Commands that verify units: co-simulation, proofs, netlists, mutants, coverage, soak, error bounds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click
from rich.console import Console

from ..design_points import DesignPoint
from ..designs.registry import design, designs
from ..errors import FlowError
from ..measurement.cosimulation import COSIM
from ..measurement.faithfulness import FAITHFULNESS, faithful_grid
from ..verification.coverage import COVERAGE, FLOOR, by_coverpoint, covered_designs, summary
from ..verification.formal.checks import CHECK_COLUMNS, Check
from ..verification.gate_level import GATE, gate_points
from ..verification.mutation import MUTANTS, mutation_points
from ..verification.soak import PART, SOAK, failures, soak_points, soak_units
from .measures import measure_command
from .options import BUILD_DIR, MAIN_POINTS, SIZE, SOFTMAX, UNIT, PointChoice, design_point, points_or, refuse_sizes
from .output import MESSAGES, Output, command, fail_on_mismatch, stop

__all__ = ["cosim", "coverage", "fail_on_low_scores", "faithfulness", "formal", "gate", "mutants", "soak"]


def _cosimulated(points, build_dir: Path, console: Console, *, verilog: Path | None, **arguments) -> list[dict]:
    if verilog is not None and len(points) != 1:
        raise FlowError("--verilog must come with a UNIT: a file holds one")
    return COSIM.results(points, build_dir, console, verilog=verilog, **arguments)


cosim = measure_command(COSIM, MAIN_POINTS, collect=_cosimulated, fail=lambda results, _: fail_on_mismatch(results))


CONTRACT = (
    click.Option(
        ["--preset"], help="Name of a design. Only the stream contract of its UNIT is then proven, at the size below."
    ),
    click.Option(["--lanes"], type=int, help="Scores per slice, with --preset; 2 by default."),
    click.Option(["--max-len"], type=int, help="Elements of the longest row, with --preset; 8 by default."),
)


@command(
    "formal",
    UNIT,
    *CONTRACT,
    BUILD_DIR,
    help="Prove properties of the units' Verilog, over any number of clock cycles where possible. Each check must also "
    "find a seeded fault. UNIT is pe or a part of a unit's name, such as unnormed.",
    example="formal unnormed --format markdown -o proofs.md",
)
def formal(output: Output, unit, preset, lanes, max_len, build_dir):
    from ..verification.formal.all_checks import run_checks  # takes long to import

    results = run_checks(_checks(unit, preset, lanes, max_len), build_dir, MESSAGES)
    output.show(results, CHECK_COLUMNS, "Formal checks; counterexamples are in the build directory's folder formal")
    wrong = [result for result in results if not Check.passed(result)]
    if wrong:
        said = {key: wrong[0][key] for key in ("unit", "config", "property", "result", "fault_found")}
        stop(f"{len(wrong)} of {len(results)} checks have not passed, the first of them {said}", 1)


def _checks(unit: str | None, preset: str | None, lanes: int | None, max_len: int | None) -> list[Check]:
    from ..verification.formal.all_checks import formal_checks  # they take long to import
    from ..verification.formal.design_checks import contract_check

    if preset is None:
        if (lanes, max_len) != (None, None):
            raise FlowError("--lanes and --max-len must come with a --preset: other checks have sizes of their own")
        return formal_checks(unit)
    if unit is None:
        raise FlowError("--preset must come with a UNIT: without one, all checks are run")
    return [contract_check(DesignPoint(unit, preset, 2 if lanes is None else lanes, 8 if max_len is None else max_len))]


def _fail_on_differences(results: Sequence[dict], _: dict):
    fail_on_mismatch(results)
    different = [result for result in results if result["equivalence"].startswith("different")]
    if different:
        stop(f"{len(different)} netlists differ from their Verilog, the first of them {different[0]}", 1)


gate = measure_command(GATE, points_or(gate_points), fail=_fail_on_differences)


def _name_survivors(output: Output, results: Sequence[dict]):
    for result in results:
        for survivor in result["survivors"]:
            output.note(
                f"survived in {result['unit']}, {result['preset']}: {survivor['mutant']} ({survivor['verdict']})"
            )


def fail_on_low_scores(results: Sequence[dict]):
    """A score below its floor is a failure of the traces: exit status 1."""
    weak = [result for result in results if result["score"] is not None and result["score"] < result["floor"]]
    if weak:
        stop(f"mutation scores are too low: {'; '.join(map(_what_a_floor_needs, weak))}", 1)


def _what_a_floor_needs(result: dict) -> str:
    """How many mutants were found, and how many the floor asks for, which is all of them where they are few."""
    different = result["mutants"] - result["equivalent"]
    needed = next(number for number in range(different + 1) if number / different >= result["floor"])
    killed = f"{result['killed']} of {different} mutants killed, {result['score']:.2%}"
    said = f"{result['unit']}, {result['preset']}: {killed}; the floor of {result['floor']:.0%} needs {needed}"
    if needed < different:
        return said
    return f"{said}, as each of so few is {1 / different:.1%}: --number asks for more"


mutants = measure_command(
    MUTANTS, points_or(mutation_points), note=_name_survivors, fail=lambda results, _: fail_on_low_scores(results)
)


@command(
    COVERAGE.name,
    UNIT,
    *SIZE,
    *COVERAGE.parameters,
    BUILD_DIR,
    help=COVERAGE.help,
    example=COVERAGE.example,
)
def coverage(output: Output, build_dir, unit, **given):
    # People get a row for each design point, or of one each of its coverpoints; programs get every coverpoint.
    arguments = COVERAGE.arguments(given)
    points = points_or(covered_designs).points(unit, **given)
    results = COVERAGE.results(points, build_dir, MESSAGES, **arguments)
    rows, summed = by_coverpoint(points, results), summary(points, results)
    title = COVERAGE.title.format(**arguments)
    output.show(rows, COVERAGE.columns, title, tables={title: summed if unit is None else rows})
    for row in rows:
        if row["uncovered"]:
            output.note(f"{row['unit']} {row['preset']}, {row['coverpoint']}: not hit {'; '.join(row['uncovered'])}")
    fail_on_mismatch(summed)
    _fail_on_low_coverage(summed)


coverage.measure = COVERAGE


def _fail_on_low_coverage(summed: Sequence[dict]):
    below = [row for row in summed if row["covered"] < FLOOR]
    if below:
        least = min(below, key=lambda row: row["covered"])
        stop(
            f"{len(below)} of {len(summed)} design points are below a coverage of {FLOOR:.1%}, the lowest of them "
            f"{least['unit']} {least['preset']} with {least['covered']:.1%}",
            1,
        )


def _soaked(points, build_dir: Path, console: Console, *, slices: int, seed: int, part: int | None) -> list[dict]:
    if part is not None and part * PART >= slices:
        raise FlowError(f"the part must be less than {-(-slices // PART)} for {slices:,} slices, not {part}")
    return soak_units(points, build_dir, slices, seed, console, only=part)


def _fail_on_errors(results: Sequence[dict], arguments: dict):
    if found := failures(results, arguments["seed"]):
        stop(f"{len(found)} of {len(results)} soaks have failed: {'; '.join(found)}", 1)


soak = measure_command(SOAK, points_or(soak_points), collect=_soaked, fail=_fail_on_errors)

GRID = click.Option(
    ["--grid"],
    is_flag=True,
    help="Attack the 120 configs of docs/results/tables/faithful-grid.md instead; reuse cached results.",
)


def _attacked(grid: bool, **size) -> list[DesignPoint]:
    if grid:
        refuse_sizes("must not come with --grid, whose configs have sizes of their own")
    points = faithful_grid() if grid else [design_point(SOFTMAX, **size)]
    if not all(point.design.has_error_budget for point in points):
        known = " or ".join(name for name, each in designs().items() if each.has_error_budget)
        raise FlowError(f"the preset must be {known} to be attacked, not {size['preset']!r}")
    return points


def _fail_on_unfaithful(results: Sequence[dict], _: dict):
    wrong = [result for result in results if design(result["preset"]).is_faithful and not result["faithful"]]
    if wrong:
        stop(f"{len(wrong)} of {len(results)} configs are not faithful, the first of them {wrong[0]}", 1)


faithfulness = measure_command(FAITHFULNESS, PointChoice((*SIZE, GRID), _attacked), fail=_fail_on_unfaithful)
