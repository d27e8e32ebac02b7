"""A property-based search for rows with large errors."""

from __future__ import annotations

import hypothesis
import numpy as np
from hypothesis import strategies as st

from softermax.model import SoftermaxConfig
from softermax.model.attack import row_errors

__all__ = ["searched_rows"]

#: Rows that the search tries.
SEARCHED = 400


def searched_rows(config: SoftermaxConfig, seed: int):
    """The rows that Hypothesis tries on its climb towards the largest error."""
    tried = []

    @hypothesis.seed(seed)
    @hypothesis.settings(max_examples=SEARCHED, database=None, deadline=None)
    @hypothesis.given(_pieces(config))
    def climb(raw):
        above, below, _ = row_errors(config, raw)
        hypothesis.target(float(max(above[0], below[0])))
        tried.append((raw, None))

    climb()
    return tried


@st.composite
def _pieces(draw, config: SoftermaxConfig) -> np.ndarray:
    """A row, (1, n), of a few pieces: scores at one distance or two below the highest, as many as it takes."""
    score = st.integers(config.input.min_raw, config.input.max_raw)
    count = st.one_of(st.integers(1, 4), st.integers(1, config.max_len))
    pieces = draw(st.lists(st.tuples(score, score, count), min_size=1, max_size=6))
    row = np.concatenate([np.resize([a, b], n) for a, b, n in pieces])[: config.max_len]
    return row.astype(np.int16)[None]
