"""Outcomes summed up over seeds, and compared with a control's, example by example, with standard errors.

Two standard errors, since two things are drawn: ``se`` is of the test examples, by the jackknife, for these trained
models; ``se_seeds`` of the seeds, that is, of start, order of training, and test examples where each seed has its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from .measures import MEASURES, RATIOS, RIGHT, scale

__all__ = ["Outcomes", "compare", "mcnemar", "summarise"]

#: Groups of examples that the jackknife leaves out, at most.
GROUPS = 500


@dataclass(frozen=True)
class Outcomes:
    """A model's outcomes on the test examples.

    Attributes
    ----------
    ids : list of list of int
        What each example is made of: its number, or those of the two documents of a pair. Results of two models are
        paired by them, and two seeds may share them.
    values : list of list of float
        For each example what :data:`softermax.nn.tasks.measures.MEASURES` take.
    """

    ids: list[list[int]]
    values: list[list[float]]


def summarise(outcomes: Sequence[Outcomes], measure: str) -> dict:
    """Mean of a measure over seeds, in its unit: ``value``, ``se``, ``se_seeds`` (None for one seed)."""
    value, se, se_seeds = _estimate([outcomes], partial(_difference, measure))
    return {"value": value, "se": se, "se_seeds": se_seeds}


def compare(outcomes: Sequence[Outcomes], control: Sequence[Outcomes], measure: str) -> dict:
    """Difference from a control with the same seeds, in the measure's unit.

    Returns
    -------
    dict
        ``difference``, ``difference_se``, ``difference_se_seeds``, of the pairs of examples and of seeds; if the
        measure counts right examples also ``gained`` and ``lost``, those that only this model or only the control has
        right, and ``p`` of McNemar's exact test, None where seeds share examples, which are then not independent; of
        a measure of :data:`softermax.nn.tasks.measures.RATIOS` also ``ratio`` to the control and ``ratio_se``.
    """
    if [one.ids for one in outcomes] != [one.ids for one in control]:
        raise ValueError("outcomes must be of the same examples as the control's")
    value, se, se_seeds = _estimate([outcomes, control], partial(_difference, measure))
    result = {"difference": value, "difference_se": se, "difference_se_seeds": se_seeds}
    if measure in RATIOS:
        ratio, ratio_se, _ = _estimate([outcomes, control], partial(_ratio, measure))
        result |= {"ratio": ratio, "ratio_se": ratio_se}
    if measure in RIGHT:
        ours, theirs = (_right(some, measure) for some in (outcomes, control))
        gained, lost = int(np.sum(ours & ~theirs)), int(np.sum(theirs & ~ours))
        examples = [tuple(example) for one in outcomes for example in one.ids]
        distinct = len(set(examples)) == len(examples)
        result |= {"gained": gained, "lost": lost, "p": mcnemar(gained, lost) if distinct else None}
    return result


def _right(outcomes: Sequence[Outcomes], measure: str) -> np.ndarray:
    """Which examples of all seeds are right."""
    return np.concatenate([RIGHT[measure](np.array(one.values)) for one in outcomes])


def mcnemar(gained: int, lost: int) -> float:
    """Probability of so many wins and losses, or more uneven ones, if either is as likely: the exact test."""
    trials = gained + lost
    tail = sum(math.comb(trials, wins) for wins in range(min(gained, lost) + 1))
    return min(1.0, 2 * tail / 2**trials)


#: Of one model's values, or of two models'.
Statistic = Callable[[Sequence[np.ndarray]], float]


def _estimate(models: Sequence[Sequence[Outcomes]], statistic: Statistic) -> tuple[float, float, float | None]:
    """Mean over seeds of a statistic of one or two models, and both standard errors."""
    seeds = [
        (np.array(outcomes[0].ids), [np.array(one.values) for one in outcomes])
        for outcomes in zip(*models, strict=True)
    ]
    of_seeds = np.array([statistic(values) for _, values in seeds])
    se_seeds = float(of_seeds.std(ddof=1) / np.sqrt(len(seeds))) if len(seeds) > 1 else None
    return float(of_seeds.mean()), _jackknife(seeds, statistic), se_seeds


def _difference(measure: str, values: Sequence[np.ndarray]) -> float:
    first, *others = (scale(measure) * MEASURES[measure](some) for some in values)
    return first - sum(others)


def _ratio(measure: str, values: Sequence[np.ndarray]) -> float:
    first, other = (MEASURES[measure](some) for some in values)
    return first / other


def _jackknife(seeds, statistic: Statistic) -> float:
    """Standard error of the mean over seeds, by leaving out groups of examples in all of them."""
    units = np.unique(np.concatenate([ids.ravel() for ids, _ in seeds]))
    groups = min(len(units), GROUPS)
    members = [np.searchsorted(units, ids) % groups for ids, _ in seeds]
    without = np.empty(groups)
    for group in range(groups):
        kept = [(of != group).all(axis=1) for of in members]
        some = [[one[keep] for one in values] for keep, (_, values) in zip(kept, seeds, strict=True)]
        without[group] = np.mean([statistic(values) for values in some])
    return float(np.sqrt((groups - 1) * without.var()))
