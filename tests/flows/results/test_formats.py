"""The formats: one set of results in each of them."""

import csv
import io
import json

import pytest

from softermax.flows.results.columns import POINT, Column, hidden, real
from softermax.flows.results.formats import FORMATS, Results, as_csv

COLUMNS = (*POINT, real("area", "area\n{area_unit}", 1), *hidden("area_unit", "path"))
POINTS = [
    {"unit": "unnormed", "preset": "paper", "lanes": 2, "area": 1234.56, "area_unit": "GE", "path": [{"net": "a"}]},
    {"unit": "unnormed", "preset": "fp16", "lanes": 2, "area": None, "area_unit": "GE", "path": [], "found": "x"},
]
ELEMENT = {"unit": "pe", "preset": "paper", "lanes": 2, "values": False, "area": 5.0, "area_unit": "GE"}


def text(format, results=POINTS, **tables) -> str:
    return FORMATS[format](Results(results, COLUMNS, tables or {"Area": results}))


def test_json_is_a_list_of_all_that_there_is():
    assert text("json") == json.dumps(POINTS, indent=2) + "\n"


def test_csv_has_every_flat_field_under_its_name_hidden_ones_too():
    rows = list(csv.DictReader(io.StringIO(text("csv"))))
    assert list(rows[0]) == ["unit", "preset", "lanes", "area", "area_unit", "found"]
    assert [row["area"] for row in rows] == ["1234.56", ""]
    assert [row["found"] for row in rows] == ["", "x"]
    assert as_csv([{"a": 'x,"y"'}]) == 'a\n"x,""y"""\n'


def test_markdown_is_one_table_with_all_units():
    table = text("markdown", [*POINTS, ELEMENT]).splitlines()
    assert [cell.strip() for cell in table[0].strip("|").split("|")] == ["unit", "preset", "lanes", "area GE", "found"]
    assert set(table[1]) <= set("|-: ")
    assert [line.split()[1] for line in table[2:]] == ["unnormed", "unnormed", "pe"]


def test_several_tables_of_markdown_have_titles():
    assert text("markdown", One=POINTS, Two=[ELEMENT]).count("### ") == 2


def test_a_table_has_a_title_headings_of_several_lines_and_dashes():
    lines = text("table").splitlines()
    assert lines[0].strip() == "Area"
    assert text("table").count("1,234.6") == 1
    assert any(line.split() == ["unit", "preset", "lanes", "GE", "found"] for line in lines)
    assert any(line.split() == ["unnormed", "fp16", "2", "-", "x"] for line in lines)


def test_points_with_other_fields_have_a_table_of_their_own():
    shown = text("table", [POINTS[0], ELEMENT, POINTS[1]])
    assert shown.count("Area") == 2
    first, second = shown.split("Area")[1:]
    assert (first.count("unnormed"), first.count(" pe ")) == (2, 0)
    assert second.count("paper") == 1


@pytest.mark.parametrize("format", FORMATS)
def test_an_undeclared_field_is_in_every_format(format):
    assert "found" in text(format)


@pytest.mark.parametrize(("format", "there"), [("table", False), ("markdown", False), ("csv", True), ("json", True)])
def test_a_hidden_field_is_for_programs_only(format, there):
    assert ("area_unit" in text(format)) is there


def test_sentences_wrap_and_other_columns_do_not():
    columns = (Column("fault", "fault", wraps=True), Column("unit", "unit"))
    results = [{"fault": "word " * 60, "unit": "u" * 60}]
    lines = FORMATS["table"](Results(results, columns, {"T": results})).splitlines()
    assert max(map(len, lines)) <= 200
    assert sum("u" * 60 in line for line in lines) == 1
