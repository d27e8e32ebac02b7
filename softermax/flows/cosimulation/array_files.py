"""Arrays of numbers in users' .npy and .npz files, which may be broken, lie about themselves or hold something else.

A file is measured before anything is made of it: what its header says must be what is there, and fit this machine.
"""

from __future__ import annotations

import io
import math
import os
import warnings
import zipfile
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.lib import format as npy

from ..errors import FlowError

__all__ = ["memory_bytes", "read_array"]

#: Remedy for a broken file.
DO = "save it again with numpy.save"
#: First bytes of a zip archive, one without members too.
ZIP = (b"PK\x03\x04", b"PK\x05\x06")
#: Kinds of NumPy types: bools, integers with and without sign, floats.
KINDS = "biuf"
#: How headers are read. Version 3 is version 2 with names of fields beyond Latin-1, and fields are refused.
HEADERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0, (3, 0): npy.read_array_header_2_0}


def read_array(path: Path) -> np.ndarray:
    """The array of an .npy file, or the only one of an .npz file; read-only.

    Raises
    ------
    FlowError
        If the file cannot be read, is broken, or does not hold one array of real numbers or bools.
    """
    try:
        with path.open("rb") as file:
            first = file.read(len(npy.MAGIC_PREFIX))
            is_zip = first.startswith(ZIP)
            if not is_zip and first != npy.MAGIC_PREFIX:
                what = "which it is not by its first bytes" if first else "not an empty one"
                raise FlowError(f"{path} must be an .npy or .npz file, {what}: {DO}")
            # A pipe is read to its end, as an archive begins there.
            whole = file if file.seekable() else io.BytesIO(first + file.read())
            size = whole.seek(0, io.SEEK_END)
            whole.seek(0)
            return _only_member(whole, path) if is_zip else _array(whole, size, path)
    except OSError as error:
        raise FlowError(f"{path} cannot be read: {error.strerror or error}") from error
    except MemoryError as error:
        raise FlowError(f"{path} must hold no more than the memory that is free") from error


def memory_bytes() -> int:
    """Bytes of this machine's memory."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _only_member(file: BinaryIO, path: Path) -> np.ndarray:
    """The array of an archive of one."""
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            if len(members) != 1:
                names = ", ".join(member.filename.removesuffix(".npy") for member in members)
                raise FlowError(f"{path} must hold one array, not {len(members)}: {names or 'none'}")
            [member] = members
            if not member.filename.endswith(".npy"):
                raise FlowError(f"{path} must hold an array, which {member.filename} in it is not: {DO}")
            with archive.open(member) as content:
                return _array(content, member.file_size, path)
    except (FlowError, MemoryError):
        raise
    except Exception as error:  # A broken archive fails in a dozen ways, in zipfile, zlib and struct.
        raise FlowError(f"{path} is a broken .npz file: {DO}") from error


def _array(file: BinaryIO, size: int, path: Path) -> np.ndarray:
    """The array of an .npy file of so many bytes."""
    shape, by_columns, dtype = _header(file, path)
    if dtype.kind not in KINDS:
        what = f"{path} must hold real numbers or bools, not {dtype}"
        raise FlowError(f"{what}: {DO}, as an array of one of these types")
    said, there = math.prod(shape) * dtype.itemsize, size - file.tell()
    if said != there:
        raise FlowError(f"{path} must hold the {said} bytes that its header says, not {there}: {DO}")
    if said > memory_bytes():
        raise FlowError(f"{path} must hold no more than this machine's memory of {memory_bytes()} bytes, not {said}")
    # Once more, for the end of a compressed member, where its checksum is.
    content = file.read(said) + file.read()
    if len(content) != said:
        raise FlowError(f"{path} must hold the {said} bytes that its header says, not {len(content)}: {DO}")
    return np.frombuffer(content, dtype).reshape(shape, order="F" if by_columns else "C")


def _header(file: BinaryIO, path: Path) -> tuple[tuple[int, ...], bool, np.dtype]:
    """Shape, whether columns are contiguous, and type."""
    try:
        # Remarks of NumPy and the parser on a header do not concern the user.
        with warnings.catch_warnings(action="ignore"):
            shape, by_columns, dtype = HEADERS[npy.read_magic(file)](file)
    except zipfile.BadZipFile:
        raise
    except Exception as error:  # A broken header fails in a dozen ways, in NumPy and in Python's parser.
        raise FlowError(f"{path} has a broken header: {DO}") from error
    if any(isinstance(length, bool) or length < 0 for length in shape):
        raise FlowError(f"{path} has a broken header: {DO}")
    return shape, by_columns, dtype
