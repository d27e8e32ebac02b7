"""Plots: what is written in them, lengths of bars, and how they fit on a page."""

import re
from itertools import combinations
from xml.etree import ElementTree

import matplotlib
import pytest
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from softermax.flows.designs.registry import designs
from softermax.flows.report import breakdown_plots, drawing
from softermax.flows.report.drawing import KIND_COLORS, draw_plot
from softermax.flows.report.plots import library_plots, model_plots
from softermax.flows.report.results import design_name, library_results, parts_of

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def plots(report):
    return {path.stem: path.read_text() for path in report.parent.glob("*.svg")}


def texts(svg):
    """All texts of a plot."""
    return ["".join(text.itertext()) for text in ElementTree.fromstring(svg).iter(f"{SVG}text")]


@pytest.mark.parametrize("library", ["asap7", "generic"])
def test_bars_of_ratios_are_labelled(plots, evaluations, library):
    of = {(r["unit"], r["preset"]): r for r in evaluations[library]["units"] if r["lanes"] == 32}
    levels = ("unnormed", "normalization", "pe")
    for name, fields, published in (
        ("area", ["area_ratio"], ["0.25", "0.65", "0.90"]),
        ("energy", ["energy_ratio", "energy_with_glitches_ratio"], ["0.10", "0.39", "0.43"]),
    ):
        shown = [text for text in texts(plots[f"{library}-ratios-{name}"]) if re.fullmatch(r"\d\.\d\d", text)]
        bars = [
            f"{of[level, preset][field]:.2f}"
            for preset in ("paper", "faithful")
            for field in fields
            for level in levels
        ]
        assert sorted(shown) == sorted(bars + published)
        labels = texts(plots[f"{library}-ratios-{name}"])
        assert {"paper's formats", "faithful", "published", "baseline"} <= set(labels)
        assert ("aim" in labels) is (library == "asap7")


def test_plots_of_generic_cells_are_in_loads(plots):
    generic = [svg for name, svg in plots.items() if name.startswith("generic")]
    assert not any("pJ" in svg or "fJ" in svg for svg in generic)
    assert "for a row, k loads" in texts(plots["generic-lengths-unnormed"])
    assert "for an element, loads" in texts(plots["generic-lengths-unnormed"])
    assert "for an element, fJ" in texts(plots["asap7-lengths-pe"])


def test_lines_have_a_legend_and_plain_numbers(plots):
    shown = texts(plots["asap7-lengths-normalization"])
    assert {"paper's formats", "faithful", "fp16 divide", "fp16 multiply", "tokens", "64", "1,024"} <= set(shown)
    swept = texts(plots["asap7-sweeps-softmax"])
    assert {"16 lanes", "384 elements", "µm²", "64", "4,096"} <= set(swept)
    # One line, though long rows need an option.
    assert swept.count("paper's formats") == 1
    assert "paper's formats, saturate" not in swept


def test_breakdowns_name_kinds_and_parts_and_end_in_sums(plots, evaluations):
    shown = texts(plots["asap7-energy-units"])
    assert {"nets", "cells", "clock", "leakage", "glitches", "Normalization Unit", "complete softmax"} <= set(shown)
    units = evaluations["asap7"]["units"]
    divide = next(r for r in units if (r["unit"], r["preset"], r["lanes"]) == ("unnormed", "fp16", 32))
    assert f"{divide['energy_with_glitches']:,.0f}" in shown
    assert f"{divide['area']:,.0f}" in texts(plots["asap7-area-units"])
    kinds = {"sequential", "combinational", "memories", "mac array", "operands", "softmax", "sequencer"}
    assert kinds <= set(texts(plots["asap7-area-pe"]))


def test_a_preset_has_its_color_everywhere(plots):
    for preset, design in designs().items():
        drawn = {name for name, svg in plots.items() if design.color in svg}
        assert drawn >= {"errors", "asap7-lengths-unnormed", "asap7-sweeps-unnormed"}, preset
    assert not {design.color for design in designs().values()} & set(KIND_COLORS.values())


def test_a_processing_element_alone_has_plots(evaluations):
    pe = next(result for result in evaluations["asap7"]["units"] if result["unit"] == "pe")
    found = library_plots(library_results({"x": {"units": [pe]}})[0])
    assert [plot.name for plot in found] == ["x-ratios-area", "x-ratios-energy", "x-area-pe", "x-energy-pe"]


def test_designs_are_told_apart_by_name():
    point = {"unit": "pe", "lanes": 16, "max_len": 384}
    assert design_name(point | {"preset": "paper", "normalizer": "multiply"}) == "paper's formats"
    assert design_name(point | {"preset": "fp16", "normalizer": "divide"}) == "fp16 divide"
    long = point | {"preset": "paper", "normalizer": "multiply", "saturate": "True"}
    assert design_name(long) == "paper's formats, saturate"
    assert design_name(long, options=False) == "paper's formats"
    wide = {"preset": "faithful", "normalizer": "row_product", "output": "UQ(1,11)", "values": True}
    assert design_name(point | wide) == "faithful, output UQ(1,11), context"


