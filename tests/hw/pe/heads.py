"""Heads made up at random."""

import numpy as np

from softermax.model.pe import Head
from softermax.model.pe_config import ProcessingElementConfig


def random_heads(rng: np.random.Generator, config: ProcessingElementConfig, number: int) -> list[Head]:
    """Heads of any sizes; some have the keys and values of the one before."""
    heads = []
    for _ in range(number):
        queries, keys = rng.integers(1, config.max_len + 1, 2)
        d_head = int(rng.integers(1, config.max_d_head + 1))
        k, v = (rng.integers(-128, 128, (keys, d_head)).astype(np.int8) for _ in "kv")
        if heads and rng.random() < 0.3:
            k, v = heads[-1].k, heads[-1].v
        heads.append(
            Head(
                q=rng.integers(-128, 128, (queries, k.shape[1])).astype(np.int8),
                k=k,
                multiplier=int(rng.integers(1 << config.scale_bits)),
                shift=config.scale_bits + int(rng.integers(4, 14)),
                zero_point=int(rng.choice([0, rng.integers(-5000, 5000), -(1 << 22), (1 << 22) - 1])),
                causal=bool(rng.integers(2)),
                v=v,
                context_multiplier=int(rng.integers(1 << config.scale_bits)),
                context_shift=config.scale_bits + int(rng.integers(2, 10)),
            )
        )
    return heads
