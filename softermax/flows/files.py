"""Results are written whole or not at all."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from .errors import FlowError

__all__ = ["STANDARD_OUTPUT", "write_whole"]

#: The name by which a file is the standard output.
STANDARD_OUTPUT = Path("-")


def write_whole(path: Path, content: str | bytes):
    """Write a file by way of a temporary one beside it, so that nobody ever sees half of it.

    Symlinks are followed. What is no regular file, such as a device or a pipe, is written in place.

    Parameters
    ----------
    path : Path
        ``-`` is standard output.

    Raises
    ------
    FlowError
        If the folder cannot be made or the file not be written.
    """
    data = content.encode() if isinstance(content, str) else content
    if path == STANDARD_OUTPUT:
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    if path.is_dir():
        raise FlowError(f"{path} cannot be written: it is a folder, not a file")
    try:
        target = Path(os.path.realpath(path))
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists() and not target.is_file():
            target.write_bytes(data)
        else:
            _replace(target, data)
    except OSError as error:
        raise FlowError(f"{path} cannot be written: {error.strerror or error}") from error


def _replace(path: Path, data: bytes):
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
