"""Experiments with models: arms and seeds run side by side, kept, and compared with softmax.

A seed's model is trained once, with softmax; every arm begins with it. Outcomes of each test example are kept in
``build_dir/cache`` under all that they follow from, trained models in ``build_dir/accuracy``, so that an interrupted
experiment goes on where it was. Needs PyTorch and transformers.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import torch
from rich.console import Console

from softermax.nn.tasks import arms, training
from softermax.nn.tasks.arms import CONTROL, Arm
from softermax.nn.tasks.catalogue import TaskChoice
from softermax.nn.tasks.comparison import Outcomes, compare, summarise
from softermax.nn.tasks.errors import TaskError
from softermax.nn.tasks.task import Task

from ..errors import FlowError
from ..files import write_whole
from ..jobs.cache import CachedJob, cached, key_of
from ..jobs.provenance import source_digest, versions
from ..jobs.running import Job, run_jobs

__all__ = ["Run", "experiment"]

PROGRAMS = ("numpy", "torch", "transformers")


@dataclass(frozen=True)
class Run:
    """A model of one seed.

    Attributes
    ----------
    task : TaskChoice
    seed : int
    arm : Arm or None
        None for the training that comes before.
    tuned : bool
        Whether it is then trained with its arm.
    """

    task: TaskChoice
    seed: int
    arm: Arm | None = None
    tuned: bool = False

    @property
    def name(self) -> str:
        """Name of the run for people."""
        arm = self.arm.name if self.arm else "softmax"
        return f"{self.task.name}, {arm}{', trained further' if self.tuned else ''}, seed {self.seed}"

    def identity(self) -> dict:
        """Nothing: results are put together by :func:`experiment`."""
        return {}

    def key(self) -> str:
        """Under which its result is kept: a digest of all that it follows from."""
        task = self.task
        facts = {
            "run": [task.name, task.quick, repr(task.cut), task.steps, self.seed, repr(self.arm), self.tuned],
            "files": [_folder_digest(task.data), _folder_digest(task.model) or task.model],
            "sources": source_digest(("model", "nn", "pretrained")),
            "versions": versions(PROGRAMS),
        }
        return key_of(facts)


@lru_cache
def _folder_digest(folder: Path | str | None) -> str | None:
    """SHA-256 of the files of a folder, if it is one."""
    if folder is None or not Path(folder).is_dir():
        return None
    digest = hashlib.sha256()
    for file in sorted(file for file in Path(folder).iterdir() if file.is_file()):
        digest.update(f"{file.name} {hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()


@contextmanager
def _told(*kinds: type[Exception]) -> Iterator[None]:
    """What a user can mend becomes a FlowError."""
    try:
        yield
    except kinds as error:
        raise FlowError(str(error)) from error


def _start_file(run: Run, build_dir: Path) -> Path:
    return build_dir / "accuracy" / f"start-{replace(run, arm=None, tuned=False).key()}.pt"


def start(run: Run, build_dir: Path) -> dict:
    """Train a seed's model with softmax, as long as it has not been done."""
    with _told(TaskError):
        task, model = _begin(run, build_dir)
        CONTROL.install(model, [])
        training.train(model, task, task.schedule.epochs, task.schedule.rate, run.seed)
    content = io.BytesIO()
    torch.save(model.state_dict(), content)
    write_whole(_start_file(run, build_dir), content.getvalue())
    return {}


start = CachedJob(start, lambda run, build_dir: {} if _start_file(run, build_dir).is_file() else None)


@cached(Run.key)
def outcomes(run: Run, build_dir: Path) -> dict:
    """Outcomes of a seed's model with the run's arm."""
    with _told(TaskError, ValueError):
        task, model = _begin(run, build_dir)
        if run.task.trained:
            model.load_state_dict(torch.load(_start_file(run, build_dir), weights_only=True))
        run.arm.install(model, training.calibration_batches(task))
        if run.tuned:
            training.train(model, task, task.schedule.more_epochs, task.schedule.more_rate, run.seed)
        return vars(training.evaluate(model, task)) | {"measures": task.measures}


def _begin(run: Run, build_dir: Path):
    training.reproducible(run.seed)
    task = _task(run.task, run.seed, build_dir)
    return task, task.start()


@lru_cache(maxsize=1)
def _task(choice: TaskChoice, seed: int, build_dir: Path) -> Task:
    """The last one is remembered: several runs have it."""
    return choice.load(seed, build_dir / "data")


def experiment(choice: TaskChoice, seeds: int, kind: str, build_dir: Path, console: Console) -> list[dict]:
    """Run a set of arms, each swapped into the model as it is and, if the choice says so, trained for the same steps.

    Parameters
    ----------
    choice : TaskChoice
    seeds : int
        From 1 to this; where nothing is random, one is enough and all that is run.
    kind : str
        Name in :data:`softermax.nn.tasks.arms.SETS`, as the task takes it.

    Returns
    -------
    list of dict
        For each arm, training and measure: a mean over seeds and the difference from softmax of the same training, with
        standard errors, as :mod:`softermax.nn.tasks.comparison` gives them.

    Raises
    ------
    FlowError
        If the task cannot be had, or not be run.
    """
    with _told(TaskError):
        models = [(arm, False) for arm in choice.arms(kind)]
        choice.prepare(build_dir / "data")
    numbers = range(1, seeds + 1) if choice.trained else (1,)
    models += [(arm, True) for arm, _ in models if choice.tune and arm.name in arms.TUNED]
    runs = [Run(choice, seed, arm, tuned) for seed in numbers for arm, tuned in models]
    _train_starts(runs, build_dir, console)
    found = run_jobs([Job(outcomes, run, build_dir) for run in runs], "Evaluating arms", console)
    of_models = {model: found[place :: len(models)] for place, model in enumerate(models)}
    return [row for arm, tuned in models for row in _rows(choice, arm, tuned, of_models)]


def _train_starts(runs: Sequence[Run], build_dir: Path, console: Console):
    """Train what runs begin with, if they have yet to be run."""
    missing = {run.seed: run for run in runs if run.task.trained and outcomes.lookup(run, build_dir) is None}
    jobs = [Job(start, replace(run, arm=None, tuned=False), build_dir) for run in missing.values()]
    if jobs:
        run_jobs(jobs, "Training with softmax", console)


def _rows(choice: TaskChoice, arm: Arm, tuned: bool, found: dict[tuple[Arm, bool], list[dict]]) -> list[dict]:
    """Flat results of an arm, one for each measure."""
    ours, control = ([_read(one) for one in found[key]] for key in ((arm, tuned), (CONTROL, tuned)))
    tokens = {} if choice.cut is None else {"tokens": choice.cut.tokens}
    identity = {"task": choice.name, "quick": choice.quick, **arm.identity(), "training": "tuned" if tuned else "none"}
    numbers = {"seeds": len(ours), "examples": sum(len(one.ids) for one in ours)}
    return [
        identity
        | tokens
        | {"measure": measure}
        | numbers
        | summarise(ours, measure)
        | ({} if arm == CONTROL else compare(ours, control, measure))
        for measure in found[arm, tuned][0]["measures"]
    ]


def _read(found: dict) -> Outcomes:
    return Outcomes(found["ids"], found["values"])
