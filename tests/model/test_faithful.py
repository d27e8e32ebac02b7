"""Faithful configs: the bound is below one unit in the last place, tight, and no row that we can think of breaks it."""

import re
from dataclasses import replace
from inspect import signature
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from softermax.model import UQ, Q, SoftermaxConfig, faithful_config, softmax_raw
from softermax.model.attack import hard_rows, random_rows, worst_of
from softermax.model.error_budget import error_budget
from softermax.model.width_search import narrower

from .strategies import examples, rows

INPUTS = (Q(6, 2), Q(5, 3), Q(4, 4), Q(7, 2))
GRID = [
    SoftermaxConfig.faithful(score, UQ(1, bits) if bits == 7 else UQ(0, bits), max_len)
    for score, bits, max_len in product(INPUTS, (7, 12), (16, 384))
]
STYLES = [
    SoftermaxConfig.faithful(lanes=4, max_len=96),
    SoftermaxConfig.faithful(lanes=4, max_len=96, rounding="directed"),
    SoftermaxConfig.faithful(lanes=4, max_len=96, normalizer="multiply"),
    SoftermaxConfig.faithful(lanes=4, max_len=96, input=Q(4, 4), output=UQ(1, 11)),
]


def name(config) -> str:
    """What tells the configs of this file apart."""
    return f"{config.input}-{config.output}-{config.max_len}-{config.normalizer}-{config.rounding}"


def check(config, batches):
    """Above, the bound; below, the bound or, where results are truncated, less than an ulp."""
    worst = worst_of(config, batches)
    bound = error_budget(config).total
    assert worst.above <= bound
    assert worst.below < 1 if config.rounding == "directed" else worst.below <= bound


@pytest.mark.parametrize("config", GRID + STYLES, ids=name)
def test_the_bound_is_below_an_ulp_and_no_width_can_lose_a_bit(config):
    assert error_budget(config).total < 1
    for what, less in narrower(config):
        assert error_budget(less).total >= 1, what


@pytest.mark.parametrize("config", GRID + STYLES, ids=name)
def test_hard_rows_stay_below_the_bound(config):
    check(config, hard_rows(config))


@pytest.mark.parametrize("config", GRID + STYLES, ids=name)
def test_random_rows_stay_below_the_bound(config):
    check(config, random_rows(config, np.random.default_rng(1), 2000))


@examples(60)
@given(st.data())
def test_any_row_stays_below_the_bound(data):
    config = data.draw(st.sampled_from(STYLES))
    raw, kept = data.draw(rows(config))
    check(config, [(raw[None], kept[None])])


def test_the_attack_comes_close_to_the_bound():
    # Else it would not be one: a budget of twice its size would pass as well.
    worst = max(worst_of(config, hard_rows(config)).above for config in STYLES)
    assert worst > 0.5


@pytest.mark.parametrize("config", GRID[::5], ids=name)
def test_a_config_without_its_guard_bits_is_caught(config):
    coarse = replace(config, unnormed=UQ(1, config.output.fraction_bits), power_sum=UQ(13, config.output.fraction_bits))
    assert error_budget(coarse).total > 1
    worst = worst_of(coarse, hard_rows(coarse))
    assert max(worst.above, worst.below) > 1


def test_directed_rounding_never_exceeds_the_exact_probability_by_an_ulp_nor_sums_to_more_than_one():
    config = SoftermaxConfig.faithful(lanes=4, max_len=96, rounding="directed")
    raw = np.rint(np.random.default_rng(2).normal(0, 6, (500, 96))).astype(int)
    assert softmax_raw(raw, config).sum(axis=-1).max() <= 2**config.output.fraction_bits


def test_the_power_sum_holds_the_longest_row():
    for config in GRID:
        assert config.power_sum.max_raw >= config.capacity << config.power_sum.fraction_bits
        assert not config.sum_can_overflow


@pytest.mark.parametrize(
    ("score", "normalizer"), [(Q(6, 2), "row_product"), (Q(3, 5), "row_product"), (Q(3, 6), "multiply")]
)
def test_the_normalizer_is_the_smaller_one(score, normalizer):
    assert SoftermaxConfig.faithful(input=score, max_len=32).normalizer == normalizer


def test_the_longest_rows_can_be_faithful():
    config = SoftermaxConfig.faithful(output=UQ(1, 11), max_len=65536)
    assert error_budget(config).total < 1


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        ({"output": UQ(0, 17)}, ValueError, "output must have at most 16 fraction bits to be faithful, not UQ(0,17)"),
        ({"max_len": 0}, ValueError, "max_len must be 1 to 65536, not 0"),
        (
            {"input": Q(9, 4)},
            ValueError,
            "input must have at most 12 bits, at most 8 of them fraction bits, not Q(9,4)",
        ),
        ({"rounding": "up"}, ValueError, "rounding must be 'nearest', 'directed' or 'cascade', not 'up'"),
        (
            {"normalizer": "multiply", "rounding": "directed"},
            ValueError,
            "rounding must be 'nearest' or 'cascade' with normalizer 'multiply', not 'directed'",
        ),
    ],
)
def test_what_cannot_be_faithful_is_refused(arguments, error, text):
    with pytest.raises(error, match=f"^{re.escape(text)}$"):
        SoftermaxConfig.faithful(**arguments)


def test_the_preset_is_a_choice_of_the_class():
    config = SoftermaxConfig.faithful(lanes=4, max_len=96)
    assert config == faithful_config(lanes=4, max_len=96)
    parameters = list(signature(SoftermaxConfig.faithful).parameters)
    assert parameters == ["input", "output", "max_len", "lanes", "normalizer", "rounding", "guard_bits", "cuts", "base"]
