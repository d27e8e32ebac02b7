"""Errors of a processing element's probabilities and context against attention in float64, on the captured heads."""

from __future__ import annotations

import numpy as np

from softermax.model.pe import context, probabilities
from softermax.model.pe_config import ProcessingElementConfig
from softermax.sim.attention import exact_attention, load_heads
from softermax.sim.pe_trace import context_unit, real_head

from ..designs.registry import designs
from ..results.columns import D_HEAD, Column, hidden, real

__all__ = ["HEAD_COLUMNS", "MAX_LEN", "head_errors"]

#: Tokens of the longest heads that are measured.
MAX_LEN = 384
#: Columns of the results.
HEAD_COLUMNS = (
    Column("head", "head"),
    D_HEAD,
    *(
        real(f"{preset}_{error}", f"{preset}\n{heading}", digits, detail=error in ("median_error", "row_sum"))
        for preset in designs()
        for error, heading, digits in (
            ("max_error", "largest", 4),
            ("median_error", "median", 4),
            ("row_sum", "row sum", 3),
            ("context_error", "context", 4),
        )
    ),
    *hidden("scale_bits"),
)


def head_errors(scale_bits: int) -> list[dict]:
    """For each captured head of up to :data:`MAX_LEN` tokens and each preset: errors over the rows that are no padding.

    The reference is attention in float64 of the same 8-bit queries, keys and values with their real scales; so the
    errors are those of requantised scores, of the softmax and of requantised context, not of the 8 bits.

    Parameters
    ----------
    scale_bits : int
        Bits of the requantiser's multiplier.

    Returns
    -------
    list of dict
        Errors of the probabilities: ``max_error``; ``median_error`` of the rows' largest errors; the mean ``row_sum``.
        ``context_error``: the root mean square error, divided by the root mean square of the context.
    """
    results = []
    for captured in (head for head in load_heads() if head.tokens <= MAX_LEN):
        exact, exact_context = exact_attention(captured)
        result = {"head": captured.name, "d_head": captured.d_head, "scale_bits": scale_bits}
        for preset, design in designs().items():
            softmax = design.config(lanes=16, max_len=MAX_LEN)
            config = ProcessingElementConfig(softmax=softmax, scale_bits=scale_bits, values=True)
            head = real_head(captured, config)
            raw = probabilities(head, config)[: captured.valid]
            seen = softmax.arithmetic.decode(raw, softmax)
            errors = np.abs(seen - exact).max(axis=1)
            result[f"{preset}_max_error"] = round(float(errors.max()), 4)
            result[f"{preset}_median_error"] = round(float(np.median(errors)), 4)
            result[f"{preset}_row_sum"] = round(float(seen.sum(axis=1).mean()), 4)
            given = context(head, config)[: captured.valid] * context_unit(captured)
            result[f"{preset}_context_error"] = round(_relative_error(given, exact_context), 4)
        results.append(result)
    return results


def _relative_error(given: np.ndarray, exact: np.ndarray) -> float:
    return float(np.sqrt(((given - exact) ** 2).mean() / (exact**2).mean()))
