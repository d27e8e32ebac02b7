"""What a page says first: figures, then ratios, then aims; and what it says of the quick main job."""

import pytest

from softermax.flows.report.page import sections
from softermax.flows.report.results import library_results

from .pages import TITLES, Page, by_unit, page_of

#: Plots take time.
PLOTLESS = {"asap7": [], "generic": []}


@pytest.fixture(scope="module")
def page(report):
    return Page(report.read_text())


def test_the_page_leads_with_figures_then_ratios_then_aims(page):
    text = " ".join(" ".join(page.text).split())
    assert "Softermax compared with an FP16 softmax: area, timing and energy" in text
    places = [
        text.index(said) for said in ("minimum period ns", "Ratios to the FP16 baseline", "An aim is", "aims are met")
    ]
    assert places == sorted(places)


def test_leading_figures_are_those_of_32_lanes(page, evaluations):
    units = [result for result in by_unit(evaluations["asap7"]["units"]) if result["lanes"] == 32]
    rows = page.table("minimum period ns", "area µm²")
    assert len(rows) == len(units) == 15
    for row, unit in zip(rows, units, strict=True):
        assert row["group"] == TITLES[unit["unit"]]
        assert row["design"].startswith("paper's formats" if unit["preset"] == "paper" else unit["preset"])
        assert row["area µm²"] == f"{unit['area']:,.0f}"
        assert row["minimum period ns"] == "1.25"
        assert row["energy of a row pJ"] == f"{unit['energy_per_row']:,.1f}"
        assert row["with glitches"] == f"{unit['energy_with_glitches']:,.1f}"
    assert "cycles compared" not in rows[0]


def test_ratios_are_of_32_lanes_and_beside_published_ones_and_aims(page, evaluations):
    def ratio(unit, preset, field):
        results = evaluations["asap7"]["units"]
        found = [r for r in results if (r["unit"], r["preset"], r["lanes"]) == (unit, preset, 32)]
        return f"{found[0][field]:.2f}"

    rows, aims = page.table("ratio", "published")[:9], page.table("ratio", "best", "aim")
    fields = {
        "area": "area_ratio",
        "energy, no glitches": "energy_ratio",
        "energy, with glitches": "energy_with_glitches_ratio",
    }
    levels = ("unnormed", "normalization", "pe")
    expected = [(measure, unit) for measure in fields for unit in levels]
    for row, aim, (measure, unit) in zip(rows, aims, expected, strict=True):
        assert (row["group"], row["ratio"]) == (aim["group"], aim["ratio"]) == (measure, TITLES[unit])
        ours = [ratio(unit, preset, fields[measure]) for preset in ("paper", "faithful")]
        assert [row["paper's formats"], row["faithful"]] == ours
        assert aim["best"] == min(ours)
    assert [row["published"] for row in rows] == ["0.25", "0.65", "0.90", *2 * ["0.10", "0.39", "0.43"]]
    assert [row["aim"] for row in aims] == ["0.15", "0.25", "0.85", *2 * ["0.08", "0.15", "0.40"]]
    # The faithful preset is the better one: 0.318 against an aim of 0.25.
    assert aims[1]["above aim by"].strip() == "+0.07 (27 %)"


def test_no_column_is_called_paper_beside_the_publications(page):
    headings = {" ".join(cell.split()) for table in page.tables for cell in table[0]}
    assert {"published", "published area", "published energy"} <= headings
    assert not {heading for heading in headings if "paper" in heading} - {"paper's formats"}
    cells = {cell for table in page.tables for row in table for cell in row}
    assert "paper" not in cells
    assert "paper's formats" in cells


def test_generic_cells_have_no_aims_and_no_picojoules(evaluations):
    page = page_of({"generic": evaluations["generic"]})
    assert page.table("ratio", "published")
    assert not page.table("aim")
    assert "An aim is" not in " ".join(page.text)
    cells = [cell for table in page.tables for row in table for cell in row]
    assert not any("pJ" in cell or "fJ" in cell for cell in cells)
    assert any("k loads" in cell for cell in cells)


def test_an_aim_that_is_met_is_said_to_be(evaluations):
    better = [result | {"area_ratio": 0.1} for result in evaluations["asap7"]["units"]]
    page = page_of({"asap7": {"units": better}})
    assert "3 of 9 aims are met." in " ".join(page.text)
    assert [row["above aim by"].strip() for row in page.table("aim")[:3]] == ["met"] * 3


def test_real_cells_come_first(evaluations):
    headings = [
        section.library.name for section in sections(library_results(dict(reversed(evaluations.items()))), PLOTLESS)
    ]
    assert headings == ["asap7", "generic"]


def quick_evaluation():
    """What `softermax quick` makes: co-simulation and area of two designs."""
    point = {"lanes": 16, "max_len": 384}
    measured = {"latency": 7, "throughput": 1.0, "cycles_compared": 38033, "mismatches": 0, "area_unit": "GE"}
    areas = {"area": 76628.2, "sequential_area": 43052.0, "combinational_area": 33576.2, "area_per_lane": 4789.3}
    units = [{"unit": "softmax", "preset": preset} | point | measured | areas for preset in ("faithful", "paper")]
    return {"generic": {"provenance": {"command": "make", "recipe": "least-area"}, "units": units}}


def test_the_page_of_the_quick_main_job_says_what_it_shows():
    page = page_of(quick_evaluation())
    text = " ".join(" ".join(page.text).split())
    assert "Softermax: co-simulation and area" in text
    assert "make evaluate adds minimum periods, energies and a comparison with an FP16 softmax" in text
    rows = page.table("cycles compared", "area GE", "latency cycles")
    assert [row["design"] for row in rows] == ["faithful", "paper's formats"]
    assert [(row["cycles compared"], row["mismatches"], row["area GE"]) for row in rows] == [
        ("38,033", "0", "76,628")
    ] * 2
    for absent in ("Ratios", "ratio", "aim", "Glitches", "baseline of its own", "denominators"):
        assert absent not in text.replace("ratios to the baseline", "")
