"""Commands that verify units beyond co-simulation."""

from __future__ import annotations

from collections.abc import Sequence

import click
from rich.console import Console

from ..errors import FlowError
from ..files import write_whole
from ..jobs.running import Job, run_jobs
from ..measurement import jobs
from ..results.tables import markdown_table
from ..synthesis.mapping import RECIPES
from ..synthesis.synthesis import AreaOptions
from ..verification.coverage import FLOOR, by_point, coverage_points, summary
from ..verification.coverage import coverage as measure_coverage
from ..verification.equivalence.sequential import Limits
from ..verification.formal.all_checks import formal_checks, run_checks
from ..verification.formal.checks import Check
from ..verification.gate_level import gate_level, gate_points
from ..verification.mutation import measure_mutation, mutation_points
from ..verification.soak import PART, failures, soak_points, soak_units
from . import options as given
from .output import fail_on_mismatch, show, stop

__all__ = ["coverage", "fail_on_low_scores", "formal", "gate", "mutants", "soak"]


@click.command(
    help="Functional coverage of a unit's benches: which of the situations that matter they have played without a "
    "mismatch, of those that its config allows. UNIT is one of unnormed, normalization, softermax, pe, and then every "
    "coverage point is shown; without it, all of them with 16 lanes, of every preset. Fails if a bin is not hit.",
    epilog="Example: softermax coverage unnormed --preset faithful --seed 7 --json",
)
@given.unit
@given.size
@given.seed
@given.simulator
@given.markdown
@given.as_json
@given.build_dir
def coverage(unit, seed, simulator, markdown, as_json, build_dir, **size):
    points = coverage_points() if unit is None else [given.design_point(unit, **size)]
    options = jobs.CosimOptions(seed, simulator)
    messages = Console(stderr=True)
    results = jobs.run(measure_coverage, points, build_dir, "Playing and counting", messages, options=options)
    rows, summed = by_point(points, results), summary(points, results)
    shown = rows if unit is not None else summed
    if markdown is not None:
        write_whole(markdown, markdown_table(shown))
    show(rows if as_json else shown, as_json, f"Functional coverage, seed {seed}")
    if not as_json:
        for row in rows:
            if row["uncovered"]:
                print(f"{row['unit']} {row['preset']}, {row['point']}: not hit {'; '.join(row['uncovered'])}")
    fail_on_mismatch(summed)
    below = [row for row in summed if row["covered"] < FLOOR]
    if below:
        least = min(below, key=lambda row: row["covered"])
        stop(
            f"{len(below)} of {len(summed)} design points are below a coverage of {FLOOR:.1%}, the least of them "
            f"{least['unit']} {least['preset']} with {least['covered']:.1%}",
            1,
        )


@click.command(
    help="Mutation coverage: small changes of a unit's netlist, each of which the traces of softermax cosim must "
    "tell from the unit, unless it is proven to be equivalent. UNIT is one of unnormed, normalization, softermax, pe; "
    "without it, the points of docs/mutation.md. The JSON lists what has survived.",
    epilog="Example: softermax mutants unnormed --preset faithful --lanes 4 --max-len 64 --number 100 --seed 7",
)
@given.unit
@given.size
@given.option("--number", type=click.IntRange(1), default=300, show_default=True, help="Mutants of each unit.")
@given.option(
    "--seed", type=click.IntRange(0), default=1, show_default=True, help="Of the sample of mutants, and of the traces."
)
@given.markdown
@given.as_json
@given.build_dir
def mutants(unit, number, seed, markdown, as_json, build_dir, **size):
    points = mutation_points() if unit is None else [given.design_point(unit, **size)]
    how = {"number": number, "seed": seed}
    results = jobs.run(measure_mutation, points, build_dir, "Mutating", Console(stderr=True), **how)
    show(results, as_json, f"Mutants killed by the traces of softermax cosim, seed {seed}", markdown)
    for result in results if not as_json else ():
        for survivor in result["survivors"]:
            print(f"survived in {result['unit']}, {result['preset']}: {survivor['mutant']} ({survivor['verdict']})")
    fail_on_low_scores(results)


def fail_on_low_scores(results: Sequence[dict]):
    """A score below its floor is a failure of the traces: exit status 1."""
    weak = [result for result in results if result["score"] is not None and result["score"] < result["floor"]]
    if weak:
        said = "; ".join(f"{r['unit']}, {r['preset']}: {r['score']:.2%}, not {r['floor']:.0%}" for r in weak)
        stop(f"mutation scores are too low: {said}", 1)


