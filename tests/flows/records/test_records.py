"""Records of figures: what is kept, when it is old, and the tables that documents have of them."""

import contextlib
import json
import subprocess
import sys
from importlib import resources
from pathlib import Path

import click
import pytest

from softermax.flows.commands import records as commands
from softermax.flows.commands.app import app
from softermax.flows.errors import FlowError
from softermax.flows.evaluation.evaluation import flat_results
from softermax.flows.records import RECORDS, Record, documents, fill, read_record, record, write_record
from softermax.flows.report import front_picture, library_results, markdown_tables
from softermax.flows.results.columns import Column, real

from ..report.made_up import made_up_evaluation

ROOT = Path(__file__).parents[3]
TEXT = """before
<!-- figures: tiny; unit, area; lanes=16 -->
old
<!-- end of figures -->
after
"""
RESULTS = [{"unit": "a", "lanes": 16, "area": 1234.56, "area_unit": "GE"}, {"unit": "b", "lanes": 32, "area": 2.0}]


@pytest.fixture
def tiny(monkeypatch, tmp_path):
    """A record by the name of tiny, kept in a folder that is a checkout."""
    columns = (Column("unit", "unit"), real("area", "area\n{area_unit}", 1))
    monkeypatch.setitem(RECORDS, "tiny", Record("designs", 1, columns))
    write_record("tiny", RESULTS, root=tmp_path)
    (tmp_path / "docs" / "deep").mkdir(parents=True)
    (tmp_path / "README.md").write_text("no figures\n")
    (tmp_path / "docs" / "deep" / "page.md").write_text(TEXT)
    return tmp_path


def test_every_table_of_the_documents_is_that_of_its_record():
    found = documents(ROOT)
    assert ROOT / "README.md" in found
    assert [file.name for file in found if fill(file.read_text(), ROOT) != file.read_text()] == []


def test_a_record_says_what_it_follows_from(tiny):
    kept = read_record("tiny", tiny)
    assert (kept["commands"], kept["results"]) == (["softermax designs"], RESULTS)
    assert {"numpy", "pyosys"} < kept["versions"].keys()


def test_it_is_stale_when_its_sources_have_changed(tiny, monkeypatch):
    assert not record.is_stale("tiny", tiny)
    monkeypatch.setattr(record, "code_digest", lambda packages: "another")
    assert record.is_stale("tiny", tiny)


def test_a_table_shows_the_chosen_fields_of_the_chosen_results(tiny):
    assert fill(TEXT, tiny).splitlines() == [
        "before",
        "<!-- figures: tiny; unit, area; lanes=16 -->",
        "| unit | area GE |",
        "|------|---------|",
        "| a    | 1,234.6 |",
        "<!-- end of figures -->",
        "after",
    ]


def test_conditions_have_alternatives_and_values_with_commas(tiny):
    rows = [{"unit": name, "area": 1.0, "area_unit": "GE"} for name in ("UQ(0,8) cascade", "b", "c")]
    write_record("tiny", rows, root=tiny)
    table = fill(TEXT.replace("lanes=16", "unit=UQ(0,8) cascade|c, area=1.0"), tiny)
    shown = [line.split("|")[1].strip() for line in table.splitlines() if line.startswith("| ")]
    assert shown == ["unit", "UQ(0,8) cascade", "c"]


def test_a_field_can_be_spread_over_columns(tiny):
    rows = [{"unit": unit, "lanes": lanes, "area": lanes * 1.5, "area_unit": "GE"} for unit in "ab" for lanes in (2, 4)]
    write_record("tiny", rows[:-1], root=tiny)
    table = fill(TEXT.replace("unit, area; lanes=16", "unit, lanes>area"), tiny)
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines() if "|" in line]
    assert [cells[0], *cells[2:]] == [["unit", "2", "4"], ["a", "3.0", "6.0"], ["b", "3.0", "-"]]
    with pytest.raises(FlowError, match="must have one area at lanes 2 in a row, not more"):
        fill(TEXT.replace("unit, area; lanes=16", "lanes>area"), tiny)


def test_variants_are_run_by_every_command_and_what_agrees_is_one_result():
    chosen = Record(("info --preset paper", "area unnormed", "area softmax"), 1, (), variants=("", "--lanes 2"))
    ran = []

    def run(words):
        ran.append(words)
        unit = {} if words[0] == "info" else {"unit": words[1], "area": len(ran)}
        return [{"lanes": words[-1], **unit}]

    found = commands._measured(chosen, run)
    assert ran[:3] == [["info", "--preset", "paper"], ["area", "unnormed"], ["area", "softmax"]]
    assert ran[3:] == [["info", "--preset", "paper", "--lanes", "2"], *([*words, "--lanes", "2"] for words in ran[1:3])]
    assert found[-2:] == [
        {"variant": "--lanes 2", "lanes": "2", "unit": "unnormed", "area": 5},
        {"variant": "--lanes 2", "lanes": "2", "unit": "softmax", "area": 6},
    ]


