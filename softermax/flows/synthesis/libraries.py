"""The check of libraries and of cells not to use, which takes seconds, before anything is synthesised."""

from __future__ import annotations

from collections.abc import Callable
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path

from ..errors import FlowError
from ..gates.liberty import Library, read_libraries
from ..jobs.provenance import library_digests
from .areas import NAND2, nand2_area
from .mapping import GATES, check_gates
from .synthesis import AreaOptions

__all__ = ["check_libraries", "check_mapping"]

#: Kinds of cells that must stay when cells are excluded.
NEEDED: dict[str, Callable[[Library], bool]] = {
    "a flip-flop": lambda library: any(library.cells[name].outputs for name in library.of_kind("flop")),
    "an inverter": lambda library: library.smallest("!A") is not None,
    "a NAND, NOR, AND or OR of two inputs": lambda library: any(map(library.smallest, GATES)),
}


def check_libraries(options: AreaOptions, *, memories: bool = False):
    """Refuse libraries, or cells not to use, with which synthesis would fail.

    Parameters
    ----------
    memories : bool
        Whether areas of SRAM macros are asked for.

    Raises
    ------
    FlowError
        If a file is no library, if the libraries lack something, or if a pattern of cells not to use matches none or
        leaves too few.
    """
    if options.liberty or options.exclude:
        _check(options.liberty, options.exclude, tuple(library_digests(options.liberty)), memories)


def check_mapping(_point: object, _build_dir: Path, options: AreaOptions):
    """:func:`check_libraries` as jobs call it, of anything without memories."""
    check_libraries(options)


@lru_cache
def _check(liberty: tuple, exclude: tuple[str, ...], _digests: tuple[str, ...], memories: bool):
    """Once for what the files hold."""
    library = read_libraries(liberty)
    check_gates(library)
    named = [cell.name for source in library.sources for cell in source.library.of_kind("cell")]
    for pattern in exclude:
        if not any(fnmatchcase(name, pattern) for name in named):
            raise FlowError(f"exclude must match a cell of the library, not {pattern!r}")
    kept = {name: cell for name, cell in library.cells.items() if not any(fnmatchcase(name, p) for p in exclude)}
    left = Library(kept, library.sources)
    for what, is_there in NEEDED.items():
        if not is_there(left):
            raise FlowError(f"exclude must leave {what} in the library: exclude fewer cells")
    if memories and nand2_area(library) and left.smallest(NAND2) is None:
        raise FlowError("exclude must leave a NAND2, from which the areas of memories follow: exclude fewer cells")
