"""Tasks by name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from .data import LEE, SNIPPETS, fetch
from .digits import DigitsTask
from .errors import TaskError
from .glue import GLUE, glue
from .sentiment import sentiment
from .similarity import SimilarityTask
from .squad import SquadTask
from .task import Task

__all__ = ["TASKS", "TaskChoice"]

#: Names on the command line.
TASKS = ("sentiment", "similarity", "digits", "squad", *(f"glue:{name}" for name in GLUE))
DISTRIBUTIONS = {"sentiment": SNIPPETS, "similarity": LEE}


@dataclass(frozen=True)
class TaskChoice:
    """A task as a user names it.

    Parameters
    ----------
    name : str
        One of :data:`TASKS`.
    data : Path or None
        Folder with the files of glue or squad; None: from a hub.
    model : str or None
        Folder of a pretrained model, or its name on a hub; None: the task's own.
    quick : bool
        A few examples, to see that everything works.

    Raises
    ------
    TaskError
        If there is no such task, or it takes no such option.
    """

    name: str
    data: Path | None = None
    model: str | None = None
    quick: bool = False

    def __post_init__(self):
        if self.name not in TASKS:
            raise TaskError(f"the task must be one of {', '.join(TASKS)}, not {self.name!r}")
        if self.data is not None and not self.from_files:
            raise TaskError(f"--data must come with glue or squad: {self.name} fetches its own")
        if self.model is not None and self.name == "digits":
            raise TaskError("--model must not come with digits, whose model is trained from scratch")

    @property
    def from_files(self) -> bool:
        """Whether its data is a user's."""
        return self.name.startswith(("glue:", "squad"))

    @property
    def trained(self) -> bool:
        """Whether its models are trained."""
        return self.name != "similarity"

    def prepare(self, folder: Path):
        """Fetch what it needs into a folder, once for all processes."""
        if self.name in DISTRIBUTIONS:
            fetch(DISTRIBUTIONS[self.name], folder)

    def load(self, seed: int, folder: Path) -> Task:
        """The task with the data of a seed; what is fetched is in a folder."""
        if self.name == "sentiment":
            return sentiment(seed, folder, self.model, self.quick)
        if self.name == "similarity":
            return SimilarityTask(folder, self.model, self.quick)
        if self.name == "digits":
            return DigitsTask(seed, self.quick)
        if self.name == "squad":
            return SquadTask(self.data, self.model, self.quick)
        return glue(self.name.removeprefix("glue:"), self.data, self.model, self.quick)
