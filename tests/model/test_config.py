"""The config: presets, derived sizes, every validation error, and the rules on overflow and saturation."""

import re
from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from softermax.model import UQ, Q, SoftermaxConfig
from softermax.model.unnormed import unnormed_softmax

from .oracle import power_table_is_valid
from .strategies import SEGMENTS, configs, examples


@pytest.mark.parametrize("lanes", [16, 32])
def test_paper_preset_has_the_papers_formats(lanes):
    config = SoftermaxConfig.paper(lanes=lanes, max_len=384)
    formats = (config.input, config.unnormed, config.power_sum, config.reciprocal, config.output)
    assert formats == (Q(6, 2), UQ(1, 15), UQ(10, 6), UQ(1, 7), UQ(1, 7))
    assert (config.lanes, config.max_len, config.saturate, config.base) == (lanes, 384, False, "2")
    assert config.power_table.segments == 4


def test_paper_preset_defaults():
    assert SoftermaxConfig.paper() == SoftermaxConfig(lanes=16, max_len=384)


def test_derived_sizes_of_the_paper_preset():
    config = SoftermaxConfig.paper(lanes=16, max_len=384)
    assert config.max_slices == 24
    assert config.capacity == 384
    assert config.maximum == Q(7, 0)
    assert config.lowest_maximum == -32
    assert config.slice_sum == UQ(5, 15)  # 16 numerators of 1.0
    assert config.mantissa_bits == 9
    assert config.max_exponent == 10  # 1023 = 1.998 * 2**9, and 1/2 counts as 0
    assert config.product_shift == 14  # 15 + 7 fraction bits less 7, less the doubling
    assert not config.sum_can_overflow


def test_derived_sizes_by_row_product():
    config = SoftermaxConfig.paper(lanes=16, max_len=384, normalizer="row_product")
    assert (config.plan.row_latency, config.plan.buffer_depth) == (3, 24 + 3 + 3)
    assert config.product_width == 11  # 2**0.75 is 1722/1024


@pytest.mark.parametrize(
    ("lanes", "max_len", "slices", "capacity"),
    [(16, 1, 1, 16), (16, 16, 1, 16), (16, 17, 2, 32), (1, 5, 5, 5), (7, 50, 8, 56)],
)
def test_capacity_rounds_up_to_whole_slices(lanes, max_len, slices, capacity):
    config = SoftermaxConfig(lanes=lanes, max_len=max_len)
    config = replace(config, cuts=())
    assert (config.max_slices, config.capacity, config.plan.buffer_depth) == (slices, capacity, slices + 2)


@pytest.mark.parametrize(("lanes", "bits"), [(1, 1), (2, 2), (15, 4), (16, 5), (31, 5), (32, 6)])
def test_slice_sum_holds_every_lane_at_one(lanes, bits):
    assert SoftermaxConfig(lanes=lanes, max_len=lanes).slice_sum == UQ(bits, 15)


def test_mantissa_is_no_longer_than_the_sum():
    config = SoftermaxConfig(lanes=1, max_len=7, power_sum=UQ(3, 2))
    assert config.mantissa_bits == 4


