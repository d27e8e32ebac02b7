"""Batches for softmax units: rows of real and of difficult scores, and what a unit makes of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from softermax.model import QFormat
from softermax.model.shape import RowShape
from softermax.sim.attention import load_heads
from softermax.sim.row_stimuli import RowStimuli
from softermax.sim.streams import UnitStreams
from softermax.sim.traffic import random_rows, rows_to_slices
from softermax.sim.unit_models import UnitModel

__all__ = ["RowBatches"]

#: Difficult rows that are made at a time.
DIFFICULT = 20

Row = tuple[np.ndarray, np.ndarray]


@lru_cache
def _captured() -> list[Row]:
    """Scores and masks of every captured head, each (tokens, tokens)."""
    return [(head.scores, head.keep) for head in load_heads()]


@dataclass(frozen=True)
class RowBatches:
    """Batches for a softmax unit.

    Parameters
    ----------
    model : UnitModel
        Model of the unit.
    config : RowShape
        Config of its softmax.
    stimuli : RowStimuli
        Stimuli of its arithmetic.
    """

    model: UnitModel
    config: RowShape
    stimuli: RowStimuli

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
        x = self.stimuli.spread(rng, raw.ravel(), np.full(rows, elements), self.config).reshape(-1, lanes)
        last = np.arange(1, len(x) + 1) % of_a_row == 0
        return self._streams((x, mask.reshape(-1, lanes), last))

    def _streams(self, slices) -> tuple[UnitStreams, tuple]:
        return self.model.streams(slices, self.config), ()

    def _some(self, rng) -> list[Row]:
        """Twice as many captured rows as difficult ones."""
        captured = [self._captured_row(rng) for _ in range(2 * DIFFICULT)]
        difficult = random_rows(rng, self.config, DIFFICULT, self._score)
        varied = self.stimuli.vary(rng, self.config, difficult)
        return self._spread(rng, captured) + varied

    @property
    def _score(self) -> QFormat:
        return self.config.arithmetic.score(self.config)

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
        fmt = self._score
        return np.clip(raw, fmt.min_raw, fmt.max_raw).astype(np.int16)

    def _spread(self, rng, rows: list[Row]) -> list[Row]:
        lengths = np.array([len(raw) for raw, _ in rows])
        x = self.stimuli.spread(rng, np.concatenate([raw for raw, _ in rows]), lengths, self.config)
        return [(of_row, mask) for of_row, (_, mask) in zip(np.split(x, np.cumsum(lengths)[:-1]), rows, strict=True)]
