"""Results are written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from .errors import FlowError

__all__ = ["write_whole"]


def write_whole(path: Path, content: str | bytes):
    """Write a file by way of a temporary one beside it, so that nobody ever sees half of it.

    Raises
    ------
    FlowError
        If the folder cannot be made or the file not be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content.encode() if isinstance(content, str) else content)
            os.chmod(temporary, 0o666 & ~_umask())
            os.replace(temporary, path)
        except BaseException:
            os.unlink(temporary)
            raise
    except OSError as error:
        raise FlowError(f"{path} cannot be written: {error.strerror or error}") from error


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
