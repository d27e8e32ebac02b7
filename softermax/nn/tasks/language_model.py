"""Prediction of a text's next token, by a pretrained decoder; another text is there to calibrate or train on."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import torch
from torch import Tensor
from transformers import PreTrainedModel

from softermax.pretrained.packages import Files

from .comparison import Outcomes
from .errors import TaskError
from .novels import TEST, TRAIN, read_text
from .pretrained import load_model, load_tokenizer, smollm2
from .task import Schedule, Task

__all__ = ["FULL", "QUICK", "QUICK_STEPS", "STEPS", "TUNED", "LanguageModelTask", "Windows"]

#: Fewest windows of which a standard error can be given, and fewest tokens of which one is predicted.
FEWEST = 2


@dataclass(frozen=True)
class Windows:
    """Parts of a text, each of which a model reads alone.

    Attributes
    ----------
    tokens : int
        Tokens of each window: the first is given, the others are predicted.
    count : int
        Windows, evenly spread over the text.
    """

    tokens: int
    count: int

    def __post_init__(self):
        for name, value in (("tokens", self.tokens), ("windows", self.count)):
            if value < FEWEST:
                raise TaskError(f"--{name} must be {FEWEST} or more, not {value}")

    def cut(self, ids: list[int], path: Path) -> list[list[int]]:
        """Windows of the tokens of a text."""
        if len(ids) < self.tokens * self.count:
            raise TaskError(
                f"{path} must have the {self.tokens * self.count:,} tokens of {self.count} windows, not {len(ids):,}"
            )
        stride = len(ids) // self.count
        return [ids[first : first + self.tokens] for first in range(0, stride * self.count, stride)]


FULL, QUICK = Windows(1024, 16), Windows(64, 2)
#: Windows where the model is trained further, one a step, and steps. A step takes as long as six predictions.
TUNED, STEPS, QUICK_STEPS = Windows(256, 32), 300, 2
#: Greatest learning rate of these steps.
RATE = 5e-5


class LanguageModelTask(Task):
    """What does a model lose on windows of a text, each read from its first token?

    Parameters
    ----------
    folder : Path
        Has two texts, ``train.txt`` to calibrate on and ``test.txt``.
    model : str or None
        Folder of a decoder, or its name on a hub; None: SmolLM2.
    windows : Windows
        Windows of both texts.
    steps : int or None
        Training steps, each of a window of its own; None where nothing is trained.

    Raises
    ------
    TaskError
        If there is no such model or text, or either is too short.
    """

    measures, at_once = ("perplexity",), 1

    def __init__(self, folder: Path, model: str | None = None, windows: Windows = FULL, steps: int | None = None):
        self.schedule = steps and Schedule(epochs=0, rate=0.0, more_epochs=1, more_rate=RATE, batch=1)
        self._files = smollm2() if model is None else Files(model, {})
        self._windows = windows
        tokenizer = load_tokenizer(self._files.folder, **self._files.options)
        parts = {TRAIN: replace(windows, count=steps or windows.count), TEST: windows}
        self.train, self.test = (
            part.cut(tokenizer(read_text(folder / name), add_special_tokens=False)["input_ids"], folder / name)
            for name, part in parts.items()
        )

    @cached_property
    def _pretrained(self) -> PreTrainedModel:
        model = load_model("AutoModelForCausalLM", self._files.folder, dtype=torch.float32, **self._files.options)
        longest = getattr(model.config, "max_position_embeddings", self._windows.tokens)
        if self._windows.tokens > longest:
            raise TaskError(f"--tokens must be at most the model's {longest:,}, not {self._windows.tokens:,}")
        return model

    def start(self):
        # Reading the file takes longer than some arms do.
        return copy.deepcopy(self._pretrained)

    def length(self, example) -> int:
        return len(example)

    def batch(self, examples) -> Mapping[str, Tensor]:
        ids = torch.tensor(examples)
        return {"input_ids": ids, "use_cache": False} | ({"labels": ids} if self.schedule else {})

    def answers(self, output, batch) -> list[float]:
        """Mean loss of a window's predictions, in nats."""
        losses = torch.nn.functional.cross_entropy(
            output.logits[:, :-1].transpose(1, 2), batch["input_ids"][:, 1:], reduction="none"
        )
        return losses.double().mean(dim=-1).tolist()

    def outcomes(self, answers) -> Outcomes:
        return Outcomes([[window] for window in range(len(answers))], [[answer] for answer in answers])