def test_every_command_of_a_record_is_one_of_the_command_line():
    for name, each in RECORDS.items():
        for _, lines in each.runs():
            for words in lines:
                found = app.get_command(click.Context(app), words[0])
                assert found is not None, name
                with contextlib.suppress(FlowError):
                    found.make_context(words[0], words[1:])


def test_the_list_needs_no_extra():
    """In the light environment of make records are listed, those of models among them."""
    program = (
        "import sys; sys.modules.update(torch=None, transformers=None); "
        "from softermax.flows.commands.app import app; app(['records', '--json'])"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert {row["record"] for row in json.loads(done.stdout)} == set(RECORDS)


EVALUATION = "<!-- evaluation: units-tiny -->\n<!-- end of figures -->\n"
RATIOS = "<!-- ratios: units-tiny -->\n<!-- end of figures -->\n"


@pytest.fixture(scope="module")
def evaluations():
    return {"asap7": made_up_evaluation("asap7")}


@pytest.fixture
def evaluated(tiny, evaluations, monkeypatch):
    """The record of an evaluation, in the same checkout."""
    monkeypatch.setitem(RECORDS, "units-tiny", Record("evaluate", 1, ()))
    write_record("units-tiny", flat_results(evaluations["asap7"]), root=tiny)
    return tiny


def test_all_tables_of_an_evaluation_are_those_of_the_report(evaluated, evaluations):
    [library] = library_results({"tiny": {**evaluations["asap7"], "provenance": {}}})
    first, *lines, last = fill(EVALUATION, evaluated).splitlines()
    assert "\n".join(lines).strip() == markdown_tables(library).strip()
    assert [first, last] == EVALUATION.splitlines()
    assert fill(fill(EVALUATION, evaluated), evaluated) == fill(EVALUATION, evaluated)


def test_ratios_are_those_of_the_headline(evaluated, evaluations):
    _, heading, _, unnormed, *_ = fill(RATIOS, evaluated).splitlines()
    assert heading == (
        "| unit | area: paper's formats | faithful | published | energy: paper's formats | faithful | published |"
    )
    chosen = [unit for unit in evaluations["asap7"]["units"] if (unit["unit"], unit["lanes"]) == ("unnormed", 32)]
    ratios = {unit["preset"]: (f"{unit['area_ratio']:.2f}", f"{unit['energy_ratio']:.2f}") for unit in chosen}
    area, energy = zip(ratios["paper"], ratios["faithful"], strict=True)
    assert unnormed == f"| Unnormed Softmax Unit | {' | '.join([*area, '0.25', *energy, '0.10'])} |"


def test_a_picture_is_drawn_of_a_record(evaluated, evaluations):
    arguments = ["--evaluation", str(evaluated / "results" / "units-tiny.json"), "-o", str(evaluated / "x.svg")]
    app.main(["picture", *arguments], "softermax", standalone_mode=False)
    measured = evaluations["asap7"] | {"provenance": {"recipe": "balanced"}}
    assert (evaluated / "x.svg").read_text() == front_picture("tiny", measured)


def test_a_picture_is_a_file_svg(evaluated):
    arguments = ["--evaluation", str(evaluated / "results" / "units-tiny.json"), "-o", str(evaluated / "x.png")]
    with pytest.raises(FlowError, match=r"--output must be a file \.svg, .* not .*x\.png"):
        app.main(["picture", *arguments], "softermax", standalone_mode=False)
    assert not (evaluated / "x.png").exists()


def test_tables_are_written_and_a_changed_figure_is_found(tiny):
    page = tiny / "docs" / "deep" / "page.md"
    with pytest.raises(FlowError, match=r"page\.md must be those of the records"):
        commands.document.main(["--check", "--root", str(tiny)], standalone_mode=False)
    assert page.read_text() == TEXT
    commands.document.main(["--root", str(tiny)], standalone_mode=False)
    commands.document.main(["--check", "--root", str(tiny)], standalone_mode=False)
    page.write_text(page.read_text().replace("1,234.6", "1,134.6"))
    with pytest.raises(FlowError, match=r"page\.md must be those of the records"):
        commands.document.main(["--check", "--root", str(tiny)], standalone_mode=False)


@pytest.mark.parametrize(
    ("wanted", "why"),
    [
        ("none; unit", r"the record must be one of .*tiny, not 'none'"),
        ("tiny; period", "tiny must have the field 'period' to show it: it has unit, lanes, area, area_unit"),
        ("tiny; unit; lanes=64", "must show a result of tiny with lanes=64, not none"),
        ("tiny; unit; unit=a|typo", "must show a result of tiny with unit=typo, not none"),
        ("tiny", "must be written RECORD; FIELD, ...; FIELD=VALUE"),
        ("tiny; unit; area", "must be written RECORD; FIELD, ...; FIELD=VALUE"),
        ("tiny; unit>lanes>area", "tiny must have the field 'lanes>area'"),
        ("quick; unit", r"quick\.json must be a record: make it with softermax record quick"),
    ],
)
def test_a_table_of_what_is_not_there_is_refused(tiny, wanted, why):
    with pytest.raises(FlowError, match=why):
        fill(TEXT.replace("tiny; unit, area; lanes=16", wanted), tiny)


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("<!-- end of figures -->\n", "", "'<!-- figures: tiny; .* must have the other comment"),
        ("<!-- figures: tiny; unit, area; lanes=16 -->\n", "", "'<!-- end of figures -->' must have the other comment"),
        ("end of figures -->", "end of figures  -->", "must be a line .*, not '<!-- end of figures  -->'"),
        ("<!-- figures", "<!-- figure", "must be a line .*, not '<!-- figure: tiny"),
        ("<!-- figures", " <!--Figures", "must be a line .*, not ' <!--Figures: tiny"),
    ],
)
def test_a_comment_that_is_misspelt_or_alone_is_refused_and_no_text_is_lost(tiny, old, new, why):
    page = tiny / "docs" / "deep" / "page.md"
    text = f"{TEXT.replace(old, new)}text between\n{TEXT}"
    page.write_text(text)
    with pytest.raises(FlowError, match=rf"page\.md: .*{why}"):
        commands.document.main(["--root", str(tiny)], standalone_mode=False)
    assert page.read_text() == text


