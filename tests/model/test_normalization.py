"""Normalization Unit: Reciprocal over every sum, and both styles of what follows: shift, product and rounding."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from softermax.model import UQ, Q, SoftermaxConfig
from softermax.model.normalization import (
    normalization,
    probabilities,
    reciprocal,
    row_product_normalization,
    row_products,
)

from . import oracle
from .strategies import configs, configs_and_rows, examples

PAPER = SoftermaxConfig.paper(lanes=16, max_len=384)
EVERY_SUM = np.arange(1 << 16)
KEPT = EVERY_SUM[32:]  # 1/2 and more, as a row with a kept score has


def normalize(numerators, rise, power_sum, config=PAPER):
    """Normalize one slice, ``rise`` below its row's maximum."""
    results = normalization(np.array([numerators]), np.array([0]), np.array(rise), np.array(power_sum), config)
    return probabilities(results, config)[0].tolist()


# Reciprocal


def test_reciprocal_exponent_counts_octaves_from_one_half():
    _, exponent = reciprocal(KEPT, PAPER)
    assert exponent.tolist() == [int(raw).bit_length() - 6 for raw in KEPT]
    assert (exponent.min(), exponent.max()) == (0, 10)


def test_reciprocal_of_every_sum_is_within_the_tables_bound():
    mantissa, exponent = reciprocal(KEPT, PAPER)
    d = KEPT / 64
    result = mantissa / 128 * 2.0 ** (1 - exponent)
    bound = PAPER.reciprocal_table.error_bound
    assert (np.abs(result - 1 / d) <= bound * 2.0 ** (1 - exponent)).all()
    assert (np.abs(result * d - 1) <= 2 * bound).all()  # a mantissa is below 2
    assert bound <= 1 / 128


def test_reciprocal_falls_as_the_sum_grows():
    mantissa, exponent = reciprocal(KEPT, PAPER)
    assert (np.diff(mantissa * 2.0**-exponent) <= 0).all()


def test_reciprocal_of_a_sum_below_one_half_is_defined():
    """The exponent stays 0; the bits below the missing leading one index the table, so 1/4 reads the entry of 3/4."""
    mantissa, exponent = reciprocal(EVERY_SUM[:32], PAPER)
    assert not exponent.any()
    assert mantissa.tolist() == reciprocal(EVERY_SUM[32:64], PAPER)[0].tolist()


def test_reciprocal_mantissa_fits_its_format():
    assert reciprocal(EVERY_SUM, PAPER)[0].max() <= 128
    assert reciprocal(EVERY_SUM, PAPER)[0].min() >= 64


@pytest.mark.parametrize("shape", [(), (5,), (2, 3), (0,)])
def test_reciprocal_keeps_the_shape(shape):
    for part in reciprocal(np.full(shape, 77), PAPER):
        assert np.shape(part) == shape


@examples(150)
@given(configs(max_lanes=4), st.data())
def test_reciprocal_equals_the_oracles(config, data):
    lowest = 1 << (config.power_sum.fraction_bits - 1)
    sums = data.draw(st.lists(st.integers(lowest, config.power_sum.max_raw), min_size=1))
    sums += [lowest, config.power_sum.max_raw]
    mantissa, exponent = reciprocal(np.array(sums), config)
    assert list(zip(mantissa.tolist(), exponent.tolist(), strict=True)) == [
        oracle.reciprocal_entry(d, config) for d in sums
    ]


# Normalization


def test_normalization_divides():
    """1, 1/2 and 1/4 over a sum of 1.75; at most 1/128 of reciprocal error, doubled, and half a unit of 1/128."""
    y = normalize([32768, 16384, 8192], 0, 112)
    for raw, u in zip(y, (1, 0.5, 0.25), strict=True):
        assert abs(raw / 128 - u / 1.75) <= u / 1.75 * 2 / 128 + 1 / 256


