"""Directives that draw the tables of results: ``{ratio-plots} FILE`` and ``{bound-plot} FILE``.

The plots are in the style of the report page, as SVG within the page, so that their colours follow its theme.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from docutils import nodes
from matplotlib.figure import Figure
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from softermax.flows.designs.registry import compared_presets, preset_label
from softermax.flows.report.drawing import INK, PAPER, Plot, draw_plot, preset_style

__all__ = ["setup", "tables"]

#: Heading of the headline, before the number of lanes.
HEADLINE = "Ratios to the FP16 baseline"
#: Column of the headline that is no preset, but what the DAC paper published.
PUBLISHED = "published"
#: What is behind a number, so that the baseline's line does not run through it.
BLANK = {"facecolor": PAPER, "edgecolor": "none", "pad": 0.5}
#: Attacks, columns of the table of faithful configs.
ATTACKS = {"random /ulp": ("random rows", "."), "built /ulp": ("built rows", "x"), "searched /ulp": ("search", "+")}


def tables(path: Path) -> Iterator[tuple[list[str], list[dict[str, str]]]]:
    """The tables of a Markdown file: the headings above each, outermost first, and its rows by column."""
    above: list[str] = []
    lines: list[list[str]] = []
    for line in [*path.read_text().splitlines(), ""]:
        if line.startswith("|"):
            lines.append([cell.strip() for cell in line.strip("|").split("|")])
            continue
        if lines:
            yield list(above), [dict(zip(lines[0], cells, strict=True)) for cells in lines[2:]]
            lines = []
        if heading := re.match(r"(#+) (.*)", line):
            above = [*above[: len(heading[1]) - 1], heading[2]]


class _Plots(SphinxDirective):
    """The plots of a file, relative to the page."""

    required_arguments = 1

    def run(self):
        path = Path(self.env.doc2path(self.env.docname)).parent / self.arguments[0]
        self.env.note_dependency(str(path))
        found = []
        for plot in self.plots(path):
            figure = f'<figure class="plot">{plot.inline}<figcaption>{plot.caption}</figcaption></figure>'
            found.append(nodes.raw("", figure, format="html"))
        return found

    def plots(self, path: Path) -> Iterator[Plot]:
        raise NotImplementedError


class RatioPlots(_Plots):
    """Bars of the headline's ratios, for each library."""

    def plots(self, path):
        for above, rows in tables(path):
            if above[-1].startswith(HEADLINE):
                yield _ratio_plot(above[-2], above[-1].removeprefix(f"{HEADLINE}, "), rows)


def _ratio_plot(library: str, lanes: str, rows: list[dict[str, str]]) -> Plot:
    designs = {preset_label(preset): preset for preset in compared_presets()}
    presets = [name for name in rows[0] if name not in ("figure", "unit", "aim", PUBLISHED)]

    def draw(canvas: Figure):
        axes = canvas.subplots()
        thickness = 0.84 / (len(presets) + 1)
        for place, name in enumerate([*presets, PUBLISHED]):
            places = [row + (place - len(presets) / 2) * thickness for row in range(len(rows))]
            hollow = {"facecolor": PAPER, "edgecolor": INK, "linewidth": 0.8}
            style = hollow if name == PUBLISHED else {"facecolor": preset_style(designs[name])["color"]}
            label = "published in the DAC paper" if name == PUBLISHED else name
            values = [float(row[name]) if row[name] != "-" else 0.0 for row in rows]
            drawn = axes.barh(places, values, thickness, label=label, **style)
            axes.bar_label(drawn, [row[name] for row in rows], padding=2, fontsize=7, bbox=BLANK)
        axes.axvline(1, color=INK, linewidth=0.8, label="FP16 baseline")
        axes.set_yticks(range(len(rows)), [f"{row['figure']}\n{row['unit']}" for row in rows])
        axes.invert_yaxis()
        axes.set_xlim(0, 1.3)
        canvas.legend(loc="outside lower center", ncols=2)

    name = re.sub(r"\W+", "-", f"ratios-{library}")
    caption = (
        f"{library}, {lanes}, rows of 384 scores. Lower is better. The paper's ratios are against another baseline."
    )
    return draw_plot(name, "Area and energy against the FP16 baseline", caption, draw, subject=library, height=6.2)


class BoundPlot(_Plots):
    """The largest errors that attacks have found, against the bound of each config."""

    def plots(self, path):
        [(_, rows)] = tables(path)
        if not all(float(row[column]) <= float(row["bound /ulp"]) < 1 for row in rows for column in ATTACKS):
            raise self.error(f"every error of {path.name} must be within its bound, and that below 1")

        def draw(canvas: Figure):
            axes = canvas.subplots()
            axes.plot(range(len(rows)), [float(row["bound /ulp"]) for row in rows], color=INK, label="proven bound")
            for column, (label, marker) in ATTACKS.items():
                axes.plot([float(row[column]) for row in rows], marker, markersize=4, label=label)
            axes.set_ylim(0, 1.1)
            axes.set_xlabel("config, in the order of the table")
            axes.set_ylabel("error of an output, units in the last place")
            axes.grid(axis="y")
            canvas.legend(loc="outside lower center", ncols=4)

        caption = f"{len(rows)} configs. No error that was found exceeds its bound, and no bound reaches 1."
        yield draw_plot("bounds", "Largest errors found, and proven bounds", caption, draw, width=5.6, height=3.4)


def setup(app: Sphinx) -> dict:
    """Register the directives."""
    app.add_directive("ratio-plots", RatioPlots)
    app.add_directive("bound-plot", BoundPlot)
    return {"parallel_read_safe": True}
