"""Masks that are added to scores: what makes exact softmax in float32 0 masks, whatever its size; a bias stays one."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from softermax.model import SoftermaxConfig, softmax_exact
from softermax.model import softmax as golden
from softermax.model.torch import softmax

from .strategies import examples

pytestmark = pytest.mark.usefixtures("arithmetic")

CONFIGS = {base: SoftermaxConfig.faithful(max_len=64, base=base) for base in ("2", "e")}
each_base = pytest.mark.parametrize("base", CONFIGS)


def both(scores, config, mask=None):
    """Probabilities of the golden model, which PyTorch's are equal to."""
    y = golden(scores, config, mask)
    kept = None if mask is None else torch.tensor(mask)
    np.testing.assert_array_equal(softmax(torch.tensor(scores), config, mask=kept).double().numpy(), y)
    return y.tolist()


@each_base
@pytest.mark.parametrize("mask", [-1e4, -65504.0, -1e9, -1e30, float(np.finfo(np.float32).min)])
def test_a_mask_of_any_size_masks(mask, base):
    with np.errstate(over="ignore"):
        scores = np.array([-30, -30, mask - 30, mask - 30], np.float32)
    scores = scores.clip(np.finfo(np.float32).min)
    assert both(scores, CONFIGS[base]) == [0.5, 0.5, 0, 0]


@each_base
def test_a_bias_stays_a_bias(base):
    scores = np.array([-30, -31, -60, -30], np.float64)
    assert all(both(scores, CONFIGS[base]))


def test_what_vanishes_begins_where_exact_softmax_is_zero():
    exact = torch.softmax(torch.tensor([[0.0, -103.9], [0.0, -104.0]]), dim=-1)[:, 1]
    assert (exact > 0).tolist() == [True, False]
    scores = np.array([[-30.0, -133.9], [-30.0, -134.0]])
    assert (np.array(both(scores, CONFIGS["e"]))[:, 1] > 0).tolist() == [True, False]


def test_a_masked_score_does_not_make_others_vanish():
    scores = np.array([1000.0, -30, -30])
    assert both(scores, CONFIGS["e"], np.array([False, True, True])) == [0, 0.5, 0.5]


@each_base
@pytest.mark.parametrize("highest", [1e15, 1e18, 3e38, 1e308])
@pytest.mark.filterwarnings("error")
def test_the_highest_score_is_seen_however_large_it_is(highest, base):
    scores = np.array([[highest, -highest, 5.0], [highest, highest, 0.0]])
    assert both(scores, CONFIGS[base]) == [[1 - 2**-8, 0, 0], [0.5, 0.5, 0]]
    assert softmax_exact(scores, base=base).tolist() == [[1, 0, 0], [0.5, 0.5, 0]]
    if highest < 3.4e38:
        both(scores.astype(np.float32), CONFIGS[base])


@each_base
def test_a_fully_masked_row_of_large_scores_is_zeros(base):
    scores = np.array([[1e30, -1e30], [1e30, 0.0]])
    assert both(scores, CONFIGS[base], np.array([[False, False], [True, True]])) == [[0, 0], [1 - 2**-8, 0]]


@examples(100)
@given(st.data())
def test_both_models_see_the_same(data):
    config = CONFIGS[data.draw(st.sampled_from(["2", "e"]))]
    anything = st.floats(-400, 400, width=32) | st.sampled_from([-1e4, -1e9, 0.0])
    n = data.draw(st.integers(1, 20))
    scores = np.array(data.draw(st.lists(anything, min_size=n, max_size=n)), np.float32)
    mask = np.array(data.draw(st.lists(st.booleans(), min_size=n, max_size=n)))
    both(scores, config, mask if data.draw(st.booleans()) else None)


@each_base
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_huge_scores_do_not_vanish_beside_themselves(dtype, base):
    """150 octaves below a number without a fraction is that number."""
    huge = np.array([[1e30, 1e30], [0, 1], [3e38, -3e38]], dtype)
    y = both(huge, CONFIGS[base], np.ones(huge.shape, bool))
    assert y[0] == [0.5, 0.5]
    assert y[2][0] > 0.99
    assert y[2][1] == 0
