"""The front picture: block diagram of the complete softmax with its formats, beside it ratios to the baseline."""

from __future__ import annotations

from softermax.model import SoftermaxConfig

from ..designs.registry import compared_presets, design, preset_label
from ..errors import FlowError
from .block_diagram import draw_block_diagram
from .headline import headline
from .ratio_bars import draw_legend, draw_ratio_bars
from .results import LibraryResults, library_results
from .svg import LINE, QUIET, Canvas

__all__ = ["front_picture"]

#: Whose formats are drawn, the one that is drawn first; the order of bars as well.
PRESETS = ("faithful", "paper")
WIDTH, HEIGHT = 900, 462
TITLE = "Softermax: block diagram, area and energy"


def front_picture(name: str, evaluation: dict) -> str:
    """The picture as SVG: the same bytes whenever the evaluation is the same.

    Parameters
    ----------
    name : str
        Name of the library.
    evaluation : dict
        As :func:`softermax.flows.evaluation.evaluation.evaluate` makes it; units at the lanes of the comparison count.

    Raises
    ------
    FlowError
        If no ratio to the baseline is in it.
    """
    [library] = library_results({name: evaluation})
    presets = [preset for preset in PRESETS if preset in compared_presets()]
    if not headline(library):
        raise FlowError(f"the evaluation of {name} must have ratios to the baseline: use one of `softermax evaluate`")
    longest = max(result["max_len"] for result in library.units if result["lanes"] == library.lanes)
    canvas = Canvas(WIDTH, HEIGHT)
    draw_block_diagram(canvas, *(_config(preset, library.lanes, longest) for preset in PRESETS))
    canvas.line((564, 20), (564, HEIGHT - 56), color=LINE, width=1)
    draw_ratio_bars(canvas, library, presets)
    draw_legend(canvas, 70, presets)
    canvas.line((20, HEIGHT - 46), (WIDTH - 20, HEIGHT - 46), color=LINE, width=1)
    for line, text in enumerate(_caption(library, longest)):
        canvas.text(20, HEIGHT - 28 + 16 * line, text, color=QUIET)
    return canvas.svg(TITLE, " ".join(_caption(library, longest)))


def _config(preset: str, lanes: int, longest: int) -> SoftermaxConfig:
    """Config of a complete softmax, with the options that rows of this length need."""
    [options, *_] = design(preset).evaluated("softmax", longest)
    return design(preset).config(lanes=lanes, max_len=longest, **dict(options))


def _caption(library: LibraryResults, longest: int) -> tuple[str, str]:
    recipe = library.provenance.get("recipe") or "not known"
    return (
        f"Formats: {preset_label(PRESETS[0])} in bold, {preset_label(PRESETS[1])} below or beside. "
        "Q(i,f), UQ(i,f): signed and unsigned fixed point with i integer and f fraction bits.",
        f"Bars: {library.title}, {library.lanes} lanes, rows of up to {longest} scores, recipe {recipe}, no wires, "
        "no glitches. Published: DAC 2021, other baseline.",
    )