@pytest.mark.parametrize("wanted", ["ratios", "evaluation"])
def test_ratios_of_another_record_are_refused(tiny, wanted):
    with pytest.raises(FlowError, match=r"tiny must be a record of softermax evaluate"):
        fill(f"<!-- {wanted}: tiny -->\n<!-- end of figures -->\n", tiny)


@pytest.mark.parametrize("text", ["{", '{"results": 5, "sources": ""}', '{"results": [1], "sources": ""}'])
def test_a_broken_record_is_refused_and_listed_as_such(tiny, capsys, text):
    (tiny / "results" / "tiny.json").write_text(text)
    with pytest.raises(FlowError, match=r"tiny\.json must be a record"):
        read_record("tiny", tiny)
    commands.records.main(["--root", str(tiny), "--json"], standalone_mode=False)
    states = {row["record"]: row["state"] for row in json.loads(capsys.readouterr().out)}
    assert states["tiny"] == "broken"


@pytest.mark.parametrize("words", [["document"], ["records"], ["record", "tiny"]])
def test_a_folder_that_is_no_checkout_is_refused_and_left_alone(tiny, tmp_path_factory, words):
    folder = tmp_path_factory.mktemp("elsewhere")
    with pytest.raises(click.UsageError, match=r"must be a checkout, with README\.md and docs"):
        app.main([*words, "--root", str(folder)], "softermax", standalone_mode=False)
    assert list(folder.iterdir()) == []


def test_a_record_is_measured_with_the_library_that_it_is_called_after(tiny, tmp_path, monkeypatch):
    monkeypatch.setitem(RECORDS, "tiny-asap7", Record("area", 1, (), liberty=True))
    library = tmp_path / "other.lib"
    generic = resources.files("softermax.flows.gates") / "cells" / "generic.lib"
    library.write_text(generic.read_text())
    with pytest.raises(FlowError, match=r"tiny-asap7 must be measured with the cells of asap7, which other\.lib has"):
        app.main(
            ["record", "tiny-asap7", "--liberty", str(library), "--root", str(tiny)], "softermax", standalone_mode=False
        )


def test_a_record_that_cannot_be_written_is_not_measured(tiny, monkeypatch):
    monkeypatch.setattr(commands, "_measured", lambda *_: pytest.fail("measured"))
    (tiny / "results" / "tiny.json").unlink()
    (tiny / "results").rmdir()
    (tiny / "results").write_text("a file")
    with pytest.raises(FlowError, match="cannot be written"):
        app.main(["record", "tiny", "--root", str(tiny)], "softermax", standalone_mode=False)


def test_the_command_of_a_record_is_run_and_its_results_are_kept(tiny, capsys):
    app.main(["record", "tiny", "--root", str(tiny)], "softermax", standalone_mode=False)
    # No word of files that only the measurement has.
    assert "results written to" not in capsys.readouterr().err
    names = [result["preset"] for result in json.loads((tiny / "results" / "tiny.json").read_text())["results"]]
    assert {"paper", "faithful", "fp16"} <= set(names)
    with pytest.raises(FlowError, match="tiny must not be measured with a --liberty"):
        app.main(["record", "tiny", "--liberty", "x.lib", "--root", str(tiny)], "softermax", standalone_mode=False)


def test_the_list_has_every_record_with_its_state(tiny, capsys):
    commands.records.main(["--root", str(tiny), "--json"], standalone_mode=False)
    states = {row["record"]: row["state"] for row in json.loads(capsys.readouterr().out)}
    assert states == dict.fromkeys(RECORDS, "missing") | {"tiny": "up to date"}
