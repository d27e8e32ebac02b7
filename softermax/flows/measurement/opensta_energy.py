"""Figures of a netlist beside OpenSTA's: its period, and its energies when every net changes alike, all clocks tick."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..design_points import DesignPoint
from ..gates.activity import Activity
from ..gates.energy import switched_energy
from ..gates.liberty import Library
from ..gates.liberty_files import read_liberty_files
from ..gates.netlist import CLOCK, Netlist, kind_of
from ..gates.opensta import find_opensta, opensta_energy, opensta_period
from ..jobs.measure import Measure
from ..results.columns import POINT, hidden, real
from ..synthesis.options import BALANCED_SYNTHESIS
from ..synthesis.synthesis import AreaOptions
from .checks import check_timing
from .jobs import synthesis, timing
from .mapped_unit import read_mapped_unit

__all__ = ["OPENSTA_ENERGY", "check_beside_opensta", "energy_beside_opensta", "timing_beside_opensta"]

#: Changes of a net in a clock cycle, and the cycles of which energies are means, so that counts are whole numbers.
CHANGES, CYCLES = 0.2, 1000
PERIOD = 1000.0


def check_beside_opensta(point: DesignPoint, build_dir: Path, options: AreaOptions):
    """Refuse what OpenSTA is not there for, or what :func:`check_timing` refuses."""
    check_timing(point, build_dir, options)
    find_opensta()


def timing_beside_opensta(point: DesignPoint, build_dir: Path, options: AreaOptions) -> dict:
    """Timing of a point's netlist, and the period that OpenSTA finds in the same netlist."""
    found = timing(point, build_dir, options)
    netlist = synthesis(point, build_dir, options).netlist
    period = opensta_period(netlist, point.name, read_liberty_files(options.liberty))
    return found | {"opensta_period": round(period, 3)}


def energy_beside_opensta(point: DesignPoint, build_dir: Path, options: AreaOptions) -> dict:
    """Energies of a clock cycle of 1 ns in fJ, ours and OpenSTA's: inside of cells, of the nets they drive, leakage."""
    made = synthesis(point, build_dir, options)
    unit = read_mapped_unit(made, options.liberty, options.exclude)
    activity = uniform_activity(unit.netlist, unit.library)
    voltage = unit.library.voltage
    how = {"voltage": voltage, "period": PERIOD}
    [energy] = switched_energy(unit.netlist, unit.library, unit.delays, activity, **how).values()
    theirs = opensta_energy(made.netlist, made.top, read_liberty_files(options.liberty), CHANGES)
    of_nets = (activity.toggles + 2 * activity.clocked) * unit.delays.load[:-2].mean(axis=1) * voltage**2 / 2
    driven = np.ones(len(of_nets), bool)
    driven[list(unit.netlist.inputs.values())] = False
    ours = {
        "internal": (energy.logic + energy.clock - of_nets.sum()) / CYCLES,
        "switching": of_nets[driven].sum() / CYCLES,
        "leakage": energy.leakage / CYCLES,
    }
    shown = {}
    for name, fj in theirs.items():
        shown |= {name: round(float(ours[name]), 6), f"opensta_{name}": round(fj, 6)}
        shown[f"{name}_ratio"] = round(float(ours[name]) / fj, 4) if fj else None
    return {"recipe": made.recipe, **shown}


OPENSTA_ENERGY = Measure(
    name="opensta-energy",
    help="Compare the energy of a softmax unit's clock cycle with OpenSTA, which must be installed: cells, nets and "
    "leakage. Every net changes alike.",
    example="opensta-energy unnormed --lanes 32 --liberty cells.lib.gz",
    title="Energy of a clock cycle in fJ, ours and OpenSTA's, recipe {options.recipe}",
    progress="Synthesising",
    run=energy_beside_opensta,
    check=check_beside_opensta,
    options=(BALANCED_SYNTHESIS,),
    columns=(
        *POINT,
        *(
            real(field, heading, 3)
            for name in ("internal", "switching", "leakage")
            for field, heading in (
                (name, f"{name}\n/fJ"),
                (f"opensta_{name}", "OpenSTA\n/fJ"),
                (f"{name}_ratio", "ratio"),
            )
        ),
        *hidden("recipe"),
    ),
)


def uniform_activity(netlist: Netlist, library: Library) -> Activity:
    """Every clock ticks in every cycle, all other nets change alike."""
    clocks = np.zeros(len(netlist.nets), bool)
    clocks[netlist.inputs[CLOCK]] = True
    for cell in netlist.cells:
        if kind_of(cell, library) == "clock gate":
            clocks[cell.pins[library.cells[cell.kind].state["out"]]] = True
    toggles = np.where(clocks, 0, round(CHANGES * CYCLES))
    return Activity(toggles, np.where(clocks, CYCLES, 0), {}, CYCLES)
