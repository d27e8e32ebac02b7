"""The baseline's model: equal to the scalar oracle, close to exact softmax, and defined in every corner."""

import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given

from softermax.model import softmax_exact
from softermax.model.baseline import BaselineConfig, baseline_softmax, baseline_softmax_raw, exponential_sums
from softermax.model.binary16 import INFINITY, NAN, ONE
from softermax.model.exponential import exponential

from . import baseline_oracle as oracle
from .strategies import SPECIAL_BINARY16, baseline_configs_and_rows, examples

DIVIDE = BaselineConfig(lanes=16, max_len=384)
MULTIPLY = replace(DIVIDE, normalizer="multiply")
MINUS = 0x8000

each_style = pytest.mark.parametrize("config", [DIVIDE, MULTIPLY], ids=["divide", "multiply"])


# Against the oracle


@examples(400)
@given(baseline_configs_and_rows(datapaths=["operators"]))
def test_every_row_equals_the_oracles(case):
    config, raw, kept = case
    assert baseline_softmax_raw(raw, config, kept).tolist() == oracle.softmax_row(raw, kept, config)


@each_style
def test_long_rows_equal_the_oracles(config):
    rng = np.random.default_rng(1)
    raw = rng.normal(0, [[0.3], [2], [9]], (3, 384)).astype(np.float16).view(np.uint16)
    kept = rng.random(raw.shape) < 0.9
    for y, row, mask in zip(baseline_softmax_raw(raw, config, kept), raw, kept, strict=True):
        assert y.tolist() == oracle.softmax_row(row, mask, config)


@each_style
def test_every_pair_of_special_scores_equals_the_oracles(config):
    for a in SPECIAL_BINARY16:
        for b in SPECIAL_BINARY16:
            y = baseline_softmax_raw([a, b], config)
            assert y.tolist() == oracle.softmax_row([a, b], [True, True], config), (hex(a), hex(b))


@pytest.mark.parametrize(
    ("number", "raw"),
    [
        (2.0**-14 * (1 - 2.0**-13), 0x0400),
        (2.0**-14 * (1 - 2.0**-11), 0),
        (-(2.0**-14) * (1 - 2.0**-11), MINUS),
        (65520.0, INFINITY),
        (65519.0, 0x7BFF),
        (2049.0, 0x6800),
        (2051.0, 0x6802),
    ],
)
def test_the_oracle_rounds_as_the_document_says(number, raw):
    assert oracle.to_raw(number) == raw


def test_the_oracle_counts_subnormals_as_zeros_of_their_sign():
    assert [str(oracle.to_number(raw)) for raw in (0x03FF, 0x83FF, 0x0400)] == ["0.0", "-0.0", str(2.0**-14)]


# No operand of the sum has a sign


def test_no_exponential_has_a_sign_is_subnormal_or_another_nan():
    """So no numerator has; sums of such numbers are such numbers. The hardware's adder looks at no sign."""
    numerators = exponential(np.arange(1 << 16))
    assert numerators.max() == NAN
    assert not ((numerators > 0) & (numerators < 0x0400)).any()
    assert set(numerators[numerators > INFINITY].tolist()) == {NAN}


@examples(60)
@given(baseline_configs_and_rows(datapaths=["operators"]))
def test_no_running_sum_has_a_sign(case):
    config, raw, kept = case
    padded = np.zeros((2, config.capacity), np.uint16), np.zeros((2, config.capacity), bool)
    padded[0][0, : len(raw)], padded[1][0, : len(raw)] = raw, kept
    rows = exponential_sums(*(field.reshape(2, -1, config.lanes) for field in padded), config)
    assert rows.total.max() <= NAN
    assert rows.numerators.max() <= NAN


# Against exact softmax, within a bound


