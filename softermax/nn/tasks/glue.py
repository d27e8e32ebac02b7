"""The eight tasks of GLUE that the paper takes, from files or from a hub."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from .errors import TaskError
from .hub import hub_split
from .task import Schedule
from .text import Text, TextTask

__all__ = ["GLUE", "GlueTask", "glue", "read_glue"]

MODEL = "google-bert/bert-base-uncased"
HUB = "nyu-mll/glue"
SCHEDULE = Schedule(epochs=3, rate=3e-5, more_epochs=1, more_rate=1e-5, batch=32)
MAX_TOKENS = 128
#: Examples of a quick run.
QUICK = 32


@dataclass(frozen=True)
class GlueTask:
    """One of the tasks.

    Attributes
    ----------
    measures : tuple of str
        The main one first.
    texts : tuple of str
        Columns of the text or the pair.
    truth : str
        Column of the class or the rating.
    classes : tuple of str
        Names of the classes; none where they are rated.
    tests : tuple of str
        Files of test examples, without their suffix: the development sets, whose truth is public.
    header : tuple of str
        Columns of files that do not name them.
    torn : bool
        Whether some lines of the files that are distributed are torn: they are left out.
    """

    measures: tuple[str, ...]
    texts: tuple[str, ...]
    truth: str
    classes: tuple[str, ...]
    tests: tuple[str, ...] = ("dev",)
    header: tuple[str, ...] = ()
    torn: bool = False


SENTENCES = ("sentence1", "sentence2")
ENTAILMENT = ("entailment", "not_entailment")
GLUE = {
    "CoLA": GlueTask(
        ("matthews", "accuracy"), ("sentence",), "label", ("0", "1"), header=("source", "label", "mark", "sentence")
    ),
    "SST-2": GlueTask(("accuracy",), ("sentence",), "label", ("0", "1")),
    "MRPC": GlueTask(("f1", "accuracy"), ("#1 String", "#2 String"), "Quality", ("0", "1")),
    "STS-B": GlueTask(("pearson", "spearman"), SENTENCES, "score", ()),
    "QQP": GlueTask(("f1", "accuracy"), ("question1", "question2"), "is_duplicate", ("0", "1"), torn=True),
    "MNLI": GlueTask(
        ("matched_accuracy", "mismatched_accuracy"),
        SENTENCES,
        "gold_label",
        ("entailment", "neutral", "contradiction"),
        ("dev_matched", "dev_mismatched"),
    ),
    "QNLI": GlueTask(("accuracy",), ("question", "sentence"), "label", ENTAILMENT),
    "RTE": GlueTask(("accuracy",), SENTENCES, "label", ENTAILMENT),
}
#: The hub's names of what is called otherwise there.
HUB_SPLITS = {"dev": "validation", "dev_matched": "validation_matched", "dev_mismatched": "validation_mismatched"}
HUB_TEXTS = {"MRPC": SENTENCES, "MNLI": ("premise", "hypothesis")}


def glue(name: str, data: Path | None = None, model: str | None = None, quick: bool = False) -> TextTask:
    """One of the tasks of GLUE.

    Parameters
    ----------
    name : str
        Such as ``"SST-2"``.
    data : Path or None
        Folder with train.tsv and dev.tsv (of MNLI dev_matched.tsv and dev_mismatched.tsv), as GLUE is distributed;
        None: from the hub, by the package datasets.
    model : str or None
        Folder of an encoder, or its name on a hub; None: BERT-Base.
    quick : bool
        A few examples.

    Raises
    ------
    TaskError
        If there is no such task, or data or model cannot be had.
    """
    if name not in GLUE:
        raise TaskError(f"the task of GLUE must be one of {', '.join(GLUE)}, not {name!r}")
    task, most = GLUE[name], QUICK if quick else None
    read = read_glue if data else _from_hub
    train = read(name, "train", data)[:most]
    test = [
        replace(text, kind=float(kind))
        for kind, split in enumerate(task.tests)
        for text in read(name, split, data)[:most]
    ]
    test = [replace(text, id=number) for number, text in enumerate(test)]
    return TextTask(
        train,
        test,
        model=model or MODEL,
        measures=task.measures,
        schedule=SCHEDULE,
        labels=len(task.classes) or 1,
        max_tokens=MAX_TOKENS,
    )


def read_glue(name: str, split: str, folder: Path) -> list[Text]:
    """Examples of a file of GLUE.

    Raises
    ------
    TaskError
        If the file is missing or not of that form.
    """
    task, path = GLUE[name], folder / f"{split}.tsv"
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file, fieldnames=task.header or None, delimiter="\t", quoting=csv.QUOTE_NONE)
            return list(_examples(task, rows))
    except OSError as error:
        raise TaskError(f"{path} cannot be read: {error.strerror}") from error
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        columns = ", ".join((*task.texts, task.truth))
        raise TaskError(f"{path} must have the columns {columns} of {name}, each line a known truth") from error


def _examples(task: GlueTask, rows: Iterable[Mapping[str, str]]) -> Iterator[Text]:
    for number, row in enumerate(rows):
        if task.torn and row[task.truth] is None:
            continue
        truth = float(task.classes.index(row[task.truth]) if task.classes else row[task.truth])
        yield Text(number, tuple(row[column].strip() for column in task.texts), truth)


def _from_hub(name: str, split: str, _folder: None) -> list[Text]:
    configuration = {"SST-2": "sst2", "STS-B": "stsb"}.get(name, name.lower())
    rows = hub_split(HUB, HUB_SPLITS.get(split, split), configuration)
    texts = HUB_TEXTS.get(name, GLUE[name].texts)
    return [Text(number, tuple(row[text] for text in texts), float(row["label"])) for number, row in enumerate(rows)]
