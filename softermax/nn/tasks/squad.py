"""Answers to questions as spans of a paragraph: SQuAD, from files or from a hub."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from .answers import exact_match, word_f1
from .comparison import Outcomes
from .errors import TaskError
from .hub import hub_split
from .pretrained import load_model, load_tokenizer
from .task import Schedule, Task, pad

__all__ = ["Question", "SquadTask", "best_span", "read_squad"]

MODEL = "google-bert/bert-base-uncased"
HUB = "rajpurkar/squad"
SCHEDULE = Schedule(epochs=2, rate=3e-5, more_epochs=1, more_rate=1e-5, batch=12)
#: Tokens of a question with part of its paragraph, and those that a part shares with the next.
MAX_TOKENS, SHARED = 384, 128
#: Tokens of the longest answer.
LONGEST = 30
#: Questions of a quick run.
QUICK = 8


@dataclass(frozen=True)
class Question:
    """A question about a paragraph; the answers are the truths, and the first starts at this letter."""

    question: str
    paragraph: str
    answers: tuple[str, ...]
    start: int


@dataclass(frozen=True)
class Part:
    """A question with a part of its paragraph, as the model reads it.

    Attributes
    ----------
    question : int
        Its number.
    inputs : dict of str to list of int
    letters : list of tuple of int
        For each token, the paragraph's letters that it stands for; (0, 0) where it is none of the paragraph.
    span : tuple of int
        First and last token of the first answer; (0, 0) if it is not in this part.
    """

    question: int
    inputs: dict[str, list[int]]
    letters: list[tuple[int, int]]
    span: tuple[int, int]


class SquadTask(Task):
    """SQuAD 1.1.

    Parameters
    ----------
    data : Path or None
        Folder with train-v1.1.json and dev-v1.1.json; None: from the hub, by the package datasets.
    model, quick
        As for :func:`softermax.nn.tasks.glue.glue`.
    """

    measures, schedule = ("word_f1", "exact_match"), SCHEDULE

    def __init__(self, data: Path | None = None, model: str | None = None, quick: bool = False):
        self._model = model or MODEL
        self._tokenizer = load_tokenizer(self._model)
        most = QUICK if quick else None
        train, self._questions = (
            (read_squad(data / f"{split}-v1.1.json") if data else _from_hub(split))[:most] for split in ("train", "dev")
        )
        self.train, self.test = self._parts(train), self._parts(self._questions)

    def _parts(self, questions: Sequence[Question]) -> list[Part]:
        encoded = self._tokenizer(
            [question.question for question in questions],
            [question.paragraph for question in questions],
            truncation="only_second",
            max_length=MAX_TOKENS,
            stride=SHARED,
            return_overflowing_tokens=True,
            return_offsets_mapping=True,
        )
        names = [name for name in encoded if name not in ("overflow_to_sample_mapping", "offset_mapping")]
        parts = []
        for row, number in enumerate(encoded["overflow_to_sample_mapping"]):
            second = [sequence == 1 for sequence in encoded.sequence_ids(row)]
            offsets = encoded["offset_mapping"][row]
            letters = [tuple(pair) if there else (0, 0) for pair, there in zip(offsets, second, strict=True)]
            inputs = {name: encoded[name][row] for name in names}
            parts.append(Part(number, inputs, letters, _span(questions[number], letters)))
        return parts

    def start(self):
        return load_model("AutoModelForQuestionAnswering", self._model)

    def length(self, example) -> int:
        return len(example.letters)

    def batch(self, examples) -> Mapping[str, Tensor]:
        fill = {"input_ids": self._tokenizer.pad_token_id or 0}
        inputs = {name: pad([part.inputs[name] for part in examples], fill.get(name, 0)) for name in examples[0].inputs}
        starts, ends = torch.tensor([part.span for part in examples]).T
        return inputs | {"start_positions": starts, "end_positions": ends}

    def answers(self, output, batch) -> list[np.ndarray]:
        """Logits of starts and ends, (2, tokens)."""
        return list(torch.stack([output.start_logits, output.end_logits], dim=1).float().numpy())

    def outcomes(self, answers) -> Outcomes:
        best = [(-np.inf, "")] * len(self._questions)
        for part, logits in zip(self.test, answers, strict=True):
            score, (first, last) = best_span(logits, part.letters)
            if score > best[part.question][0]:
                best[part.question] = score, self._questions[part.question].paragraph[first:last]
        values = [
            [exact_match(answer, question.answers), word_f1(answer, question.answers)]
            for (_, answer), question in zip(best, self._questions, strict=True)
        ]
        return Outcomes([[number] for number in range(len(values))], values)


def _span(question: Question, letters: list[tuple[int, int]]) -> tuple[int, int]:
    """First and last token of the first answer, if all of it is there."""
    start, end = question.start, question.start + len(question.answers[0])
    first = [token for token, (begin, stop) in enumerate(letters) if begin <= start < stop]
    last = [token for token, (begin, stop) in enumerate(letters) if begin < end <= stop]
    return (first[0], last[-1]) if first and last else (0, 0)


def best_span(logits: np.ndarray, letters: list[tuple[int, int]]) -> tuple[float, tuple[int, int]]:
    """The likeliest answer: the sum of its logits, and its letters in the paragraph.

    Parameters
    ----------
    logits : ndarray, (2, tokens or more)
        Logits of starts and of ends.
    letters : list of tuple of int
        As in a :class:`Part`.
    """
    tokens = len(letters)
    there = np.array([stop > 0 for _, stop in letters])
    starts, ends = (np.where(there, row[:tokens], -np.inf) for row in logits)
    # An answer has 1 to LONGEST tokens: a band above the diagonal.
    sums = starts[:, None] + ends[None, :]
    lengths = np.arange(tokens)[None, :] - np.arange(tokens)[:, None]
    sums = np.where((lengths >= 0) & (lengths < LONGEST), sums, -np.inf)
    first, last = np.unravel_index(sums.argmax(), sums.shape)
    return float(sums[first, last]), (letters[first][0], letters[last][1])


def read_squad(path: Path) -> list[Question]:
    """Questions of a file in SQuAD's form.

    Raises
    ------
    TaskError
        If the file is missing or not of that form.
    """
    try:
        articles = json.loads(path.read_text(encoding="utf-8"))["data"]
        return [
            _question(entry["question"], paragraph["context"], entry["answers"])
            for article in articles
            for paragraph in article["paragraphs"]
            for entry in paragraph["qas"]
        ]
    except OSError as error:
        raise TaskError(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise TaskError(f"{path} must be of the form of SQuAD 1.1, each question with an answer") from error


def _question(question: str, paragraph: str, answers: Sequence[Mapping]) -> Question:
    # Some questions have leading spaces.
    texts = tuple(answer["text"] for answer in answers)
    return Question(question.strip(), paragraph, texts, int(answers[0]["answer_start"]))


def _from_hub(split: str) -> list[Question]:
    rows = hub_split(HUB, {"dev": "validation"}.get(split, split))
    return [
        Question(
            row["question"].strip(), row["context"], tuple(row["answers"]["text"]), row["answers"]["answer_start"][0]
        )
        for row in rows
    ]
