"""Bars of the three levels' ratios to the baseline, beside those that the paper reports."""

from __future__ import annotations

from matplotlib.axes import Axes

from ..designs.registry import compared_presets, design, preset_label, published, unit_titles
from .drawing import INK, PAPER, Plot, draw_plot
from .headline import AIMS, ratio_of
from .results import LibraryResults

__all__ = ["ratio_plots"]

#: Fields of the bars of each figure, with what their labels add and whether they are hatched.
BARS = {
    "area": (("area_ratio", "", False),),
    "energy_per_row": (("energy_ratio", "", False), ("energy_with_glitches_ratio", ", with glitches", True)),
}
#: Where numbers are: right of the plot, where no line and no bar runs through them.
BESIDE = ("axes fraction", "data")


def ratio_plots(library: LibraryResults) -> list[Plot]:
    """Areas and energies as ratios to the baseline; figures without a ratio are left out."""
    of = f"ratio to the FP16 baseline, {library.lanes} lanes"
    plots = (("area", f"Area: {of}", "area"), ("energy", f"Energy: {of}", "energy_per_row"))
    bars = {
        figure: [
            (f"{preset_label(preset)}{suffix}", preset, field, hatched)
            for preset in compared_presets()
            for field, suffix, hatched in fields
        ]
        for figure, fields in BARS.items()
    }
    return [
        _ratio_plot(library, name, title, bars[figure], figure)
        for name, title, figure in plots
        if any(_ratios(library, list(published(figure)), *bar[1:3]) for bar in bars[figure])
    ]


def _ratios(library: LibraryResults, levels: list[str], preset: str, field: str) -> dict[int, float]:
    """Ratios by the level's place, where there are any."""
    ratios = {place: ratio_of(library, level, preset, field) for place, level in enumerate(levels)}
    return {place: ratio for place, ratio in ratios.items() if ratio is not None}


def _ratio_plot(library: LibraryResults, name: str, title: str, bars, figure: str) -> Plot:
    levels = list(published(figure))
    reported = dict(enumerate(published(figure).values()))
    series = [("published", reported, {"facecolor": PAPER, "edgecolor": INK, "linewidth": 0.8, "zorder": 2})]
    for label, preset, field, hatched in bars:
        style = {"facecolor": design(preset).color, "edgecolor": PAPER, "hatch": "////" if hatched else None}
        series.append((label, _ratios(library, levels, preset, field), style))
    aims = AIMS[figure] if library.is_real else {}

    def draw(canvas):
        axes = canvas.subplots()
        thickness = 0.86 / len(series)
        for place, (label, ratios, style) in enumerate(series):
            offset = -0.43 + (place + 0.5) * thickness
            places = [level + offset for level in ratios]
            axes.barh(places, ratios.values(), thickness, label=label, **style)
            for bar, ratio in zip(places, ratios.values(), strict=True):
                axes.annotate(f"{ratio:.2f}", (1.01, bar), xycoords=BESIDE, va="center", fontsize=7)
        for place, level in enumerate(levels):
            if level in aims:
                label = "aim" if place == 0 else None
                axes.vlines(aims[level], place - 0.46, place + 0.46, INK, "dotted", linewidth=1.3, label=label)
        axes.axvline(1, color=INK, linewidth=0.8, label="baseline")
        axes.set_yticks(range(len(levels)), [unit_titles()[level].replace(" ", "\n") for level in levels])
        axes.tick_params(axis="y", length=0)
        axes.set_ylim(len(levels) - 0.5, -0.5)
        axes.set_xlim(0, max(1.12, *(1.12 * ratio for _, ratios, _ in series for ratio in ratios.values())))
        canvas.legend(*_in_order(axes), loc="outside lower center", ncols=2, handlelength=1.4, columnspacing=1.2)

    caption = "Lower is better. The paper's ratios are against a baseline of its own."
    if aims:
        caption += " Dotted: this project's aims."
    return draw_plot(
        f"{library.slug}-ratios-{name}",
        title,
        caption,
        draw,
        subject=library.title,
        height=1.3 + 0.56 * len(series),
    )


def _in_order(axes: Axes) -> tuple[list, list[str]]:
    """Handles and labels of a legend, bars first, from top to bottom, then lines."""
    handles, labels = axes.get_legend_handles_labels()
    order = sorted(range(len(labels)), key=lambda place: labels[place] in ("aim", "baseline"))
    return [handles[place] for place in order], [labels[place] for place in order]
