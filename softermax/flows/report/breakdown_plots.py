"""Stacked bars of the parts of areas and energies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes

from ..designs.registry import unit_titles
from .drawing import KIND_COLORS, OTHER, PAPER, Plot, draw_plot
from .results import LibraryResults, design_name, has_parts, parts_of

__all__ = ["breakdown_plots"]

#: Fields of what an area, and an energy without glitches, consist of.
AREA_KINDS = {
    "sequential": "sequential_area",
    "combinational": "combinational_area",
    "memories": "memory_area",
}
ENERGY_KINDS = {
    "nets": "net_switching_energy",
    "cells": "cells_energy",
    "clock": "clock_energy",
    "leakage": "leakage_energy",
    "memories": "memory_energy",
}
#: Share of the longest bar that a character of a number takes.
CHARACTER = 0.024


@dataclass(frozen=True)
class _Stack:
    """Bars of one unit: a name and the sizes of its segments, by what they are, for each."""

    title: str
    bars: list[tuple[str, dict[str, float]]]

    @property
    def longest(self) -> float:
        return max(sum(segments.values()) for _, segments in self.bars)


def breakdown_plots(library: LibraryResults) -> list[Plot]:
    """Areas and energies of the softmax units and of the processing element, as far as they were measured."""
    plots = []
    for figure, split, unit in (
        ("area", _area_kinds, library.area_unit),
        ("energy", _energy_kinds, library.energy_unit),
    ):
        results = {name: library.compared(name) for name in unit_titles()}
        by_parts = {name: found for name, found in results.items() if any(map(has_parts, found))}
        units = [_stack(unit_titles()[name], results[name], split) for name in results if name not in by_parts]
        plots.append(_stacked_plot(library, figure, "units", "softmax units", units, unit))
        for name, found in by_parts.items():
            kinds = [
                _stack("by what it is", found, split),
                _stack("by part", found, lambda result, f=figure: _parts(result, f)),
            ]
            plots.append(_stacked_plot(library, figure, name, unit_titles()[name], kinds, unit))
    return [plot for plot in plots if plot]


def _area_kinds(result: dict) -> dict[str, float]:
    return {kind: result[field] for kind, field in AREA_KINDS.items() if result.get(field)}


def _energy_kinds(result: dict) -> dict[str, float]:
    kinds = {kind: result[field] for kind, field in ENERGY_KINDS.items() if result.get(field)}
    if kinds and result.get("energy_with_glitches") is not None and result.get("energy_per_row") is not None:
        kinds["glitches"] = result["energy_with_glitches"] - result["energy_per_row"]
    return kinds


def _parts(result: dict, figure: str) -> dict[str, float]:
    return {part.replace("_", " "): value for part, value in parts_of(result, figure).items() if value}


def _stack(title: str, results: Sequence[dict], split: Callable[[dict], dict[str, float]]) -> _Stack | None:
    bars = [(design_name(result), segments) for result in results if (segments := split(result))]
    return _Stack(title, bars) if bars else None


def _stacked_plot(
    library: LibraryResults, figure: str, what: str, of: str, stacks: Sequence[_Stack | None], unit: str
) -> Plot | None:
    stacks = [stack for stack in stacks if stack]
    if not stacks:
        return None
    heights = [len(stack.bars) + 1.2 for stack in stacks]

    def draw(canvas):
        rows = canvas.subplots(len(stacks), height_ratios=heights, squeeze=False)[:, 0]
        legend = {}
        for axes, stack in zip(rows, stacks, strict=True):
            _draw_stack(axes, stack)
            legend |= dict(zip(*axes.get_legend_handles_labels()[::-1], strict=True))
        if len({_color(kind) for kind in legend}) == len(legend):
            canvas.legend(legend.values(), legend, loc="outside lower center", ncols=4, handlelength=1.2)
            return
        # A colour means one thing in one stack and another in the next: each has a legend of its own.
        for axes in rows:
            axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.02), ncols=4, handlelength=1.2)

    title = f"{figure.capitalize()} breakdown: {of}, {unit}"
    caption = f"{library.lanes} lanes; bars end in their sums." + (" For a row." if figure == "energy" else "")
    kinds = {kind for stack in stacks for _, segments in stack.bars for kind in segments}
    legends = 1 if len({_color(kind) for kind in kinds}) == len(kinds) else len(stacks)
    height = 0.35 + 0.4 * legends + 0.26 * sum(heights)
    return draw_plot(f"{library.slug}-{figure}-{what}", title, caption, draw, subject=library.title, height=height)


def _draw_stack(axes: Axes, stack: _Stack):
    names = [name for name, _ in stack.bars]
    left = [0.0] * len(names)
    for kind in dict.fromkeys(kind for _, segments in stack.bars for kind in segments):
        sizes = [segments.get(kind, 0.0) for _, segments in stack.bars]
        style = {"facecolor": _color(kind), "edgecolor": PAPER, "linewidth": 0.6}
        bars = axes.barh(range(len(names)), sizes, 0.72, left, label=kind, **style)
        shown = [_short(size) if size > CHARACTER * len(_short(size)) * stack.longest else "" for size in sizes]
        axes.bar_label(bars, shown, label_type="center", fontsize=7, color="#111111")
        left = [start + size for start, size in zip(left, sizes, strict=True)]
    for place, end in enumerate(left):
        axes.annotate(_short(end), (end, place), (3, 0), textcoords="offset points", va="center", fontsize=7)
    axes.set_yticks(range(len(names)), names)
    axes.invert_yaxis()
    axes.set_xlim(0, 1.14 * stack.longest)
    axes.set_xticks([])
    axes.spines["bottom"].set_visible(False)
    axes.tick_params(axis="y", length=0)
    axes.set_title(stack.title)


def _color(kind: str) -> str:
    return KIND_COLORS.get(kind, OTHER)


def _short(value: float) -> str:
    """A number in three digits or more."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
