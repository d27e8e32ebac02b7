"""Hypothesis strategies for configs and rows, and the settings that make every run the same."""

from __future__ import annotations

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st

from softermax.model import UQ, Q, SoftermaxConfig
from softermax.model.baseline import BaselineConfig

from .oracle import power_table_is_valid

SEGMENTS = [1 << n for n in range(9)]


def examples(number: int) -> settings:
    """Deterministic settings with ``number`` examples."""
    return settings(max_examples=number, derandomize=True, deadline=None)


@st.composite
def configs(
    draw, *, max_lanes=64, widest_sum=24, finest_output=24, most_product_bits=8, normalizers=("multiply", "row_product")
):
    """Any config: all formats, sizes and segments, both styles, saturating where it must and sometimes elsewhere.

    By row product a score has up to ``most_product_bits`` fraction bits: a row has 2 to the power of them products.
    """
    lanes = draw(st.integers(1, max_lanes))
    max_len = draw(st.integers(1, 4 * lanes))
    power_sum = UQ(draw(st.integers(1, widest_sum)), draw(st.integers(1, widest_sum)))
    largest_row = -(-max_len // lanes) * lanes
    overflows = largest_row * 2**power_sum.fraction_bits > 2**power_sum.width - 1
    reciprocal = UQ(1, draw(st.integers(1, 10)))
    return SoftermaxConfig(
        lanes=lanes,
        max_len=max_len,
        power_sum=power_sum,
        reciprocal=reciprocal,
        output=UQ(draw(st.integers(0, 1)), draw(st.integers(1, finest_output))),
        reciprocal_segments=draw(st.sampled_from(SEGMENTS)),
        mantissa_guard_bits=draw(_guard_bits(reciprocal)),
        saturate=overflows or draw(st.booleans()),
        cuts=draw(_cuts(lanes)),
        **draw(_styles(normalizers, most_product_bits)),
    )


@st.composite
def _cuts(draw, lanes):
    """Any registers of the Unnormed Softmax Unit, or those of the default."""
    steps = ("int_max", "power_of_two", *(f"sum_{level}" for level in range(1, (lanes - 1).bit_length() + 1)))
    return draw(st.none() | st.sets(st.sampled_from(steps)).map(lambda some: tuple(s for s in steps if s in some)))


def _guard_bits(reciprocal):
    """From what leaves a bit of an index, to 14 bits of it: the oracle makes every entry of the table."""
    bits = reciprocal.fraction_bits
    return st.integers(max(-8, 1 - bits), min(8, 14 - bits))


@st.composite
def _styles(draw, normalizers, most_product_bits):
    """The style of normalization, and the formats and segments that are valid with it."""
    normalizer = draw(st.sampled_from(normalizers))
    by_product = normalizer == "row_product"
    rounding = draw(st.sampled_from(["nearest", "cascade", *(["directed"] if by_product else [])]))
    direction = "down" if rounding == "directed" else "nearest"
    score_fraction = draw(st.integers(0, most_product_bits if by_product else 8))
    unnormed = UQ(1, draw(st.integers(1, 30)))

    def is_valid(segments):
        plain = segments >= 2**score_fraction
        return (plain or not by_product) and power_table_is_valid(
            score_fraction, segments, unnormed.fraction_bits, direction
        )

    return {
        "normalizer": normalizer,
        "rounding": rounding,
        "guard_bits": draw(st.integers(1, 8)) if rounding == "cascade" else 0,
        "input": Q(draw(st.integers(1, 12 - score_fraction)), score_fraction),
        "unnormed": unnormed,
        "product": UQ(1, draw(st.integers(1, 24))),
        "power_segments": draw(st.sampled_from(SEGMENTS).filter(is_valid)),
    }


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


#: Zeros, subnormals, the smallest and the largest normal numbers, infinities and NaNs, of both signs.
SPECIAL_BINARY16 = [
    sign | magnitude
    for sign in (0, 0x8000)
    for magnitude in (0, 1, 0x03FF, 0x0400, 0x3C00, 0x7BFF, 0x7C00, 0x7C01, 0x7E00, 0x7FFF)
]


def baseline_configs(*, max_lanes=9, datapaths=("operators", "fused")):
    """Any config of the baseline, of up to four slices."""
    lanes = st.integers(1, max_lanes)
    return lanes.flatmap(
        lambda lanes: st.builds(
            BaselineConfig,
            lanes=st.just(lanes),
            max_len=st.integers(1, 4 * lanes),
            normalizer=st.sampled_from(["divide", "multiply"]),
            datapath=st.sampled_from(datapaths),
            base=st.sampled_from(["e", "2"]),
        )
    )


@st.composite
def baseline_rows(draw, config):
    """A row of raw binary16 scores and its mask: of like size, anything, with special values; slices all masked."""
    anything = st.integers(0, 0xFFFF)
    # Of 0.25 to 16 and both signs: differences of which a softmax notices every bit.
    usual = st.builds(
        lambda magnitude, sign: magnitude | sign, st.integers(0x3400, 0x4BFF), st.sampled_from([0, 0x8000])
    )
    equal = st.sampled_from(draw(st.lists(usual, min_size=1, max_size=3)))
    finite = anything.filter(lambda raw: raw & 0x7C00 != 0x7C00)
    special = st.sampled_from(SPECIAL_BINARY16)
    harmless = st.sampled_from([raw for raw in SPECIAL_BINARY16 if raw & 0x7C00 != 0x7C00] + [0xFC00])
    scores = draw(st.sampled_from([usual, usual, equal, finite, usual | harmless, harmless, usual | special, anything]))
    masks = draw(st.sampled_from([st.just(True), st.sampled_from([True, True, False])]))
    row = draw(st.lists(st.tuples(scores, masks), min_size=1, max_size=config.max_len))
    raw, kept = np.array([score for score, _ in row], np.uint16), np.array([keep for _, keep in row])
    for masked in draw(st.sets(st.integers(0, config.max_slices - 1), max_size=1)):
        kept[masked * config.lanes : (masked + 1) * config.lanes] = False
    return raw, kept


@st.composite
def baseline_configs_and_rows(draw, **choices):
    """A config of the baseline with a row for it: ``(config, raw, kept)``."""
    config = draw(baseline_configs(**choices))
    return config, *draw(baseline_rows(config))
