"""What a unit is played to measure its energy: real rows at full speed, many traces side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from softermax.model.pe import Register
from softermax.sim.pe_trace import processing_element_trace, real_head
from softermax.sim.stimuli import WORD
from softermax.sim.trace import RESET_CYCLES, Trace

from ..cosimulation.verify import LONGEST, full_speed_trace, heads_of_length, rows_of_length
from ..design_points import DesignPoint
from ..errors import FlowError

__all__ = ["EnergyStimuli", "energy_stimuli"]

#: Rows in each trace of a softmax unit, and of a processing element.
ROWS, HEAD_ROWS = 10, 6
#: Cycles after which rows have filled every pipeline, and cycles in which glitches are counted then; those of heads.
FILLED, SAMPLED, HEAD_SAMPLED = 12, 12, 8


@dataclass(frozen=True)
class EnergyStimuli:
    """Traces and what counts of them.

    Attributes
    ----------
    traces : sequence of Trace
        A multiple of 64.
    counted_from : int
        First cycle whose energy counts.
    sample : range
        Cycles in which glitches are counted.
    rows : int
        Of all traces together.
    """

    traces: Sequence[Trace]
    counted_from: int
    sample: range
    rows: int


def energy_stimuli(point: DesignPoint, tokens: int) -> EnergyStimuli:
    """Traces of a unit over real rows of a length.

    Raises
    ------
    FlowError
        If ``tokens`` is not from 1 to the smaller of ``max_len`` and 1024.
    """
    most = min(point.max_len, LONGEST)
    if not 1 <= tokens <= most:
        raise FlowError(f"tokens must be from 1 to {most}, the smaller of max_len and {LONGEST}, not {tokens}")
    rng = np.random.default_rng(1)
    return _heads(point, tokens, rng) if point.unit == "pe" else _rows(point, tokens, rng)


def _rows(point: DesignPoint, tokens: int, rng: np.random.Generator) -> EnergyStimuli:
    """Rows back to back, different ones as far as there are so many."""
    rows = rows_of_length(point.config, tokens)
    order = np.resize(rng.permutation(len(rows)), (WORD, ROWS))
    traces = [full_speed_trace(point, [rows[n] for n in some], rng) for some in order]
    return EnergyStimuli(traces, RESET_CYCLES, range(FILLED, FILLED + SAMPLED), WORD * ROWS)


def _heads(point: DesignPoint, tokens: int, rng: np.random.Generator) -> EnergyStimuli:
    """Heads with all of their keys and some of their queries; what counts begins with their start, after loading."""
    config = point.hardware_config
    heads = [real_head(captured, config) for captured in heads_of_length(tokens)]
    traces = []
    for number in range(WORD):
        head = heads[number % len(heads)]
        some = rng.permutation(tokens)[: min(HEAD_ROWS, tokens)]
        traces.append(processing_element_trace([replace(head, q=head.q[some])], config, {}, rng))
    inputs = traces[0].inputs
    accesses = zip(inputs["csr__write_strobe"], inputs["csr__address"], inputs["rst"], strict=True)
    [start] = [n for n, access in enumerate(accesses) if access == (1, Register.CONTROL, 0)]
    # In the middle of the rows, when scores of one and the softmax of another are computed.
    middle = (start + traces[0].cycles) // 2
    return EnergyStimuli(traces, start, range(middle, middle + HEAD_SAMPLED), WORD * len(some))
