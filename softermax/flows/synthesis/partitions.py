"""Verilog taken apart into pieces, each of which is mapped by itself.

A piece does not tell what design it is of, so that equal parts of different designs are equal pieces.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

__all__ = ["Piece", "named_after", "take_apart"]

#: What the top module of a piece's design is called in it.
NOBODY = "design_of_this_piece"
MODULE = re.compile(r"^(?:\(\*[^\n]*\*\)\n)?module \\?([^\s(]+).*?^endmodule$", re.MULTILINE | re.DOTALL)
INSTANCE = re.compile(r"^  \\?(\S+) +\\?\S+ +\($", re.MULTILINE)
PORT = re.compile(r"^  (?:input|output)\b[^;]*;$", re.MULTILINE)


@dataclass(frozen=True)
class Piece:
    """A module and what of its contents is not a piece of its own.

    Attributes
    ----------
    name : str
        The module's name in its design.
    top, verilog : str
        Its name here, and its Verilog; modules of other pieces are black boxes in it.
    """

    name: str
    top: str
    verilog: str


def take_apart(verilog: str, top: str) -> list[Piece]:
    """The top module without its submodules, each of those, and all modules that occur several times.

    Parameters
    ----------
    verilog : str
        As :func:`softermax.flows.synthesis.verilog.generate_verilog` makes it.
    top : str
        Name of its top module.
    """
    modules = {found[1]: found[0] for found in MODULE.finditer(verilog)}
    inside = {name: INSTANCE.findall(text) for name, text in modules.items()}
    instances = Counter(kind for kinds in inside.values() for kind in kinds)
    boxes = {name for name, text in modules.items() if text.startswith("(* blackbox *)")}
    depth = top.count(".") + 1
    apart = [
        name
        for name in modules
        if name not in boxes and (name == top or name.count(".") == depth or instances[name] > 1)
    ]

    def contents(name: str) -> dict[str, str]:
        """Texts of a piece's modules."""
        found = {name: modules[name]}
        for kind in inside[name]:
            if kind in apart:
                found[kind] = _black_box(modules[kind])
            elif kind in modules:
                found |= contents(kind)
        return found

    return [_piece(name, top, "\n".join(contents(name).values()) + "\n") for name in apart]


def _black_box(module: str) -> str:
    """A module without its contents."""
    header = module[: module.index(";") + 1]
    return "\n".join(["(* blackbox *)", header, *PORT.findall(module), "endmodule"])


def _piece(name: str, top: str, verilog: str) -> Piece:
    return Piece(name, NOBODY + name.removeprefix(top), _renamed(verilog, top, NOBODY))


def named_after(verilog: str, top: str) -> str:
    """Verilog made of a piece, with the names of the design that it is of."""
    return _renamed(verilog, NOBODY, top)


def _renamed(verilog: str, old: str, new: str) -> str:
    return re.sub(rf"(?<![\w$.]){re.escape(old)}(?=[.\s(])", new, verilog)