@pytest.mark.parametrize(
    ("changes", "error", "text"),
    [
        ({"lanes": 16.0}, TypeError, "lanes must be an integer, not 16.0"),
        ({"lanes": True}, TypeError, "lanes must be an integer, not True"),
        ({"lanes": 0}, ValueError, "lanes must be 1 to 1024, not 0"),
        ({"lanes": 1025}, ValueError, "lanes must be 1 to 1024, not 1025"),
        ({"max_len": "384"}, TypeError, "max_len must be an integer, not '384'"),
        ({"max_len": 0}, ValueError, "max_len must be 1 to 65536, not 0"),
        ({"max_len": 65537}, ValueError, "max_len must be 1 to 65536, not 65537"),
        ({"power_segments": 4.0}, TypeError, "power_segments must be an integer, not 4.0"),
        ({"power_segments": 0}, ValueError, "power_segments must be 1 to 256, not 0"),
        ({"power_segments": 512}, ValueError, "power_segments must be 1 to 256, not 512"),
        ({"power_segments": 3}, ValueError, "power_segments must be a power of two, not 3"),
        ({"reciprocal_segments": None}, TypeError, "reciprocal_segments must be an integer, not None"),
        ({"reciprocal_segments": 257}, ValueError, "reciprocal_segments must be 1 to 256, not 257"),
        ({"reciprocal_segments": 12}, ValueError, "reciprocal_segments must be a power of two, not 12"),
        ({"saturate": 1}, TypeError, "saturate must be a bool, not 1"),
        ({"base": 2}, ValueError, "base must be '2' or 'e', not 2"),
        ({"base": "10"}, ValueError, "base must be '2' or 'e', not '10'"),
        ({"input": "6.2"}, ValueError, "input must be written Q(i,f) or UQ(i,f), not '6.2'"),
        ({"output": None}, TypeError, "output must be a QFormat, not None"),
        ({"input": UQ(6, 2)}, ValueError, "input must be signed, not UQ(6,2)"),
        ({"unnormed": Q(1, 15)}, ValueError, "unnormed must be unsigned, not Q(1,15)"),
        ({"power_sum": Q(10, 6)}, ValueError, "power_sum must be unsigned, not Q(10,6)"),
        ({"reciprocal": Q(1, 7)}, ValueError, "reciprocal must be unsigned, not Q(1,7)"),
        ({"output": Q(1, 7)}, ValueError, "output must be unsigned, not Q(1,7)"),
        (
            {"input": Q(11, 2)},
            ValueError,
            "input must have at most 12 bits, at most 8 of them fraction bits, not Q(11,2)",
        ),
        (
            {"input": Q(3, 9)},
            ValueError,
            "input must have at most 12 bits, at most 8 of them fraction bits, not Q(3,9)",
        ),
        ({"unnormed": UQ(2, 15)}, ValueError, "unnormed must be UQ(1,f) with f from 1 to 36, not UQ(2,15)"),
        ({"unnormed": UQ(0, 15)}, ValueError, "unnormed must be UQ(1,f) with f from 1 to 36, not UQ(0,15)"),
        ({"unnormed": UQ(1, 0)}, ValueError, "unnormed must be UQ(1,f) with f from 1 to 36, not UQ(1,0)"),
        ({"reciprocal": UQ(1, 21)}, ValueError, "reciprocal must be UQ(1,f) with f from 1 to 20, not UQ(1,21)"),
        ({"output": UQ(2, 7)}, ValueError, "output must be UQ(0,f) or UQ(1,f) with f from 1 to 24, not UQ(2,7)"),
        ({"output": UQ(1, 0)}, ValueError, "output must be UQ(0,f) or UQ(1,f) with f from 1 to 24, not UQ(1,0)"),
        ({"output": UQ(1, 25)}, ValueError, "output must be UQ(0,f) or UQ(1,f) with f from 1 to 24, not UQ(1,25)"),
        (
            {"power_sum": UQ(0, 16)},
            ValueError,
            "power_sum must have an integer and a fraction bit or more, not UQ(0,16)",
        ),
        (
            {"power_sum": UQ(16, 0)},
            ValueError,
            "power_sum must have an integer and a fraction bit or more, not UQ(16,0)",
        ),
        ({"mantissa_guard_bits": 2.0}, TypeError, "mantissa_guard_bits must be an integer, not 2.0"),
        ({"mantissa_guard_bits": -9}, ValueError, "mantissa_guard_bits must be -8 to 8, not -9"),
        ({"mantissa_guard_bits": 9}, ValueError, "mantissa_guard_bits must be -8 to 8, not 9"),
        (
            {"mantissa_guard_bits": -7},
            ValueError,
            "mantissa_guard_bits must leave a bit or more of an index at UQ(1,7), not -7",
        ),
        ({"normalizer": "divide"}, ValueError, "normalizer must be 'multiply' or 'row_product', not 'divide'"),
        ({"product": UQ(0, 10)}, ValueError, "product must be UQ(1,f) with f from 1 to 24, not UQ(0,10)"),
        ({"product": UQ(1, 25)}, ValueError, "product must be UQ(1,f) with f from 1 to 24, not UQ(1,25)"),
        ({"rounding": "up"}, ValueError, "rounding must be 'nearest', 'directed' or 'cascade', not 'up'"),
        (
            {"rounding": "cascade"},
            ValueError,
            "guard_bits must be 1 or more with rounding 'cascade', not 0",
        ),
        ({"guard_bits": 3}, ValueError, "guard_bits must be 0 with rounding 'nearest', not 3"),
        ({"guard_bits": 17, "rounding": "cascade"}, ValueError, "guard_bits must be 0 to 16, not 17"),
        (
            {"rounding": "directed"},
            ValueError,
            "rounding must be 'nearest' or 'cascade' with normalizer 'multiply', not 'directed'",
        ),
        (
            {"normalizer": "row_product", "input": Q(5, 3)},
            ValueError,
            "power_segments must be 8 or more for a row product at Q(5,3), not 4",
        ),
        (
            # One line over the octave lies 0.043 below the curve at its ends: 2**(1/256) would come out as 0.96.
            {"input": Q(4, 8), "power_segments": 1},
            ValueError,
            "power_segments must be enough for 2**t not to come out below 1 at Q(4,8), not 1",
        ),
    ],
)
def test_constructor_refuses(changes, error, text):
    with pytest.raises(error, match=f"^{re.escape(text)}$"):
        SoftermaxConfig(**{"lanes": 16, "max_len": 384} | changes)