@click.command(
    help="Prove properties of the units' Verilog, over any number of clock cycles where possible, and show that each "
    "can fail: the same check must find a seeded fault. UNIT is pe or a part of a unit's name, such as unnormed.",
    epilog="Example: softermax formal unnormed --markdown proofs.md",
)
@given.unit
@given.markdown
@given.as_json
@given.build_dir
def formal(unit, markdown, as_json, build_dir):
    results = run_checks(formal_checks(unit), build_dir, Console(stderr=True))
    show(results, as_json, "Formal checks; counterexamples are in the build directory's folder formal", markdown)
    wrong = [result for result in results if not Check.passed(result)]
    if wrong:
        said = {key: wrong[0][key] for key in ("unit", "config", "property", "result", "fault_found")}
        stop(f"{len(wrong)} of {len(results)} checks have not passed, the first of them {said}", 1)


@click.command(
    help="Verify netlists of standard cells: the same co-simulation as of the Verilog, and formal equivalence with it. "
    "UNIT is one of those of cosim; without it, the softmax units of make with 16 lanes and small processing elements.",
    epilog="Example: softermax gate unnormed --liberty cells.lib.gz --recipe balanced",
)
@given.unit
@given.size
@given.liberty
@given.option("--recipe", "recipes", multiple=True, default=tuple(RECIPES), show_default=True, help="May be repeated.")
@given.exclude
@given.clock_gating
@given.option(
    "--every", type=click.IntRange(1), default=16, show_default=True, help="Play one row, or head, of so many."
)
@given.option("--seconds", type=click.FloatRange(1), default=60.0, show_default=True, help="For each step of a proof.")
@given.seed
@given.simulator
@given.markdown
@given.as_json
@given.build_dir
def gate(
    unit, liberty, recipes, exclude, clock_gating, every, seconds, seed, simulator, markdown, as_json, build_dir, **size
):
    points = gate_points() if unit is None else [given.design_point(unit, **size)]
    how = {"cosim": jobs.CosimOptions(seed, simulator), "every": every, "limits": Limits(seconds)}
    mapped = [AreaOptions(liberty, recipe, exclude, clock_gating) for recipe in recipes]
    netlists = [Job(gate_level, point, build_dir, {"area": area, **how}) for point in points for area in mapped]
    results = run_jobs(netlists, "Synthesising, playing and comparing", Console(stderr=True))
    show(results, as_json, f"Netlists, one row of {every}, seed {seed}, in {simulator}", markdown)
    fail_on_mismatch(results)
    different = [result for result in results if result["equivalence"].startswith("different")]
    if different:
        stop(f"{len(different)} netlists differ from their Verilog, the first of them {different[0]}", 1)


@click.command(
    help="Millions of slices through a unit's Verilog, under random stalls and at full speed, in a C++ bench: whether "
    "anything is lost, repeated or wrong. UNIT is one of unnormed, normalization, softermax, pe; without it, all of "
    "them with 16 lanes, of every preset. What has been done is kept in the build directory's cache, so an "
    "interrupted soak goes on where it was.",
    epilog="Example: softermax soak unnormed --preset faithful --slices 1000000 --seed 7",
)
@given.unit
@given.size
@given.option(
    "--slices", type=click.IntRange(1), default=10_000_000, show_default=True, help="Of each unit, for each traffic."
)
@given.option(
    "--seed", type=click.IntRange(0), default=1, show_default=True, help="Of stalls, resets, noise and made-up rows."
)
@given.option(
    "--part", type=click.IntRange(0), help=f"Only this part, of {PART:,} slices, from 0: to see an error again."
)
@given.markdown
@given.as_json
@given.build_dir
def soak(unit, slices, seed, part, markdown, as_json, build_dir, **size):
    if part is not None and part * PART >= slices:
        raise FlowError(f"the part must be less than {-(-slices // PART)} for {slices:,} slices, not {part}")
    points = soak_points() if unit is None else [given.design_point(unit, **size)]
    results = soak_units(points, build_dir, slices, seed, Console(stderr=True), only=part)
    show(results, as_json, f"Soak, seed {seed}: slices compared with the golden model's", markdown)
    if found := failures(results, seed):
        stop(f"{len(found)} of {len(results)} soaks have failed: {'; '.join(found)}", 1)
