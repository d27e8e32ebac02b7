"""The page says what was measured, opens without a network, and takes anything that was not measured."""

import json
import os
import re
import subprocess
import sys

import pytest

from softermax.flows.report import write_report
from softermax.flows.report.full_tables import full_tables
from softermax.flows.report.plots import library_plots
from softermax.flows.report.results import library_results

from .pages import TITLES, Page, by_unit, page_of


@pytest.fixture(scope="module")
def page(report):
    return Page(report.read_text())


def test_every_unit_is_in_the_tables_with_its_figures(page, evaluations):
    areas = [result for library in evaluations.values() for result in library["units"]]
    rows = page.table("sequent. µm²", "area of baseline") + page.table("sequent. GE", "area of baseline")
    # After those of the units come those of the sweep.
    found = [(row["group"], row.get("area µm²", row.get("area GE"))) for row in rows]
    for library in evaluations.values():
        units = [(TITLES[result["unit"]], f"{result['area']:,.1f}") for result in by_unit(library["units"])]
        start = found.index(units[0])
        assert found[start : start + len(units)] == units
    periods = page.table("period /ps", "from", "to")
    assert len(periods) == len(areas)
    assert {row["from"] for row in periods} == {"unnormed.maximum[3]"}
    assert {row["period /FO4"] for row in periods} == {"64.0"}


@pytest.mark.parametrize(("library", "unit", "element"), [("asap7", "pJ", "fJ"), ("generic", "k loads", "loads")])
def test_energies_have_the_librarys_unit(page, evaluations, library, unit, element):
    rows = page.table(f"row {unit}", f"element {element}", "published energy")
    measured = by_unit(evaluations[library]["units"])
    assert [row[f"row {unit}"] for row in rows] == [f"{result['energy_per_row']:,.2f}" for result in measured]
    assert [row[f"element {element}"] for row in rows] == [f"{r['energy_per_element']:,.2f}" for r in measured]


def test_the_first_column_tells_all_designs_of_a_unit_apart(evaluations):
    for table in full_tables(library_results(evaluations)[0]):
        told = [
            column
            for column, heading in enumerate(table.headings)
            if heading in ("unit", "design", "tokens", "longest\nrow")
        ]
        rows = [tuple(row[column] for column in told) for row in table.rows]
        assert len(rows) == len(set(rows)) > 1
        assert {row[0] for row in rows} == set(table.groups)
        assert ("Rows of up to" in table.note) is ("longest\nrow" not in table.headings)
    assert ("Normalization Unit", "fp16 multiply, 4 lanes", "384") in rows


def test_lengths_and_sweeps_are_there_whole(page, evaluations):
    lengths = page.table("tokens", "element fJ", "energy of baseline")
    asked = evaluations["asap7"]["units"] + evaluations["asap7"]["lengths"]
    assert sorted(row["row pJ"] for row in lengths) == sorted(f"{result['energy_per_row']:,.2f}" for result in asked)
    sweeps = evaluations["generic"]["sweeps"]
    areas = [row["area GE"] for row in page.table("area GE", "sequent. GE")]
    assert areas[-len(sweeps) :] == [f"{result['area']:,.1f}" for result in by_unit(sweeps)]


def test_parts_of_a_processing_element_and_its_sensitivity(page, evaluations):
    pes = [result for result in evaluations["asap7"]["units"] if result["unit"] == "pe"]
    rows = page.table("mac array µm²", "sequencer µm²", "softmax of baseline's")
    assert [row["requantiser µm²"] for row in rows] == [f"{result['requantiser_area']:,.0f}" for result in pes]
    rows = page.table("mac array pJ", "sequencer pJ")
    assert [row["operands pJ"] for row in rows] == [f"{result['operands_energy']:,.2f}" for result in pes]
    rows = page.table("half the memory", "energy of baseline", "twice the memory")[: len(pes)]
    for row, result in zip(rows, pes, strict=True):
        assert row["half the memory"] == f"{result['energy_ratio_half_memory']:.3f}"
        assert row["twice the memory"] == f"{result['energy_ratio_double_memory']:.3f}"


def test_files_that_are_linked_exist_and_nothing_else_is_needed(page, report):
    links = [link for link in page.links if link != "data:,"]
    files = {link for link in links if not link.startswith("#")}
    assert {(report.parent / file).is_file() for file in files} == {True}
    assert {path.name for path in report.parent.iterdir()} == files | {"index.html"}
    assert {link.removeprefix("#") for link in links if link.startswith("#")} <= set(page.ids)
    assert len(page.ids) == len(set(page.ids))
    assert not {"script", "img", "iframe", "object"} & set(page.tags)
    assert not re.findall(r"url\((?!#)|@import|@font-face", report.read_text())


