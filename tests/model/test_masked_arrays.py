"""NumPy's masked arrays: what they mask takes no part, in every model of rows."""

import numpy as np
import pytest

from softermax.model import SoftermaxConfig, quantise_scores, softmax, softmax_exact, softmax_raw
from softermax.model.baseline import BaselineConfig, baseline_softmax, baseline_softmax_raw
from softermax.model.pe import Head
from softermax.model.reference import softmax_fractions

SOFTERMAX = SoftermaxConfig.paper(lanes=4, max_len=16)
BASELINE = BaselineConfig(lanes=4, max_len=16)
#: Under the mask is what no model takes as a score.
SCORES = np.array([[0.0, 1.5, np.nan, 2.0, -3.0], [2.0, np.inf, 30.0, -1.0, 1.0]])
HIDDEN = ~np.isfinite(SCORES)
MASKED = np.ma.MaskedArray(SCORES, HIDDEN)
MASK = np.array([True, True, True, True, False])
REAL = {
    "softermax": lambda scores, mask=None: softmax(scores, SOFTERMAX, mask),
    "base e": lambda scores, mask=None: softmax(scores, SoftermaxConfig.paper(lanes=4, base="e"), mask),
    "baseline": lambda scores, mask=None: baseline_softmax(scores, BASELINE, mask),
    "exact": softmax_exact,
}
RAW = {
    "softermax": (lambda raw, mask=None: softmax_raw(raw, SOFTERMAX, mask), 999),
    "baseline": (lambda raw, mask=None: baseline_softmax_raw(raw, BASELINE, mask), 0x7E00),
}


@pytest.mark.parametrize("name", REAL)
def test_the_mask_of_real_scores_is_honoured(name):
    model = REAL[name]
    expected = model(SCORES, ~HIDDEN)
    for scores in (MASKED, list(MASKED), tuple(MASKED), MASKED.astype(np.float32)):
        found = model(scores)
        assert type(found) is np.ndarray
        assert found.tolist() == expected.tolist()
    assert not expected[HIDDEN].any()


@pytest.mark.parametrize("name", REAL)
def test_the_mask_of_real_scores_adds_to_the_mask_that_is_given(name):
    model = REAL[name]
    expected = model(SCORES, ~HIDDEN & MASK)
    assert model(MASKED, MASK).tolist() == expected.tolist()
    # What a mask masks of itself is not kept.
    assert (
        model(SCORES, np.ma.MaskedArray(np.ones(SCORES.shape, bool), ~(~HIDDEN & MASK))).tolist() == expected.tolist()
    )


@pytest.mark.parametrize("name", RAW)
def test_the_mask_of_raw_scores_is_honoured(name):
    model, hidden = RAW[name]
    raw = np.array([[4, 9, hidden, 3], [1, 2, 3, 4]])
    mask = np.array([[True, True, False, True], [True, True, True, True]])
    expected = model(np.where(mask, raw, 0), mask)
    assert model(np.ma.MaskedArray(raw, ~mask)).tolist() == expected.tolist()
    assert model(list(np.ma.MaskedArray(raw, ~mask))).tolist() == expected.tolist()
    fewer = mask & np.array([True, False, True, True])
    assert (
        model(np.ma.MaskedArray(raw, ~mask), fewer[:1]).tolist()
        == model(np.where(mask, raw, 0), mask & fewer[:1]).tolist()
    )


def test_nothing_and_everything_may_be_masked():
    assert softmax(np.ma.MaskedArray([1.0, 2.0]), SOFTERMAX).tolist() == softmax([1.0, 2.0], SOFTERMAX).tolist()
    assert softmax(np.ma.MaskedArray([np.nan, 2.0], True), SOFTERMAX).tolist() == [0.0, 0.0]
    assert softmax([1.0, np.ma.masked], SOFTERMAX).tolist() == softmax([1.0, 0.0], SOFTERMAX, [True, False]).tolist()


def test_quantised_scores_keep_their_mask():
    raw = quantise_scores(MASKED, SOFTERMAX)
    assert np.ma.getmaskarray(raw).tolist() == HIDDEN.tolist()
    assert softmax_raw(raw, SOFTERMAX).tolist() == (softmax(MASKED, SOFTERMAX) * 128).tolist()
    quantised = SOFTERMAX.input.quantise(MASKED)
    assert np.ma.getmaskarray(quantised).tolist() == HIDDEN.tolist()
    assert np.ma.getmaskarray(SOFTERMAX.input.to_real(quantised)).tolist() == HIDDEN.tolist()
    assert type(quantise_scores(SCORES, SOFTERMAX, ~HIDDEN)) is np.ndarray


def test_exact_fractions_leave_out_what_is_masked():
    assert softmax_fractions(np.ma.MaskedArray([4, 999, 8], [0, 1, 0]), 2) == softmax_fractions(
        [4, 0, 8], 2, [True, False, True]
    )


def test_what_is_not_finite_and_not_masked_is_refused():
    with pytest.raises(
        ValueError, match=r"^scores must be finite where the mask keeps them, not nan \(at index \(0,\)\)$"
    ):
        softmax(np.ma.MaskedArray([np.nan, np.nan], [False, True]), SOFTERMAX)
    with pytest.raises(TypeError, match=r"^scores must be real numbers, not complex128$"):
        softmax(np.ma.MaskedArray([1j]), SOFTERMAX)
    with pytest.raises(TypeError, match=r"^a mask must be bool, True where a score is kept, not int64$"):
        softmax(MASKED, SOFTERMAX, np.ma.MaskedArray(np.ones(5, int)))


def test_a_head_takes_no_masked_arrays():
    ones = np.ones((2, 4), np.int8)
    for name in ("q", "k", "v"):
        matrices = {"q": ones, "k": ones, "v": ones} | {name: np.ma.MaskedArray(ones, ones > 0)}
        with pytest.raises(TypeError, match=rf"^{name} must be an array of int8, not a masked array$"):
            Head(**matrices, multiplier=1, shift=0)
