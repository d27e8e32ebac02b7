"""Power of Two: every score against every maximum, against powers in float64 and the golden model."""

from math import floor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from softermax.hw import PowerOfTwo
from softermax.model import Q, SoftermaxConfig
from softermax.model.unnormed import power_of_two
from softermax.sim.amaranth_bench import observe_in_amaranth

from ..model.strategies import configs, examples
from .packing import pack, unpack


def numerators(config, x, keep, maximum):
    """Power of Two of every row of ``x``, (slices, lanes)."""
    inputs = {
        "x": pack(x, config.input.width),
        "keep": pack(keep, 1),
        "maximum": [int(m) % 2**config.maximum.width for m in maximum],
    }
    return unpack(observe_in_amaranth(PowerOfTwo(config), inputs)["u"], config.unnormed.width, config.lanes)


def test_every_paper_score_against_every_maximum_in_every_lane():
    config = SoftermaxConfig.paper(lanes=16, max_len=64)
    scores = np.arange(-128, 128).reshape(16, 16)
    # Each maximum with all scores, cut into slices; those above the maximum are masked.
    maximum = np.repeat(np.arange(-32, 33), 16)
    x = np.tile(scores, (65, 1))
    keep = x <= 4 * maximum[:, None]
    seen = numerators(config, x, keep, maximum)
    for row, slice_maximum in enumerate(maximum.tolist()):
        for score, kept, u in zip(x[row].tolist(), keep[row].tolist(), seen[row].tolist(), strict=True):
            mantissa = round(2.0 ** (score / 4 - floor(score / 4)) * 2**15)
            assert u == (mantissa >> (slice_maximum - floor(score / 4)) if kept else 0)
    np.testing.assert_array_equal(seen, power_of_two(x.astype(np.int16), keep, maximum, config))


@pytest.mark.parametrize("fmt", [Q(6, 2), Q(4, 6), Q(6, 0), Q(4, 8)], ids=str)
def test_every_distance_is_within_the_bound_of_two_to_the_power(fmt):
    # One unit for the shift's truncation, and the table's own bound.
    config = SoftermaxConfig(lanes=4, max_len=4, input=fmt)
    x = np.arange(fmt.min_raw, fmt.max_raw + 1).reshape(-1, 4)
    highest = 2 ** (fmt.integer_bits - 1)
    seen = numerators(config, x, np.ones_like(x), [highest] * len(x)) * config.unnormed.ulp
    exact = 2.0 ** (fmt.to_real(x) - highest)
    assert (seen <= exact + config.power_table.error_bound).all()
    assert (seen > exact - config.power_table.error_bound - config.unnormed.ulp).all()


def test_an_integer_at_the_maximum_is_exactly_one():
    config = SoftermaxConfig.paper(lanes=2, max_len=2)
    assert numerators(config, [[-128, 124]], [[1, 1]], [31]).tolist() == [[0, 1 << 15]]
    assert numerators(config, [[-128, -127]], [[1, 1]], [-32])[0, 0] == 1 << 15


@examples(25)
@given(config=configs(max_lanes=16), seed=st.integers(0, 999))
def test_random_slices_equal_the_golden_model(config, seed):
    rng = np.random.default_rng(seed)
    x = rng.integers(config.input.min_raw, config.input.max_raw + 1, size=(60, config.lanes)).astype(np.int16)
    keep = rng.random(x.shape) < 0.8
    lowest = -(-x.max(axis=1).astype(int) >> config.input.fraction_bits)
    maximum = rng.integers(lowest, 2 ** (config.input.integer_bits - 1) + 1)
    seen = numerators(config, x, keep, maximum)
    np.testing.assert_array_equal(seen, power_of_two(x, keep, maximum, config))
