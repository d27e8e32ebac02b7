"""Seeded heads for a processing element, of sizes, scales and scores that captured ones do not have."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby

import numpy as np

from softermax.model.pe import Head
from softermax.model.pe_config import OPERAND_BITS, SHIFT_BITS, ProcessingElementConfig

from .traffic import Rows

__all__ = ["built_heads", "chosen_heads", "random_heads", "scaled_heads"]

#: Rows that take the MACs a single cycle.
MANY = 300
#: Queries of a head whose scores are chosen.
QUERIES = 16
LARGEST_SHIFT = (1 << SHIFT_BITS) - 1
#: Heads of random sizes, and those whose numbers are just large enough to fill the scores.
RANDOM, SCALED = 24, 40


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
    longest = min(max(2 * lanes, 16), config.max_len)
    return made + random_heads(rng, config, RANDOM, longest) + scaled_heads(rng, config, SCALED, longest)


def scaled_heads(
    rng: np.random.Generator, config: ProcessingElementConfig, number: int, longest: int | None = None
) -> list[Head]:
    """Heads whose dot products, small and large ones, are scaled so that scores are as large as some bits hold.

    So the lowest bit of a small dot product shows in its score, and the highest one of a large one.
    """
    heads = []
    for head in random_heads(rng, config, number, longest):
        limit = 1 << int(rng.integers(OPERAND_BITS))
        q, k = (rng.integers(-limit, limit, operands.shape).astype(np.int8) for operands in (head.q, head.k))
        largest = int(np.abs(q.astype(int) @ k.T.astype(int)).max())
        zero_point = int(rng.integers(-largest, largest + 1))
        size = (largest * head.multiplier).bit_length() - int(rng.integers(3, config.score.width))
        heads.append(replace(head, q=q, k=k, zero_point=zero_point, shift=min(max(size, 0), LARGEST_SHIFT)))
    return heads


def chosen_heads(rng: np.random.Generator, config: ProcessingElementConfig, rows: Rows) -> list[Head]:
    """Heads whose scores are given rows, none of them masked: a query for each, which picks its element of the keys.

    With values, each element of the context is one of the row's probabilities.

    Parameters
    ----------
    rows : list of (raw, mask)
        In ``config.score``; what 8 bits do not hold of them is lost.
    """
    heads, lost = [], max(config.score.width - OPERAND_BITS, 0)
    together = min(config.max_d_head, config.max_len, QUERIES)
    by_length = groupby(sorted((raw for raw, _ in rows), key=len), key=len)
    for alike in (list(some) for _, some in by_length):
        for some in (np.stack(alike[place : place + together]) for place in range(0, len(alike), together)):
            head = _head(rng, config, len(some), (some.T >> lost).astype(np.int8), np.eye(*some.T.shape, dtype=np.int8))
            one = config.scale_bits - 1
            scale = {"multiplier": 1 << one, "shift": one - lost, "zero_point": 0, "causal": False}
            context_scale = {"context_multiplier": 1 << one, "context_shift": one + int(rng.integers(2))}
            heads.append(replace(head, q=np.eye(len(some), dtype=np.int8), **scale, **context_scale))
    return heads
