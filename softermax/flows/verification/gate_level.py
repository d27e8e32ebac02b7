"""Netlists of standard cells beside what they were made of: the same co-simulation, and formal equivalence.

The netlist of a unit is played exactly as its Verilog is, see :func:`softermax.flows.cosimulation.verify.verify`: with
models of its cells that follow from the library, in the same simulator, against the same golden traces. A processing
element is mapped part by part, and so its parts are compared one by one, with those inside them as black boxes. What is
found is kept in ``build_dir/cache`` under all that it follows from.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click

from ..cosimulation.verify import verify
from ..design_points import DesignPoint, main_design_points
from ..errors import FlowError
from ..files import write_whole
from ..gates.cell_models import cell_models
from ..gates.liberty import read_libraries
from ..jobs.cache import cached
from ..jobs.measure import Measure, OptionGroup
from ..jobs.provenance import cache_key, library_digests
from ..measurement.checks import check_synthesis
from ..measurement.cosimulation import SEED, SIMULATOR, CosimOptions, check_cosim, every, write_verilog
from ..measurement.jobs import synthesis
from ..results.columns import CELLS, COMPARED, FLOPS, POINT, Column, hidden
from ..synthesis.mapping import RECIPES
from ..synthesis.options import CLOCK_GATING, EXCLUDE, LIBERTY
from ..synthesis.partitions import INSTANCE, Partition, partition
from ..synthesis.synthesis import AreaOptions, Synthesis
from .equivalence.elaboration import read_aig
from .equivalence.sequential import Equivalence, Limits, check_clock, prove_equivalent

__all__ = ["GATE", "compare_netlist", "gate_level", "gate_points", "play_netlist"]

#: Size of the units that are verified by default.
LANES = 16
#: Lanes and longest row of a unit that is synthesised by parts.
SMALL = (4, 64)

#: Seconds that a step of a proof may be given: a day.
LONGEST_PROOF = 86400

#: Verdict of a proof that begins after Yosys' synthesis of operators, not with the RTL as it is.
FROM_OPERATORS = "from operators on"

#: Verilator on latches of clock gates, on cells that are not in files of their own, and on bits of a port that follow
#: from others of it.
LINT_OFF = "".join(f"// verilator lint_off {what}\n" for what in ("LATCH", "DECLFILENAME", "UNOPTFLAT"))


def gate_points() -> list[DesignPoint]:
    """The points of make with 16 lanes; of a unit that is synthesised by parts, a small one as the preset has it."""
    points = [point for point in main_design_points() if point.lanes == LANES]
    whole = [point for point in points if not point.entry.parts]
    small = [
        DesignPoint(point.unit, point.preset, *SMALL) for point in points if point.entry.parts and not point.options
    ]
    return [*whole, *small]


def _cache_key(point: DesignPoint, area: AreaOptions, cosim: CosimOptions, limits: Limits) -> str:
    mapped = vars(area) | {"liberty": library_digests(area.liberty)}
    facts = {"mapped": mapped, "cosim": vars(cosim), "limits": vars(limits)}
    return cache_key("gate level", point, **facts)


@cached(_cache_key)
def gate_level(point: DesignPoint, build_dir: Path, area: AreaOptions, cosim: CosimOptions, limits: Limits) -> dict:
    """Synthesise a point, play its netlist and compare it with its RTL.

    Returns
    -------
    dict
        ``netlist``, its library and recipe, ``cells``, ``flops``; ``rows``, ``cycles_compared``, ``mismatches`` and
        ``first_mismatch`` of the co-simulation; ``equivalence`` in words.
    """
    mapped = synthesis(point, build_dir, area)
    rtl = Path(write_verilog(point, build_dir, macros=bool(mapped.macros))["verilog"])
    found = play_netlist(point, mapped, area, cosim)
    compared = compare_netlist(rtl, mapped, area, limits)
    return {
        "netlist": f"{', '.join(file.name for file in area.liberty) or 'generic'}, {mapped.recipe}",
        "cells": mapped.cells,
        "flops": mapped.flops,
        **{field: found[field] for field in ("rows", "cycles_compared", "mismatches", "first_mismatch")},
        "equivalence": _in_words(compared),
    }


def _check(point: DesignPoint, build_dir: Path, area: AreaOptions, cosim: CosimOptions, **_):
    check_cosim(point, build_dir, cosim)
    check_synthesis(point, build_dir, area)


def _areas(recipes: Sequence[str], **options) -> list[AreaOptions]:
    return [AreaOptions(recipe=recipe, **options) for recipe in recipes]


def _number(context, option, seconds: float) -> float:
    """A click callback: the number itself; a range lets through what is none."""
    if math.isnan(seconds):
        raise click.BadParameter(f"must be 1 to {LONGEST_PROOF} seconds, not {seconds!r}")
    return seconds


GATE = Measure(
    name="gate",
    help="Verify netlists of standard cells by the Verilog's co-simulation and by formal equivalence with the Verilog. "
    "UNIT is a unit of softermax cosim; by default, the softmax units of make with 16 lanes and small processing "
    "elements.",
    example="gate unnormed --liberty cells.lib.gz --recipe balanced",
    title="Netlists, one row of {cosim.every}, seed {cosim.seed}, in {cosim.simulator}",
    progress="Synthesising, playing and comparing",
    run=gate_level,
    check=_check,
    options=(
        OptionGroup(
            "area",
            _areas,
            (
                LIBERTY,
                click.Option(
                    ["--recipe", "recipes"],
                    type=click.Choice(list(RECIPES)),
                    multiple=True,
                    default=tuple(RECIPES),
                    show_default=True,
                    help="Recipe of synthesis; may be repeated.",
                ),
                EXCLUDE,
                CLOCK_GATING,
            ),
        ),
        OptionGroup(
            "limits",
            Limits,
            (
                click.Option(
                    ["--seconds"],
                    type=click.FloatRange(1, LONGEST_PROOF),
                    default=60.0,
                    show_default=True,
                    callback=_number,
                    help="Time limit of each step of a proof, in seconds.",
                ),
            ),
        ),
        OptionGroup("cosim", CosimOptions, (SEED, SIMULATOR, every(16))),
    ),
    each="area",
    columns=(
        *POINT,
        Column("netlist", "netlist"),
        *COMPARED,
        CELLS,
        FLOPS,
        Column("equivalence", "equivalence"),
        *hidden("rows"),
    ),
)


def play_netlist(point: DesignPoint, mapped: Synthesis, area: AreaOptions, cosim: CosimOptions) -> dict:
    """Co-simulate a netlist, as :func:`softermax.flows.cosimulation.verify.verify` does, in a folder beside it."""
    text = mapped.netlist.read_text()
    for macro in mapped.macros.values():
        text = text.replace(macro.stub(), macro.model())
    file = mapped.netlist.with_name("netlist_with_cells.v")
    write_whole(file, LINT_OFF + _models(mapped, area) + text)
    return verify(point, file, file.parent / cosim.simulator, **vars(cosim))


def compare_netlist(rtl: Path, mapped: Synthesis, area: AreaOptions, limits: Limits) -> dict[str, Equivalence]:
    """Compare a netlist with its RTL, by parts if it was mapped by parts; what was found for each, by their names.

    Raises
    ------
    FlowError
        If the two have not the same parts, or registers are clocked by anything but gated clocks.
    """
    by_parts = bool(mapped.part_areas)
    golden, revised = (_partitions(file.read_text(), mapped.top, by_parts) for file in (rtl, mapped.netlist))
    if golden.keys() != revised.keys():
        raise FlowError(f"the netlist of {mapped.top} must have the same parts as its Verilog, but has not")
    # Parts rely on each other in every cycle and on every port.
    limits = replace(limits, contract=not by_parts)
    return {
        name: _compared(golden[name], revised[name], _models(mapped, area, of_cycles=True), limits) for name in golden
    }


def _partitions(text: str, top: str, by_parts: bool) -> dict[str, Partition]:
    """Partitions of a design, by their names; the whole design unless it was mapped by parts."""
    partitions = partition(text, top) if by_parts else [Partition(top, top, text)]
    return {part.name: part for part in partitions}


def _compared(golden: Partition, revised: Partition, models: str, limits: Limits) -> Equivalence:
    """Beside the RTL after synthesis of operators, which a difference shows in, too; then beside the RTL as it is."""
    with tempfile.TemporaryDirectory() as scratch:
        rtl, mapped = Path(scratch) / "rtl.v", Path(scratch) / "netlist.v"
        rtl.write_text(golden.verilog)
        mapped.write_text(models + revised.verilog)
        netlist = read_aig(mapped, revised.top)
        check_clock(netlist, Path(scratch))
        found = prove_equivalent(read_aig(rtl, golden.top, operators=True, x_inputs=True), netlist, limits)
        if found.verdict != "equivalent":
            return found
        whole = prove_equivalent(read_aig(rtl, golden.top, x_inputs=True), netlist, replace(limits, contract=False))
        return whole if whole.verdict == "equivalent" else replace(found, method=f"{found.method}; {FROM_OPERATORS}")


def _models(mapped: Synthesis, area: AreaOptions, *, of_cycles: bool = False) -> str:
    """Verilog of the cells that a netlist has."""
    library = read_libraries(area.liberty, area.exclude)
    kinds = set(INSTANCE.findall(mapped.netlist.read_text())) & library.cells.keys()
    return cell_models(library, kinds, of_cycles=of_cycles)


def _in_words(compared: dict[str, Equivalence]) -> str:
    """What was found, shortly."""
    verdicts = [part.verdict for part in compared.values()]
    parts = f" for {verdicts.count('equivalent')} of {len(verdicts)} parts" if len(verdicts) > 1 else ""
    if "different" in verdicts:
        return "different"
    if any(FROM_OPERATORS in part.method for part in compared.values()):
        parts += f", {FROM_OPERATORS}"
    if "undecided" in verdicts:
        depth = min(part.depth for part in compared.values() if part.verdict == "undecided")
        return f"proven{parts}" if len(verdicts) > 1 else f"undecided to depth {depth}"
    return f"proven{parts}"
