"""Tables on terminals of all widths: no value is cut, no line is too long, and what is left out is said."""

import io

import pytest

from softermax.flows.results.columns import POINT, Column, hidden, integer, real
from softermax.flows.results.fitting import fit, wrapped
from softermax.flows.results.tables import fact_lines, print_tables

COLUMNS = (
    *POINT,
    integer("cycles", "cycles\ncompared", detail=True),
    integer("mismatches", "mis-\nmatches"),
    real("area", "area\n{area_unit}", 1),
    real("area_ratio", "area of\nbaseline", 3),
    real("sequential_area", "sequent.\n{area_unit}", 0, detail=True),
    real("energy", "energy\n/pJ", 2, detail=True),
    *hidden("area_unit"),
)
POINTS = [
    {
        "unit": unit,
        "preset": preset,
        "lanes": lanes,
        "max_len": 384,
        "cycles": 925_131 * lanes,
        "mismatches": 0,
        "area": 1_234_567.8 * lanes,
        "area_ratio": 1.0 / lanes,
        "sequential_area": 98_765.0 * lanes,
        "energy": 12_345.67 * lanes,
        "area_unit": "um2",
    }
    for unit in ("unnormed", "normalization")
    for preset in ("paper", "faithful")
    for lanes in (16, 32)
]
SENTENCES = (
    Column("unit", "unit"),
    Column("fault", "seeded fault", wraps=True),
    Column("cure", "cure", wraps=True),
    integer("cycle", "found\nin cycle"),
)
FAULTS = [
    {"unit": "normalization", "fault": "the 2nd of 10 carries is lost " * 3, "cure": "keep it", "cycle": 1_234_567},
    {"unit": "unnormed", "fault": "none", "cure": "a long_word_without_any_space", "cycle": 89},
]
WIDTHS = (40, 80, 120, None)


def printed(results, columns, width, title="Area") -> str:
    file = io.StringIO()
    print_tables({title: results}, columns, file, width)
    return file.getvalue()


def left_out(text) -> list[str]:
    *_, note = " ".join(text.split()).split("Left out for want of width: ")
    return note.removesuffix("; --json has all.").split(", ") if "want of width" in " ".join(text.split()) else []


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize(("results", "columns"), [(POINTS, COLUMNS), (FAULTS, SENTENCES), (POINTS[:1], COLUMNS)])
def test_every_value_is_whole_or_its_column_is_named_as_left_out(results, columns, width):
    text = printed(results, columns, width)
    assert "…" not in text
    assert all(len(line.rstrip()) <= (width or 200) for line in text.splitlines())
    missing, words = left_out(text), text.replace(",\n", " \n").replace(".\n", " \n").split()
    for column in columns:
        if column.hidden or column.one_line_heading(results[0]) in missing:
            continue
        for value in {column.text(result) for result in results if column.field in result}:
            assert all(word in words or f"{word}," in words for word in value.split())


def test_a_wide_terminal_has_the_columns_as_they_are():
    fitted = fit(POINTS, COLUMNS, 118, limited=True)
    assert len(fitted.columns) == 10
    assert (fitted.constant, fitted.left_out) == ([], [])


def test_what_all_have_alike_goes_to_the_title_first():
    text = printed(POINTS, COLUMNS, 117)
    assert text.startswith("Area. All have: max_len 384, mismatches 0.\n")
    assert left_out(text) == []
    assert text.count(" 384") == 1


def test_then_details_are_left_out_the_last_one_first():
    assert left_out(printed(POINTS, COLUMNS, 97)) == ["energy /pJ"]
    assert left_out(printed(POINTS, COLUMNS, 84)) == ["sequent. um2", "energy /pJ"]
    assert left_out(printed(POINTS, COLUMNS, 72)) == ["cycles compared", "sequent. um2", "energy /pJ"]


def test_then_each_result_is_a_block_with_everything():
    text = printed(POINTS, COLUMNS, 40)
    assert left_out(text) == []
    blocks = text.split("\n\n")
    assert blocks[0] == "Area"
    assert len(blocks) == 1 + len(POINTS)
    assert [line.split("  ")[0] for line in blocks[1].splitlines()] == [
        *("unit", "preset", "lanes", "max_len", "cycles compared", "mismatches"),
        *("area um2", "area of baseline", "sequent. um2", "energy /pJ"),
    ]
    assert "cycles compared   14,802,096" in blocks[1].splitlines()


def test_one_result_is_a_block_before_anything_is_left_out():
    text = printed(POINTS[:1], COLUMNS, 80)
    assert "All have" not in text
    assert len(text.splitlines()) == 12


def test_without_a_terminal_lines_are_as_long_as_they_must_be():
    columns = tuple(Column(f"column_{number}", f"column_{number}", detail=True) for number in range(40))
    results = [{f"column_{number}": 1000 * number + row for number in range(40)} for row in range(2)]
    text = printed(results, columns, None)
    assert left_out(text) == []
    assert [len(line.split()) for line in text.splitlines() if "39001" in line] == [40]


def test_sentences_get_the_room_that_is_left():
    widths = fit(FAULTS, SENTENCES, 100, limited=True).widths
    assert (widths[0], widths[3]) == (13, 9)
    assert sum(widths) + 3 * 3 + 2 == 100
    assert min(widths[1:3]) >= 20


def test_text_breaks_at_spaces_only():
    assert wrapped("one 1,234,567 two", 9) == ["one", "1,234,567", "two"]
    assert wrapped("a_word_that_is_too_long b", 4) == ["a_word_that_is_too_long", "b"]
    assert wrapped("", 9) == [""]


def test_a_fact_without_room_beside_its_name_stands_below():
    facts = [("row_sum", "0.9717283199771036"), ("lanes", "16")]
    assert fact_lines(facts) == fact_lines(facts, 27) == ["row_sum  0.9717283199771036", "lanes    16"]
    assert fact_lines(facts, 26) == ["row_sum", "    0.9717283199771036", "lanes    16"]


def test_what_looks_like_markup_is_printed_as_it_stands():
    assert "[bold]a[3]:smile:" in printed([{"net": "[bold]a[3]:smile:"}], (Column("net", "net"),), 80)