@pytest.mark.parametrize(
    "limits",
    [
        {"lanes": 1024, "max_len": 65536, "power_sum": UQ(17, 6)},
        {"input": Q(4, 8), "power_segments": 256},
        {"input": Q(12, 0), "reciprocal_segments": 256},
        {"unnormed": UQ(1, 30), "reciprocal": UQ(1, 20), "output": UQ(1, 24)},
        {"unnormed": UQ(1, 1), "reciprocal": UQ(1, 1), "output": UQ(0, 1)},
        {"product": UQ(1, 1), "mantissa_guard_bits": -6, "normalizer": "row_product", "rounding": "directed"},
        {"product": UQ(1, 24), "mantissa_guard_bits": 8, "normalizer": "row_product"},
    ],
)
def test_limits_themselves_are_allowed(limits):
    SoftermaxConfig(**{"lanes": 16, "max_len": 384} | limits)


@pytest.mark.parametrize(("lanes", "longest"), [(1, 1023), (16, 1008), (32, 992), (1000, 1000)])
def test_sum_must_hold_the_capacity(lanes, longest):
    """UQ(10,6) holds 1023 equal scores but not 1024; a row counts as whole slices."""
    assert not SoftermaxConfig.paper(lanes=lanes, max_len=longest).sum_can_overflow
    too_long = -(-(longest + 1) // lanes) * lanes
    text = (
        f"power_sum must hold a row of {too_long} equal scores (max_len {longest + 1} in slices of {lanes}) unless "
        "saturate is true, as UQ(11,6) does, not only 1023.984375 as UQ(10,6)"
    )
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        SoftermaxConfig.paper(lanes=lanes, max_len=longest + 1)


def test_saturate_lifts_the_limit_on_the_sum():
    assert SoftermaxConfig.paper(lanes=1, max_len=1024, saturate=True).sum_can_overflow
    assert not SoftermaxConfig.paper(lanes=1, max_len=1023, saturate=True).sum_can_overflow


def test_longest_row_fills_the_sum_to_its_border():
    rows = unnormed_softmax(np.zeros((1023, 1), np.int8), None, SoftermaxConfig.paper(lanes=1, max_len=1023))
    assert rows.power_sum[-1] == 1023 * 64
    assert not rows.saturated[-1]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, False),  # at most 1 / (1 - 1/32) * (1 + 1/64) = 1.05 of 1.99
        ({"output": UQ(0, 7)}, True),  # 1.0 does not fit
        ({"power_sum": UQ(10, 1)}, True),  # nearly 1 over a sum truncated to 1/2
        ({"output": UQ(1, 1)}, False),  # at most 1.05 + 0.25 of 1.5
        ({"reciprocal": UQ(1, 1), "output": UQ(1, 2)}, True),  # rounding alone: 1.03 * (1 + 2 * 5/16) + 0.125 of 1.75
        # 2**-0.25 = 0.8409 over 53/64 is 1.016; with 1/64 of it for the reciprocal far below 1.99.
        ({"normalizer": "row_product"}, False),
        ({"normalizer": "row_product", "output": UQ(0, 7)}, True),
        # 2**-0.25 = 0.8409 over a sum truncated to 1/2 is 1.68; half a unit is 1/8 more than 1.75 holds.
        ({"normalizer": "row_product", "power_sum": UQ(10, 1), "output": UQ(1, 2)}, True),
        # 2**-0.75 = 0.5946 over a numerator truncated to 1/2 is 1.19; with 1/64 of it and 1/4, below 1.5.
        ({"normalizer": "row_product", "unnormed": UQ(1, 2), "output": UQ(1, 1)}, False),
    ],
)
def test_output_can_saturate(changes, expected):
    assert SoftermaxConfig(lanes=16, max_len=384, **changes).output_can_saturate == expected


