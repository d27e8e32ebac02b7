"""Hypothesis strategies for configs and rows, and the settings that make every run the same."""

from __future__ import annotations

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st

from softermax.model import UQ, Q, SoftermaxConfig

from .oracle import power_table_is_valid

SEGMENTS = [1 << n for n in range(9)]


def examples(number: int) -> settings:
    """Deterministic settings with ``number`` examples."""
    return settings(max_examples=number, derandomize=True, deadline=None)


@st.composite
def configs(draw, *, max_lanes=64, widest_sum=24, finest_output=24):
    """Any config: all formats, sizes and segments, saturating where it must and sometimes where it need not."""
    lanes = draw(st.integers(1, max_lanes))
    max_len = draw(st.integers(1, 4 * lanes))
    score_fraction = draw(st.integers(0, 8))
    unnormed = UQ(1, draw(st.integers(1, 30)))
    valid = st.sampled_from(SEGMENTS).filter(lambda s: power_table_is_valid(score_fraction, s, unnormed.fraction_bits))
    power_sum = UQ(draw(st.integers(1, widest_sum)), draw(st.integers(1, widest_sum)))
    largest_row = -(-max_len // lanes) * lanes
    overflows = largest_row * 2**power_sum.fraction_bits > 2**power_sum.width - 1
    return SoftermaxConfig(
        lanes=lanes,
        max_len=max_len,
        input=Q(draw(st.integers(1, 12 - score_fraction)), score_fraction),
        unnormed=unnormed,
        power_sum=power_sum,
        reciprocal=UQ(1, draw(st.integers(1, 10))),
        output=UQ(draw(st.integers(0, 1)), draw(st.integers(1, finest_output))),
        power_segments=draw(valid),
        reciprocal_segments=draw(st.sampled_from(SEGMENTS)),
        saturate=overflows or draw(st.booleans()),
    )


@st.composite
def rows(draw, config):
    """A row of raw scores and its mask: any length, extremes, plateaus, and slices without a kept lane."""
    low, high = config.input.min_raw, config.input.max_raw
    anywhere = st.integers(low, high)
    pool = draw(st.lists(st.one_of(anywhere, st.sampled_from([low, high, high - 1, 0])), min_size=1, max_size=4))
    scores = draw(st.sampled_from([st.sampled_from(pool), anywhere]))
    pairs = st.tuples(scores, draw(st.sampled_from([st.just(True), st.sampled_from([True, True, False])])))
    row = draw(st.lists(pairs, min_size=draw(st.integers(1, config.max_len)), max_size=config.max_len))
    raw = np.array([score for score, _ in row])
    kept = np.array([keep for _, keep in row])
    for masked in draw(st.sets(st.integers(0, config.max_slices - 1), max_size=2)):
        kept[masked * config.lanes : (masked + 1) * config.lanes] = False
    return raw, kept


@st.composite
def configs_and_rows(draw, **limits):
    """A config with a row for it: ``(config, raw, kept)``."""
    config = draw(configs(**limits))
    return config, *draw(rows(config))
