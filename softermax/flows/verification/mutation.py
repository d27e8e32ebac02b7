"""Mutation coverage: how many of a unit's mutants the standard traces tell from the unit itself.

A mutant is killed if in any cycle any output port differs from what a trace says. One that lives through all traces
is equivalent if it is proven to keep the stream contract as the unit does, for ever and whatever sources and sinks
do within it; if not, it has survived. The score is the share of mutants killed, equivalent ones apart. Scores are kept
in ``build_dir/cache`` under all that they follow from.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from softermax.sim.cosim import cosimulate_variants
from softermax.sim.trace import Trace

from ..cosimulation.verify import standard_traces
from ..design_points import DesignPoint
from ..designs.registry import designs, unit_names
from ..generation.point_verilog import write_point_verilog
from ..jobs.cache import cached
from ..jobs.measure import Measure
from ..jobs.provenance import cache_key
from ..measurement.cosimulation import check_simulator
from ..results.columns import CYCLES, POINT, Column, hidden, integer
from .equivalence.elaboration import read_aig
from .equivalence.sequential import Equivalence, Limits, prove_equivalent
from .mutants import MOST, SELECT, Mutant, MutatedUnit, mutate, with_mutant

__all__ = ["MUTANTS", "measure_mutation", "mutation_points", "mutation_score"]

#: Rows of up to so many elements are all played, of longer ones fewer: one of two up to twice as many, and so on.
WHOLE = 64

#: How hard to try to prove a mutant equivalent.
LIMITS = Limits(seconds=20, cycles=20)


def mutation_points() -> list[DesignPoint]:
    """The points of the table: the units for which a design names a size."""
    return [
        DesignPoint(unit, preset, lanes, max_len, options)
        for preset, design in designs().items()
        for unit, (lanes, max_len, options) in design.mutated.items()
    ]


def _cache_key(point: DesignPoint, number: int, seed: int) -> str:
    return cache_key("mutation", point, mutants=[number, seed])


@cached(_cache_key)
def measure_mutation(point: DesignPoint, build_dir: Path, *, number: int, seed: int) -> dict:
    """Mutate a unit and play its standard traces into each mutant, see :func:`mutation_score`.

    Parameters
    ----------
    number : int
        Number of mutants.
    seed : int
        Seed of the sample of mutants, and of the traces.
    """
    folder = build_dir / "mutants" / point.name
    verilog, _ = write_point_verilog(point, build_dir, macros=False)
    unit = mutate(verilog, point.name, number, seed, folder)
    traces, _ = standard_traces(point, seed, -(-point.max_len // WHOLE))
    return mutation_score(unit, traces, folder) | {"floor": point.entry.mutation_floor, "seed": seed}


def _check(point: DesignPoint, build_dir: Path, **_):
    check_simulator()
    point.entry.traffic.check(point)


MUTANTS = Measure(
    name="mutants",
    help="Measure mutation coverage: inject small faults into a unit's netlist, one at a time. Each must be killed by "
    f"the traces of softermax cosim or proven equivalent. UNIT is one of {', '.join(unit_names())}; by default, the "
    "points of docs/explanation/mutation.md. The JSON lists the survivors.",
    example="mutants unnormed --preset faithful --lanes 4 --max-len 64 --number 100 --seed 7",
    title="Mutants killed by the traces of softermax cosim, seed {seed}",
    progress="Mutating",
    run=measure_mutation,
    check=_check,
    options=(
        click.Option(
            ["--number"],
            type=click.IntRange(1, MOST),
            default=300,
            show_default=True,
            help="Number of mutants of each unit.",
        ),
        click.Option(
            ["--seed"],
            type=click.IntRange(0),
            default=1,
            show_default=True,
            help="Seed of the sample of mutants, and of the traces.",
        ),
    ),
    columns=(
        *POINT,
        integer("mutants", "mutants"),
        integer("killed", "killed"),
        integer("equivalent", "equi-\nvalent"),
        integer("survived", "survived"),
        Column("score", "score", "{:.2%}".format),
        CYCLES,
        *hidden("floor", "seed", "survivors", "equivalents"),
    ),
)


def mutation_score(unit: MutatedUnit, traces: Sequence[Trace], folder: Path) -> dict:
    """Play traces into each mutant, the shortest first, and try to prove equivalent what they do not kill.

    Returns
    -------
    dict
        ``mutants``, ``killed``, ``equivalent`` and ``survived``, numbers of them; ``score``, None if all are
        equivalent; ``cycles``, played into all mutants together; and of those in ``survivors`` and ``equivalents`` what
        :meth:`~softermax.flows.verification.mutants.Mutant.describe` says, the verdict and how it was found.

    Raises
    ------
    RuntimeError
        If a trace kills the unit itself.
    """
    ordered = sorted(traces, key=lambda trace: trace.cycles)
    selections = [{SELECT: number} for number in range(len(unit.mutants) + 1)]
    original, *played = cosimulate_variants(unit.verilog, unit.top, ordered, selections, folder / "simulation")
    if original[-1].mismatches:
        raise RuntimeError(f"the traces must fit {unit.top}, but do not: {original[-1].described[0]}")
    alive = [mutant for mutant, results in zip(unit.mutants, played, strict=True) if not results[-1].mismatches]
    verdicts = _verdicts(unit, alive) if alive else []
    found = [_facts(mutant, verdict) for mutant, verdict in zip(alive, verdicts, strict=True)]
    equivalents = [facts for facts in found if facts["verdict"] == "equivalent"]
    killed, different = len(unit.mutants) - len(alive), len(unit.mutants) - len(equivalents)
    return {
        "mutants": len(unit.mutants),
        "killed": killed,
        "equivalent": len(equivalents),
        "survived": different - killed,
        "score": killed / different if different else None,
        "cycles": sum(result.cycles for results in played for result in results),
        "survivors": [facts for facts in found if facts["verdict"] != "equivalent"],
        "equivalents": equivalents,
    }


def _verdicts(unit: MutatedUnit, alive: Sequence[Mutant]) -> list[Equivalence]:
    """Whether some mutants are equivalent to the unit itself."""
    design = read_aig(unit.netlist, unit.top)
    original = with_mutant(design, 0)
    return [prove_equivalent(original, with_mutant(design, mutant.number), LIMITS) for mutant in alive]


def _facts(mutant: Mutant, verdict: Equivalence) -> dict:
    facts = {"mutant": mutant.describe(), "yosys": mutant.command, "verdict": verdict.verdict, "method": verdict.method}
    if verdict.difference is None:
        return facts
    return facts | {"ports": list(verdict.difference.ports), "inputs": list(verdict.difference.inputs)}
