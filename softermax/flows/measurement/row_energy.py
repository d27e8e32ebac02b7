"""Energy of a unit for a row of real attention scores, by playing many of them into its mapped netlist."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from softermax.sim.stimuli import pack_inputs, unpack_bits
from softermax.sim.trace import Trace

from ..design_points import DesignPoint
from ..gates.activity import Activity
from ..gates.energy import EnergyBreakdown, switched_energy
from ..gates.glitches import simulate_glitches
from ..results.columns import hidden, real
from .mapped_unit import MappedUnit

__all__ = ["ROW_ENERGY_COLUMNS", "measure_row_energy"]

#: Columns of the energies of a row, and of how they were measured.
ROW_ENERGY_COLUMNS = (
    real("net_switching_energy", "nets\n{energy_unit}", 2, detail=True),
    real("cells_energy", "cells\n{energy_unit}", 2, detail=True),
    real("clock_energy", "clock\n{energy_unit}", 2, detail=True),
    real("leakage_energy", "leakage\n{energy_unit}", 2, detail=True),
    real("memory_energy", "memories\n{energy_unit}", 2, detail=True),
    real("softmax_energy", "softmax\n{energy_unit}", 2, detail=True),
    real("energy_per_row", "row\n{energy_unit}", 2),
    real("glitch_factor", "glitch\nfactor", 2, detail=True),
    real("energy_with_glitches", "row with\nglitches", 2, detail=True),
    real("period", "period\n/ps", 1, detail=True),
    *hidden("energy_unit", "rows", "voltage", "energy_per_element"),
    # Energies of the parts of a processing element.
    *hidden("*_energy"),
)


def measure_row_energy(point: DesignPoint, unit: MappedUnit, *, tokens: int, period: float) -> dict:
    """Energy for a row and for an element, rows back to back at full speed.

    A processing element's is from the start of a head, with its keys loaded, to its last probabilities.

    Parameters
    ----------
    unit : MappedUnit
        Mapped component of the point.
    tokens : int
        Length of the rows, 1 to the smaller of the point's ``max_len`` and 1024.
    period : float
        Period of the clock, in ps, for leakage.

    Returns
    -------
    dict
        ``energy_per_row`` and what it is made of, ``energy_per_element``, both without glitches; ``glitch_factor``, by
        which a sample's nets and cells take more with them, and ``energy_with_glitches`` for a row; ``rows`` played,
        and ``mismatches`` of the netlist's outputs against the golden trace. Of a processing element also
        ``memory_energy``, by the model of :mod:`softermax.flows.synthesis.sram_macros`, and of each part.

    Raises
    ------
    FlowError
        If ``tokens`` is out of range, or the library does not tell its voltage.
    """
    played = point.entry.traffic.energy_stimuli(point, tokens)
    flat, library, delays, voltage = unit.netlist, unit.library, unit.delays, unit.library.voltage
    activities = simulate_glitches(
        flat,
        library,
        delays,
        pack_inputs(played.traces, flat.input_widths()),
        counted_from=played.counted_from,
        sample=played.sample,
        memories={kind: macro.depth for kind, macro in unit.synthesis.macros.items()},
    )
    how = {"voltage": voltage, "period": period, "part_of": _part_of}
    whole, without, glitching = (switched_energy(flat, library, delays, activity, **how) for activity in activities)
    load = np.mean(list(delays.tables[library.inverter].capacitances.values())) * voltage**2
    memories = _memory_energy(unit, activities[0], load)
    factor = _total(glitching).logic / (_total(without).logic or 1)
    scale = 1 / played.rows / 1000
    return {
        "tokens": tokens,
        "rows": played.rows,
        "mismatches": _mismatches(played.traces, activities[0]),
        "period": period,
        "voltage": voltage,
        **_of_a_row(_total(whole), sum(memories.values()), factor, scale, tokens),
        **(_of_parts(point, whole, without, glitching, memories, scale) if point.entry.parts else {}),
    }


def _of_a_row(energy: EnergyBreakdown, memory: float, factor: float, scale: float, tokens: int) -> dict:
    row = (energy.total + memory) * scale
    return {
        "energy_per_row": round(row, 4),
        **{f"{kind}_energy": round(some * scale, 4) for kind, some in vars(energy).items()},
        "memory_energy": round(memory * scale, 4) if memory else None,
        "energy_per_element": round(row * 1000 / tokens, 3),
        "glitch_factor": round(factor, 4),
        "energy_with_glitches": round(row + energy.logic * (factor - 1) * scale, 4),
    }


def _of_parts(point: DesignPoint, whole, without, glitching, memories: dict[str, float], scale: float) -> dict:
    """Energies of a row in each part, with glitches; the softmax is everything from scores to probabilities."""
    found = {}
    for part, energy in whole.items():
        factor = glitching[part].logic / (without[part].logic or 1)
        found[part] = energy.total + energy.logic * (factor - 1) + memories.get(part, 0)
    parts = {f"{part}_energy": round(energy * scale, 4) for part, energy in found.items() if part}
    softmax = sum(found.get(part, 0) for part in point.entry.softmax_parts)
    return parts | {"softmax_energy": round(softmax * scale, 4)}


def _part_of(cell: str) -> str:
    """The unit's submodule that a cell is in, by the cell's name."""
    part, _, inside = cell.partition(".")
    return part if inside else ""


def _total(parts: dict[str, EnergyBreakdown]) -> EnergyBreakdown:
    first, *others = parts.values()
    return sum(others, start=first)


def _memory_energy(unit: MappedUnit, activity: Activity, inverter_load: float) -> dict[str, float]:
    """What the accesses to memories take, in each part."""
    found: dict[str, float] = defaultdict(float)
    kinds = {cell.name: cell.kind for cell in unit.netlist.cells}
    for name, (reads, writes) in activity.accesses.items():
        found[_part_of(name)] += (reads + writes) * unit.synthesis.macros[kinds[name]].access_energy(inverter_load)
    return found


def _mismatches(traces: Sequence[Trace], activity: Activity) -> int:
    """Output ports that are not what a trace says, over all of its cycles."""
    wrong = 0
    for stimulus, trace in enumerate(traces):
        for port, expected in trace.outputs.items():
            seen = unpack_bits(activity.outputs[port], stimulus)
            wrong += sum(value is not None and value != shown for value, shown in zip(expected, seen, strict=False))
    return wrong