def test_answers_are_plain_bools():
    """So that they can be printed and written as JSON."""
    config = SoftermaxConfig.paper()
    assert isinstance(config.sum_can_overflow, bool)
    assert isinstance(config.output_can_saturate, bool)


@examples(150)
@given(st.integers(0, 8), st.sampled_from(SEGMENTS), st.integers(1, 30))
def test_power_segments_are_refused_exactly_if_an_entry_falls_below_one_or_reaches_two(
    fraction_bits, segments, output_bits
):
    def config():
        return SoftermaxConfig(
            lanes=1, max_len=1, input=Q(4, fraction_bits), unnormed=UQ(1, output_bits), power_segments=segments
        )

    if power_table_is_valid(fraction_bits, segments, output_bits):
        assert config().power_table.values[1:].min(initial=2**output_bits) >= 2**output_bits
    else:
        with pytest.raises(ValueError, match=r"^(power_segments must be enough|unnormed must be fine enough) "):
            config()


@examples(150)
@given(configs())
def test_derived_formats_hold_what_they_must(config):
    assert config.capacity >= config.max_len > config.capacity - config.lanes
    assert config.slice_sum.max_raw >= config.lanes << config.unnormed.fraction_bits
    highest = -(-config.input.max_raw >> config.input.fraction_bits)
    assert config.maximum.min_raw <= config.lowest_maximum <= highest <= config.maximum.max_raw
    assert (
        2.0**config.max_exponent
        > config.power_sum.to_real(config.power_sum.max_raw)
        >= 2.0 ** (config.max_exponent - 1)
    )


def test_config_is_frozen():
    config = SoftermaxConfig.paper()
    with pytest.raises(FrozenInstanceError):
        config.lanes = 32


def test_config_takes_keywords_only():
    with pytest.raises(TypeError, match="positional"):
        SoftermaxConfig(16, 384)


def test_equal_configs_are_one_key():
    used = SoftermaxConfig.paper()
    assert used.power_table is used.power_table
    assert {used: 1}[SoftermaxConfig.paper()] == 1


def test_replace_validates_again():
    assert replace(SoftermaxConfig.paper(), lanes=32) == SoftermaxConfig.paper(lanes=32)
    with pytest.raises(ValueError, match=r"^lanes must be 1 to 1024, not 0$"):
        replace(SoftermaxConfig.paper(), lanes=0)
