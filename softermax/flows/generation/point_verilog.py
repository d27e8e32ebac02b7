"""Verilog of design points, with a header that describes it."""

from __future__ import annotations

from pathlib import Path

from amaranth.lib.wiring import Component

from ..design_points import DesignPoint
from ..files import write_whole
from ..synthesis.sram_macros import SramMacro
from ..synthesis.verilog import component_verilog, verilog_path
from .header import header
from .testbench import testbench as testbench_text

__all__ = ["point_verilog", "write_point_verilog", "write_with_testbench"]


def point_verilog(
    point: DesignPoint, *, macros: bool = False, component: Component | None = None
) -> tuple[str, dict[str, SramMacro]]:
    """A point's Verilog, the same text on every run, and the SRAM macros in it by name.

    Parameters
    ----------
    macros : bool
        Whether its memories are to be such macros.
    component : Component or None
        Component of the point, if it has been made already.
    """
    component = component or point.component()
    described = header(point, component, macros=macros)
    text, used = component_verilog(component, point.name, macros=macros)
    first, rest = text.split("\n", 1)
    return f"{first}\n//\n{described}{rest}", used


def write_point_verilog(point: DesignPoint, build_dir: Path, *, macros: bool) -> tuple[Path, dict[str, SramMacro]]:
    """Write what :func:`point_verilog` makes into ``build_dir/verilog``; returns the file and the macros."""
    text, used = point_verilog(point, macros=macros)
    path = verilog_path(point.name, build_dir, macros=macros)
    write_whole(path, text)
    return path, used


def write_with_testbench(point: DesignPoint, path: Path, *, macros: bool, testbench: bool) -> dict:
    """Write a point's Verilog into a file and, if asked, a testbench beside it, whose name ends in ``_tb``.

    Returns
    -------
    dict
        Names of the files: ``verilog`` and, if asked, ``testbench``.
    """
    component = point.component()
    text, _ = point_verilog(point, macros=macros, component=component)
    write_whole(path, text)
    if not testbench:
        return {"verilog": str(path)}
    beside = path.with_name(f"{path.stem}_tb.v")
    write_whole(beside, testbench_text(point, component, path.name, beside.name))
    return {"verilog": str(path), "testbench": str(beside)}
