"""The shipped attention heads, a small one, and their scores and masks by definition."""

import numpy as np
import pytest

from softermax.sim.attention import AttentionHead, load_heads

HEADS = load_heads()
ENCODER, DECODER = ([head for head in HEADS if head.d_head == size] for size in (32, 64))
each_head = pytest.mark.parametrize("head", HEADS, ids=[head.name for head in HEADS])


def wide_scores(head):
    """Rounded scores before saturation; float64 holds every step exactly (20 bits of product, 16 of multiplier)."""
    product = head.q.astype(np.float64) @ head.k.astype(np.float64).T
    return np.floor(product * head.multiplier / 2.0**head.shift + 0.5) - head.zero_point


def kept_scores(head):
    """The mask by its definition."""
    return np.fromfunction(
        lambda row, key: (key < head.valid) & ((key <= row) | (not head.causal)), (head.tokens, head.tokens)
    )


def small_head(**changes):
    """Three positions of one dimension, the last one padding."""
    q = k = v = np.array([[1], [2], [-2]], np.int8)
    fields = {
        "name": "small", "layer": 0, "head": 0, "q": q, "k": k, "v": v, "scores": np.zeros((3, 3), np.int8),
        "valid": 2, "causal": False, "multiplier": 1 << 15, "shift": 17, "zero_point": 0, "q_scale": 1.0,
        "k_scale": 1.0, "v_scale": 1.0,
    }  # fmt: skip
    return AttentionHead(**fields | changes)