def test_the_first_column_stays_in_sight(report):
    css = report.read_text().partition("<style>")[2].partition("</style>")[0]
    [rule] = re.findall(r"\ntr > :first-child \{(.*?)\}", css)
    assert {"position: sticky", "left: 0", "background: var(--surface)"} <= {each.strip() for each in rule.split(";")}


def test_provenance(page):
    text = " ".join(" ".join(page.text).split())
    for said in ("0123456789abcdef", "ab" * 32, "pyosys", "0.70", "softermax evaluate --liberty asap7.lib.gz"):
        assert said in text


def test_names_from_outside_are_escaped(small, tmp_path):
    name = '<b>"&$x^$'
    hostile = {**small, "provenance": {"commit": "<i>", "versions": {"<u>": "<s>"}}}
    hostile["units"] = [result | {"starts": "<script>"} for result in hostile["units"]]
    page = Page(write_report({name: hostile}, tmp_path).read_text())
    assert not {"i", "u", "s", "script"} & set(page.tags[page.tags.index("main") :])
    assert page.tags.count("b") == page_of({"asap7": small}).tags.count("b")
    assert name in page.text
    assert {row["from"] for row in page.table("from", "to")} == {"<script>"}
    assert all(re.fullmatch(r"[\w.-]+", path.name) for path in tmp_path.iterdir())


def test_libraries_whose_names_differ_in_signs_only_have_files_of_their_own():
    slugs = [
        library.slug
        for library in library_results({"a+b": {}, "a_b_3": {}, "a-b": {}, "a_b_2": {}, "a b": {}, "+": {}})
    ]
    assert len(set(slugs)) == 6
    assert all(re.fullmatch(r"\w+", slug) for slug in slugs)


def without(evaluation, *words):
    """An evaluation in which some figures were not measured."""
    lists = ("units", "lengths", "sweeps")
    return {
        name: [{k: None if any(w in k for w in words) else v for k, v in result.items()} for result in results]
        for name in lists
        if (results := evaluation.get(name)) is not None
    }


@pytest.mark.parametrize(
    ("change", "missing"),
    [
        (lambda evaluation: {}, "areas of units, timing, energies of units, energies against length"),
        (lambda evaluation: {"units": [], "lengths": None, "sweeps": [], "provenance": None}, "areas of units, timing"),
        (lambda evaluation: evaluation | {"lengths": []}, "energies against length"),
        (lambda evaluation: evaluation | {"sweeps": []}, "areas against size"),
        (lambda evaluation: without(evaluation, "energy", "glitch"), "energies of units, energies against length"),
        (lambda evaluation: without(evaluation, "area", "period", "ratio"), "areas of units, timing"),
        (lambda evaluation: evaluation | {"units": [r for r in evaluation["units"] if r["preset"] == "fp16"]}, None),
        (lambda evaluation: evaluation | {"units": [r for r in evaluation["units"] if r["unit"] == "pe"]}, None),
        (
            lambda evaluation: evaluation | {"units": evaluation["units"][:1], "lengths": evaluation["lengths"][:1]},
            None,
        ),
    ],
    ids=["nothing", "empty", "lengths", "sweeps", "energies", "areas", "baseline only", "pe only", "one point"],
)
def test_what_was_not_measured_is_left_out(evaluations, change, missing):
    page = page_of({"asap7": change(evaluations["asap7"])})
    text = " ".join(" ".join(page.text).split())
    assert ("Not measured:" in text) is bool(missing)
    assert missing is None or f"Not measured: {missing}" in text
    assert not re.findall(r"\b(None|nan|inf)\b", text)


def test_no_plots_of_what_was_not_measured(small):
    ratios = [{"area_ratio": result["area_ratio"]} for result in small["units"]]
    units = [left | ratio for left, ratio in zip(without(small, "area")["units"], ratios, strict=True)]
    few = {"units": units, "lengths": None, "sweeps": []}
    few["units"][0]["energy_with_glitches"] = None
    names = [plot.name for plot in library_plots(library_results({"x": few})[0])]
    assert names == ["x-ratios-area", "x-ratios-energy", "x-energy-units"]
    assert library_plots(library_results({"x": without(few, "area", "energy", "ratio")})[0]) == []


def test_a_report_of_no_library():
    assert "Nothing was measured." in " ".join(page_of({}).text)


WRITE = """
import json, sys
from pathlib import Path
from softermax.flows.report import write_report
write_report(json.loads(sys.argv[1]), Path(sys.argv[2]))
"""


def test_the_same_again_in_another_process(small, tmp_path):
    evaluations = {"asap7": small}
    write_report(evaluations, tmp_path / "here")
    environment = {**os.environ, "PYTHONHASHSEED": "7"}
    command = [sys.executable, "-c", WRITE, json.dumps(evaluations), str(tmp_path / "there")]
    subprocess.run(command, check=True, env=environment)
    here, there = ({path.name: path.read_bytes() for path in (tmp_path / name).iterdir()} for name in ("here", "there"))
    assert here == there
