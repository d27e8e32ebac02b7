"""The generic library with one thing changed, as other foundries and generators have it."""

import re
from importlib.resources import files

GENERIC = (files("softermax.flows.gates") / "cells" / "generic.lib").read_text()
DESIGN = """module top(input clk, input [3:0] a, b, output reg [4:0] y);
reg [3:0] held;
always @(posedge clk) begin held <= a; y <= held + b; end
endmodule"""


def with_cell(text: str) -> str:
    """The library with one cell more."""
    return GENERIC.replace("  cell (INV_X1)", f"{text}\n  cell (INV_X1)", 1)


def cell(name: str, *changes: tuple[str, str]) -> str:
    """The text of a cell, changed."""
    start = GENERIC.index(f"  cell ({name})")
    end = GENERIC.find("\n  cell (", start)
    text = GENERIC[start:end]
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return text


def with_changed(name: str, *changes: tuple[str, str]) -> str:
    """The library with one of its cells changed."""
    return GENERIC.replace(cell(name), cell(name, *changes))


def marked(mark: str, *names: str) -> str:
    """The library with a mark in some cells."""
    text = GENERIC
    for name in names:
        text = text.replace(f"cell ({name}) {{", f"cell ({name}) {{ {mark}")
    return text


def temptation(name: str, *changes: tuple[str, str]) -> str:
    """The library with a copy of a cell of next to no area, changed so that it is none to use."""
    area = re.search(r"area : [\d.]+;", cell(name))[0]
    return with_cell(cell(name, (f"cell ({name})", f"cell (CHEAP_{name})"), (area, "area : 0.01;"), *changes))


TIMING = "timing () {\n        "
