"""Sentiment of sentences from film reviews, by MiniLM."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .data import read_snippets
from .errors import TaskError
from .mean_pooling import MeanPoolingClassifier
from .pretrained import load_model, minilm
from .task import Schedule
from .text import Text, TextTask

__all__ = ["Sizes", "sentiment"]

SCHEDULE = Schedule(epochs=2, rate=2e-4, more_epochs=1, more_rate=1e-4, batch=32)
#: Longest text in tokens; one in a hundred is cut.
MAX_TOKENS = 55


@dataclass(frozen=True)
class Sizes:
    """Numbers of examples of a seed."""

    train: int
    test: int


FULL, QUICK = Sizes(1000, 1500), Sizes(32, 32)
#: Seeds, each with test examples of its own, counted from 1.
SEEDS = 5


class SentimentTask(TextTask):
    """Texts to classify by the mean of their tokens."""

    def start(self):
        return MeanPoolingClassifier(load_model("AutoModel", self.model), self.labels)


def sentiment(seed: int, folder: Path, model: str | None = None, quick: bool = False) -> TextTask:
    """The task of a seed: is what people say of a sentence good or bad?

    Test examples of no two seeds are the same, and none is trained on by any seed.

    Parameters
    ----------
    seed : int
        1 to 5.
    folder : Path
        Where the data is kept.
    model : str or None
        Folder of an encoder, or its name on a hub; None: MiniLM.
    quick : bool
        A few examples.
    """
    if not 1 <= seed <= SEEDS:
        raise TaskError(f"the seed must be 1 to {SEEDS} for test examples of its own, not {seed}")
    rated = [(rating, text) for rating, text in read_snippets(folder) if rating]
    texts = [Text(number, (text,), float(rating > 0)) for number, (rating, text) in enumerate(rated)]
    sizes = QUICK if quick else FULL
    order = np.random.default_rng(0).permutation(len(texts))
    test = order[(seed - 1) * sizes.test : seed * sizes.test]
    train = np.random.default_rng(seed).choice(order[SEEDS * sizes.test :], sizes.train, replace=False)
    train, test = ([texts[place] for place in places] for places in (train, test))
    return SentimentTask(
        train,
        test,
        model=model or minilm(),
        measures=("accuracy",),
        schedule=SCHEDULE,
        labels=2,
        max_tokens=MAX_TOKENS,
    )
