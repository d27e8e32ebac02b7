"""Experiments: what is run, what is kept, what is told; on a few digits."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from softermax.flows.commands.app import app
from softermax.flows.errors import FlowError
from softermax.flows.jobs.provenance import source_digest
from softermax.flows.report.accuracy_plots import accuracy_plot
from softermax.flows.studies import experiments
from softermax.nn.tasks import arms
from softermax.nn.tasks.catalogue import TASKS, TaskChoice
from softermax.nn.tasks.errors import TaskError

from ...nn.tasks.tiny import decoder, texts

COMMAND = Path(sys.executable).with_name("softermax")
DIGITS = TaskChoice("digits", quick=True)
FEW = ("softmax", "base 2, exact", "folded")


@pytest.fixture
def here(monkeypatch):
    """Jobs are run in this process, with three arms; says which were."""
    ran = []

    def run(jobs, description, console):
        results = []
        for job in jobs:
            found = job.cached()
            if found is None:
                ran.append(
                    (job.function.__name__, job.point.seed, job.point.arm and job.point.arm.name, job.point.tuned)
                )
                found = job(source_digest())
            results.append(found)
        return results

    presets = [arm for arm in arms.presets() if arm.name in FEW]
    monkeypatch.setattr(experiments, "run_jobs", run)
    monkeypatch.setitem(arms.SETS, "presets", lambda max_len: presets)
    return ran


def run(build_dir, seeds=2, choice=DIGITS):
    return experiments.experiment(choice, seeds, "presets", build_dir, Console(quiet=True))


def test_arms_are_compared_with_the_control_of_their_training(here, tmp_path):
    results = run(tmp_path, choice=replace(DIGITS, tune=True))
    assert [(row["arm"], row["training"]) for row in results] == [
        *((name, "none") for name in FEW),
        ("softmax", "tuned"),
        ("folded", "tuned"),
    ]
    for row in results:
        assert (row["task"], row["measure"], row["seeds"], row["examples"]) == ("digits", "accuracy", 2, 128)
        control = next(other for other in results if other["training"] == row["training"])
        if row["arm"] == "softmax":
            assert "difference" not in row
        else:
            assert row["difference"] == pytest.approx(row["value"] - control["value"])
            assert row["gained"] - row["lost"] == pytest.approx(row["difference"] * 128 / 100)
    trained = [job for job in here if job[0] == "start"]
    assert trained == [("start", 1, None, False), ("start", 2, None, False)]
    assert len(here) == 2 + 2 * 5


def test_what_is_done_is_not_done_again_and_what_is_missing_is(here, tmp_path):
    first = run(tmp_path, seeds=1)
    count = len(here)
    assert run(tmp_path, seeds=1) == first
    assert len(here) == count
    run(tmp_path, seeds=2)
    assert {seed for _, seed, _, _ in here[count:]} == {2}
    assert run(tmp_path / "elsewhere", seeds=1) == first


def test_keys_are_of_what_a_result_follows_from(tmp_path):
    (tmp_path / "train.tsv").write_text("a")
    run = experiments.Run(TaskChoice("glue:RTE", tmp_path, "m"), 1, arms.CONTROL)
    keys = {run.key(), experiments.Run(TaskChoice("glue:RTE", tmp_path, "m"), 2, arms.CONTROL).key()}
    keys.add(experiments.Run(TaskChoice("glue:RTE", tmp_path, "m"), 1, arms.CONTROL, True).key())
    keys.add(experiments.Run(TaskChoice("glue:RTE", tmp_path, "n"), 1, arms.CONTROL).key())
    keys.add(experiments.Run(TaskChoice("glue:RTE", None, "m"), 1, arms.CONTROL).key())
    experiments._folder_digest.cache_clear()
    (tmp_path / "train.tsv").write_text("b")
    keys.add(run.key())
    assert len(keys) == 6


def test_tasks_that_are_not_there_and_options_that_do_not_fit_are_told():
    with pytest.raises(
        TaskError,
        match=r"^the task must be one of sentiment, similarity, digits, language-model, squad, glue:CoLA, .*, ",
    ):
        TaskChoice("glue:WNLI")
    expected = r"^--data must come with glue, squad or language-model: digits fetches its own$"
    with pytest.raises(TaskError, match=expected):
        TaskChoice("digits", data=Path())
    with pytest.raises(TaskError, match=r"^--model must not come with digits, whose model is trained from scratch$"):
        TaskChoice("digits", model="m")
    with pytest.raises(TaskError, match=r"^--tokens and --windows must come with language-model, not digits$"):
        TaskChoice("digits", windows=4)
    with pytest.raises(TaskError, match=r"^--tokens must be 2 or more, not 0$"):
        TaskChoice("language-model", tokens=0)
    assert len(TASKS) == 5 + 8


def test_a_language_model_has_arms_for_rows_of_its_windows():
    choice = TaskChoice("language-model", tokens=2048)
    assert (choice.cut.tokens, choice.cut.count, choice.trained) == (2048, 16, False)
    assert choice.label == "language-model-2048"
    assert TaskChoice("language-model", quick=True).cut.tokens == 64
    assert choice.steps is None
    tuned = TaskChoice("language-model", tune=True)
    assert (tuned.cut.tokens, tuned.cut.count, tuned.steps) == (256, 32, 300)
    assert {arm.config.max_len for arm in choice.arms("presets") if arm.config} == {2048}
    assert [arm.name for arm in choice.arms("presets")][:4] == ["softmax", "base 2, exact", "paper", "paper, folded"]
    assert DIGITS.arms("presets") == arms.presets()


def test_perplexities_are_told_beside_softmaxs(here, tmp_path, monkeypatch):
    few = [arms.CONTROL, *(arm for arm in arms.decoder(24) if arm.name in ("paper", "folded UQ(0,8)"))]
    monkeypatch.setitem(arms.SETS, "decoder", lambda max_len: few)
    choice = TaskChoice("language-model", texts(tmp_path), decoder(tmp_path / "model"), tokens=20, windows=3)
    results = experiments.experiment(choice, 3, "presets", tmp_path / "build", Console(quiet=True))
    assert [(row["arm"], row["measure"], row["tokens"], row["examples"]) for row in results] == [
        (arm.name, "perplexity", 20, 3) for arm in few
    ]
    control, *others = results
    assert "ratio" not in control
    for row in others:
        assert row["ratio"] == pytest.approx(row["value"] / control["value"])
    assert {seed for _, seed, _, _ in here} == {1}
    svg = accuracy_plot(results, "presets").svg
    assert "Perplexity: times that of softmax" in svg
    count = len(here)
    longer = TaskChoice("language-model", choice.data, choice.model, tokens=21, windows=3)
    experiments.experiment(longer, 1, "presets", tmp_path / "build", Console(quiet=True))
    assert len(here) == 2 * count


def test_only_the_arms_that_are_wanted_are_run_beside_softmax(here, tmp_path):
    rows = run(tmp_path, seeds=1, choice=replace(DIGITS, only=("folded",)))
    assert [row["arm"] for row in rows] == ["softmax", "folded"]
    with pytest.raises(FlowError, match=r"^--arm must be one of softmax; base 2, exact; folded, not 'exact'$"):
        run(tmp_path, choice=replace(DIGITS, only=("exact",)))


def test_a_language_model_is_trained_further_without_being_trained_before(here, tmp_path):
    files = texts(tmp_path), decoder(tmp_path / "model")
    choice = TaskChoice("language-model", *files, quick=True, tokens=20, tune=True)
    results = experiments.experiment(choice, 3, "presets", tmp_path / "build", Console(quiet=True))
    swapped = ["softmax", "base 2, exact", "paper", "faithful, cascade"]
    assert [(row["arm"], row["training"]) for row in results] == [
        *((name, "none") for name in swapped),
        *((name, "tuned") for name in swapped if name in arms.TUNED),
    ]
    assert not [job for job in here if job[0] == "start"]
    assert {row["seeds"] for row in results} == {1}
    untrained, trained = (
        {row["arm"]: row["value"] for row in results if row["training"] == training} for training in ("none", "tuned")
    )
    assert all(trained[name] != untrained[name] for name in trained)
    assert choice.label == "language-model-20"


def test_what_a_job_cannot_do_is_told(tmp_path):
    run = experiments.Run(TaskChoice("glue:RTE", tmp_path, "m"), 1, arms.CONTROL)
    for job in (experiments.start, experiments.outcomes):
        with pytest.raises(FlowError, match=r"train.tsv cannot be read: No such file or directory$"):
            job(run, tmp_path)


def result(arm, difference, training="none", **formats):
    fields = {"task": "digits", "seeds": 2, "measure": "accuracy", "arm": arm, "training": training}
    return fields | formats | {"difference": difference, "difference_se": 0.5}


def test_plots_show_each_arm_and_each_number_of_bits():
    rows = [result("softmax", None), result("paper", -1.0), result("paper", 0.5, "tuned")]
    plot = accuracy_plot(rows, "finetune")
    for text in ("paper", "swapped in", "fine-tuned", "Accuracy: difference from softmax", "digits, 2 seeds"):
        assert f">{text}<" in plot.svg
    formats = [("Q(6,2)", "UQ(0,8)"), ("Q(6,1)", "UQ(0,8)"), ("Q(4,2)", "UQ(0,8)"), ("Q(6,2)", "UQ(0,5)")]
    bits = [result(f"{i} {o}", 0.1, input=i, output=o) for i, o in formats]
    svg = accuracy_plot([result("softmax", None), *bits], "bits").svg
    # Each panel has what only differs in its bits from the first.
    for number in ("1", "2", "4", "5", "6", "8"):
        assert f">{number}<" in svg


def test_the_command_runs_in_processes_and_writes_what_it_shows(tmp_path):
    arguments = ["accuracy", "digits", "--quick", "--seeds", "1", "--json"]
    done = subprocess.run([COMMAND, *arguments], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stderr
    results = json.loads(done.stdout)
    assert [row["arm"] for row in results] == [arm.name for arm in arms.presets()]
    folder = tmp_path / "build" / "accuracy"
    assert json.loads((folder / "digits-presets.json").read_text()) == results
    assert (folder / "digits-presets.svg").is_file()
    assert (folder / "digits-presets.png").is_file()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["finetune", "similarity"], "the task must be one that is trained, not 'similarity': use softermax accuracy"),
        (["accuracy", "digits", "--bits", "--ablation"], "--ablation and --bits must come one at a time"),
        (
            ["accuracy", "digits", "--model", "m"],
            "--model must not come with digits, whose model is trained from scratch",
        ),
    ],
)
def test_refusals_are_sentences(arguments, message, tmp_path):
    with pytest.raises(FlowError, match=f"^{message}$"):
        app(arguments, standalone_mode=False)


def test_missing_packages_are_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    for name in [
        name for name in sys.modules if name.startswith("softermax.nn") or name.endswith("studies.experiments")
    ]:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(FlowError, match=r"^torch must be installed to run models: pip install 'softermax\[tasks\]'$"):
        app(["accuracy", "digits"], standalone_mode=False)
