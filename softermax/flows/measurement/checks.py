"""Checks of measurements on netlists, in seconds, before anything is synthesised."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from ..design_points import DesignPoint
from ..gates.cell_tables import check_tables
from ..gates.liberty import read_libraries
from ..jobs.provenance import library_digests
from ..synthesis.libraries import check_libraries
from ..synthesis.synthesis import AreaOptions

__all__ = ["check_energy", "check_synthesis", "check_timing"]


def check_synthesis(point: DesignPoint, build_dir: Path, options: AreaOptions, macros: bool | None = None, **_):
    """Refuse libraries and cells not to use with which synthesis would fail; a FlowError says why.

    A unit that has SRAM macros by default has memories for certain, and is the one that takes minutes.
    """
    check_libraries(options, memories=point.entry.macros and macros is not False)


def check_timing(point: DesignPoint, build_dir: Path, options: AreaOptions, **_):
    """Refuse what :func:`check_synthesis` does, and libraries without the tables that delays follow from."""
    check_synthesis(point, build_dir, options)
    _check_tables(options.liberty, options.exclude, tuple(library_digests(options.liberty)))


def check_energy(point: DesignPoint, build_dir: Path, options: AreaOptions, **_):
    """Refuse what :func:`check_timing` does, and libraries that do not tell their voltage."""
    check_timing(point, build_dir, options)
    _ = read_libraries(options.liberty, options.exclude).voltage


@lru_cache
def _check_tables(liberty: tuple[Path, ...], exclude: tuple[str, ...], _digests: tuple[str, ...]):
    """Once for what the files hold, as reading all tables takes seconds."""
    check_tables(read_libraries(liberty, exclude))
