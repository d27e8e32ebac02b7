"""Similarity of documents, by a sentence encoder that is not trained for it."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from .comparison import Outcomes
from .data import read_lee
from .mean_pooling import mean_of_tokens
from .pretrained import load_model, load_tokenizer, minilm
from .task import Task, pad

__all__ = ["SimilarityTask"]

MAX_TOKENS = 256
#: Documents of a quick run.
QUICK = 8


class SimilarityTask(Task):
    """Correlation of cosines of documents' encodings with people's ratings of their similarity.

    Documents without ratings are there to calibrate on.

    Parameters
    ----------
    folder, model, quick
        As for :func:`softermax.nn.tasks.sentiment.sentiment`.
    """

    measures, schedule = ("pearson", "spearman"), None

    def __init__(self, folder: Path, model: str | None = None, quick: bool = False):
        documents, self._truth, others = read_lee(folder)
        self._model = model or minilm()
        self._tokenizer = load_tokenizer(self._model)
        self.test, self.train = (self._encoded(texts[: QUICK if quick else None]) for texts in (documents, others))

    def _encoded(self, texts: list[str]) -> list[list[int]]:
        return self._tokenizer(texts, truncation=True, max_length=MAX_TOKENS)["input_ids"]

    def start(self):
        return load_model("AutoModel", self._model)

    def length(self, example) -> int:
        return len(example)

    def batch(self, examples) -> Mapping[str, Tensor]:
        mask = pad([[1] * len(example) for example in examples], 0)
        return {"input_ids": pad(examples, self._tokenizer.pad_token_id or 0), "attention_mask": mask}

    def answers(self, output, batch) -> list[np.ndarray]:
        """The mean of a document's tokens, of length 1."""
        mean = mean_of_tokens(output.last_hidden_state, batch["attention_mask"])
        return list(torch.nn.functional.normalize(mean.double(), dim=-1).numpy())

    def outcomes(self, answers) -> Outcomes:
        pairs = list(combinations(range(len(answers)), 2))
        values = [[float(answers[one] @ answers[other]), float(self._truth[one, other])] for one, other in pairs]
        return Outcomes([list(pair) for pair in pairs], values)
