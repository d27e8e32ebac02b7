"""Records: results of commands that documents show, kept in the repository with their inputs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from ..errors import FlowError
from ..files import write_whole
from ..jobs.provenance import code_digest, versions
from .catalogue import RECORDS, Record

__all__ = ["FOLDER", "RECORDS", "Record", "check_name", "is_stale", "joined", "path_of", "read_record", "write_record"]

#: Where records are kept, below the root of a checkout.
FOLDER = Path("results")


def joined(results: Sequence[dict]) -> list[dict]:
    """Results in their order; neighbours that differ in no common field become one."""
    found: list[dict] = []
    for result in results:
        before = found[-1] if found else None
        if before is not None and all(before[field] == value for field, value in result.items() if field in before):
            before |= result
        else:
            found.append(dict(result))
    return found


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
        "commands": [f"softermax {command}" + " --liberty FILE" * record.liberty for command in record.commands],
        "variants": list(record.variants),
        "sources": code_digest(record.packages),
        "libraries": list(libraries),
        "versions": versions(),
        "results": list(results),
    }
    write_whole(path_of(name, root), json.dumps(kept, indent=1) + "\n")
    return path_of(name, root)


def read_record(name: str, root: Path = Path()) -> dict:
    """A record by its name: ``commands``, ``variants``, ``sources``, ``libraries``, ``versions``, ``results``.

    Raises
    ------
    FlowError
        If there is no such record, or its file is broken.
    """
    check_name(name)
    path = path_of(name, root)
    try:
        kept = json.loads(path.read_text())
        if not all(isinstance(result, dict) for result in kept["results"]) or not isinstance(kept["sources"], str):
            raise ValueError
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise FlowError(f"{path} must be a record: make it with softermax record {name}") from error
    return kept


def is_stale(name: str, root: Path = Path()) -> bool:
    """Whether sources of a record have changed since it was measured."""
    return read_record(name, root)["sources"] != code_digest(RECORDS[name].packages)
