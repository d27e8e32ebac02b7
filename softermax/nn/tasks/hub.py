"""Data sets of a hub, by the package datasets, where it is installed and the hub can be reached."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .errors import TaskError

__all__ = ["hub_split"]


def hub_split(name: str, split: str, configuration: str | None = None) -> Iterable[Mapping]:
    """Rows of one split of a data set.

    Raises
    ------
    TaskError
        If the package is missing or the hub cannot be reached.
    """
    try:
        from datasets import load_dataset
    except ModuleNotFoundError as error:
        raise TaskError("give a folder with --data, or install what reads a hub: pip install datasets") from error
    try:
        return load_dataset(name, configuration, split=split)
    except (OSError, ValueError) as error:
        raise TaskError(f"{name} must be on a hub that can be reached; or give a folder with --data") from error
