"""Lines of each design against a size: energy against sequence length, area against lanes and longest row."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, NullLocator

from ..designs.registry import unit_titles
from .drawing import Plot, draw_plot, preset_style
from .results import LibraryResults, design_name

__all__ = ["length_plots", "sweep_plots"]

#: Sizes at which sweeps cross: lanes while rows grow, and the longest row while lanes do.
SWEPT_AT = {"lanes": ("max_len", 384), "max_len": ("lanes", 16)}


def length_plots(library: LibraryResults) -> list[Plot]:
    """Energy of a row and of an element against tokens, a plot for each unit that was measured."""
    plots = []
    for unit, name in unit_titles().items():
        results = [result for result in library.lengths if result["unit"] == unit]
        figures = {
            "energy_per_row": f"for a row, {library.energy_unit}",
            "energy_per_element": f"for an element, {library.element_unit}",
        }
        figures = {field: title for field, title in figures.items() if _lines(results, "tokens", field)}
        if figures:
            plots.append(_length_plot(library, unit, name, results, figures))
    return plots


def _length_plot(library: LibraryResults, unit: str, name: str, results, figures: dict[str, str]) -> Plot:
    def draw(canvas):
        rows = canvas.subplots(len(figures), sharex=True, squeeze=False)[:, 0]
        for axes, (field, title) in zip(rows, figures.items(), strict=True):
            _draw_lines(axes, _lines(results, "tokens", field))
            axes.set_title(title)
        rows[-1].set_xlabel("tokens")
        canvas.legend(*rows[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)

    lanes = ", ".join(str(lanes) for lanes in sorted({result["lanes"] for result in results}))
    longest = ", ".join(f"{max_len:,}" for max_len in sorted({result["max_len"] for result in results}))
    title = f"Energy against length: {name}"
    caption = f"{lanes} lanes, rows of up to {longest}, without glitches, both axes logarithmic. Lower is better."
    return draw_plot(
        f"{library.slug}-lengths-{unit}",
        title,
        caption,
        draw,
        subject=library.title,
        height=1.05 + 1.7 * len(figures),
    )


def sweep_plots(library: LibraryResults) -> list[Plot]:
    """Areas against lanes and against the longest row, a plot for each unit that was measured."""
    plots = []
    for unit, name in unit_titles().items():
        results = [result for result in library.sweeps if result["unit"] == unit]
        sweeps = {size: _lines(_swept(results, size), size, "area") for size in SWEPT_AT}
        sweeps = {size: lines for size, lines in sweeps.items() if any(len(line) > 1 for line in lines.values())}
        if sweeps:
            plots.append(_sweep_plot(library, unit, name, results, sweeps))
    return plots


def _swept(results: Sequence[dict], size: str) -> list[dict]:
    """Results of the sweep over a size: those at which the other one stands still."""
    other, value = SWEPT_AT[size]
    return [result for result in results if result[other] == value]


def _sweep_plot(library: LibraryResults, unit: str, name: str, results, sweeps: dict[str, dict]) -> Plot:
    def draw(canvas):
        columns = canvas.subplots(1, len(sweeps), sharey=True, squeeze=False)[0]
        # Between the last size of a panel and the first of the next.
        canvas.get_layout_engine().set(wspace=0.06)
        for axes, (size, lines) in zip(columns, sweeps.items(), strict=True):
            _draw_lines(axes, lines)
            other, value = SWEPT_AT[size]
            axes.set_xlabel("lanes" if size == "lanes" else "longest row")
            axes.set_title(f"{value} {'lanes' if other == 'lanes' else 'elements'}")
        columns[0].set_ylabel(library.area_unit)
        canvas.legend(*columns[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)

    title = f"Area against size: {name}"
    recipes = ", ".join(sorted({result["recipe"] for result in results if result.get("recipe")}))
    caption = f"Recipe {recipes or 'not known'}{_memories(results)}, both axes logarithmic. Lower is better."
    return draw_plot(f"{library.slug}-sweeps-{unit}", title, caption, draw, subject=library.title, height=3.05)


def _memories(results: Sequence[dict]) -> str:
    return ", row buffers as memories" if any(result.get("memory_area") for result in results) else ""


def _lines(results: Sequence[dict], size: str, field: str) -> dict[tuple[str, str], dict]:
    """Values by size, for each design by preset and name; it may take further options where sizes need them."""
    lines: dict[tuple[str, str], dict] = {}
    for result in results:
        if result.get(field) is not None:
            lines.setdefault((result["preset"], design_name(result, options=False)), {})[result[size]] = result[field]
    return {design: dict(sorted(line.items())) for design, line in lines.items()}


def _draw_lines(axes: Axes, lines: dict[tuple[str, str], dict]):
    seen: list[str] = []
    for (preset, name), line in lines.items():
        dashes = ("solid", "dashed", "dotted", "dashdot")[seen.count(preset) % 4]
        seen.append(preset)
        style = preset_style(preset) | {"linestyle": dashes, "markersize": 3.5, "linewidth": 1.3}
        axes.plot(list(line), list(line.values()), label=name, **style)
    _logarithmic(axes, sorted({size for line in lines.values() for size in line}))


def _logarithmic(axes: Axes, sizes: Sequence[int]):
    """Logarithmic axes with plain numbers, and ticks at sizes."""
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    axes.xaxis.set_major_locator(FixedLocator(_labelled(sizes)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(_plain))
    axes.yaxis.set_major_formatter(FuncFormatter(_plain))
    axes.grid(True)


def _plain(value: float, _place: int) -> str:
    return f"{value:,.10g}"


def _labelled(sizes: Sequence[int]) -> list[int]:
    """Of sizes the powers of two, or every other one if there are many; all if there are hardly any."""
    powers = [size for size in sizes if size & (size - 1) == 0]
    return powers[:: 2 if len(powers) > 5 else 1] if len(powers) > 1 else list(sizes)
