"""Traces of the baseline's operators by themselves."""

from __future__ import annotations

import numpy as np

from softermax.hw.baseline import Operator
from softermax.model.pipeline_timing import PipelineTiming

from .streams import PackedStream
from .trace import Trace, record

__all__ = ["operator_trace"]


def operator_trace(
    operator: Operator,
    operands: dict[str, np.ndarray],
    results: np.ndarray,
    permits: dict[str, np.ndarray],
    rng: np.random.Generator,
) -> Trace:
    """Trace of a :class:`softermax.hw.baseline.Pipeline` of as many lanes as the operands have.

    Parameters
    ----------
    operands : dict of str to ndarray of int, (slices, lanes)
        Raw bits; negative ones in two's complement.
    results : ndarray of uint16, (slices, lanes)
        Results of the model.
    permits : dict of str to ndarray of bool
        Permissions of the streams ``i`` and ``o``, a value a cycle, repeated; a stream without is always allowed.
    rng : numpy.random.Generator
        For what is driven where nothing is offered.
    """
    source = _pack([(operands[name], width) for name, width in operator.operands.items()])
    return record(PipelineTiming(operator.latency), {"i": source}, {"o": _pack([(results, 16)])}, permits, rng)


def _pack(fields: list[tuple[np.ndarray, int]]) -> PackedStream:
    """Lane after lane the fields of each, lowest bits first."""
    bits = [np.asarray(values).astype(np.int64)[:, :, None] >> np.arange(width) & 1 for values, width in fields]
    return PackedStream.from_bits(np.concatenate(bits, axis=2).reshape(len(fields[0][0]), -1).astype(np.uint8))
