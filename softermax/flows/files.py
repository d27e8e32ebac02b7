"""Results are written whole or not at all."""

from __future__ import annotations

import errno
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from .errors import FlowError

__all__ = ["STANDARD_OUTPUT", "check_folder", "check_writable", "write_whole"]

#: The name by which a file is the standard output.
STANDARD_OUTPUT = Path("-")
#: Characters of a file's name that a temporary one has, so that it is not too long where the name itself is not.
TOLD = 50


def write_whole(path: Path, content: str | bytes):
    """Write a file by way of a temporary one beside it, so that no reader ever sees half of it.

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
    with _refused(path):
        target = _target(path)
        _make(target.parent)
        if target.exists() and not target.is_file():
            target.write_bytes(data)
        else:
            _replace(target, data)


def check_writable(path: Path):
    """Refuse a file that :func:`write_whole` could not write; nothing is left behind, nothing is touched.

    Raises
    ------
    FlowError
        With the words that :func:`write_whole` would have.
    """
    if path == STANDARD_OUTPUT:
        return
    with _refused(path):
        target = _target(path)
        if target.exists() and not target.is_file():
            if not os.access(target, os.W_OK):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        else:
            _try(target.parent)


def check_folder(folder: Path):
    """Refuse a folder in which no file could be made, nor the folder itself; a FlowError says why."""
    with _refused(folder):
        _try(folder)


@contextmanager
def _refused(path: Path) -> Iterator[None]:
    """The system's refusal becomes a sentence about what the user has named."""
    try:
        yield
    except OSError as error:
        raise FlowError(f"{path} cannot be written: {error.strerror or error}") from error


def _target(path: Path) -> Path:
    """The file behind symlinks, which need not exist."""
    target = Path(os.path.realpath(path))
    with suppress(FileNotFoundError, NotADirectoryError):
        os.lstat(target)  # refuses names that are too long
    if target.is_dir():
        raise FlowError(f"{path} cannot be written: it is a folder, not a file")
    return target


def _make(folder: Path):
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR)) from error


def _try(folder: Path):
    """Make a file without a name in a folder, or in its nearest parent that exists."""
    while True:
        try:
            folder.stat()
            break
        except FileNotFoundError:
            folder = folder.parent
    with tempfile.TemporaryFile(dir=folder):
        pass


def _replace(path: Path, data: bytes):
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:TOLD]}.")
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
