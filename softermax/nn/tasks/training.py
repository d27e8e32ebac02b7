"""Training and evaluation that come out the same on every run."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import torch
from transformers import PreTrainedModel

from .comparison import Outcomes
from .task import Task

__all__ = ["calibration_batches", "evaluate", "reproducible", "train"]

#: Weight decay of AdamW, and the greatest norm of a gradient.
DECAY, GREATEST_NORM = 0.01, 1.0
#: Steps whose examples are sorted by length before they are made into batches.
SORTED_STEPS = 8
#: Training examples that zero points are calibrated on, at most, and scores of a head that are enough.
CALIBRATED_ON, ENOUGH_SCORES = 64, 1 << 19


def reproducible(seed: int):
    """Make what follows in this process depend on a seed only, not on the number of cores."""
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)


def train(model: PreTrainedModel, task: Task, epochs: int, rate: float, seed: int):
    """Train a model on a task: AdamW, a rate that decays linearly to 0, gradients clipped.

    Parameters
    ----------
    model : PreTrainedModel
        Any attention; parameters that need no gradient stay.
    epochs : int
    rate : float
        Learning rate at first.
    seed : int
        Seed of the order of examples and of dropout: the same for each attention.
    """
    reproducible(seed)
    model.train()
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimiser = torch.optim.AdamW(parameters, lr=rate, weight_decay=DECAY)
    steps = epochs * -(-len(task.train) // task.schedule.batch)
    decay = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: 1 - step / steps)
    order = torch.Generator().manual_seed(seed)
    for _ in range(epochs):
        for examples in _epoch(task, order):
            model(**task.batch(examples)).loss.backward()
            torch.nn.utils.clip_grad_norm_(parameters, GREATEST_NORM)
            optimiser.step()
            decay.step()
            optimiser.zero_grad()


def _epoch(task: Task, order: torch.Generator) -> Iterator[list]:
    """All training examples once, in batches of random order of examples of similar length."""
    size = task.schedule.batch
    shuffled = [task.train[place] for place in torch.randperm(len(task.train), generator=order).tolist()]
    batches = []
    for first in range(0, len(shuffled), size * SORTED_STEPS):
        alike = sorted(shuffled[first : first + size * SORTED_STEPS], key=task.length)
        batches += [alike[place : place + size] for place in range(0, len(alike), size)]
    for place in torch.randperm(len(batches), generator=order).tolist():
        yield batches[place]


def evaluate(model: PreTrainedModel, task: Task) -> Outcomes:
    """Outcomes of a model on the test examples."""
    places = sorted(range(len(task.test)), key=lambda place: task.length(task.test[place]))
    answers = [None] * len(places)
    model.eval()
    with torch.inference_mode():
        for some in _split(places, task.at_once):
            batch = task.batch([task.test[place] for place in some])
            for place, answer in zip(some, task.answers(model(**batch), batch), strict=True):
                answers[place] = answer
    return task.outcomes(answers)


def calibration_batches(task: Task) -> list:
    """Batches of the first training examples: fewer if they are long, since scores grow with the square."""
    squares = itertools.accumulate(task.length(example) ** 2 for example in task.train[:CALIBRATED_ON])
    enough = 1 + sum(scores < ENOUGH_SCORES for scores in squares)
    return [task.batch(some) for some in _split(task.train[: min(enough, CALIBRATED_ON)], task.at_once)]


def _split(examples: Sequence, size: int) -> Iterator[Sequence]:
    for first in range(0, len(examples), size):
        yield examples[first : first + size]
