"""The exact reference: against fractions, against the textbook, and in its corners."""

from fractions import Fraction
from math import e, exp

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from softermax.model import softmax_exact

from .strategies import examples


@examples(100)
@given(st.lists(st.tuples(st.integers(-100, 100), st.booleans()), min_size=1, max_size=30))
def test_base_2_of_integers_equals_exact_fractions(row):
    kept = [keep for _, keep in row]
    powers = [Fraction(2) ** x * keep for x, keep in row]
    total = sum(powers) or 1
    y = softmax_exact([x for x, _ in row], kept)
    for result, power in zip(y.tolist(), powers, strict=True):
        assert abs(Fraction(result) - power / total) <= Fraction(1, 2**50) * power / total


def test_base_e_is_the_textbooks():
    scores = [0.5, -1.0, 3.0, 2.25]
    total = sum(exp(score) for score in scores)
    assert softmax_exact(scores, base="e") == pytest.approx([exp(score) / total for score in scores], rel=1e-14)


def test_base_e_is_base_2_of_scores_times_log2_e():
    scores = np.random.default_rng(0).normal(0, 5, (4, 50))
    assert softmax_exact(scores, base="e") == pytest.approx(softmax_exact(scores * np.log2(e)), rel=1e-12)


def test_rows_sum_to_one():
    scores = np.random.default_rng(1).normal(0, 30, (3, 2, 400))
    for base in ("2", "e"):
        assert softmax_exact(scores, base=base).sum(axis=-1) == pytest.approx(np.ones((3, 2)), rel=1e-14)


@pytest.mark.parametrize("base", ["2", "e"])
@pytest.mark.parametrize("level", [-1e300, -2000.0, 2000.0, 1e300])
def test_scores_of_any_level_neither_overflow_nor_vanish(level, base):
    assert softmax_exact([level] * 4, base=base).tolist() == [0.25] * 4


@pytest.mark.parametrize("hidden", [np.inf, -np.inf, np.nan, 1e308])
def test_masked_scores_do_not_take_part(hidden):
    y = softmax_exact([[1.0, hidden, 2.0]], [True, False, True])
    assert y[0] == pytest.approx([1 / 3, 0, 2 / 3], rel=1e-14)
    assert y[0, 1] == 0


def test_a_kept_score_of_minus_infinity_is_zero():
    assert softmax_exact([0.0, -np.inf]).tolist() == [1.0, 0.0]


def test_a_row_without_a_kept_score_gives_zeros():
    y = softmax_exact(np.ones((2, 3)), np.array([[True] * 3, [False] * 3]))
    assert y[1].tolist() == [0, 0, 0]
    assert y[0].sum() == pytest.approx(1)


@pytest.mark.parametrize("shape", [(3,), (2, 3), (0, 3), (2, 0, 3)])
def test_leading_axes_of_any_number_and_size(shape):
    assert softmax_exact(np.zeros(shape)).shape == shape


def test_arguments_are_not_changed():
    scores = np.arange(4.0)
    softmax_exact(scores, scores > 1)
    assert scores.tolist() == [0, 1, 2, 3]
