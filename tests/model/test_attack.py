"""The attacks on error bounds: what they measure is right, and what they build is what it says."""

from fractions import Fraction

import numpy as np
import pytest

from softermax.model import UQ, Q, SoftermaxConfig, softmax_exact, softmax_raw
from softermax.model.attack import hard_rows, random_rows, row_errors, worst_of
from softermax.model.reference import softmax_fractions

PAPER = SoftermaxConfig.paper(lanes=4, max_len=48)
FINE = SoftermaxConfig.faithful(input=Q(4, 4), output=UQ(0, 12), max_len=40, lanes=4)


def batch(*rows):
    return np.array(rows, np.int16), None


def test_errors_by_hand():
    # Two equal scores: exactly 1/2, 64 of 128. A single one at a quarter: 54/53 of 1 at most (see test_softermax).
    worst = worst_of(PAPER, [batch([0, 0]), batch([1, -128])])
    result = softmax_raw([1, -128], PAPER)[0]
    # The loser lies 129 quarter octaves below.
    exact = 128 / (1 + 2 ** (-129 / 4))
    assert worst.rows == 2
    assert worst.above == pytest.approx(max(result - exact, 0), abs=1e-9)
    assert worst.below == pytest.approx(max(exact - result, 128 - exact, 0), abs=1e-9)
    assert (worst.sum_low, worst.sum_high) == (min(1.0, result / 128), max(1.0, result / 128))


@pytest.mark.parametrize("config", [PAPER, FINE])
def test_errors_of_masked_rows_are_those_of_the_float_reference(config):
    for raw, mask in random_rows(config, np.random.default_rng(3), 400):
        unit = 2**config.output.fraction_bits
        exact = softmax_exact(raw / 2**config.input.fraction_bits, mask) * unit
        error = softmax_raw(raw, config, mask) - np.minimum(exact, config.output.max_raw)
        above, below, _ = row_errors(config, raw, mask)
        np.testing.assert_allclose(above, error.max(axis=-1), atol=1e-9)
        np.testing.assert_allclose(below, -error.min(axis=-1), atol=1e-9)
        worst = worst_of(config, [(raw, mask)])
        assert worst.above == pytest.approx(max(error.max(), 0), abs=1e-9)
        assert worst.below == pytest.approx(max(-error.min(), 0), abs=1e-9)


def test_a_saturated_result_is_measured_against_the_largest_that_the_format_holds():
    config = SoftermaxConfig.faithful(max_len=4, lanes=4)
    worst = worst_of(config, [batch([0, -100, -100, -100])])
    assert (worst.above, worst.below) == (0, pytest.approx(256 * 2.0**-25 / (1 + 3 * 2.0**-25)))  # a loser, as 0


def test_a_fully_masked_row_has_no_error_and_no_sum():
    worst = worst_of(PAPER, [(np.zeros((1, 5), np.int16), np.zeros((1, 5), bool))])
    assert (worst.above, worst.below, worst.sum_low, worst.sum_high) == (0, 0, float("inf"), 0)


def test_fractions_sum_to_one_and_are_those_of_the_float_reference():
    raw = np.random.default_rng(5).integers(-128, 128, 50)
    mask = np.arange(50) % 3 > 0
    exact = softmax_fractions(raw, 2, mask)
    assert sum(exact) == 1
    np.testing.assert_allclose([float(p) for p in exact], softmax_exact(raw / 4, mask), rtol=1e-14)
    assert softmax_fractions([1, 2], 2, [False, False]) == [0, 0]
    for probability, expected in zip(softmax_fractions([4, 0], 2), (Fraction(2, 3), Fraction(1, 3)), strict=True):
        assert abs(probability - expected) < Fraction(1, 10**48)


@pytest.mark.parametrize("config", [PAPER, FINE])
def test_hard_rows_have_a_winner_every_distance_and_every_arrival(config):
    rows = np.concatenate([raw for raw, _ in hard_rows(config)])
    low, high = config.input.min_raw, config.input.max_raw
    assert rows.shape[1] == config.max_len
    assert (rows.min(), rows.max()) == (low, high)
    distances = {(int(row.max()), int(row.min())) for row in rows if (row == row.max()).sum() == 1}
    assert {(high, loser) for loser in range(low, high)} <= distances
    winners = rows.reshape(len(rows), -1, config.lanes).max(axis=-1)
    assert (np.diff(winners, axis=-1) > 0).all(axis=-1).sum() > 10
    assert (np.diff(winners, axis=-1) < 0).all(axis=-1).sum() > 10


def test_random_rows_are_as_many_as_asked_for_and_a_quarter_is_of_the_longest():
    lengths = [raw.shape for raw, _ in random_rows(FINE, np.random.default_rng(7), 200_000)]
    assert sum(count for count, _ in lengths) == 200_000
    assert sum(count for count, n in lengths if n == FINE.max_len) >= 50_000
    assert max(n for _, n in lengths) == FINE.max_len
