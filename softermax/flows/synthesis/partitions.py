"""Partitions of a design's Verilog, each of which is mapped by itself.

A partition names a placeholder instead of its design's top module, so that equal parts of different designs have equal
partitions, and are mapped once.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

__all__ = ["PLACEHOLDER_TOP", "Partition", "partition", "rename_to_design"]

#: Name in a partition of its design's top module. It is part of every cached result.
PLACEHOLDER_TOP = "design_of_this_piece"
MODULE = re.compile(r"^(?:\(\*[^\n]*\*\)\n)?module \\?([^\s(]+).*?^endmodule$", re.MULTILINE | re.DOTALL)
INSTANCE = re.compile(r"^  \\?(\S+) +\\?\S+ +\($", re.MULTILINE)
PORT = re.compile(r"^  (?:input|output)\b[^;]*;$", re.MULTILINE)


@dataclass(frozen=True)
class Partition:
    """A module with its submodules, except those that are partitions of their own.

    Attributes
    ----------
    name : str
        The module's name in its design.
    top, verilog : str
        The module's name in the partition, and the partition's Verilog, in which other partitions are black boxes.
    """

    name: str
    top: str
    verilog: str


def partition(verilog: str, top: str) -> list[Partition]:
    """Partition a design into the top module, each of its submodules, and all modules with several instances.

    Parameters
    ----------
    verilog : str
        Verilog as made by :func:`softermax.flows.synthesis.verilog.generate_verilog`.
    top : str
        Name of its top module.
    """
    modules = {found[1]: found[0] for found in MODULE.finditer(verilog)}
    inside = {name: INSTANCE.findall(text) for name, text in modules.items()}
    instances = Counter(kind for kinds in inside.values() for kind in kinds)
    boxes = {name for name, text in modules.items() if text.startswith("(* blackbox *)")}
    depth = top.count(".") + 1
    roots = [
        name
        for name in modules
        if name not in boxes and (name == top or name.count(".") == depth or instances[name] > 1)
    ]

    def contents(name: str) -> dict[str, str]:
        """Texts of the modules of a partition, by their names."""
        found = {name: modules[name]}
        for kind in inside[name]:
            if kind in roots:
                found[kind] = _black_box(modules[kind])
            elif kind in modules:
                found |= contents(kind)
        return found

    return [_with_placeholder(name, top, "\n".join(contents(name).values()) + "\n") for name in roots]


def _black_box(module: str) -> str:
    """The module's header and ports, marked as a black box."""
    header = module[: module.index(";") + 1]
    return "\n".join(["(* blackbox *)", header, *PORT.findall(module), "endmodule"])


def _with_placeholder(name: str, top: str, verilog: str) -> Partition:
    """The partition of a module, from Verilog that has the names of the design."""
    return Partition(name, PLACEHOLDER_TOP + name.removeprefix(top), _renamed(verilog, top, PLACEHOLDER_TOP))


def rename_to_design(verilog: str, top: str) -> str:
    """Replace the placeholder with the name of the design's top module."""
    return _renamed(verilog, PLACEHOLDER_TOP, top)


def _renamed(verilog: str, old: str, new: str) -> str:
    """Replace a top module's name, also as the prefix of submodules' names."""
    return re.sub(rf"(?<![\w$.]){re.escape(old)}(?=[.\s(])", new, verilog)
