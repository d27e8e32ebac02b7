"""Rows for the units of one arithmetic, as words that they take: real ones, and ones made to be difficult."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from softermax.model.binary16 import from_fixed

from .corners import binary16_rows
from .directed_rows import directed_rows, softermax_rows
from .traffic import Rows

__all__ = ["BASELINE_STIMULI", "SOFTERMAX_STIMULI", "RowStimuli"]


def _encode(rng: np.random.Generator, raw: np.ndarray, lengths: np.ndarray, config) -> np.ndarray:
    return config.arithmetic.encode(raw, config)


def encode_rows(rows: Rows, config) -> Rows:
    """Rows of fixed-point scores as words."""
    return [(config.arithmetic.encode(raw, config), mask) for raw, mask in rows]


@dataclass(frozen=True, kw_only=True)
class RowStimuli:
    """Stimuli that are particular to an arithmetic; the defaults suit words that are fixed-point scores.

    Attributes
    ----------
    directed : callable
        Rows of fixed-point scores that only this arithmetic finds difficult: (rng, config) -> Rows.
    vary : callable
        Random rows of fixed-point scores as words, with values beyond fixed point: (rng, config, rows) -> Rows.
    spread : callable
        The same for captured rows one behind the other: (rng, raw, lengths, config) -> words like ``raw``; a row has
        ``lengths[n]`` elements.
    """

    directed: Callable[[np.random.Generator, object], Rows] = lambda rng, config: []
    vary: Callable[[np.random.Generator, object, Rows], Rows] = lambda rng, config, rows: encode_rows(rows, config)
    spread: Callable[..., np.ndarray] = _encode

    def directed_rows(self, rng: np.random.Generator, config) -> Rows:
        """All directed rows for a config, of fixed-point scores."""
        return directed_rows(rng, config, config.arithmetic.score(config)) + self.directed(rng, config)


def _vary_binary16(rng: np.random.Generator, config, rows: Rows) -> Rows:
    return binary16_rows(rng, config, rows, config.arithmetic.score(config).fraction_bits)


def _spread_binary16(rng: np.random.Generator, raw: np.ndarray, lengths: np.ndarray, config) -> np.ndarray:
    """Captured scores, half of the rows with random fraction bits."""
    x = from_fixed(raw, config.arithmetic.score(config).fraction_bits)
    some = np.repeat(rng.random(len(lengths)) < 0.5, lengths) & (x & 0x7FFF > 0)
    return x ^ np.where(some, rng.integers(0, 1 << 8, x.shape), 0).astype(np.uint16)


SOFTERMAX_STIMULI = RowStimuli(directed=softermax_rows)
BASELINE_STIMULI = RowStimuli(vary=_vary_binary16, spread=_spread_binary16)
