"""Utilisation of a processing element's MACs, by the timing model that co-simulation checks on every cycle."""

from __future__ import annotations

import numpy as np

from softermax.model.framing import frame
from softermax.model.pe import Head
from softermax.model.pe_config import ProcessingElementConfig
from softermax.model.pe_timing import ProcessingElementTiming
from softermax.sim.pe_trace import HeadHost

from ..designs.registry import design
from ..errors import FlowError
from ..results.columns import CYCLES, D_HEAD, POINT, TOKENS, hidden, integer, real

__all__ = ["UTILISATION_COLUMNS", "UTILISATION_PRESETS", "UTILISATION_TOKENS", "measure_utilisation", "played_head"]

#: Designs that are measured; the paper's formats, a cycle shorter, take no row of 1024 without saturating.
UTILISATION_PRESETS = ("faithful", "fp16")
#: Sequence lengths that are measured.
UTILISATION_TOKENS = (64, 128, 256, 384, 512, 1024)
#: Columns of the results.
UTILISATION_COLUMNS = (
    *POINT,
    TOKENS,
    D_HEAD,
    integer("mac_cycles", "MAC\ncycles"),
    CYCLES,
    real("utilisation", "utili-\nsation", 4),
    *hidden("causal"),
)


def played_head(
    preset: str, lanes: int, tokens: int, d_head: int, *, causal: bool = False, values: bool = False
) -> tuple[Head, ProcessingElementConfig]:
    """The head and the processing element that are measured; the element is as wide as its slices.

    Raises
    ------
    FlowError
        If there is no such processing element.
    """
    config_of = design(preset).config
    longest = ProcessingElementConfig.max_d_head
    if not 1 <= d_head <= longest:
        raise FlowError(f"d_head must be at least 1 and at most {longest}, not {d_head}")
    try:
        softmax = config_of(lanes=lanes, max_len=tokens)
        config = ProcessingElementConfig(softmax=softmax, vector_size=lanes, values=values)
        matrix = np.zeros((tokens, d_head), np.int8)
        head = Head(q=matrix, k=matrix, multiplier=1, shift=0, causal=causal, v=matrix)
        head.check(config)
    except (TypeError, ValueError) as error:
        # A vector has as many pairs as there are lanes.
        raise FlowError(str(error).replace("vector_size", "lanes")) from error
    return head, config


def measure_utilisation(
    preset: str, lanes: int, tokens: int, d_head: int, *, causal: bool = False, values: bool = False
) -> dict:
    """MAC cycles of a head against all cycles from its start until it is done; loading keys and values is apart.

    Queries are always there and what comes out is always taken, in rows of up to ``tokens`` elements. Parameters and
    errors are those of :func:`played_head`.
    """
    used, cycles = _play(*played_head(preset, lanes, tokens, d_head, causal=causal, values=values))
    return {
        "preset": preset,
        "lanes": lanes,
        "tokens": tokens,
        "d_head": d_head,
        "causal": causal,
        "values": values,
        "mac_cycles": used,
        "cycles": cycles,
        "utilisation": round(used / cycles, 4),
    }


def _play(head: Head, config: ProcessingElementConfig) -> tuple[int, int]:
    """MAC cycles and all cycles from start to done."""
    slices = -(-head.visible // config.lanes)
    last = np.zeros(slices.sum(), bool)
    last[np.cumsum(slices) - 1] = True
    timing = ProcessingElementTiming(config, frame(last, config.softmax), np.zeros(len(last), bool))
    chunks = config.chunks(head.q.shape[1])
    host, taken = HeadHost([head], config), dict.fromkeys(timing.inputs, 0)
    cycles = 0
    while not timing.done:
        host.drive(timing, taken)
        limits = {name: host.limit(name) for name in timing.inputs} | {"q": len(head.q) * chunks}
        valids = tuple(taken[name] < limit for name, limit in limits.items())
        readies = timing.ready(valids, (True,))
        cycles += timing.busy
        timing.clock(valids, (True,))
        for name, valid, ready in zip(timing.inputs, valids, readies, strict=True):
            taken[name] += valid and ready
    return timing.multiplications, cycles
