"""Two novels of public domain, out of a package of Debian that is downloaded and never installed."""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import tarfile
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from .errors import TaskError

__all__ = ["TEST", "TRAIN", "fetch_novels", "novels_folder", "read_text"]

#: Jane Austen's six novels, each a vector of lines in R's format.
PACKAGE = "r-cran-janeaustenr"
MEMBER = "./usr/lib/R/site-library/janeaustenr/data/Rdata.rdb"
#: Files of a folder of texts: what may be calibrated or trained on, and what is predicted.
TRAIN, TEST = "train.txt", "test.txt"
#: For each file, which of the novels it is, in the order of the alphabet, and its digest.
NOVELS = {
    TRAIN: (3, "8061549557aebd2fd6e353d18d9197cb707029112bd52d4d8b174583a925848a"),  # Persuasion
    TEST: (2, "51f91bbe0517db8e65cff009b097ce0a1836124c4e0532ac19e6c0cad982abed"),  # Northanger Abbey
}
#: What a vector of texts begins with in R's format, and bytes of the head of each text.
VECTOR, HEAD = b"\x00\x00\x00\x10", 8


def novels_folder(folder: Path) -> Path:
    """Where the novels are kept in a folder of data."""
    return folder / "novels"


def fetch_novels(folder: Path):
    """Keep both novels in a folder of data, which need not exist; downloaded if they are not there whole.

    Raises
    ------
    TaskError
        If apt-get cannot get them, or gets something else.
    """
    kept = novels_folder(folder)
    if all(_is_whole(kept / name) for name in NOVELS):
        return
    try:
        kept.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=kept, prefix=".") as scratch:
            _write_novels(_download(Path(scratch)), Path(scratch))
            for name in NOVELS:
                os.replace(Path(scratch, name), kept / name)
    except OSError as error:
        raise TaskError(f"{kept} cannot be written: {error.strerror or error}") from error


def _is_whole(path: Path) -> bool:
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == NOVELS[path.name][1]


def _download(scratch: Path) -> Path:
    _run(["apt-get", "download", PACKAGE], scratch)
    return next(scratch.glob("*.deb"))


def _write_novels(package: Path, scratch: Path):
    with tarfile.open(fileobj=io.BytesIO(_run(["dpkg-deb", "--fsys-tarfile", package.name], scratch))) as tar:
        novels = list(_vectors(tar.extractfile(MEMBER).read()))
    for name, (place, _) in NOVELS.items():
        path = scratch / name
        path.write_text("\n".join(novels[place]) + "\n", encoding="utf-8")
        if not _is_whole(path):
            raise TaskError(f"{PACKAGE} must hold the known novels, not others, as {package.name} does")


def _run(command: list[str], folder: Path) -> bytes:
    """What a program of Debian prints; what it says in English if it fails."""
    advice = "run apt-get update, or give texts of your own with --data"
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, check=False, env=os.environ | {"LC_ALL": "C.UTF-8"}
        )
    except FileNotFoundError as error:
        raise TaskError(f"{command[0]} must be there to get {PACKAGE}, which holds the novels: {advice}") from error
    if done.returncode:
        errors = [line for line in done.stderr.decode(errors="replace").splitlines() if line.startswith(("E:", "dpkg"))]
        reason = errors[0].removeprefix("E: ") if errors else "no reason given"
        raise TaskError(f"{command[0]} cannot get {PACKAGE}, which holds the novels: {reason}; {advice}")
    return done.stdout


def _vectors(content: bytes) -> Iterator[list[str]]:
    """Texts of each vector of a file of R: its size and itself, compressed, one after another."""
    while content:
        decompressor = zlib.decompressobj()
        vector = decompressor.decompress(content[4:])
        content = decompressor.unused_data
        start = vector.index(VECTOR) + len(VECTOR)
        yield list(_texts(vector, start + 4, int.from_bytes(vector[start : start + 4])))


def _texts(vector: bytes, place: int, count: int) -> Iterator[str]:
    for _ in range(count):
        place += HEAD
        size = int.from_bytes(vector[place - 4 : place])
        yield vector[place : place + size].decode()
        place += size


def read_text(path: Path) -> str:
    """A text with each paragraph on one line, where empty lines part its paragraphs.

    Raises
    ------
    TaskError
        If the file cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise TaskError(f"{path} cannot be read: {getattr(error, 'strerror', None) or 'it is not UTF-8'}") from error
    paragraphs = (" ".join(paragraph.split()) for paragraph in text.split("\n\n"))
    return "\n\n".join(paragraph for paragraph in paragraphs if paragraph)
