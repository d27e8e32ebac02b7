"""Measures against those of scikit-learn and SciPy, and by hand."""

import numpy as np
import pytest
from scipy import stats
from sklearn import metrics

from softermax.nn.tasks.answers import exact_match, normalised, word_f1
from softermax.nn.tasks.measures import MEASURES, RIGHT

REFERENCES = {
    "accuracy": metrics.accuracy_score,
    "matthews": metrics.matthews_corrcoef,
    "f1": lambda truth, prediction: metrics.f1_score(truth, prediction, zero_division=0.0),
    "pearson": lambda truth, prediction: stats.pearsonr(truth, prediction).statistic,
    "spearman": lambda truth, prediction: stats.spearmanr(truth, prediction).statistic,
}


@pytest.mark.parametrize("name", REFERENCES)
@pytest.mark.parametrize("seed", range(3))
def test_as_others_compute_them(name, seed):
    rng = np.random.default_rng(seed)
    values = rng.integers(0, 2, (50, 3)).astype(float)
    if name in ("pearson", "spearman"):
        # With ties, as ratings have them.
        values = rng.integers(0, 9, (50, 3)) / 2
    assert MEASURES[name](values) == pytest.approx(REFERENCES[name](values[:, 1], values[:, 0]), abs=1e-12)


@pytest.mark.parametrize("name", ["matthews", "f1", "pearson", "spearman"])
def test_nothing_to_tell_apart_is_0(name):
    assert MEASURES[name](np.array([[0.0, 0.0], [0.0, 0.0]])) == 0


def test_parts_of_the_test_examples_are_measured_apart():
    values = np.array([[1, 1, 0], [2, 1, 0], [0, 0, 1]])
    assert MEASURES["matched_accuracy"](values) == 0.5
    assert MEASURES["mismatched_accuracy"](values) == 1


def test_answers_in_words():
    values = np.array([[1, 1.0], [0, 0.5]])
    assert MEASURES["exact_match"](values) == 0.5
    assert MEASURES["word_f1"](values) == 0.75
    assert RIGHT["exact_match"](values).tolist() == [True, False]


@pytest.mark.parametrize(
    ("answer", "plain"),
    [("The  U.S. Army", "us army"), ("an apple-tree", "appletree"), ("Theatre", "theatre"), ("a", ""), ("—", "—")],
)
def test_case_punctuation_articles_and_space_do_not_count(answer, plain):
    assert normalised(answer) == plain


@pytest.mark.parametrize(
    ("answer", "truths", "exact", "f1"),
    [
        ("the cat", ["Cat!", "dog"], 1, 1),
        ("black cat", ["dog", "the big black cat"], 0, 0.8),  # precision 1, recall 2/3
        ("cat cat", ["cat"], 0, 2 / 3),  # a word counts as often as it stands in both
        ("dog", ["cat"], 0, 0),
        ("", ["cat"], 0, 0),
        ("the", ["a"], 1, 1),
    ],
)
def test_answers_are_compared_with_each_truth(answer, truths, exact, f1):
    assert exact_match(answer, truths) == exact
    assert word_f1(answer, truths) == pytest.approx(f1)
