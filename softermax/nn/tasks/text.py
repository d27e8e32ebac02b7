"""Classification and rating of texts and pairs of texts, by an encoder with a head."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from .comparison import Outcomes
from .pretrained import load_model, load_tokenizer
from .task import Schedule, Task, pad

__all__ = ["Text", "TextTask"]


@dataclass(frozen=True)
class Text:
    """A text, or a pair, with the truth.

    Attributes
    ----------
    id : int
    texts : tuple of str
        One or two.
    truth : float
        Number of the class, or the rating.
    kind : float
        Group of each test example, where some are measured apart.
    """

    id: int
    texts: tuple[str, ...]
    truth: float
    kind: float = 0.0


class TextTask(Task):
    """A task of texts.

    Parameters
    ----------
    train, test : sequence of Text
    model : str
        A folder, or a name on a hub.
    labels : int
        Classes; 1 for ratings.
    max_tokens : int
        To which texts are cut.
    """

    def __init__(
        self,
        train: Sequence[Text],
        test: Sequence[Text],
        *,
        model: str,
        measures: tuple[str, ...],
        schedule: Schedule,
        labels: int,
        max_tokens: int,
    ):
        self.measures, self.schedule, self.model, self.labels = measures, schedule, model, labels
        self._tokenizer = load_tokenizer(model)
        self.train, self.test = (self._encoded(texts, max_tokens) for texts in (train, test))

    def _encoded(self, texts: Sequence[Text], max_tokens: int) -> list[dict]:
        columns = zip(*(text.texts for text in texts), strict=True)
        encoded = self._tokenizer(*map(list, columns), truncation=True, max_length=max_tokens)
        return [
            {"text": text} | {name: rows[place] for name, rows in encoded.items()} for place, text in enumerate(texts)
        ]

    def start(self):
        return load_model("AutoModelForSequenceClassification", self.model, num_labels=self.labels)

    def length(self, example) -> int:
        return len(example["input_ids"])

    def batch(self, examples) -> Mapping[str, Tensor]:
        fill = {"input_ids": self._tokenizer.pad_token_id or 0}
        inputs = {
            name: pad([example[name] for example in examples], fill.get(name, 0))
            for name in examples[0]
            if name != "text"
        }
        truths = [example["text"].truth for example in examples]
        return inputs | {"labels": torch.tensor(truths, dtype=torch.float32 if self.labels == 1 else torch.int64)}

    def answers(self, output, batch) -> list[float]:
        answers = output.logits[:, 0] if self.labels == 1 else output.logits.argmax(dim=-1)
        return answers.double().tolist()

    def outcomes(self, answers) -> Outcomes:
        texts = [example["text"] for example in self.test]
        values = [[answer, text.truth, text.kind] for answer, text in zip(answers, texts, strict=True)]
        return Outcomes([[text.id] for text in texts], values)