def test_normalization_shifts_by_the_rise_of_the_maximum():
    assert normalize([32768], 3, 64) == normalize([4096], 0, 64)


def test_normalization_shifts_everything_out():
    assert normalize([32768, 1], 64, 64) == [0, 0]
    assert normalize([1], 1, 32) == [0]


def test_normalization_shifts_wide_numerators_far():
    """2**-23 over 1 is two units of UQ(1,24), for a reciprocal within 1/8 of 1."""
    config = SoftermaxConfig(lanes=1, max_len=1, unnormed=UQ(1, 30), reciprocal=UQ(1, 10), output=UQ(1, 24))
    assert normalize([1 << 30], 23, 64, config) == [2]


def test_normalization_truncates_the_shift_and_rounds_the_product():
    """With a mantissa of 1 in UQ(1,1) and sum 1, u >> 1 is doubled again: its last bit is lost; then ties go up."""
    config = SoftermaxConfig(
        lanes=1, max_len=1, unnormed=UQ(1, 4), reciprocal=UQ(1, 1), power_sum=UQ(2, 1), output=UQ(1, 2)
    )
    assert reciprocal(np.array(2), config) == (2, 1)
    # Sixteenths to quarters: 4 is a quarter, 2 a tie that goes up, 1 is truncated to 0 and 3 to 2.
    assert [normalize([u], 0, 2, config) for u in (0, 1, 2, 3, 4, 5, 6, 7, 8)] == [
        [y] for y in (0, 0, 1, 1, 1, 1, 2, 2, 2)
    ]


def test_normalization_to_a_finer_output_only_shifts():
    config = SoftermaxConfig(lanes=1, max_len=1, unnormed=UQ(1, 2), reciprocal=UQ(1, 2), output=UQ(1, 10))
    mantissa, _ = reciprocal(np.array(32), config)
    assert normalize([2], 0, 32, config) == [2 * int(mantissa) << 7]  # 2**-2 * 2**-2 * 2 in units of 2**-10


def test_normalization_saturates():
    """Over a sum of 1/2 a numerator of 1 is 2, which neither format holds."""
    for output, largest in ((UQ(0, 7), 127), (UQ(1, 1), 3)):
        config = SoftermaxConfig(lanes=1, max_len=1, power_sum=UQ(4, 1), output=output)
        assert normalize([32768], 0, 1, config) == [largest]


def test_normalization_of_a_row_without_a_kept_lane_is_zero():
    assert normalize([0] * 16, 0, 0) == [0] * 16


@examples(150)
@given(configs(max_lanes=4, normalizers=("multiply",)), st.data())
def test_normalization_equals_exact_arithmetic(config, data):
    """For any numerators and a sum that contains them, whatever row they may come from."""
    one = 1 << config.unnormed.fraction_bits
    us = data.draw(st.lists(st.integers(0, one), min_size=1, max_size=8))
    d = data.draw(st.integers(1 << (config.power_sum.fraction_bits - 1), config.power_sum.max_raw))
    rise = data.draw(st.integers(0, 64))
    at_most = Fraction(d, 1 << config.power_sum.fraction_bits) * one * 2**rise
    us = [min(u, int(at_most)) for u in us]
    assert normalize(us, rise, d, config) == oracle.rounded(oracle.normalize(us, rise, d, config), config)


# Row products

PRODUCTS = SoftermaxConfig.paper(lanes=16, max_len=384, normalizer="row_product")
#: The mantissa has 8 bits and an entry for each of its values, so an entry is just rounded up.
DIRECTED = SoftermaxConfig(
    lanes=16, max_len=384, mantissa_guard_bits=1, reciprocal_segments=256, normalizer="row_product", rounding="directed"
)


