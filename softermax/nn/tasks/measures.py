"""Measures of a model's outcomes on test examples: fractions, correlations, or perplexity."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

__all__ = ["MEASURES", "RATIOS", "RIGHT", "scale"]


def accuracy(values: np.ndarray) -> float:
    """Fraction of the predictions that are the truth."""
    return float(np.mean(values[:, 0] == values[:, 1]))


def matthews(values: np.ndarray) -> float:
    """Matthews correlation of two classes, 0 and 1; 0 if all predictions, or all truths, are the same."""
    return pearson(values)


def f1(values: np.ndarray) -> float:
    """Harmonic mean of precision and recall of class 1; 0 if it is neither predicted nor true."""
    both = np.sum((values[:, 0] == 1) & (values[:, 1] == 1))
    either = np.sum(values[:, :2] == 1)
    return float(2 * both / either) if either else 0.0


def pearson(values: np.ndarray) -> float:
    """Correlation of predictions and truths; 0 if either is constant."""
    centred = values[:, :2] - values[:, :2].mean(axis=0)
    scale = np.sqrt(np.prod((centred**2).sum(axis=0)))
    return float(centred[:, 0] @ centred[:, 1] / scale) if scale else 0.0


def spearman(values: np.ndarray) -> float:
    """Correlation of ranks; equal values share the mean of theirs."""
    return pearson(np.stack([_ranks(column) for column in values.T[:2]], axis=1))


def _ranks(values: np.ndarray) -> np.ndarray:
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[places]


def perplexity(values: np.ndarray) -> float:
    """Inverse of the geometric mean of the true tokens' probabilities, from mean losses of windows of one length."""
    return float(np.exp(values[:, 0].mean()))


def _column(column: int) -> Callable[[np.ndarray], float]:
    return lambda values: float(values[:, column].mean())


def _where(column: int, value: float, measure: Callable[[np.ndarray], float]) -> Callable[[np.ndarray], float]:
    return lambda values: measure(values[values[:, column] == value])


#: Each takes an array of a row for each test example: prediction, truth and, of MNLI, 1 where genres do not match those
#: of training; of SQuAD, whether the answer is right to the letter and the F1 of its words; of a language model, the
#: mean loss.
MEASURES: dict[str, Callable[[np.ndarray], float]] = {
    "accuracy": accuracy,
    "matthews": matthews,
    "f1": f1,
    "pearson": pearson,
    "spearman": spearman,
    "matched_accuracy": _where(2, 0, accuracy),
    "mismatched_accuracy": _where(2, 1, accuracy),
    "exact_match": _column(0),
    "word_f1": _column(1),
    "perplexity": perplexity,
}
#: Measures of which two models' quotient says more than their difference.
RATIOS = ("perplexity",)
#: Of measures that count right examples: which are right.
RIGHT: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "accuracy": lambda values: values[:, 0] == values[:, 1],
    "exact_match": lambda values: values[:, 0] == 1,
}


def scale(measure: str) -> int:
    """Factor by which a measure is told: it is in hundredths, but where quotients count in ones."""
    return 1 if measure in RATIOS else 100
