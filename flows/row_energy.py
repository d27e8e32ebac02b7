"""Energy of a unit for a row of real attention scores, by playing many of them into its mapped netlist."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from softermax.sim.stimuli import WORD, pack_inputs, unpack_bits
from softermax.sim.trace import RESET_CYCLES, Trace

from .design_points import DesignPoint
from .errors import FlowError
from .gates.activity import Activity, simulate
from .gates.cell_tables import read_tables
from .gates.energy import EnergyBreakdown, switched_energy
from .gates.glitches import simulate_timed
from .gates.liberty import Library
from .gates.netlist import read_netlist
from .gates.timing import Delays, inverter_fo4
from .synthesis import Synthesis
from .verify import LONGEST, full_speed_trace, rows_of_length

__all__ = ["measure_row_energy"]

#: Rows in each stimulus.
ROWS = 10
#: Cycles in which glitches are counted, when rows have filled the pipeline.
GLITCH_CYCLES = range(12, 36)


def measure_row_energy(
    point: DesignPoint, unit: Synthesis, library: Library, liberty: Sequence[Path], *, tokens: int, period: float
) -> dict:
    """Energy for a row and for an element, rows back to back at full speed.

    Parameters
    ----------
    unit : Synthesis
        Of the point's component.
    liberty : sequence of Path
        Plain Liberty files.
    tokens : int
        Length of the rows, 1 to the smaller of the point's ``max_len`` and 1024.
    period : float
        Of the clock, in ps, for leakage.

    Returns
    -------
    dict
        ``energy_per_row`` and its parts, and ``energy_per_element``, both without glitches; ``glitch_factor``, by which
        a sample's nets and cells take more with them, and ``energy_with_glitches`` for a row; ``rows`` played, and
        ``mismatches`` of the netlist's outputs against the golden trace.

    Raises
    ------
    FlowError
        If ``tokens`` is out of range.
    """
    flat = read_netlist(unit.netlist, unit.top, liberty)
    traces = _traces(point, tokens)
    stimuli = pack_inputs(traces, flat.input_widths())
    activity = simulate(flat, library, stimuli, counted_from=RESET_CYCLES)
    tables = read_tables(liberty, {cell.kind for cell in flat.cells} | {library.inverter})
    delays, voltage = Delays(flat, library, tables), _nominal_voltage(liberty[0])

    def energy_of(some: Activity) -> EnergyBreakdown:
        return switched_energy(flat, library, tables, delays, some, voltage=voltage, period=period)

    found, factor = energy_of(activity), 1.0
    sample = {port: words[: GLITCH_CYCLES.stop] for port, words in stimuli.items()}
    how = {"counted_from": GLITCH_CYCLES.start}
    without = energy_of(simulate(flat, library, sample, **how))
    if without.logic:
        timed = simulate_timed(flat, library, delays, sample, fo4=inverter_fo4(tables[library.inverter]), **how)
        factor = energy_of(timed).logic / without.logic
    with_glitches = found.clock + found.leakage + found.logic * factor
    rows = WORD * ROWS
    per_row = {part: round(energy / rows / 1000, 4) for part, energy in vars(found).items()}
    return {
        "tokens": tokens,
        "rows": rows,
        "mismatches": _mismatches(traces, activity),
        "period": period,
        "voltage": voltage,
        "energy_per_row": round(found.total / rows / 1000, 4),
        **{f"{part}_energy": energy for part, energy in per_row.items()},
        "energy_per_element": round(found.total / rows / tokens, 3),
        "glitch_factor": round(factor, 4),
        "energy_with_glitches": round(with_glitches / rows / 1000, 4),
    }


def _traces(point: DesignPoint, tokens: int) -> list[Trace]:
    """A trace for each stimulus, of different rows as far as there are so many."""
    rows = rows_of_length(point.config, tokens)
    if not rows:
        most = min(point.config.max_len, LONGEST)
        raise FlowError(f"tokens must be from 1 to {most}, the smaller of max_len and {LONGEST}, not {tokens}")
    rng = np.random.default_rng(1)
    order = np.resize(rng.permutation(len(rows)), (WORD, ROWS))
    return [full_speed_trace(point, [rows[n] for n in some], rng) for some in order]


def _nominal_voltage(liberty: Path) -> float:
    found = re.search(r"nom_voltage\s*:\s*([\d.]+)", liberty.read_text(errors="replace"))
    if found is None:
        raise FlowError("the library must have a nom_voltage, from which energies follow")
    return float(found[1])


def _mismatches(traces: Sequence[Trace], activity: Activity) -> int:
    """Output ports that are not what a trace says, over all of its cycles."""
    wrong = 0
    for stimulus, trace in enumerate(traces):
        for port, expected in trace.outputs.items():
            seen = unpack_bits(activity.outputs[port], stimulus)
            wrong += sum(value is not None and value != shown for value, shown in zip(expected, seen, strict=False))
    return wrong