def select(raw, maximum, power_sum, config=PRODUCTS, keep=None):
    """Normalize one slice of scores by row product."""
    keep = None if keep is None else np.array([keep])
    row = np.array(maximum), np.array(power_sum)
    return probabilities(row_product_normalization(np.array([raw]), keep, *row, config), config)[0].tolist()


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        # 1/1.5 is 85.33 of 128. Times 1024, 1217.7, 1448.2 and 1722.2 of 1024, which are rounded first:
        (PRODUCTS, [680, 809, 962, 1144]),  # 680, 808.8, 961.6 and 1143.5 to nearest
        (DIRECTED, [688, 819, 974, 1158]),  # 688, 818.3, 973.5 and 1157.6 upwards
    ],
)
def test_row_products_by_hand(config, expected):
    products, exponent = row_products(np.array(96), config)
    assert (products.tolist(), int(exponent)) == (expected, 1)


def test_row_products_have_an_axis_for_the_fractions():
    products, exponent = row_products(np.full((2, 3), 96), PRODUCTS)
    assert (products.shape, exponent.shape) == ((2, 3, 4), (2, 3))


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        # Of 3, 2.75, 0.25 and -1 below a maximum of 3, for those products: in units of 1/128, that is, 8 of theirs.
        (PRODUCTS, [85, 72, 13, 5]),  # 85, 71.5 (a tie), 12.6 and 5.3
        (DIRECTED, [86, 72, 12, 5]),  # 86, 72.4, 12.8 and 5.4 truncated
    ],
)
def test_row_product_normalization_by_hand(config, expected):
    assert select([12, 11, 1, -4], 3, 96, config) == expected
    assert select([12, 11, 1, -4], 3, 96, config, [True, False, True, False]) == [expected[0], 0, expected[2], 0]


def test_row_product_shifts_everything_out():
    assert select([-128, 125], 32, 64) == [0, 76]  # 2**-0.75 = 0.5946 of 128 is 76.1


def test_row_product_saturates():
    config = SoftermaxConfig(lanes=1, max_len=1, output=UQ(0, 7), normalizer="row_product")
    assert select([0], 0, 64, config) == [127]


def test_a_product_coarser_than_the_result_loses_nothing_by_its_shift():
    """2**-0.5 is 11.3 / 16, and the product for 2**0.5, 22.6 / 16, comes out as 23: halved, 11.5 is kept as 184/256."""
    config = SoftermaxConfig(
        lanes=2, max_len=2, input=Q(6, 1), product=UQ(1, 4), output=UQ(1, 8), normalizer="row_product"
    )
    assert select([1], 1, 64, config) == [184]


def test_row_products_of_a_masked_row_are_zero():
    assert select([127, -128], -32, 0, keep=[False, False]) == [0, 0]


@examples(150)
@given(configs(max_lanes=4, normalizers=("row_product",)), st.data())
def test_row_products_equal_the_oracles(config, data):
    lowest = 1 << (config.power_sum.fraction_bits - 1)
    sums = data.draw(st.lists(st.integers(lowest, config.power_sum.max_raw), min_size=1, max_size=5))
    products, exponent = row_products(np.array(sums), config)
    scales = [oracle.reciprocal_entry(d, config) for d in sums]
    assert exponent.tolist() == [e for _, e in scales]
    assert products.tolist() == [oracle.products_of(mantissa, config) for mantissa, _ in scales]
    assert products.max() < 1 << config.product_width


@examples(150)
@given(configs_and_rows(max_lanes=4, normalizers=("row_product",)), st.data())
def test_row_product_normalization_equals_exact_arithmetic(case, data):
    """For any row and any sum that contains its numerators, whatever else may be in it."""
    config, raw, kept = case
    kept[0] = True
    row = oracle.softermax_row(raw, kept, config)
    d = data.draw(st.integers(row.power_sum[-1], config.power_sum.max_raw))
    seen = select(raw, row.maximum[-1], d, config, kept)
    exact = oracle.select(raw.tolist(), kept.tolist(), row.maximum[-1], d, config)
    assert seen == oracle.rounded(exact, config)
