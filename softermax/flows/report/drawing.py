"""Figures to files: one style, one set of colours, and the same bytes on every run."""

from __future__ import annotations

import io
import re
import textwrap
from collections.abc import Callable
from dataclasses import dataclass

import matplotlib
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from ..designs.registry import designs

__all__ = ["GRID", "INK", "KIND_COLORS", "OTHER", "PAPER", "Plot", "draw_plot", "preset_style"]

#: Colours of paper and ink; on a page they follow its theme.
PAPER, INK, GRID = "#ffffff", "#1b1f24", "#d5d9df"
THEME = {PAPER: "var(--surface)", INK: "var(--ink)", GRID: "var(--line)"}

#: Colour of what is none of the things that have one.
OTHER = "#a9b4bf"
#: Colours of what areas and energies consist of, after Okabe and Ito, light enough for black letters.
KIND_COLORS = {
    "sequential": "#cc79a7",
    "combinational": "#2bb58c",
    "memories": "#a79be0",
    "nets": "#56b4e9",
    "cells": "#2bb58c",
    "clock": "#cc79a7",
    "leakage": "#c2ad8a",
    "glitches": "#e8743b",
    "operands": "#a79be0",
    "mac array": "#56b4e9",
    "requantiser": "#f0e442",
    "softmax": "#e8743b",
    "registers": "#c2ad8a",
    "sequencer": "#2bb58c",
}

STYLE = {
    "font.family": ["DejaVu Sans"],
    "font.size": 8,
    "axes.titlesize": 8,
    "axes.titlelocation": "left",
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.facecolor": PAPER,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.linewidth": 0.6,
    "figure.facecolor": PAPER,
    "grid.color": GRID,
    "grid.linewidth": 0.6,
    "hatch.linewidth": 0.6,
    "legend.frameon": False,
    "legend.fontsize": 7.5,
    "savefig.facecolor": PAPER,
    "svg.fonttype": "none",
    "text.color": INK,
    # Names of libraries are no formulas.
    "text.parse_math": False,
    "xtick.color": INK,
    "ytick.color": INK,
}
#: Without these, Matplotlib writes dates, versions and addresses into its files.
NO_SVG_METADATA = dict.fromkeys(("Creator", "Date", "Format", "Type"))
NO_PNG_METADATA = {"Software": None}
PNG_DPI = 160


@dataclass(frozen=True)
class Plot:
    """A finished plot.

    Attributes
    ----------
    name : str
        Stem of its files.
    title, caption : str
        Contents; the title stands in the plot, the caption below it on a page.
    svg : str
    png : bytes
    """

    name: str
    title: str
    caption: str
    svg: str
    png: bytes

    @property
    def inline(self) -> str:
        """The SVG element for a page with other plots: colours of its theme, ids of its own, any width."""
        svg = self.svg[self.svg.index("<svg") :]
        svg = re.sub(r"<style.*?</style>", "", svg, flags=re.DOTALL)
        svg = re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{self.name}-", svg)
        svg = re.sub(r' (?:width|height)="[\d.]+pt"', "", svg, count=2)
        for color, variable in THEME.items():
            svg = svg.replace(color, variable)
        return svg


def draw_plot(
    name: str,
    title: str,
    caption: str,
    draw: Callable[[Figure], None],
    *,
    subject: str = "",
    width: float = 4.2,
    height: float,
) -> Plot:
    """Draw a figure and make its files.

    Parameters
    ----------
    draw : callable
        Draws into a :class:`matplotlib.figure.Figure` with constrained layout.
    subject : str
        Subject, in a line below the title.
    width, height : float
        In inches.
    """
    with matplotlib.rc_context({**STYLE, "svg.hashsalt": name}):
        figure = Figure(figsize=(width, height), layout="constrained")
        FigureCanvasAgg(figure)
        lines = [line for text in (title, subject) for line in textwrap.wrap(text, round(12 * width))]
        figure.suptitle("\n".join(lines), x=0.01, ha="left", fontsize=9, fontweight="bold")
        draw(figure)
        svg, png = io.StringIO(), io.BytesIO()
        figure.savefig(svg, format="svg", metadata=NO_SVG_METADATA)
        figure.savefig(png, format="png", metadata=NO_PNG_METADATA, dpi=PNG_DPI)
    return Plot(name, f"{title}, {subject}" if subject else title, caption, svg.getvalue(), png.getvalue())


def preset_style(preset: str) -> dict:
    """Colour and marker of a preset's line, the same in all plots."""
    design = designs().get(preset)
    return {"color": design.color, "marker": design.marker} if design else {"color": OTHER, "marker": "d"}
