"""Errors of a processing element's probabilities against attention in float64, on the captured heads."""

from __future__ import annotations

import numpy as np

from softermax.model import SoftermaxConfig, softmax_exact
from softermax.model.pe import ProcessingElementConfig, probabilities
from softermax.sim.attention import AttentionHead, load_heads
from softermax.sim.pe_trace import real_head

from .design_points import PRESETS

__all__ = ["head_errors"]


def head_errors(scale_bits: int) -> list[dict]:
    """For each captured head and preset: errors of the probabilities over the rows that are no padding.

    The reference is the softmax in float64 of the same 8-bit queries and keys with their real scales; so the errors are
    those of requantised scores and of the softmax, not of the 8 bits.

    Parameters
    ----------
    scale_bits : int
        Of the requantiser's multiplier.

    Returns
    -------
    list of dict
        ``max_error``; ``median_error``: of the rows' largest errors; ``row_sum``: the mean.
    """
    results = []
    for captured in load_heads():
        exact = _attention(captured)
        result = {"head": captured.name, "d_head": captured.d_head, "scale_bits": scale_bits}
        for preset in PRESETS:
            softmax = PRESETS[preset](lanes=16, max_len=384)
            config = ProcessingElementConfig(softmax=softmax, scale_bits=scale_bits)
            raw = probabilities(real_head(captured, config), config)[: captured.valid]
            if isinstance(softmax, SoftermaxConfig):
                seen = softmax.output.to_real(raw)
            else:
                seen = raw.view(np.float16).astype(np.float64)
            errors = np.abs(seen - exact).max(axis=1)
            result[f"{preset}_max_error"] = round(float(errors.max()), 4)
            result[f"{preset}_median_error"] = round(float(np.median(errors)), 4)
            result[f"{preset}_row_sum"] = round(float(seen.sum(axis=1).mean()), 4)
        results.append(result)
    return results


def _attention(captured: AttentionHead) -> np.ndarray:
    """Softmax in float64 of the rows that are no padding: ndarray, (valid, valid)."""
    rows = slice(captured.valid)
    q, k = captured.q[rows] * captured.q_scale, captured.k[rows] * captured.k_scale
    return softmax_exact(q @ k.T / np.sqrt(captured.d_head), captured.keep[rows, rows], base="e")
