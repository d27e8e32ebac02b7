"""Softermax in PyTorch with approximations left out: each alone, all, and none, which is the golden model again."""

from dataclasses import replace
from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from softermax.model import UQ, Q, SoftermaxConfig, quantise_scores, softmax_exact
from softermax.model import softmax as golden
from softermax.model.torch import softmax
from softermax.model.torch.partial import APPROXIMATIONS, partial_rows

from .strategies import configs, examples

PAPER = SoftermaxConfig.paper(lanes=16, max_len=384)
STYLES = {
    "multiply": PAPER,
    "row product": SoftermaxConfig.paper(lanes=16, max_len=384, normalizer="row_product"),
    "directed": SoftermaxConfig.faithful(max_len=384, rounding="directed"),
    "cascade": replace(PAPER, rounding="cascade", guard_bits=4),
    "base e": SoftermaxConfig.paper(lanes=16, max_len=384, base="e"),
}
EACH_STYLE = pytest.mark.parametrize("config", STYLES.values(), ids=STYLES)


def in_order(exact: set[str]) -> str:
    """The same in every process."""
    return "+".join(sorted(exact)) or "none"


EVERY_SET = [set(names) for size in range(6) for names in combinations(APPROXIMATIONS, size)]


def random_rows(rows, length, seed, spread=4.0):
    rng = np.random.default_rng(seed)
    scores = torch.from_numpy(rng.normal(size=(rows, length)) * spread)
    mask = torch.from_numpy(rng.random(scores.shape) < 0.9)
    mask[rows // 2] = False
    return scores, mask


def distance(y, scores, mask, config):
    """Greatest distance from the exact softmax."""
    return np.abs(y.numpy() - softmax_exact(scores.numpy(), mask.numpy(), base=config.base)).max()


@examples(200)
@given(configs(), st.integers(0, 2**32 - 1))
def test_with_none_left_out_it_is_the_golden_model(config, seed):
    scores, mask = random_rows(6, config.max_len, seed, 2.0 ** (config.input.integer_bits - 2))
    y = partial_rows(scores, mask, config, frozenset())
    np.testing.assert_array_equal(y.numpy(), golden(scores.numpy(), config, mask.numpy()))


@EACH_STYLE
def test_with_none_left_out_it_is_the_golden_model_on_long_rows(config):
    scores, mask = random_rows(1400, 384, 1)
    y = partial_rows(scores, mask, config, frozenset())
    np.testing.assert_array_equal(y.numpy(), golden(scores.numpy(), config, mask.numpy()))
    y = partial_rows(scores, None, config, frozenset())
    np.testing.assert_array_equal(y.numpy(), golden(scores.numpy(), config))


@EACH_STYLE
def test_with_all_left_out_it_is_the_exact_softmax(config):
    scores, mask = random_rows(50, 300, 2)
    y = softmax(scores, config, mask=mask, exact=APPROXIMATIONS)
    np.testing.assert_allclose(y.numpy(), softmax_exact(scores.numpy(), mask.numpy(), base=config.base), rtol=1e-12)
    far = scores * 100  # beyond the input format, and with powers beyond float64's
    y = softmax(far, config, mask=mask, exact=APPROXIMATIONS)
    expected = softmax_exact(far.numpy(), mask.numpy(), base=config.base)
    np.testing.assert_allclose(y.numpy(), expected, rtol=1e-9, atol=1e-300)


@EACH_STYLE
def test_each_alone_makes_an_error_and_leaving_it_out_changes_the_results(config):
    scores, mask = random_rows(200, 60, 3)
    everything = softmax(scores, config, mask=mask, exact={"output"})  # which would hide what is small
    for name in APPROXIMATIONS:
        alone = softmax(scores, config, mask=mask, exact=set(APPROXIMATIONS) - {name})
        assert 1e-9 < distance(alone, scores, mask, config) < 0.2, name
        without = set() if name == "output" else {name, "output"}
        assert not softmax(scores, config, mask=mask, exact=without).equal(everything), name


@EACH_STYLE
@pytest.mark.parametrize("exact", EVERY_SET, ids=in_order)
def test_every_set_is_near_the_exact_softmax_and_zero_where_masked(config, exact):
    scores, mask = random_rows(20, 60, 4)
    y = softmax(scores, config, mask=mask, exact=exact)
    assert distance(y, scores, mask, config) < 0.2
    assert not y[~mask].any()
    if "output" not in exact:
        assert (y / config.output.ulp).frac().count_nonzero() == 0


# What each of them is, by its definition


@EACH_STYLE
def test_input_alone_is_the_exact_softmax_of_quantised_scores(config):
    scores, mask = random_rows(50, 60, 5, spread=15.0)
    y = softmax(scores, config, mask=mask, exact={"power_of_two", "sum", "reciprocal", "output"})
    quantised = config.input.to_real(quantise_scores(scores.numpy(), config, mask.numpy()))
    np.testing.assert_allclose(y.numpy(), softmax_exact(quantised, mask.numpy()), rtol=1e-12)


def test_output_alone_is_the_exact_softmax_rounded():
    scores, mask = random_rows(50, 60, 6)
    y = softmax(scores, PAPER, mask=mask, exact={"input", "power_of_two", "sum", "reciprocal"})
    exact = softmax_exact(scores.numpy(), mask.numpy()) * 128
    np.testing.assert_array_equal(y.numpy() * 128, np.floor(exact + 0.5))
    directed = SoftermaxConfig.faithful(max_len=384, rounding="directed")
    y = softmax(scores, directed, mask=mask, exact={"input", "power_of_two", "sum", "reciprocal"})
    np.testing.assert_array_equal(y.numpy() * 256, np.minimum(np.floor(exact * 2), 255))


def test_power_of_two_alone_is_numerators_of_the_table_over_their_sum():
    """By the definition, with one slice: trunc(table * 2**k) for both, the normalizer's shift being 0 or 1."""
    scores = torch.arange(-40, 0, dtype=torch.float64).reshape(1, -1)[:, :16] / 4
    y = softmax(scores, PAPER, exact={"input", "sum", "reciprocal", "output"})
    distances = np.rint(-scores.numpy()[0] * 4).astype(int) - int(-scores.max().ceil() * 4)
    values = PAPER.power_table.values[-distances % 4]
    numerators = values >> -(-distances // 4)
    exponent = np.frexp(numerators.sum() / 2**15)[1]
    shifted = numerators >> max(exponent, 0)
    exact = [float(Fraction(int(u) << int(max(exponent, 0)), int(numerators.sum()))) for u in shifted]
    np.testing.assert_allclose(y.numpy()[0], exact, rtol=1e-12)


def test_sum_alone_truncates_what_each_slice_adds():
    """Slices of 1.0 and of 1/2 + 1/4 + 1/8, the latter truncated to 1/2 by a sum of one fraction bit."""
    config = SoftermaxConfig(lanes=3, max_len=6, power_sum=UQ(3, 1))
    scores = torch.tensor([[-1.0, -2.0, -3.0, 0.0, -50.0, -50.0]], dtype=torch.float64)
    y = softmax(scores, config, exact={"input", "power_of_two", "reciprocal", "output"})
    # Relative to its own maximum of -1 the first slice is 1.75, cut to 1.5, and halved to 0.75, cut to 0.5.
    np.testing.assert_allclose(y.numpy()[0, :4] * 1.5, [0.5, 0.25, 0.125, 1.0], rtol=1e-12)


def test_sum_alone_saturates():
    config = SoftermaxConfig(lanes=1, max_len=9, power_sum=UQ(2, 6), saturate=True)
    y = softmax(torch.zeros(9, dtype=torch.float64), config, exact={"input", "power_of_two", "reciprocal", "output"})
    np.testing.assert_allclose(y.numpy(), 1 / (4 - 1 / 64), rtol=1e-12)


def test_reciprocal_alone_is_the_tables_value():
    scores = torch.zeros(1, 11, dtype=torch.float64)
    y = softmax(scores, PAPER, exact={"input", "power_of_two", "sum", "output"})
    index = int((11 / 8 - 1) * 2**PAPER.mantissa_bits)
    assert (y.numpy() == PAPER.reciprocal_table.values[index] / 2**7 / 8).all()


def test_scores_that_are_too_large_to_be_exact_are_refused():
    huge = torch.tensor([0.0, -1e308], dtype=torch.float64)
    with pytest.raises(ValueError, match=r"^scores must be less than 2\*\*1000 in magnitude where the input is exact$"):
        softmax(huge, PAPER, exact={"input"})
    assert softmax(huge, PAPER, exact={"input"}, mask=huge == 0).tolist() == [1, 0]
    assert softmax(huge, PAPER, exact={"sum"}).tolist() == [1, 0]


# Types, gradients and modules of it


def test_results_are_of_the_scores_type():
    scores = torch.from_numpy(np.random.default_rng(7).normal(size=(4, 30))).float()
    exact = softmax(scores, PAPER, exact=["output"])
    assert exact.dtype == torch.float32
    assert exact.equal(softmax(scores.double(), PAPER, exact=["output"]).float())
    fine = SoftermaxConfig.paper(lanes=16, max_len=384)
    assert softmax(scores.bfloat16(), fine, exact=["sum"]).dtype == torch.bfloat16
    assert softmax(scores.bfloat16(), fine, exact=["output"]).dtype == torch.bfloat16


@pytest.mark.parametrize("exact", [{"input"}, {"output"}, set(APPROXIMATIONS)], ids=in_order)
def test_the_gradient_is_that_of_softermax(exact):
    scores, mask = random_rows(9, 40, 8)
    weights = torch.arange(40.0)

    def gradient(**options):
        leaf = scores.clone().requires_grad_()
        (softmax(leaf, PAPER, mask=mask, **options) * weights).sum().backward()
        return leaf.grad

    assert gradient(exact=exact).equal(gradient())
    assert gradient().any()


def test_tables_of_more_bits_than_float32_has_are_exact():
    """The power of two of 2**0 is 32499007 of 2**25 here, of which float32 makes 32499008."""
    config = SoftermaxConfig(
        lanes=1,
        max_len=2,
        input=Q(1, 3),
        unnormed=UQ(1, 25),
        power_sum=UQ(1, 1),
        reciprocal=UQ(1, 1),
        output=UQ(0, 18),
        power_segments=1,
        reciprocal_segments=1,
        mantissa_guard_bits=0,
        saturate=True,
    )
    scores = torch.tensor([[0.375, 0.0]], dtype=torch.float64)
    y = partial_rows(scores, None, config, frozenset())
    np.testing.assert_array_equal(y.numpy(), golden(scores.numpy(), config))