def exact_bounds(scores, kept, config):
    """Bounds on each probability, from the arithmetic's error bounds alone: ``(lowest, highest)``.

    An operation errs by a factor of 1 + u at most, u = 2**-11; a result below 2**-14 may be lost. p is the exact
    probability, the row's largest is 1 / sum.

    - A difference d errs by d u; a lost one by 2**-14. The exponential errs by less than a unit in the last place, 2u,
      and is lost below -9.72. So a numerator errs by a factor of 1 + v = exp(9.72 u + 2**-14) (1 + 2u), or is lost,
      which happens only where e**d (1 - v) is below 2**-14.
    - A numerator is rounded in each level of the tree and with each slice after the first: k times in all. So the sum
      errs by factors of 1 + v and (1 + u)**k, and misses what is lost.
    - A quotient is rounded once, a product with a reciprocal twice.
    """
    u = 2.0**-11
    v = np.expm1(9.72 * u + 2.0**-14) * (1 + 2 * u) + 2 * u
    k = config.tree_levels + -(-scores.shape[-1] // config.lanes) - 1
    roundings = 1 if config.normalizer == "divide" else 2
    p = softmax_exact(scores, kept, base="e")
    may_be_lost = p * (1 - v) < 2.0**-14 * p.max(-1, keepdims=True)
    smallest_sum = (1 - v) * (1 - np.where(may_be_lost, p, 0).sum(-1, keepdims=True)) * (1 - u) ** k
    highest = p * (1 + v) / smallest_sum * (1 + u) ** roundings
    lowest = p * (1 - v) / ((1 + v) * (1 + u) ** k) * (1 - u) ** roundings
    return np.where(may_be_lost | (lowest < 2.0**-14), 0, lowest), highest


def _random_rows(n):
    """Scores of many kinds, binary16 numbers, some masked, never a whole row."""
    rng = np.random.default_rng(n)
    sigma = rng.choice([0.0, 0.01, 0.3, 1, 4, 12, 1000], size=(1500, 1))
    scores = (rng.uniform(-30, 30, (1500, 1)) + sigma * rng.standard_normal((1500, n))).astype(np.float16)
    kept = rng.random((1500, n)) < rng.choice([0.05, 0.5, 1.0, 1.0], size=(1500, 1))
    kept[:, rng.integers(n)] = True
    return scores.astype(np.float64), kept


@each_style
@pytest.mark.parametrize("lanes", [1, 16])
@pytest.mark.parametrize("n", [1, 2, 17, 384])
def test_no_row_exceeds_the_analytic_error_bound(config, lanes, n):
    config = replace(config, lanes=lanes)
    scores, kept = _random_rows(n)
    y = baseline_softmax(scores, config, kept)
    lowest, highest = exact_bounds(scores, kept, config)
    assert (y >= lowest).all()
    assert (y <= highest).all()


@each_style
def test_the_analytic_error_bound_is_narrow(config):
    """Twice 0.6 % each way for the exponential, 0.05 % for each rounding, and 2**-14 where a result may be lost."""
    scores, kept = _random_rows(16)
    lowest, highest = exact_bounds(scores, kept, config)
    assert (highest - lowest <= 0.033 * highest + 2.0**-13).all()


# By hand


@each_style
@pytest.mark.parametrize("equal", [0, MINUS, ONE, 0x0001, 0x7BFF, 0xFBFF])
def test_equal_scores_share_equally(config, equal):
    """1/4; 1/3 = 1365.33 / 4096."""
    assert baseline_softmax_raw([equal] * 4, config).tolist() == [0x3400] * 4
    assert baseline_softmax_raw([equal] * 3, config).tolist() == [0x3400 + 1365 - 1024] * 3


def test_a_quotient_is_rounded_once_and_a_product_twice():
    # e**-1 is 1507/4096; 1 more is 1400.75/1024. 1507/4096 over 1401/1024 is 1101.48/4096. 1024/1401 is 1497/2048,
    # and that times 1507/4096 is 1101.55/4096.
    scores = [0, MINUS | ONE]
    first = 0x3800 + 1497 - 1024
    assert baseline_softmax_raw(scores, DIVIDE).tolist() == [first, 0x3400 + 1101 - 1024]
    assert baseline_softmax_raw(scores, MULTIPLY).tolist() == [first, 0x3400 + 1102 - 1024]


@each_style
@pytest.mark.parametrize(("lanes", "total"), [(1, 2048), (2, 4096), (3, 2048 + 682 * 4)])
def test_the_sum_is_rounded_slice_after_slice(config, lanes, total):
    """4096 ones. 2048 + 1 is 2048 again, however often; 2048 + 2 is exact.

    With three lanes 682 slices sum to 2046; 3 more is a tie that goes to 2048, and 3 more each time 2051, a tie that
    goes to 2052, and so on: 4 for each of 682 slices. The last one's 1 is lost.
    """
    y = baseline_softmax_raw(np.zeros(4096, int), replace(config, lanes=lanes, max_len=4096))
    assert set(y.tolist()) == {oracle.to_raw(1 / total)}


@each_style
def test_a_long_row_of_equal_scores(config):
    """1/384 = 1365.33 / 2**19."""
    assert set(baseline_softmax_raw(np.zeros(384, int), config).tolist()) == {(15 - 9) << 10 | 1365 - 1024}


@each_style
def test_the_highest_score_beside_the_lowest(config):
    assert baseline_softmax_raw([0x7BFF, 0xFBFF], config).tolist() == [ONE, 0]
    assert baseline_softmax_raw([MINUS | INFINITY, 0], config).tolist() == [0, ONE]


@each_style
@pytest.mark.parametrize("score", [INFINITY, 0x7C01, 0x7FFF, 0xFC01, 0xFFFF])
def test_a_kept_infinity_or_nan_makes_nans_of_its_row_only(config, score):
    y = baseline_softmax_raw([[0, score, 0], [0, 0, MINUS | INFINITY]], config)
    assert y.tolist() == [[NAN] * 3, [0x3800, 0x3800, 0]]


@each_style
def test_a_row_of_nothing_but_minus_infinities_gives_nans(config):
    assert baseline_softmax_raw([MINUS | INFINITY] * 2, config).tolist() == [NAN] * 2


@each_style
def test_a_masked_score_of_a_row_of_nans_is_a_nan(config):
    assert baseline_softmax_raw([INFINITY, 0], config, [True, False]).tolist() == [NAN, NAN]


# Masks


@each_style
def test_a_fully_masked_row_gives_zeros_beside_others(config):
    scores, mask = np.zeros((3, 20), int), np.ones((3, 20), bool)
    mask[1] = False
    y = baseline_softmax_raw(scores, config, mask)
    assert y.tolist() == [[oracle.to_raw(1 / 20)] * 20, [0] * 20, [oracle.to_raw(1 / 20)] * 20]


@each_style
@pytest.mark.parametrize("hidden", SPECIAL_BINARY16)
def test_masked_scores_may_be_anything(config, hidden):
    raw, mask = np.array([ONE, 0x4000, hidden, 0x4200]), np.array([True, True, False, True])
    shown = baseline_softmax_raw([ONE, 0x4000, 0, 0x4200], config, mask)
    assert baseline_softmax_raw(raw, config, mask).tolist() == shown.tolist()
    assert shown[2] == 0
    assert baseline_softmax_raw([hidden] * 2, config, [False] * 2).tolist() == [0, 0]


@pytest.mark.parametrize("shape", [(20,), (2, 1, 20), (2, 3, 20), (1,), ()])
def test_masks_broadcast(shape):
    rng = np.random.default_rng(2)
    raw, mask = rng.normal(size=(2, 3, 20)).astype(np.float16).view(np.uint16), rng.random(shape) < 0.5
    full = np.array(np.broadcast_to(mask, raw.shape))
    assert baseline_softmax_raw(raw, DIVIDE, mask).tolist() == baseline_softmax_raw(raw, DIVIDE, full).tolist()
    assert not baseline_softmax_raw(raw, DIVIDE, mask)[~full].any()


@pytest.mark.parametrize("shape", [(20,), (2, 3, 20), (0, 20), (1, 1, 1)])
def test_leading_axes_of_any_number_and_size(shape):
    raw = np.random.default_rng(3).normal(size=shape).astype(np.float16).view(np.uint16)
    y = baseline_softmax_raw(raw, DIVIDE)
    assert (y.shape, y.dtype) == (shape, np.uint16)
    rows = [baseline_softmax_raw(row, DIVIDE).tolist() for row in raw.reshape(-1, shape[-1])]
    assert y.reshape(-1, shape[-1]).tolist() == rows


# Real scores


def test_real_scores_are_rounded_to_binary16_and_saturate():
    scores = np.random.default_rng(4).normal(0, 3, (5, 30))
    raw = scores.astype(np.float16).view(np.uint16)
    y = baseline_softmax(scores, DIVIDE)
    assert y.dtype == np.float64
    assert y.tolist() == baseline_softmax_raw(raw, DIVIDE).view(np.float16).tolist()
    assert baseline_softmax([1e6, 65504, -1e300], DIVIDE).tolist() == [0.5, 0.5, 0]


def test_a_masked_real_score_may_be_anything():
    assert baseline_softmax([1, np.nan, 1, np.inf], DIVIDE, [True, False, True, False]).tolist() == [0.5, 0, 0.5, 0]


# Errors


@pytest.mark.parametrize(
    ("raw", "mask", "error", "text"),
    [
        ([0.0], None, TypeError, "raw scores must be integers, not float64"),
        ([True], None, TypeError, "raw scores must be integers, not bool"),
        ([0, 65536], None, ValueError, "raw scores must be 0 to 65535 for binary16, not 0 to 65536"),
        ([-1, 5], None, ValueError, "raw scores must be 0 to 65535 for binary16, not -1 to 5"),
        ([], None, TypeError, "raw scores must be integers, not float64"),
        (np.zeros((2, 0), int), None, ValueError, "a row must have an element or more, not the shape (2, 0)"),
        (np.zeros(385, int), None, ValueError, "a row must have at most max_len = 384 elements, not 385"),
        ([0, 1], [1, 0], TypeError, "a mask must be bool, True where a score is kept, not int64"),
        ([0, 1], [True] * 3, ValueError, "a mask must be broadcastable to the scores' shape (2,), not (3,)"),
    ],
)
def test_raw_scores_must_be_some(raw, mask, error, text):
    with pytest.raises(error, match=f"^{re.escape(text)}$"):
        baseline_softmax_raw(raw, DIVIDE, mask)


@pytest.mark.parametrize(
    ("scores", "error", "text"),
    [
        ([0, np.nan], ValueError, "scores must be finite where the mask keeps them, not nan (at index (1,))"),
        (["1"], TypeError, "scores must be real numbers, not <U1"),
        (np.zeros(385), ValueError, "a row must have at most max_len = 384 elements, not 385"),
    ],
)
def test_real_scores_must_be_some(scores, error, text):
    with pytest.raises(error, match=f"^{re.escape(text)}$"):
        baseline_softmax(scores, DIVIDE)
