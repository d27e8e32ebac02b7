"""Handwritten digits of 8 x 8 pixels, by a tiny vision transformer that is trained from scratch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor
from transformers import ViTConfig, ViTForImageClassification

from .comparison import Outcomes
from .errors import TaskError
from .task import Schedule, Task

__all__ = ["DigitsTask"]

SCHEDULE = Schedule(epochs=40, rate=1e-3, more_epochs=4, more_rate=3e-4, batch=32)
QUICK_SCHEDULE = replace(SCHEDULE, epochs=4, more_epochs=1)
QUICK = 64
#: Parts of the images, each of which is one seed's test set.
PARTS = 3
PIXEL_MAX = 16


class DigitsTask(Task):
    """Which digit is it? Three seeds test on a third each and train on the others; so do the next three.

    Parameters
    ----------
    seed : int
        From 1.
    quick : bool
        A few images, and epochs.
    """

    measures = ("accuracy",)

    def __init__(self, seed: int, quick: bool = False):
        try:
            from sklearn.datasets import load_digits
        except ModuleNotFoundError as error:
            raise TaskError("the digits need scikit-learn: pip install scikit-learn") from error
        images, truths = load_digits(return_X_y=True)
        self._images = torch.tensor(images / PIXEL_MAX - 0.5, dtype=torch.float32).view(-1, 1, 8, 8)
        self._truths = torch.tensor(truths)
        again, part = divmod(seed - 1, PARTS)
        order = np.random.default_rng(again).permutation(len(images)).tolist()
        self.test = order[part::PARTS]
        self.train = [image for place, image in enumerate(order) if place % PARTS != part]
        self.schedule = QUICK_SCHEDULE if quick else SCHEDULE
        if quick:
            self.train, self.test = self.train[:QUICK], self.test[:QUICK]

    def start(self):
        # A token for each pixel, so that rows are long.
        config = ViTConfig(
            image_size=8,
            patch_size=1,
            num_channels=1,
            hidden_size=48,
            num_hidden_layers=3,
            num_attention_heads=4,
            intermediate_size=96,
            num_labels=10,
        )
        return ViTForImageClassification(config)

    def batch(self, examples) -> Mapping[str, Tensor]:
        return {"pixel_values": self._images[examples], "labels": self._truths[examples]}

    def answers(self, output, batch) -> list[int]:
        return output.logits.argmax(dim=-1).tolist()

    def outcomes(self, answers) -> Outcomes:
        truths = self._truths[self.test].tolist()
        values = [[float(answer), float(truth)] for answer, truth in zip(answers, truths, strict=True)]
        return Outcomes([[image] for image in self.test], values)
