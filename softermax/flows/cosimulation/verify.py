"""Verification of a design point: co-simulation of its Verilog on real attention scores."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from softermax.sim.cosim import CosimResult, cosimulate
from softermax.sim.trace import Trace

from ..design_points import DesignPoint

__all__ = ["compared", "standard_traces", "verify"]


def verify(point: DesignPoint, verilog: Path, build_dir: Path, *, seed: int, simulator: str, every: int = 1) -> dict:
    """Play real attention into a unit's Verilog, RTL or a netlist, and compare every output port on every clock cycle.

    Parameters
    ----------
    seed, every : int
        For :func:`standard_traces`, which are played.
    simulator : str
        One of :data:`softermax.sim.cosim.SIMULATORS`.

    Returns
    -------
    dict
        What the unit's traffic measures, such as ``latency`` in clock cycles and ``throughput`` in slices per cycle;
        ``rows`` and what else is played; ``cycles_compared``, ``mismatches`` and ``first_mismatch``.
    """
    traces, contents = standard_traces(point, seed, every)
    results = cosimulate(verilog, point.name, traces, build_dir, simulator=simulator)
    return point.entry.traffic.measured(traces, results) | contents | compared(results)


def standard_traces(point: DesignPoint, seed: int, every: int = 1) -> tuple[list[Trace], dict]:
    """The traces that a unit is verified by, and how much they hold.

    They are the traces of its traffic and those that no unit before it can cause. Parameters as for
    :meth:`softermax.flows.designs.traffic.Traffic.traces`.
    """
    traffic = point.entry.traffic
    traces, contents = traffic.traces(point, seed, every)
    return [*traces, *traffic.further_traces(point, seed)], contents


def compared(results: Sequence[CosimResult]) -> dict:
    """How much has been compared, and what differed: ``cycles_compared``, ``mismatches``, ``first_mismatch``."""
    described = [mismatch for result in results for mismatch in result.described]
    return {
        "cycles_compared": sum(result.cycles for result in results),
        "mismatches": sum(result.mismatches for result in results),
        "first_mismatch": described[0] if described else None,
    }
