"""SQuAD from a tiny file of its form: parts of paragraphs, spans, answers."""

import json
import sys

import numpy as np
import pytest
import torch

from softermax.nn.tasks import squad, training
from softermax.nn.tasks.errors import TaskError
from softermax.nn.tasks.squad import Question, SquadTask, best_span, read_squad

from .tiny import encoder

PARAGRAPH = "the old film was very bad the new film is not bad one two three a film"
ENTRIES = [
    {"question": " who is not bad ?", "answers": [{"text": "new film", "answer_start": 30}]},
    {
        "question": "who was bad ?",
        "answers": [{"text": "old film", "answer_start": 4}, {"text": "the old film", "answer_start": 0}],
    },
]


@pytest.fixture
def files(tmp_path):
    article = {"paragraphs": [{"context": PARAGRAPH, "qas": ENTRIES}]}
    for split in ("train", "dev"):
        (tmp_path / f"{split}-v1.1.json").write_text(json.dumps({"version": "1.1", "data": [article]}))
    return tmp_path


@pytest.fixture
def task(files, monkeypatch):
    # So that a paragraph is read in several parts.
    monkeypatch.setattr(squad, "MAX_TOKENS", 16)
    monkeypatch.setattr(squad, "SHARED", 4)
    return SquadTask(files, encoder(files / "model"))


def test_files_are_questions(files):
    first, second = read_squad(files / "dev-v1.1.json")
    assert first == Question("who is not bad ?", PARAGRAPH, ("new film",), 30)
    assert second.answers == ("old film", "the old film")


def test_a_part_has_the_answers_tokens_or_none(task):
    spans = [[part.span for part in task.train if part.question == number] for number in (0, 1)]
    assert all(len(some) > 1 for some in spans)
    for part in task.train:
        question = task._questions[part.question]
        first, last = part.span
        if part.span != (0, 0):
            assert PARAGRAPH[part.letters[first][0] : part.letters[last][1]] == question.answers[0]
    assert all(any(span != (0, 0) for span in some) and any(span == (0, 0) for span in some) for some in spans)


def test_the_best_span_is_the_likeliest_that_can_be():
    letters = [(0, 0), (0, 3), (4, 7), (8, 12), (0, 0)]
    logits = np.zeros((2, 6))
    logits[:, 0] = logits[:, 5] = 9  # no answer, and padding
    logits[0, 3], logits[1, 1] = 5, 4  # ends before it starts
    assert best_span(logits, letters) == (5, (8, 12))
    logits[1, 1], logits[0, 1] = 0, 6
    logits[1, 2] = 1
    assert best_span(logits, letters) == (7, (0, 7))


def test_spans_are_no_longer_than_answers():
    letters = [(place, place + 1) for place in range(50)]
    logits = np.zeros((2, 50))
    logits[0, 0], logits[1, 40], logits[1, 29] = 1, 1, 0.5
    assert best_span(logits, letters) == (1.5, (0, 30))


def answered(task, says):
    """Answers of logits that say of each part a first and a last token, and how sure they are."""
    answers = []
    for part in task.test:
        logits = np.zeros((2, len(part.letters)))
        span, sure = says(part)
        logits[[0, 1], list(span)] = sure
        answers.append(logits)
    return task.outcomes(answers)


def test_the_surest_part_answers(task):
    right = answered(task, lambda part: (part.span, 5 if part.span != (0, 0) else 0))
    assert right.values == [[1, 1], [1, 1]]
    assert right.ids == [[0], [1]]

    def first_token(part):
        place = next(place for place, (_, stop) in enumerate(part.letters) if stop)
        return (place, place), 5 if part is task.test[0] else 1

    # That of the first question is "the", of which nothing is left.
    assert answered(task, first_token).values[0] == [0, 0]


def test_a_model_learns_where_answers_are(task):
    training.reproducible(1)
    network = task.start()
    training.train(network, task, 40, 3e-3, 1)
    assert training.evaluate(network, task).values == [[1, 1], [1, 1]]


@pytest.mark.parametrize(
    "text", ["{", "{}", '{"data": [{"paragraphs": [{"context": "a", "qas": [{"question": "b"}]}]}]}']
)
def test_files_of_another_form_are_told(text, tmp_path):
    (tmp_path / "dev.json").write_text(text)
    with pytest.raises(TaskError, match=r"dev.json must be of the form of SQuAD 1.1, each question with an answer$"):
        read_squad(tmp_path / "dev.json")


def test_missing_files_are_told(tmp_path):
    with pytest.raises(TaskError, match=r"dev.json cannot be read: No such file or directory$"):
        read_squad(tmp_path / "dev.json")


def test_a_hub_gives_the_same_questions(files, monkeypatch):
    answers = {"text": ["new film"], "answer_start": [30]}
    rows = [{"question": " who is not bad ?", "context": PARAGRAPH, "answers": answers}]
    asked = []

    class Hub:
        @staticmethod
        def load_dataset(name, configuration, *, split):
            asked.append((name, configuration, split))
            return rows

    monkeypatch.setitem(sys.modules, "datasets", Hub)
    task = SquadTask(None, encoder(files / "model"))
    assert task._questions == read_squad(files / "dev-v1.1.json")[:1]
    assert asked == [("rajpurkar/squad", None, "train"), ("rajpurkar/squad", None, "validation")]


def test_batches_have_the_spans(task):
    batch = task.batch(task.train)
    assert torch.stack([batch["start_positions"], batch["end_positions"]], dim=1).tolist() == [
        list(part.span) for part in task.train
    ]
