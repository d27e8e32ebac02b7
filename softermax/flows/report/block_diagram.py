"""The block diagram of a complete softmax, with the number formats of two presets on its arrows."""

from __future__ import annotations

from softermax.model import SoftermaxConfig

from .svg import BLACK, LINE, QUIET, WHITE, Canvas

__all__ = ["draw_block_diagram"]

#: Colours of units and of the blocks in them.
UNIT, BLOCK = "#eef3f8", WHITE
#: Height of the blocks, and where their rows are.
HEIGHT, UPPER, MIDDLE, LOWER = 44, 104, 206, 312


def draw_block_diagram(canvas: Canvas, faithful: SoftermaxConfig, paper: SoftermaxConfig):
    """Draw it, 560 pixels wide and 380 high.

    Parameters
    ----------
    faithful, paper : SoftermaxConfig
        The one by row product, whose blocks are drawn, and the other one, which multiplies numerators instead.
    """

    def formats(name: str) -> tuple[str, str]:
        return str(getattr(faithful, name)), str(getattr(paper, name))

    canvas.text(20, 30, f"Complete softmax, {faithful.lanes} lanes", size=15, font_weight="bold")
    canvas.text(20, 48, f"{faithful.lanes} scores in and {faithful.lanes} probabilities out per cycle", color=QUIET)
    _unit(canvas, UPPER, "Unnormed Softmax Unit", 470)
    _unit(canvas, LOWER, "Normalization Unit", 538)
    for x, y, width, name, note in (
        (124, UPPER, 80, "IntMax", ""),
        (262, UPPER, 106, "Power of Two", ""),
        (444, UPPER, 94, "Reduction", ""),
        (128, MIDDLE, 100, "row buffer", ""),
        (124, LOWER, 108, "Select, shift", "paper's: multiply"),
        (294, LOWER, 88, "Row Product", "faithful only"),
        (444, LOWER, 94, "Reciprocal", ""),
    ):
        _block(canvas, x, y, width, name, note)
    upper, lower = UPPER + HEIGHT / 2, LOWER + HEIGHT / 2
    canvas.arrow((14, upper), (124, upper))
    _formats(canvas, 18, upper, "scores", formats("input"), "start")
    canvas.arrow((204, upper), (262, upper))
    _formats(canvas, 231, upper, "max", formats("maximum"))
    canvas.arrow((368, upper), (444, upper))
    _formats(canvas, 404, upper, "2^(x-max)", formats("unnormed"))
    canvas.arrow((178, UPPER + HEIGHT + 26), (178, MIDDLE))
    canvas.arrow((178, MIDDLE + HEIGHT), (178, LOWER))
    canvas.text(236, MIDDLE + 18, f"{faithful.input} scores", font_weight="bold")
    canvas.text(236, MIDDLE + 33, f"paper's: {paper.unnormed} numerators", color=QUIET)
    canvas.arrow((491, UPPER + HEIGHT), (491, LOWER))
    sums = formats("power_sum")
    canvas.text(483, MIDDLE + 18, f"sum {sums[0]}", anchor="end", font_weight="bold")
    canvas.text(483, MIDDLE + 33, sums[1], anchor="end", color=QUIET)
    canvas.arrow((444, lower), (382, lower))
    _formats(canvas, 415, lower, "", formats("reciprocal"))
    canvas.arrow((294, lower), (232, lower))
    _formats(canvas, 265, lower, "", (str(faithful.product), str(faithful.product)))
    canvas.arrow((124, lower), (14, lower))
    _formats(canvas, 18, lower, "probabilities", formats("output"), "start")


def _unit(canvas: Canvas, y: float, name: str, right: float):
    canvas.box(112, y - 16, 438, HEIGHT + 42, radius=6, fill=UNIT, stroke=LINE)
    canvas.text(right, y + HEIGHT + 18, name, anchor="end", font_weight="bold", color=QUIET)


def _block(canvas: Canvas, x: float, y: float, width: float, name: str, note: str):
    canvas.box(x, y, width, HEIGHT, radius=4, fill=BLOCK, stroke=BLACK)
    canvas.text(x + width / 2, y + (20 if note else 27), name, anchor="middle", size=13)
    if note:
        canvas.text(x + width / 2, y + 35, note, anchor="middle", size=11, color=QUIET)


def _formats(canvas: Canvas, x: float, y: float, name: str, formats: tuple[str, str], anchor: str = "middle"):
    """What an arrow carries: its name and the first format above it, the other one below if it differs."""
    if name:
        canvas.text(x, y - 21, name, anchor=anchor)
    canvas.text(x, y - 6, formats[0], anchor=anchor, size=11.5, font_weight="bold")
    if formats[1] != formats[0]:
        canvas.text(x, y + 16, formats[1], anchor=anchor, size=11.5, color=QUIET)
