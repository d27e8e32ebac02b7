"""The composed model: equal to the exact oracle, close to exact softmax, and defined in every corner."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from softermax.model import UQ, Q, SoftermaxConfig, quantise_scores, softmax, softmax_raw

from . import oracle
from .strategies import configs_and_rows, examples

PAPER = SoftermaxConfig.paper(lanes=16, max_len=384)
FINE = SoftermaxConfig(lanes=4, max_len=40, reciprocal=UQ(1, 12), power_sum=UQ(10, 14), output=UQ(1, 16))


# Against the exact oracle


@examples(500)
@given(configs_and_rows())
@example((SoftermaxConfig(lanes=4, max_len=4, power_sum=UQ(1, 5), saturate=True), np.zeros(4, int), np.ones(4, bool)))
@example((SoftermaxConfig(lanes=1, max_len=2, power_sum=UQ(10, 38)), np.array([127, 0]), np.ones(2, bool)))
@example((SoftermaxConfig(lanes=1, max_len=1, output=UQ(0, 8)), np.array([-128]), np.ones(1, bool)))
def test_every_row_equals_the_oracles(case):
    config, raw, kept = case
    assert softmax_raw(raw, config, kept).tolist() == oracle.softermax_row(raw, kept, config).y


@pytest.mark.parametrize("lanes", [16, 32])
def test_long_rows_of_the_paper_equal_the_oracles(lanes):
    config = SoftermaxConfig.paper(lanes=lanes, max_len=384)
    rng = np.random.default_rng(lanes)
    for sigma in (1, 4, 30):
        raw = config.input.quantise(sigma * rng.standard_normal((8, 384)))
        kept = rng.random(raw.shape) < 0.9
        for y, row, mask in zip(softmax_raw(raw, config, kept), raw, kept, strict=True):
            assert y.tolist() == oracle.softermax_row(row, mask, config).y


# Against exact softmax, within a bound


def exact_bounds(raw, kept, config):
    """Bounds on each probability of the paper preset, from its formats alone: ``(lowest, highest)``, real numbers.

    With g the sum's last place and w the numerators': a numerator errs by half a w in the table and at most a w in its
    shift. The sum inherits this from each element, and is truncated by at most a g once a slice and once a rise of
    the running maximum; it is at least 1/2. The reciprocal is relatively off by at most twice 1/128. Where the
    exponent joins the shift, at most 2**e w are lost, of a sum of at least 2**e / 2. Rounding adds half a unit.
    """
    w, g, reciprocal = 2.0**-15, 2.0**-6, 2 / 128
    scores = raw / 4
    slices = -(-raw.shape[-1] // config.lanes)
    padding = [(0, 0), (0, slices * config.lanes - raw.shape[-1])]
    ceilings = np.pad(np.where(kept, np.ceil(scores), -32), padding, constant_values=-32)
    running = np.maximum.accumulate(ceilings.reshape(-1, slices, config.lanes).max(-1), axis=-1)
    rises = (np.diff(running, axis=-1) > 0).sum(-1, keepdims=True)
    numerators = np.where(kept, 2.0 ** (scores - running[:, -1:]), 0)
    total, count = numerators.sum(-1, keepdims=True), kept.sum(-1, keepdims=True)
    smallest_sum = np.maximum(0.5, total - 1.5 * w * count - g * (slices + rises))
    largest_sum = total + 0.5 * w * count
    highest = (numerators + 0.5 * w) / smallest_sum * (1 + reciprocal) + 2.0**-8
    lowest = (numerators - 1.5 * w) / largest_sum * (1 - reciprocal) - 2 * w * (1 + reciprocal) - 2.0**-8
    return np.where(kept, lowest, 0), np.where(kept, highest, 0)


def _random_rows(rng, rows, n):
    """Scores of many kinds, some masked, never a whole row."""
    sigma = rng.choice([0.0, 0.3, 1, 4, 12, 40], size=(rows, 1))
    slope = rng.choice([-1, 0, 0, 1], size=(rows, 1)) * np.linspace(-20, 20, n)
    raw = PAPER.input.quantise(rng.uniform(-32, 32, (rows, 1)) + slope + sigma * rng.standard_normal((rows, n)))
    kept = rng.random((rows, n)) < rng.choice([0.05, 0.5, 1.0, 1.0], size=(rows, 1))
    kept[:, rng.integers(n)] = True
    return raw, kept


@pytest.mark.parametrize("lanes", [16, 32])
@pytest.mark.parametrize("n", [1, 2, 15, 16, 33, 128, 384])
def test_no_row_exceeds_the_analytic_error_bound(lanes, n):
    config = SoftermaxConfig.paper(lanes=lanes, max_len=384)
    raw, kept = _random_rows(np.random.default_rng(n), 1500, n)
    y = softmax_raw(raw, config, kept) / 128
    lowest, highest = exact_bounds(raw, kept, config)
    assert (y >= lowest).all()
    assert (y <= highest).all()


def test_the_analytic_error_bound_is_narrow_for_a_single_slice():
    """A sum of at least 1/2, truncated by 1/64: 3.3 %; the reciprocal: 1.6 % each way; rounding: 0.8 %."""
    raw, kept = _random_rows(np.random.default_rng(0), 1500, 16)
    lowest, highest = exact_bounds(raw, kept, PAPER)
    assert (highest - lowest).max() < 0.033 * 1.1 + 2 * 0.016 * 1.05 + 0.008


# By hand


def test_a_single_score_is_within_the_truncation_of_its_own_sum():
    """Every score: u / trunc(u) in 64ths is at most 54/53, the reciprocal 1/64 off, and half a unit."""
    y = softmax_raw(np.arange(-128, 128)[:, None], PAPER)[:, 0] / 128
    assert (np.abs(y - 1) <= 1 / 53 + 54 / 53 / 64 + 1 / 256).all()
    assert (y.reshape(64, 4) == y[:4]).all()  # only the fraction matters


def test_equal_scores_share_equally():
    assert softmax([[3.0] * 4], PAPER).tolist() == [[0.25] * 4]


def test_a_long_row_of_equal_scores_rounds_to_zero():
    """1/384 is a third of a unit of UQ(1,7)."""
    assert not softmax(np.zeros(384), PAPER).any()


def test_a_fully_masked_row_gives_zeros_beside_others():
    scores, mask = np.zeros((3, 20)), np.ones((3, 20), bool)
    mask[1] = False
    y = softmax(scores, PAPER, mask)
    assert not y[1].any()
    assert y[0].tolist() == y[2].tolist() == softmax(scores[0], PAPER).tolist()
    assert y[0].any()


def test_the_highest_score_beside_the_lowest():
    """ceil(31.75) = 32, so -32 is shifted by 64 and vanishes, in the same slice or in another one."""
    for lanes in (1, 2):
        config = SoftermaxConfig.paper(lanes=lanes, max_len=2)
        for scores in ([31.75, -32.0], [-32.0, 31.75]):
            alone = softmax([31.75], config)[0]
            assert softmax(scores, config).tolist() == [alone if score > 0 else 0 for score in scores]


def test_rising_and_falling_rows_are_mirror_images():
    """With whole scores and a slice each nothing is truncated: 8, 4, 2 and 1 fifteenths in units of 2**-16."""
    config = SoftermaxConfig(
        lanes=1, max_len=4, power_sum=UQ(10, 14), reciprocal=UQ(1, 14), reciprocal_segments=256, output=UQ(1, 10)
    )
    rising = softmax([0.0, 1.0, 2.0, 3.0], config)
    assert np.abs(rising - np.array([1, 2, 4, 8]) / 15).max() < 2.0**-10
    assert rising.tolist() == softmax([3.0, 2.0, 1.0, 0.0], config).tolist()[::-1]


def test_a_row_may_be_max_len_long_but_not_longer():
    assert softmax(np.zeros(384), PAPER).shape == (384,)
    with pytest.raises(ValueError, match=r"^a row must have at most max_len = 384 elements, not 385$"):
        softmax(np.zeros(385), PAPER)


def test_max_len_counts_elements_although_hardware_counts_slices():
    config = SoftermaxConfig.paper(lanes=16, max_len=17)
    with pytest.raises(ValueError, match=r"^a row must have at most max_len = 17 elements, not 18$"):
        softmax_raw(np.zeros(18, int), config)


# Axes and masks


@pytest.mark.parametrize("shape", [(20,), (1, 20), (2, 3, 20), (2, 1, 3, 16), (1, 1, 1), (0, 20), (2, 0, 16), (0, 1)])
@pytest.mark.parametrize("masked", [False, True])
def test_leading_axes_of_any_number_and_size(shape, masked):
    scores = np.random.default_rng(1).normal(size=shape)
    y = softmax(scores, PAPER, np.ones(shape, bool) if masked else None)
    assert y.shape == shape
    assert y.dtype == np.float64
    rows = [softmax(row, PAPER) for row in scores.reshape(-1, shape[-1])]
    assert y.reshape(-1, shape[-1]).tolist() == [row.tolist() for row in rows]


@pytest.mark.parametrize("shape", [(20,), (1, 20), (3, 1), (2, 1, 20), (2, 3, 20), (1,), ()])
def test_masks_broadcast(shape):
    rng = np.random.default_rng(2)
    scores, mask = rng.normal(size=(2, 3, 20)), rng.random(shape) < 0.5
    full = np.array(np.broadcast_to(mask, scores.shape))
    assert softmax(scores, PAPER, mask).tolist() == softmax(scores, PAPER, full).tolist()
    assert not softmax(scores, PAPER, mask)[~full].any()


def test_a_mask_of_all_true_is_no_mask():
    scores = np.random.default_rng(3).normal(size=(4, 50))
    assert softmax(scores, PAPER, np.ones(50, bool)).tolist() == softmax(scores, PAPER).tolist()


@pytest.mark.parametrize("hidden", [-np.inf, np.inf, np.nan, 1e300])
def test_masked_scores_may_be_anything(hidden):
    scores, mask = np.array([1.0, 2.0, hidden, 3.0]), np.array([True, True, False, True])
    y = softmax(scores, PAPER, mask)
    assert y.tolist() == softmax([1.0, 2.0, 0.0, 3.0], PAPER, mask).tolist()
    assert y[2] == 0


def test_lists_are_scores_too():
    assert softmax([[0, 1], [2, 3]], PAPER, [True, False]).tolist() == [[1.0, 0.0], [1.0, 0.0]]


def test_arguments_are_not_changed():
    scores, mask = np.linspace(-3, 3, 20), np.arange(20) % 3 > 0
    raw = quantise_scores(scores, PAPER)
    before = scores.copy(), mask.copy(), raw.copy()
    softmax(scores, PAPER, mask)
    softmax_raw(raw, PAPER, mask)
    assert all((now == then).all() for now, then in zip((scores, mask, raw), before, strict=True))


# Scores and their quantisation


def test_softermax_is_quantise_then_raw_then_real():
    scores = np.random.default_rng(4).normal(0, 5, (6, 30))
    raw = quantise_scores(scores, PAPER)
    assert raw.tolist() == PAPER.input.quantise(scores).tolist()
    assert softmax(scores, PAPER).tolist() == (softmax_raw(raw, PAPER) / 128).tolist()


@pytest.mark.parametrize("dtype", ["i1", "i2", "i4", "i8", "u1", "u8"])
def test_every_integer_type_is_raw(dtype):
    raw = np.array([[0, 3, 9, 127], [1, 1, 1, 1]])
    assert softmax_raw(raw.astype(dtype), PAPER).tolist() == softmax_raw(raw, PAPER).tolist()


@pytest.mark.parametrize("dtype", ["f2", "f4", "i1", "u2", "i8"])
def test_every_real_type_is_a_score(dtype):
    scores = np.array([0, 3, 9, 17])
    assert softmax(scores.astype(dtype), PAPER).tolist() == softmax(scores.astype(float), PAPER).tolist()


def test_base_e_folds_log2_e_into_the_scores():
    natural = SoftermaxConfig.paper(base="e")
    scores = np.random.default_rng(5).normal(0, 4, (5, 40))
    assert quantise_scores([1.0, -2.0], natural).tolist() == [6, -12]  # 1.4427 is 5.77 quarters, -2.885 is -11.54
    assert softmax(scores, natural).tolist() == softmax(scores * 1.4426950408889634, PAPER).tolist()


def test_base_e_leaves_raw_integers_alone():
    raw = np.arange(-20, 20)
    natural = SoftermaxConfig.paper(base="e")
    assert softmax_raw(raw, natural).tolist() == softmax_raw(raw, PAPER).tolist()


@pytest.mark.parametrize("dtype", ["f2", "f4"])
def test_base_e_multiplies_in_float64(dtype):
    """A score of a narrow type is a real number like any other: the product is not rounded to its type first."""
    natural = SoftermaxConfig(lanes=1, max_len=4000, power_sum=UQ(12, 6), input=Q(4, 8), power_segments=256, base="e")
    scores = np.random.default_rng(6).uniform(-5, 5, (50, 4000)).astype(dtype)
    exact = natural.input.quantise(scores.astype(np.float64) * 1.4426950408889634)
    assert quantise_scores(scores, natural).tolist() == exact.tolist()


@examples(60)
@given(st.lists(st.floats(-40, 40), min_size=1, max_size=40))
def test_probabilities_are_multiples_of_the_last_place_within_the_format(scores):
    y = softmax(scores, FINE) / FINE.output.ulp
    assert (y == np.rint(y)).all()
    assert y.min() >= 0
    assert y.max() <= FINE.output.max_raw


@pytest.mark.parametrize(
    ("normalizer", "rounding"),
    [*(("row_product", rounding) for rounding in ("nearest", "directed", "cascade")), ("multiply", "nearest")],
)
def test_no_rows_have_no_probabilities(normalizer, rounding):
    config = SoftermaxConfig.faithful(max_len=64, rounding=rounding, normalizer=normalizer)
    assert softmax(np.zeros((0, 3)), config).shape == (0, 3)
    assert softmax(np.zeros((2, 0, 20)), config).shape == (2, 0, 20)
