"""Interface between a task and an experiment."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from transformers import PreTrainedModel

from .comparison import Outcomes

__all__ = ["Schedule", "Task", "pad"]


@dataclass(frozen=True)
class Schedule:
    """How a model is trained.

    Attributes
    ----------
    epochs, rate : int, float
        From the start, with softmax, and the greatest learning rate.
    more_epochs, more_rate : int, float
        After that, with the attention of an arm.
    batch : int
        Examples of a step.
    """

    epochs: int
    rate: float
    more_epochs: int
    more_rate: float
    batch: int


class Task(ABC):
    """A task with the data of one seed.

    Attributes
    ----------
    measures : tuple of str
        Names in :data:`softermax.nn.tasks.measures.MEASURES`, the main one first.
    schedule : Schedule or None
        None where nothing is trained.
    train, test : sequence
        Examples.
    at_once : int
        Examples of a batch that is not trained on.
    """

    measures: tuple[str, ...]
    schedule: Schedule | None
    at_once: int = 32
    train: Sequence
    test: Sequence

    @abstractmethod
    def start(self) -> PreTrainedModel:
        """A model before training; its random weights follow from PyTorch's seed."""

    @abstractmethod
    def batch(self, examples: Sequence) -> Mapping[str, Tensor]:
        """Inputs of the model; with labels, where it is trained."""

    @abstractmethod
    def answers(self, output, batch: Mapping[str, Tensor]) -> Sequence:
        """Answers of the model, for each example of a batch."""

    @abstractmethod
    def outcomes(self, answers: Sequence) -> Outcomes:
        """Outcomes of the answers to all test examples, in order."""

    def length(self, example) -> int:
        """Length by which examples are sorted, so that a batch has examples of about one length."""
        return 0


def pad(rows: Sequence[Sequence[int]], value: int) -> Tensor:
    """Integers of rows as one tensor, (rows, longest)."""
    longest = max(map(len, rows))
    return torch.tensor([[*row, *[value] * (longest - len(row))] for row in rows])
