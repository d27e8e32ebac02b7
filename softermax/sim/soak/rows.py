"""Batches for softmax units: rows of real and of difficult scores, and what a unit makes of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from softermax.model import Q, SoftermaxConfig
from softermax.model.baseline import BaselineConfig
from softermax.model.binary16 import from_fixed
from softermax.model.shape import RowShape
from softermax.sim import baseline_trace, softermax_trace
from softermax.sim.attention import load_heads
from softermax.sim.corners import binary16_rows
from softermax.sim.streams import UnitStreams
from softermax.sim.traffic import random_rows, rows_to_slices

__all__ = ["RowBatches"]

#: The functions that make each unit's streams, for each kind of config.
STREAMS: dict[type, dict[str, Callable]] = {
    SoftermaxConfig: {
        "unnormed": softermax_trace.unnormed_streams,
        "normalization": softermax_trace.normalization_streams,
        "softermax": softermax_trace.softermax_streams,
    },
    BaselineConfig: {
        "unnormed": baseline_trace.baseline_unnormed_streams,
        "normalization": baseline_trace.baseline_normalization_streams,
        "softermax": baseline_trace.baseline_softmax_streams,
    },
}

#: Format of the captured scores.
CAPTURED = Q(6, 2)

#: Difficult rows that are made at a time.
DIFFICULT = 20

Row = tuple[np.ndarray, np.ndarray]


@lru_cache
def _captured() -> list[Row]:
    """Scores and masks of every captured head, each (tokens, tokens)."""
    return [(head.scores, head.keep) for head in load_heads()]


@dataclass(frozen=True)
class RowBatches:
    """Batches for one of the units of :data:`STREAMS`.

    Parameters
    ----------
    unit : str
    config : SoftermaxConfig or BaselineConfig
    """

    unit: str
    config: RowShape

    def mixed(self, rng: np.random.Generator, slices: int) -> tuple[UnitStreams, tuple]:
        """About so many slices, at least: captured rows and difficult ones in random order."""
        rows, made = [], 0
        while made < slices:
            some = self._some(rng)
            made += sum(-(-len(raw) // self.config.lanes) for raw, _ in some)
            rows += some
        shuffled = [rows[place] for place in rng.permutation(len(rows))]
        return self._streams(rows_to_slices(shuffled, self.config))

    def even(self, rng: np.random.Generator, slices: int) -> tuple[UnitStreams, tuple]:
        """About so many slices, at least, in rows of the same number of slices, which is a random one."""
        lanes, most = self.config.lanes, self.config.max_slices
        of_a_row = int(rng.choice([1, most, rng.integers(1, most + 1)]))
        rows, elements = -(-slices // of_a_row), of_a_row * lanes
        # Pieces of a head's scores, as long as they must be.
        scores, keep = (matrix.ravel() for matrix in _captured()[rng.integers(len(_captured()))])
        where = (rng.integers(len(scores), size=(rows, 1)) + np.arange(elements)) % len(scores)
        raw = self._in_range(scores[where] + rng.integers(-40, 41, (rows, 1)))
        lengths = elements - rng.integers(0, lanes, (rows, 1))
        mask = keep[where] & (np.arange(elements) < lengths)
        x = self._converted(rng, raw.ravel(), np.full(rows, elements)).reshape(-1, lanes)
        last = np.arange(1, len(x) + 1) % of_a_row == 0
        return self._streams((x, mask.reshape(-1, lanes), last))

    def _streams(self, slices) -> tuple[UnitStreams, tuple]:
        return STREAMS[type(self.config)][self.unit](slices, self.config), ()

    def _some(self, rng) -> list[Row]:
        """Twice as many captured rows as difficult ones."""
        captured = [self._captured_row(rng) for _ in range(2 * DIFFICULT)]
        if isinstance(self.config, SoftermaxConfig):
            return captured + random_rows(rng, self.config, DIFFICULT)
        difficult = random_rows(rng, self.config, DIFFICULT, CAPTURED)
        built = binary16_rows(rng, self.config, difficult, CAPTURED.fraction_bits)
        return self._converted_rows(rng, captured) + built

    def _captured_row(self, rng) -> Row:
        """A captured row: whole, or cut to a random length; with the scores as they are, or moved."""
        scores, keep = _captured()[rng.integers(len(_captured()))]
        row, tokens = rng.integers(len(scores)), len(scores)
        length = min(tokens if rng.random() < 0.6 else int(rng.integers(1, tokens + 1)), self.config.capacity)
        start = int(rng.integers(tokens - length + 1))
        where = slice(start, start + length)
        moved = int(rng.integers(-40, 41)) if rng.random() < 0.5 else 0
        return self._in_range(scores[row, where].astype(np.int64) + moved), keep[row, where]

    def _in_range(self, raw: np.ndarray) -> np.ndarray:
        fmt = self.config.input if isinstance(self.config, SoftermaxConfig) else CAPTURED
        return np.clip(raw, fmt.min_raw, fmt.max_raw).astype(np.int16)

    def _converted_rows(self, rng, rows: list[Row]) -> list[Row]:
        lengths = np.array([len(raw) for raw, _ in rows])
        x = self._converted(rng, np.concatenate([raw for raw, _ in rows]), lengths)
        return [(of_row, mask) for of_row, (_, mask) in zip(np.split(x, np.cumsum(lengths)[:-1]), rows, strict=True)]

    def _converted(self, rng, raw: np.ndarray, lengths: np.ndarray) -> np.ndarray:
        """Rows, one behind the other, as the unit takes them: in binary16 half of them get random fraction bits."""
        if isinstance(self.config, SoftermaxConfig):
            return raw
        x = from_fixed(raw, CAPTURED.fraction_bits)
        some = np.repeat(rng.random(len(lengths)) < 0.5, lengths) & (x & 0x7FFF > 0)
        return x ^ np.where(some, rng.integers(0, 1 << 8, x.shape), 0).astype(np.uint16)
