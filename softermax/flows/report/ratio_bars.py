"""Bars of ratios to the FP16 baseline for the front picture: ours filled, the published ones hollow."""

from __future__ import annotations

from collections.abc import Sequence

from ..designs.registry import design, preset_label, published, unit_titles
from .headline import ratio_of
from .results import LibraryResults
from .svg import BLACK, QUIET, Canvas

__all__ = ["draw_legend", "draw_ratio_bars"]

#: Panels: what is compared, the figure that was published, and the field of our ratio.
PANELS = (("Area", "area", "area_ratio"), ("Energy of a row", "energy_per_row", "energy_ratio"))
#: Width for the longest bar, of a bar, and from one unit to the next.
WIDTH, THICKNESS, PITCH = 150, 11, 46
LEFT, RIGHT = 690, 884


def draw_ratio_bars(canvas: Canvas, library: LibraryResults, presets: Sequence[str]):
    """Draw panels of area and energy, 310 pixels wide, right of 580."""
    canvas.text(580, 30, "Compared with an FP16 softmax", size=15, font_weight="bold")
    canvas.text(580, 48, "FP16 baseline: 1, dashed. Lower is better.", color=QUIET)
    for place, (name, figure, field) in enumerate(PANELS):
        _panel(canvas, 96 + place * (3 * PITCH + 24), name, _bars(library, presets, figure, field))


def _bars(library: LibraryResults, presets: Sequence[str], figure: str, field: str):
    """Bars of each unit by its title: ratio, and colour or None for what was published."""
    units = {}
    for unit, reported in published(figure).items():
        ours = [(ratio_of(library, unit, preset, field), design(preset).color) for preset in presets]
        units[unit_titles()[unit]] = [(ratio, color) for ratio, color in ours if ratio is not None] + [(reported, None)]
    return units


def _panel(canvas: Canvas, y: float, name: str, units: dict[str, list[tuple[float, str | None]]]):
    scale = WIDTH / max(1.05, *(ratio for bars in units.values() for ratio, _ in bars))
    canvas.text(580, y, name, font_weight="bold")
    baseline = LEFT + scale
    canvas.line((baseline, y + 2), (baseline, y + 8 + len(units) * PITCH - 4), width=1, stroke_dasharray="3 2")
    for place, (title, bars) in enumerate(units.items()):
        top = y + 8 + place * PITCH
        first, _, second = title.partition(" ")
        canvas.text(LEFT - 8, top + 16, first, anchor="end")
        canvas.text(LEFT - 8, top + 30, second, anchor="end")
        for row, (ratio, color) in enumerate(bars):
            _bar(canvas, top + row * (THICKNESS + 2), scale * ratio, ratio, color)
    canvas.line((LEFT, y + 6), (LEFT, y + 8 + len(units) * PITCH - 4), width=1)


def _bar(canvas: Canvas, y: float, length: float, ratio: float, color: str | None):
    style = {"fill": color} if color else {"fill": "none", "stroke": BLACK}
    canvas.box(LEFT, y, length, THICKNESS, **style)
    canvas.text(RIGHT, y + THICKNESS - 1.5, f"{ratio:.2f}", size=11, anchor="end")


def draw_legend(canvas: Canvas, y: float, presets: Sequence[str]):
    """Which bar is whose, in a line."""
    x = 580
    for label, color in [*((preset_label(preset), design(preset).color) for preset in presets), ("published", None)]:
        style = {"fill": color} if color else {"fill": "none", "stroke": BLACK}
        canvas.box(x, y - 9, 16, 10, **style)
        canvas.text(x + 22, y, label)
        x += 34 + 6.3 * len(label)
