"""Seeded heads for a processing element, of sizes and scales that captured ones do not have."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from softermax.model.pe import Head
from softermax.model.pe_config import ProcessingElementConfig

__all__ = ["built_heads", "random_heads"]

#: Rows that take the MACs a single cycle.
MANY = 300


def random_heads(
    rng: np.random.Generator, config: ProcessingElementConfig, number: int, longest: int | None = None
) -> list[Head]:
    """Heads of any sizes; some have the keys and values of the one before.

    Parameters
    ----------
    longest : int or None
        Most queries and keys; None takes the config's.
    """
    heads = []
    for _ in range(number):
        queries, keys = rng.integers(1, (longest or config.max_len) + 1, 2)
        d_head = int(rng.integers(1, config.max_d_head + 1))
        k, v = (rng.integers(-128, 128, (keys, d_head)).astype(np.int8) for _ in "kv")
        if heads and rng.random() < 0.3:
            k, v = heads[-1].k, heads[-1].v
        heads.append(_head(rng, config, int(queries), k, v))
    return heads


def _head(rng, config, queries: int, k: np.ndarray, v: np.ndarray) -> Head:
    return Head(
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


def built_heads(rng: np.random.Generator, config: ProcessingElementConfig) -> list[Head]:
    """Small heads, each size with a full mask and with a causal one.

    Many rows of which each takes the MACs a single cycle; sizes at which slices and words are just full or just not;
    one query for the most keys of the longest; and some of random sizes, of a few slices.
    """
    lanes, size = config.lanes, config.vector_size
    single_steps = (config.max_len, max(lanes - 1, 1), 1)
    sizes = [  # queries, keys, d_head
        *[single_steps] * -(-MANY // config.max_len),
        (1, 1, 1),
        (2, lanes, size),
        (3, min(lanes + 1, config.max_len), max(size - 1, 1)),
        (min(2 * lanes + 3, config.max_len), min(lanes + 2, config.max_len), min(size + 1, config.max_d_head)),
        (1, config.max_len, config.max_d_head),
    ]
    made = []
    for queries, keys, d_head in sizes:
        k, v = (rng.integers(-128, 128, (keys, d_head)).astype(np.int8) for _ in "kv")
        head = _head(rng, config, queries, k, v)
        made += [replace(head, causal=False), replace(head, causal=True, q=head.q[::-1].copy())]
    return made + random_heads(rng, config, 24, min(max(2 * lanes, 16), config.max_len))