def test_parts_are_those_of_a_processing_element_and_nothing_twice():
    result = {"area": 10, "area_unit": "GE", "sequential_area": 1, "rest_area": 7, "area_per_lane": 1}
    result |= {"softmax_area": 3, "score_converter_area": 1, "mac_array_area": 7, "registers_area": None}
    assert parts_of(result, "area") == {"mac_array": 7, "softmax": 3}
    energies = {"net_switching_energy": 1, "paper_energy_ratio": 0.1, "softmax_energy": 2, "energy_per_row": 3}
    assert parts_of(energies, "energy") == {"softmax": 2}


def test_a_plot_on_a_page_follows_its_theme_and_keeps_its_ids_apart():
    plots = [
        draw_plot(name, "Title", "", lambda figure: figure.subplots().bar([0], [1], hatch="//"), height=2)
        for name in ("one", "two")
    ]
    ids = [set(re.findall(r'\bid="([^"]+)"', plot.inline)) for plot in plots]
    assert not ids[0] & ids[1]
    for plot in plots:
        tree = ElementTree.fromstring(plot.inline)
        assert "width" not in tree.attrib
        assert tree.attrib["viewBox"]
        used = set(re.findall(r'(?:href="|url\()#([^")]+)', plot.inline))
        assert used <= {element.attrib.get("id") for element in tree.iter()}
        assert "var(--ink)" in plot.inline
        assert "<style" not in plot.inline
        assert "<dc:" not in plot.svg
        assert plot.png.startswith(b"\x89PNG")


@pytest.fixture(scope="module")
def figures(evaluations):
    """Figures of all plots, drawn again, by name."""
    drawn = {}

    class Kept(drawing.Figure):
        def __init__(self, *arguments, **options):
            super().__init__(*arguments, **options)
            figures.append(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(drawing, "Figure", Kept)
        makers = [lambda library=library: library_plots(library) for library in library_results(evaluations)]
        for make in [*makers, model_plots.__wrapped__]:
            figures: list[Kept] = []
            drawn |= {plot.name: figure for plot, figure in zip(make(), figures, strict=True)}
    with matplotlib.rc_context(drawing.STYLE):
        for figure in drawn.values():
            figure.draw_without_rendering()
    return drawn


def boxes_of(figure):
    """Texts of a figure and where they are, in pixels; ticks beyond the ends of an axis are not drawn."""
    hidden = set()
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            shown = axis._update_ticks()
            hidden |= {
                label
                for tick in (*axis.majorTicks, *axis.minorTicks)
                if tick not in shown
                for label in (tick.label1, tick.label2)
            }
    found = figure.findobj(lambda artist: isinstance(artist, Text) and artist not in hidden)
    return [(text, text.get_window_extent()) for text in found if text.get_text() and text.get_visible()]


def overlap(one, other):
    """Whether boxes have more in common than an edge."""
    return min(one.x1, other.x1) - max(one.x0, other.x0) > 1 and min(one.y1, other.y1) - max(one.y0, other.y0) > 1


def test_no_label_is_on_another_one_or_beyond_the_edge(figures):
    assert len(figures) > 20
    for name, figure in figures.items():
        found = boxes_of(figure)
        assert len(found) > 5
        for (one, box), (other, its_box) in combinations(found, 2):
            assert not overlap(box, its_box), (name, one, other)
        for text, box in found:
            inside = Bbox.intersection(box, figure.bbox)
            assert (inside.width, inside.height) == (box.width, box.height), (name, text)


@pytest.mark.parametrize("name", ["asap7-ratios-area", "asap7-ratios-energy", "errors"])
def test_no_line_runs_through_a_label(figures, name):
    [axes] = figures[name].axes
    lines = [Bbox.intersection(line.get_window_extent(), axes.bbox) for line in (*axes.lines, *axes.collections)]
    assert len(lines) >= 4
    for text, box in boxes_of(figures[name]):
        assert not any(overlap(box, line.padded(1)) for line in lines), text


def test_no_legend_of_a_breakdown_has_a_colour_twice(monkeypatch, evaluations):
    legends = []
    draw_plot = breakdown_plots.draw_plot

    def draw_and_record(name, title, caption, draw, **options):
        def recorded(canvas):
            draw(canvas)
            legends.extend([*canvas.legends, *(axes.get_legend() for axes in canvas.axes if axes.get_legend())])

        return draw_plot(name, title, caption, recorded, **options)

    monkeypatch.setattr(breakdown_plots, "draw_plot", draw_and_record)
    breakdown_plots.breakdown_plots(*library_results({"asap7": evaluations["asap7"]}))
    assert len(legends) == 6
    for legend in legends:
        colours = [handle.get_facecolor() for handle in legend.legend_handles]
        assert len(set(colours)) == len(legend.get_texts()), [text.get_text() for text in legend.get_texts()]
