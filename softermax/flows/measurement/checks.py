"""The check of what is measured on netlists, in seconds, before anything is synthesised."""

from __future__ import annotations

from pathlib import Path

from ..design_points import DesignPoint
from ..synthesis.libraries import check_libraries
from ..synthesis.synthesis import AreaOptions

__all__ = ["check_synthesis"]


def check_synthesis(point: DesignPoint, build_dir: Path, options: AreaOptions, macros: bool | None = None, **_):
    """Refuse libraries and cells not to use with which synthesis would fail; a FlowError says why.

    A unit that has SRAM macros unless told has memories for certain, and is the one that takes minutes.
    """
    check_libraries(options, memories=point.entry.macros and macros is not False)
