"""Records: results of a command that documents show, kept in the repository with what they follow from."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import FlowError
from ..evaluation.quick import QUICK_COLUMNS
from ..files import write_whole
from ..jobs.provenance import code_digest, versions
from ..measurement.unit_columns import UNIT_COLUMNS
from ..results.columns import Column
from ..studies.operators import OPERATORS
from ..studies.outcome_columns import OUTCOME_COLUMNS

__all__ = ["FOLDER", "RECORDS", "Record", "check_name", "is_stale", "read_record", "write_record"]

#: Where records are kept, below the root of a checkout.
FOLDER = Path("results")
HARDWARE, MODELS = ("model", "hw", "sim", "flows"), ("model", "nn")


@dataclass(frozen=True)
class Record:
    """What a record is of.

    Attributes
    ----------
    command : str
        Words of the command line behind ``softermax``.
    minutes : float
        Minutes of CPU time that it takes.
    columns : tuple of Column
        How tables show its fields.
    packages : tuple of str
        Packages of softermax that its results follow from.
    liberty : bool
        Whether it is measured with a library of cells, which is given when it is measured.
    """

    command: str
    minutes: float
    columns: tuple[Column, ...]
    packages: tuple[str, ...] = HARDWARE
    liberty: bool = False


#: Every record by name.
RECORDS = {
    "quick": Record("quick", 4, QUICK_COLUMNS),
    "units-asap7": Record("evaluate", 60, UNIT_COLUMNS, liberty=True),
    "units-sky130": Record("evaluate", 60, UNIT_COLUMNS, liberty=True),
    "operators-asap7": Record("operators", 6, OPERATORS.columns, liberty=True),
    "language-model": Record("accuracy language-model", 40, OUTCOME_COLUMNS, MODELS),
    "language-model-256": Record("accuracy language-model --tokens 256", 10, OUTCOME_COLUMNS, MODELS),
    "language-model-2048": Record(
        "accuracy language-model --tokens 2048 --arm 'folded UQ(0,8) cascade'", 15, OUTCOME_COLUMNS, MODELS
    ),
    "similarity": Record("accuracy similarity", 1, OUTCOME_COLUMNS, MODELS),
    "digits": Record("finetune digits", 8, OUTCOME_COLUMNS, MODELS),
    "sentiment": Record("finetune sentiment", 25, OUTCOME_COLUMNS, MODELS),
    "language-model-tuned": Record("finetune language-model", 80, OUTCOME_COLUMNS, MODELS),
}


def check_name(name: str):
    """A FlowError unless there is a record of this name."""
    if name not in RECORDS:
        raise FlowError(f"the record must be one of {', '.join(RECORDS)}, not {name!r}")


def path_of(name: str, root: Path = Path()) -> Path:
    """The file of a record."""
    return root / FOLDER / f"{name}.json"


def write_record(name: str, results: Sequence[dict], libraries: Sequence[str] = (), root: Path = Path()) -> Path:
    """Keep results with the digest of the sources, the programs and the libraries that they follow from.

    Parameters
    ----------
    libraries : sequence of str
        SHA-256 of each Liberty file.

    Returns
    -------
    Path
        The file.
    """
    record = RECORDS[name]
    kept = {
        "command": f"softermax {record.command}" + " --liberty FILE" * record.liberty,
        "sources": code_digest(record.packages),
        "libraries": list(libraries),
        "versions": versions(),
        "results": list(results),
    }
    write_whole(path_of(name, root), json.dumps(kept, indent=1) + "\n")
    return path_of(name, root)


def read_record(name: str, root: Path = Path()) -> dict:
    """What is kept under a name: ``command``, ``sources``, ``libraries``, ``versions``, ``results``.

    Raises
    ------
    FlowError
        If there is no such record, or its file is broken.
    """
    check_name(name)
    path = path_of(name, root)
    try:
        kept = json.loads(path.read_text())
        kept["results"], kept["sources"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise FlowError(f"{path} must be a record: make it with softermax record {name}") from error
    return kept


def is_stale(name: str, root: Path = Path()) -> bool:
    """Whether sources of a record have changed since it was measured."""
    return read_record(name, root)["sources"] != code_digest(RECORDS[name].packages)
