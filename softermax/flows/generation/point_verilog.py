"""Verilog of design points, with a header that describes it."""

from __future__ import annotations

from pathlib import Path

from ..design_points import DesignPoint
from ..files import write_whole
from ..synthesis.sram_macros import SramMacro
from ..synthesis.verilog import component_verilog, verilog_path
from .header import header

__all__ = ["point_verilog", "write_point_verilog"]


def point_verilog(point: DesignPoint, *, macros: bool = False) -> tuple[str, dict[str, SramMacro]]:
    """A point's Verilog, the same text on every run, and the SRAM macros in it by name.

    Parameters
    ----------
    macros : bool
        Whether its memories are to be such macros.
    """
    component = point.component()
    described = header(point, component, macros=macros)
    text, used = component_verilog(component, point.name, macros=macros)
    first, rest = text.split("\n", 1)
    return f"{first}\n//\n{described}{rest}", used


def write_point_verilog(point: DesignPoint, build_dir: Path, *, macros: bool) -> tuple[Path, dict[str, SramMacro]]:
    """Write a point's Verilog into ``build_dir/verilog``; returns the file and the macros."""
    text, used = point_verilog(point, macros=macros)
    path = verilog_path(point.name, build_dir, macros=macros)
    write_whole(path, text)
    return path, used
