"""Formats and files of the commands' results, and the columns that every measure declares."""

import csv
import io
import json
import re

import click
import pytest
from click.testing import CliRunner

from softermax.flows.commands.app import app
from softermax.flows.commands.output import Output, command
from softermax.flows.results.columns import Column
from softermax.flows.results.formats import FORMATS

from .process import refused, softermax

SIZE = ("--lanes", "2", "--max-len", "16")
#: Commands that are made from a measure, by name.
MEASURES = {name: command.measure for name, command in app.commands.items() if hasattr(command, "measure")}


def invoke(*arguments):
    done = CliRunner().invoke(app, [*map(str, arguments)])
    assert done.exit_code == 0, done.output
    return done


def test_one_command_in_four_formats(tmp_path):
    call = ("verilog", "unnormed", *SIZE, "--build-dir", tmp_path)
    [result] = json.loads(invoke(*call, "--json").stdout)
    assert json.loads(invoke(*call, "--format", "json").stdout) == [result]
    [row] = csv.DictReader(io.StringIO(invoke(*call, "--format", "csv").stdout))
    assert row == {field: str(value) for field, value in result.items()}
    heading, _, line = invoke(*call, "--format", "markdown").stdout.splitlines()
    cells = dict(zip(*([cell.strip() for cell in row.strip("|").split("|")] for row in (heading, line)), strict=True))
    assert cells == {field: str(value) for field, value in result.items() if field != "verilog"} | {
        "file": result["verilog"]
    }
    table = invoke(*call).stdout
    assert table == invoke(*call, "--format", "table").stdout
    assert table.split() == ["Verilog", *cells, *("─" * (len(table.split()[len(cells) + 1])),), *cells.values()]


def test_people_read_what_a_preset_is_called_and_programs_what_is_typed(tmp_path):
    call = ("verilog", "unnormed", *SIZE, "--preset", "paper", "--build-dir", tmp_path)
    assert json.loads(invoke(*call, "--json").stdout)[0]["preset"] == "paper"
    assert ",paper," in invoke(*call, "--format", "csv").stdout
    assert "paper's formats" in invoke(*call).stdout
    assert "| paper's formats |" in invoke(*call, "--format", "markdown").stdout
    assert "| paper |" in re.sub(" +", " ", invoke("designs", "--format", "markdown").stdout)


@pytest.mark.parametrize("format", FORMATS)
def test_a_file_has_what_would_be_printed(format, tmp_path):
    file = tmp_path / "folder" / "results"
    printed = invoke("info", *SIZE, "--format", format).stdout
    done = invoke("info", *SIZE, "--format", format, "-o", file)
    assert (done.stdout, done.stderr) == ("", f"results written to {file}\n")
    assert file.read_text() == printed


def test_a_file_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    message = refused(softermax("info", *SIZE, "-o", "file/results", cwd=tmp_path))
    assert message.startswith("file/results cannot be written: ")


def test_formats_that_contradict_each_other_or_do_not_exist_are_refused(tmp_path):
    text = "--json must not come with --format csv: they are two formats"
    assert refused(softermax("info", "--json", "--format", "csv", cwd=tmp_path)) == text
    assert "'xml' is not one of" in refused(softermax("info", "--format", "xml", cwd=tmp_path))
    assert json.loads(softermax("info", "--json", "--format", "json", cwd=tmp_path).stdout)


@pytest.mark.parametrize("name", app.commands)
def test_every_command_has_the_formats(name):
    parameters = [option for parameter in app.commands[name].params for option in parameter.opts]
    assert {"--format", "--json", "-o"} <= set(parameters)
    assert len(parameters) == len(set(parameters))


RESULTS = [{"unit": "u", "secret": 1, "found": 2, "path": [3]}]


def shown(*arguments) -> str:
    """Output of a command that finds a declared field, a hidden one, an undeclared one, and a list."""

    @command("some", help="", example="some")
    def some(output: Output):
        output.show(RESULTS, (Column("unit", "unit"), Column("secret", "secret", hidden=True)), "Title")
        output.note("a line for people")

    done = CliRunner().invoke(some, arguments)
    assert done.exit_code == 0, done.output
    return done.stdout


def test_an_undeclared_field_is_shown_under_its_own_name_and_a_hidden_one_stays_in_json():
    assert json.loads(shown("--json")) == RESULTS
    assert shown("--format", "csv") == "unit,secret,found\nu,1,2\n"
    assert shown("--format", "markdown").splitlines()[0].split() == ["|", "unit", "|", "found", "|"]
    assert shown().split()[:3] == ["Title", "unit", "found"]


def test_lines_for_people_disturb_no_program(tmp_path):
    assert shown().endswith("\na line for people\n")
    for format in ("json", "csv", "markdown"):
        assert "people" not in shown("--format", format)
    assert shown("--format", "json", "-o", str(tmp_path / "file")) == "a line for people\n"


@pytest.mark.parametrize("name", MEASURES)
def test_a_measure_is_the_command_that_it_names(name):
    measure = MEASURES[name]
    assert measure.name == name
    assert measure.example.split()[0] == name
    fields = [column.field for column in measure.columns]
    assert len(fields) == len(set(fields))
    parameters = app.commands[name].params
    assert all(option in parameters for option in measure.parameters)
    assert all(isinstance(parameter, click.Parameter) for parameter in parameters)


def test_all_measures_of_design_points_are_known():
    """Their own tests run each of them, and find no field that it has not declared."""
    measured = {"verilog", "area", "timing", "energy", "opensta-energy", "faithfulness", "explore", "operators"}
    assert set(MEASURES) == {*measured, "cosim", "coverage", "mutants", "gate", "soak"}
