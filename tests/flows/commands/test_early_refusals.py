"""What cannot be done is refused before any work: no job begins, nothing is written, nothing is left behind."""

import os
import re
from pathlib import Path

import click
import numpy as np
import pytest

from softermax.flows.commands import models, study
from softermax.flows.commands.app import app
from softermax.flows.errors import FlowError
from softermax.flows.jobs import running
from softermax.sim.cosim import CosimError

GENERIC = (Path(running.__file__).parents[1] / "gates" / "cells" / "generic.lib").read_text()
#: What commands need beside what they are tried with.
NEEDED = {
    "accuracy": ["digits"],
    "record": ["operators-asap7", "--root", str(Path(__file__).parents[3])],
    "finetune": ["digits"],
    "softmax": ["scores.npy"],
    "verilog": ["unnormed"],
}
#: Commands that build hardware in Verilator, and a unit where one is enough.
BUILDING = ("quick", "datasheet", "cosim", "gate", "coverage", "mutants", "soak")


def having(option: str) -> list[str]:
    """Commands that have an option."""
    return [name for name, command in app.commands.items() for each in command.params if option in each.opts]


def work(*_, **__):
    pytest.fail("work has begun")


@pytest.fixture(autouse=True)
def idle(monkeypatch, tmp_path):
    """A folder in which no work may begin."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(running, "_pool", work)
    for module, names in {
        study: ("head_errors", "measure_utilisation", "describe", "apply_softmax", "least_candidates", "registered"),
        models: ("minilm_statistics", "_experiments"),
    }.items():
        for name in names:
            monkeypatch.setattr(module, name, work)
    np.save("scores.npy", np.zeros((2, 3)))
    Path("file").write_text("kept")
    Path("folder").mkdir()
    Path("empty.lib").write_text("")
    Path("prose.lib").write_text("no library\n")
    Path("cut.lib").write_text(GENERIC[:-3])
    Path("generic.lib").write_text(GENERIC)


def refusal(*arguments: str) -> str:
    """What a call is refused with; it changes no file."""
    before = {path: path.stat().st_mtime_ns for path in sorted(Path().rglob("*"))}
    with pytest.raises((FlowError, CosimError, click.ClickException)) as caught:
        app.main([*map(str, arguments)], "softermax", standalone_mode=False)
    assert {path: path.stat().st_mtime_ns for path in sorted(Path().rglob("*"))} == before
    return caught.value.format_message() if isinstance(caught.value, click.ClickException) else str(caught.value)


@pytest.mark.parametrize("command", having("--recipe"))
def test_a_recipe_that_is_none(command):
    text = "Invalid value for '--recipe': 'bogus' is not one of 'least-area', 'balanced'."
    assert refusal(command, "--recipe", "bogus") == text


@pytest.mark.parametrize("command", having("--simulator"))
def test_a_simulator_that_is_none(command):
    text = "Invalid value for '--simulator': 'bogus' is not one of 'verilator', 'icarus'."
    assert refusal(command, "--simulator", "bogus") == text


@pytest.mark.parametrize("library", ["empty.lib", "prose.lib", "cut.lib", "folder", "none.lib"])
@pytest.mark.parametrize("command", having("--liberty"))
def test_a_library_that_is_none(command, library, monkeypatch):
    monkeypatch.setattr(study, "least_candidates", lambda config, number: [study.Candidate(config, 1)])
    preset = ["--preset", "faithful"] if command == "explore" else []
    assert library in refusal(command, *NEEDED.get(command, []), "--liberty", library, *preset)


@pytest.mark.parametrize(
    ("patterns", "text"),
    [
        (["*"], "--exclude must leave a flip-flop in the library: exclude fewer cells"),
        (["DFF*"], "--exclude must leave a flip-flop in the library: exclude fewer cells"),
        (["INV*"], "--exclude must leave an inverter in the library: exclude fewer cells"),
        (
            ["NAND*", "NOR*", "AND*", "OR*"],
            "--exclude must leave a NAND, NOR, AND or OR of two inputs in the library: exclude fewer cells",
        ),
        (["NAND*", "dff*"], "--exclude must match a cell of the library, not 'dff*'"),
    ],
)
@pytest.mark.parametrize("library", [[], ["--liberty", "generic.lib"]], ids=["generic", "file"])
@pytest.mark.parametrize("command", ["quick", "datasheet", "area", "evaluate", "gate"])
def test_patterns_that_leave_too_little_or_match_nothing(command, library, patterns, text):
    assert refusal(command, *library, *(part for each in patterns for part in ("--exclude", each))) == text


@pytest.mark.parametrize("call", [("area", "pe"), ("area",), ("datasheet",), ("energy", "pe"), ("evaluate",)])
def test_memories_without_a_nand2(call):
    text = "--exclude must leave a NAND2, from which the areas of memories follow: exclude fewer cells"
    assert refusal(*call, "--exclude", "NAND2*") == text
    cells = re.sub(r"(?s)cell *\(NAND2.*?(?=\n  cell *\()", "", GENERIC)
    Path("cells.lib").write_text(cells)
    text = "the library must have a NAND2, from which the areas of memories follow: add one that has"
    assert refusal(*call, "--liberty", "cells.lib") == text


@pytest.mark.parametrize("command", having("-o"))
@pytest.mark.parametrize(
    ("file", "why"),
    [
        ("file/inside/x.npy", "Not a directory"),
        ("folder", "it is a folder, not a file"),
        ("/proc/none/x", "No such file or directory"),
        (f"{'x' * 300}.npy", "File name too long"),
    ],
)
def test_a_file_that_cannot_be_written(command, file, why):
    assert refusal(command, *NEEDED.get(command, []), "-o", file) == f"{file} cannot be written: {why}"


@pytest.mark.parametrize("command", having("-o"))
def test_a_file_without_a_name(command):
    text = "Invalid value for '-o' / '--output': must be the name of a file, not ''"
    assert refusal(command, *NEEDED.get(command, []), "-o", "") == text


def test_a_plot_that_cannot_be_written():
    assert refusal("score-statistics", "--plot", "file/x.svg") == "file/x.svg cannot be written: Not a directory"


@pytest.mark.parametrize(
    ("command", "inside"),
    [("quick", "quick.json"), ("datasheet", "datasheet.json"), ("evaluate", "evaluation/generic.json")],
)
def test_a_file_of_the_build_folder_that_cannot_be_written(command, inside):
    Path("build", inside).mkdir(parents=True)
    assert refusal(command) == f"build/{inside} cannot be written: it is a folder, not a file"


@pytest.mark.parametrize("command", ["accuracy", "finetune"])
def test_figures_of_an_experiment_that_cannot_be_written(command):
    kind = {"accuracy": "presets", "finetune": "finetune"}[command]
    Path("build", "accuracy", f"digits-{kind}.svg").mkdir(parents=True)
    text = f"build/accuracy/digits-{kind}.svg cannot be written: it is a folder, not a file"
    assert refusal(command, "digits") == text


@pytest.mark.parametrize("command", sorted(set(having("--build-dir")) - {"accuracy", "finetune"}))
def test_a_build_folder_that_cannot_be_made(command, monkeypatch):
    monkeypatch.setattr(study, "least_candidates", lambda config, number: [study.Candidate(config, 1)])
    unit = ["--preset", "faithful"] if command == "explore" else []
    message = refusal(command, *unit, "--build-dir", "file")
    assert message.startswith("file")
    assert message.endswith(" cannot be written: Not a directory")


def test_an_older_evaluation_that_cannot_be_read():
    Path("build/evaluation").mkdir(parents=True)
    Path("build/evaluation/old.json").write_text("{")
    assert refusal("evaluate") == "build/evaluation/old.json must be an evaluation, but cannot be read: delete it"


@pytest.mark.parametrize("command", BUILDING)
def test_a_program_that_is_missing(command, monkeypatch):
    monkeypatch.setattr("shutil.which", lambda program: None if program == "g++" else f"/bin/{program}")
    text = "verilator needs the program g++, which is not on the PATH: install Debian package g++"
    assert refusal(command) == text
    if command not in ("quick", "datasheet"):
        assert refusal(command, "unnormed") == text


@pytest.mark.parametrize("command", having("--simulator"))
def test_a_simulator_that_is_not_installed(command, monkeypatch):
    monkeypatch.setattr("shutil.which", lambda program: None if program == "vvp" else f"/bin/{program}")
    text = "icarus needs the program vvp, which is not on the PATH: install Debian package iverilog"
    assert refusal(command, "--simulator", "icarus") == text


@pytest.mark.parametrize("call", [("timing", "--opensta"), ("opensta-energy",)])
def test_opensta_that_is_not_installed(call, monkeypatch):
    monkeypatch.setattr("shutil.which", lambda program: None)
    text = "OpenSTA, the program sta, must be on the PATH: install the Debian package opensta"
    assert refusal(*call) == text


@pytest.mark.parametrize("command", ["cosim", "gate", "coverage", "mutants"])
@pytest.mark.parametrize(
    ("size", "text"),
    [
        (("unnormed", "--max-len", 8), "--max-len must be 16 or more to verify on the shipped attention scores, not 8"),
        (("pe", "--max-len", 8), "--max-len must be 16 or more to verify on the captured heads, not 8"),
        (("pe", "--max-d-head", 16), "--max-d-head must be 32 or more to verify on the captured heads, not 16"),
    ],
)
def test_sizes_that_no_captured_row_has(command, size, text):
    assert refusal(command, *size) == text


@pytest.mark.parametrize("option", ["--lanes", "--d-head"])
def test_a_head_that_no_processing_element_takes(option):
    assert refusal("utilisation", option, 0).startswith(f"{option} must be ")


def test_a_length_that_no_row_has():
    text = "--tokens must be from 1 to 384, the smaller of --max-len and 1024, not 385"
    assert refusal("energy", "unnormed", "--tokens", 385) == text
    assert refusal("energy", "--tokens", 385) == text


def test_more_mutants_than_can_be_told_apart():
    text = "Invalid value for '--number': 65536 is not in the range 1<=x<=65535."
    assert refusal("mutants", "unnormed", "--number", 65536) == text


@pytest.mark.parametrize("command", ["accuracy", "finetune"])
def test_a_task_that_is_none_is_known_without_pytorch(command):
    text = "the task must be one of sentiment, similarity, digits, language-model, squad and glue:NAME, not 'bogus'"
    assert refusal(command, "bogus") == text
    assert "'nowhere' does not exist" in refusal(command, "squad", "--data", "nowhere")
    assert "'file' is a file" in refusal(command, "squad", "--data", "file")


@pytest.mark.parametrize("option", ["--slices", "--seed", "--part", "--rows", "--every", "--number", "--seeds"])
def test_numbers_that_are_none(option):
    for command in having(option):
        assert option in refusal(command, *NEEDED.get(command, []), option, "-1")
        assert option in refusal(command, *NEEDED.get(command, []), option, "1e3")


@pytest.mark.parametrize("seconds", ["nan", "inf", "0.5"])
def test_a_time_limit_that_is_none(seconds):
    assert refusal("gate", "--seconds", seconds).startswith("Invalid value for '--seconds': ")


def test_a_writable_output_is_neither_made_nor_touched():
    before = os.stat("file")
    assert "'bogus' is not one of" in refusal("area", "-o", "file", "--recipe", "bogus")
    assert "'bogus' is not one of" in refusal("area", "-o", "new/folder/file", "--recipe", "bogus")
    assert os.stat("file") == before
    assert not Path("new").exists()
