"""Tasks by name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from .arms import CONTROL, MAX_LEN, SETS, Arm
from .data import LEE, SNIPPETS, fetch
from .digits import DigitsTask
from .errors import TaskError
from .glue import GLUE, glue
from .language_model import FULL, QUICK, QUICK_STEPS, STEPS, TUNED, LanguageModelTask, Windows
from .novels import fetch_novels, novels_folder
from .sentiment import sentiment
from .similarity import SimilarityTask
from .squad import SquadTask
from .task import Task

__all__ = ["TASKS", "TaskChoice"]

#: Names on the command line.
LANGUAGE_MODEL = "language-model"
TASKS = ("sentiment", "similarity", "digits", LANGUAGE_MODEL, "squad", *(f"glue:{name}" for name in GLUE))
DISTRIBUTIONS = {"sentiment": SNIPPETS, "similarity": LEE}


@dataclass(frozen=True)
class TaskChoice:
    """A task as a user names it.

    Parameters
    ----------
    name : str
        One of :data:`TASKS`.
    data : Path or None
        Folder with the files of glue, squad or a language model; None: from a hub, or two novels.
    model : str or None
        Folder of a pretrained model, or its name on a hub; None: the task's own.
    quick : bool
        A few examples, to see that everything works.
    tokens, windows : int or None
        Length and number of a language model's windows; None: 1024 and 16, 256 and 32 if it is trained, or a few if
        quick.
    tune : bool
        Whether its arms are trained further.
    only : tuple of str
        Names of arms beside softmax that are wanted; none: all of a set.

    Raises
    ------
    TaskError
        If there is no such task, or it takes no such option.
    """

    name: str
    data: Path | None = None
    model: str | None = None
    quick: bool = False
    tokens: int | None = None
    windows: int | None = None
    tune: bool = False
    only: tuple[str, ...] = ()

    def __post_init__(self):
        if self.name not in TASKS:
            raise TaskError(f"the task must be one of {', '.join(TASKS)}, not {self.name!r}")
        if self.data is not None and not self.from_files:
            raise TaskError(f"--data must come with glue, squad or {LANGUAGE_MODEL}: {self.name} fetches its own")
        if self.model is not None and self.name == "digits":
            raise TaskError("--model must not come with digits, whose model is trained from scratch")
        if self.name == LANGUAGE_MODEL:
            self.cut  # noqa: B018 (checks both numbers)
        elif (self.tokens, self.windows) != (None, None):
            raise TaskError(f"--tokens and --windows must come with {LANGUAGE_MODEL}, not {self.name}")

    @property
    def from_files(self) -> bool:
        """Whether its data is a user's."""
        return self.name.startswith(("glue:", "squad", LANGUAGE_MODEL))

    @property
    def trained(self) -> bool:
        """Whether its models are trained with softmax before all else."""
        return self.name not in ("similarity", LANGUAGE_MODEL)

    @property
    def cut(self) -> Windows | None:
        """How a language model's texts are cut; None for other tasks."""
        if self.name != LANGUAGE_MODEL:
            return None
        usual = QUICK if self.quick else TUNED if self.tune else FULL
        return Windows(
            usual.tokens if self.tokens is None else self.tokens, usual.count if self.windows is None else self.windows
        )

    @property
    def steps(self) -> int | None:
        """Steps that a language model is trained further; None for other tasks, and where it is not."""
        if self.cut is None or not self.tune:
            return None
        return QUICK_STEPS if self.quick else STEPS

    @property
    def label(self) -> str:
        """Name of the files of its results, without what is measured."""
        return self.name.replace(":", "-") if self.cut is None else f"{self.name}-{self.cut.tokens}"

    @property
    def unit(self) -> str:
        """Unit of its measures."""
        return "hundredths" if self.cut is None else f"perplexity in windows of {self.cut.tokens:,} tokens"

    def arms(self, kind: str) -> list[Arm]:
        """Arms of a set of :data:`softermax.nn.tasks.arms.SETS`, with rows as long as its own, or those wanted.

        Raises
        ------
        TaskError
            If one that is wanted is not in the set.
        """
        arms = self._set(kind)
        names = [arm.name for arm in arms]
        if missing := [name for name in self.only if name not in names]:
            raise TaskError(f"--arm must be one of {'; '.join(names)}, not {missing[0]!r}")
        return [arm for arm in arms if arm == CONTROL or not self.only or arm.name in self.only]

    def _set(self, kind: str) -> list[Arm]:
        if self.cut is None:
            return SETS[kind](MAX_LEN)
        decoder = "tuned decoder" if self.tune else "decoder"
        return SETS[decoder if kind == "presets" else kind](self.cut.tokens)

    def prepare(self, folder: Path):
        """Fetch what it needs into a folder, once for all processes."""
        if self.name in DISTRIBUTIONS:
            fetch(DISTRIBUTIONS[self.name], folder)
        if self.name == LANGUAGE_MODEL and self.data is None:
            fetch_novels(folder)

    def load(self, seed: int, folder: Path) -> Task:
        """The task with the data of a seed; what is fetched is in a folder."""
        if self.name == "sentiment":
            return sentiment(seed, folder, self.model, self.quick)
        if self.name == "similarity":
            return SimilarityTask(folder, self.model, self.quick)
        if self.name == "digits":
            return DigitsTask(seed, self.quick)
        if self.name == LANGUAGE_MODEL:
            return LanguageModelTask(self.data or novels_folder(folder), self.model, self.cut, self.steps)
        if self.name == "squad":
            return SquadTask(self.data, self.model, self.quick)
        return glue(self.name.removeprefix("glue:"), self.data, self.model, self.quick)
