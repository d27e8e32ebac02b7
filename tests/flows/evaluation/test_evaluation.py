"""The evaluation: what it holds, and that it is the same however it comes about."""

import json
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from click.testing import CliRunner
from distributed import LocalCluster
from rich.console import Console

from softermax.flows.commands import evaluate as cli
from softermax.flows.commands.app import app
from softermax.flows.design_points import DesignPoint
from softermax.flows.errors import FlowError
from softermax.flows.evaluation.evaluation import (
    PERIOD,
    Plan,
    evaluate,
    evaluation_of,
    flat_results,
    read_evaluations,
    unit_tables,
    write_evaluation,
)
from softermax.flows.jobs.running import Job, run_jobs
from softermax.flows.measurement import jobs
from softermax.flows.measurement.unit_columns import UNIT_COLUMNS
from softermax.flows.results.columns import undeclared
from softermax.flows.synthesis.synthesis import AreaOptions

PAPER, BASELINE = DesignPoint("unnormed", "paper", 2, 16), DesignPoint("unnormed", "fp16", 2, 16)
MEMORIES = DesignPoint("softmax", "paper", 2, 16)
PLAN = Plan(units=(PAPER, BASELINE), tokens=16, lengths=((PAPER, (8,)),), sweeps=(MEMORIES, PAPER))
#: The same in a process of its own.
SCRIPT = """
from pathlib import Path
from rich.console import Console
from softermax.flows.design_points import DesignPoint
from softermax.flows.evaluation.evaluation import Plan, evaluate
from softermax.flows.synthesis.synthesis import AreaOptions
if __name__ == "__main__":
    paper, baseline = (DesignPoint("unnormed", preset, 2, 16) for preset in ("paper", "fp16"))
    plan = Plan((paper, baseline), 16, ((paper, (8,)),), (DesignPoint("softmax", "paper", 2, 16), paper))
    evaluate(plan, Path("build"), AreaOptions(), Console(stderr=True))
"""
#: A cluster in a process of its own, which says where it is.
CLUSTER = """
import time
from distributed import LocalCluster
if __name__ == "__main__":
    with LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=":0") as cluster:
        print(cluster.scheduler_address, flush=True)
        time.sleep(600)
"""


def evaluated(folder: Path, **options) -> dict:
    """The small plan with the generic cells."""
    return evaluate(PLAN, folder, AreaOptions(), Console(stderr=True), **options)


@pytest.fixture(scope="module")
def fresh(tmp_path_factory) -> tuple[dict, Path]:
    """A first evaluation, and its folder."""
    folder = tmp_path_factory.mktemp("fresh")
    return evaluated(folder), folder


def test_units_have_all_figures_and_their_ratios(fresh):
    paper, baseline = fresh[0]["units"]
    assert (paper["unit"], paper["preset"], paper["lanes"], paper["max_len"]) == ("unnormed", "paper", 2, 16)
    assert (paper["area_unit"], paper["energy_unit"], paper["recipe"]) == ("GE", "k loads", "balanced")
    assert (paper["tokens"], paper["mismatches"]) == (16, 0)
    # The period is the netlist's, not that in which it leaks.
    assert paper["period"] == pytest.approx(paper["period_in_fo4"] * paper["fo4"], rel=0.01)
    assert paper["period"] != PERIOD
    for ratio, figure in (("area_ratio", "area"), ("energy_ratio", "energy_per_row")):
        assert paper[ratio] == pytest.approx(paper[figure] / baseline[figure], abs=1e-4)
        assert baseline[ratio] == 1
    assert (paper["paper_area_ratio"], paper["paper_energy_ratio"]) == (0.25, 0.10)
    assert baseline["paper_area_ratio"] is baseline["paper_energy_ratio"] is None
    assert all(not isinstance(value, list | dict) for unit in (paper, baseline) for value in unit.values())


def test_lengths_and_sweeps_are_of_their_points(fresh):
    [shorter], (memories, least) = fresh[0]["lengths"], fresh[0]["sweeps"]
    paper, _ = fresh[0]["units"]
    assert (shorter["tokens"], shorter["area"]) == (8, paper["area"])
    assert 0 < shorter["energy_per_row"] < paper["energy_per_row"]
    assert (memories["unit"], memories["recipe"]) == ("softmax", "least-area")
    assert 0 < memories["memory_area"] < memories["area"]
    assert (least["unit"], least["recipe"], least["memory_area"]) == ("unnormed", "least-area", None)
    assert least["area"] < paper["area"]


def test_the_commands_find_what_an_evaluation_has_kept(fresh, monkeypatch):
    evaluation, folder = fresh
    monkeypatch.setattr(jobs, "synthesise", None)
    monkeypatch.setattr(jobs, "read_mapped_unit", None)
    monkeypatch.setattr(jobs, "measure_row_energy", None)
    paper, _ = evaluation["units"]
    options = AreaOptions(recipe="balanced")
    assert jobs.area(PAPER, folder, options)["area"] == paper["area"]
    assert jobs.timing(PAPER, folder, options)["period"] == paper["period"]
    found = jobs.energy(PAPER, folder, options, tokens=16, period=PERIOD)
    assert found["energy_per_row"] == paper["energy_per_row"]
    for other in ({"tokens": 15, "period": PERIOD}, {"tokens": 16, "period": 1.0}):
        assert jobs.energy.lookup(PAPER, folder, options, **other) is None
    assert jobs.area.lookup(PAPER, folder, AreaOptions(recipe="balanced", clock_gating=False)) is None
    assert jobs.area.lookup(DesignPoint("unnormed", "paper", 2, 15), folder, options) is None


def test_a_second_run_works_nothing_out_and_finds_the_same(fresh, monkeypatch, capsys):
    evaluation, folder = fresh
    monkeypatch.setattr("softermax.flows.jobs.running._pool", None)
    assert evaluated(folder) == evaluation
    assert re.fullmatch(r"Evaluating: (\d+) of \1 results are there from before\n", capsys.readouterr().err)


def test_damaged_entries_and_netlists_are_made_again(fresh, tmp_path):
    evaluation, folder = fresh
    subprocess.run(["cp", "-r", folder / "cache", folder / "area", tmp_path], check=True)
    for entry in (tmp_path / "cache").iterdir():
        entry.write_bytes(entry.read_bytes()[:-1])
    for netlist in tmp_path.rglob("netlist.v"):
        netlist.write_text(netlist.read_text()[:-20])
    assert evaluated(tmp_path) == evaluation


def test_a_netlist_that_was_changed_is_not_measured(fresh, tmp_path):
    _, folder = fresh
    subprocess.run(["cp", "-r", folder / "cache", folder / "area", tmp_path], check=True)
    made = jobs.synthesis(PAPER, tmp_path, AreaOptions())
    whole = made.netlist.read_text()
    made.netlist.write_text(whole.replace("NOR2", "NAND2", 1))
    assert jobs.synthesis(PAPER, tmp_path, AreaOptions()) == made
    assert made.netlist.read_text() == whole


def test_an_interrupted_run_goes_on_and_finds_the_same(fresh, tmp_path, capsys):
    (tmp_path / "script.py").write_text(SCRIPT)
    process = subprocess.Popen([sys.executable, "script.py"], cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    cache, end = tmp_path / "build" / "cache", time.monotonic() + 120
    while len(list(cache.glob("[0-9a-f]*")) if cache.exists() else []) < 4:
        assert time.monotonic() < end
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    assert "KeyboardInterrupt" in process.communicate(timeout=30)[1]
    assert evaluated(tmp_path / "build") == fresh[0]
    found, whole, *_ = (int(word) for word in capsys.readouterr().err.split() if word.isdigit())
    assert 1 <= found < whole


@pytest.fixture(scope="module")
def cluster():
    """Two workers of one thread each."""
    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0") as cluster:
        yield cluster


def test_a_cluster_finds_the_same(fresh, cluster, tmp_path):
    assert evaluated(tmp_path, scheduler=cluster.scheduler_address) == fresh[0]


def test_what_a_cluster_cannot_do_is_a_sentence(cluster, tmp_path):
    some = [Job(jobs.area, PAPER, tmp_path, {"options": AreaOptions(recipe="fast")})]
    with pytest.raises(FlowError, match=r"^the recipe must be one of least-area, balanced, not 'fast'$"):
        run_jobs(some, "Working", Console(), cluster.scheduler_address)


def test_a_cluster_that_ends_is_a_sentence(tmp_path, capfd):
    (tmp_path / "cluster.py").write_text(CLUSTER)
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen([sys.executable, "cluster.py"], cwd=tmp_path, text=True, **pipes) as cluster:
        address = cluster.stdout.readline().strip()
        # The first jobs take longer than that.
        threading.Timer(2, cluster.kill).start()
        with pytest.raises(FlowError, match=r"^a worker, or a cluster, has ended before its job: "):
            evaluated(tmp_path / "build", scheduler=address)
    assert capfd.readouterr().err == ""


def test_a_cluster_without_workers_is_refused(tmp_path):
    with LocalCluster(n_workers=0, dashboard_address=":0") as cluster:
        text = f"the Dask scheduler at {cluster.scheduler_address} must have workers, but has none"
        with pytest.raises(FlowError) as caught:
            evaluated(tmp_path, scheduler=cluster.scheduler_address)
    assert str(caught.value) == text


def test_without_the_extra_a_scheduler_is_refused(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(FlowError) as caught:
        evaluated(tmp_path, scheduler="tcp://127.0.0.1:1")
    assert str(caught.value) == "the package distributed must be installed to use a scheduler: it is the extra dask"


@pytest.mark.parametrize(
    ("address", "text"),
    [
        ("tcp://127.0.0.1:1", "there must be a Dask scheduler at tcp://127.0.0.1:1, but none has answered"),
        ("nonsense://here", "there must be a Dask scheduler at nonsense://here, but none has answered"),
    ],
)
def test_a_scheduler_that_is_not_there_is_refused(address, text, tmp_path):
    command = [Path(sys.executable).with_name("softermax"), "evaluate", "--scheduler", address]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"softermax: {text}\n")


@pytest.fixture
def command(fresh, monkeypatch):
    """``softermax evaluate`` of the small plan, which has been evaluated."""
    monkeypatch.setattr(cli, "full_plan", lambda: PLAN)
    return lambda *arguments: CliRunner().invoke(app, ["evaluate", "--build-dir", str(fresh[1]), *arguments])


def test_the_command_writes_an_evaluation_and_a_report(fresh, command):
    evaluation, folder = fresh
    done = command("--json")
    assert done.exit_code == 0, done.output
    results = json.loads(done.stdout)
    assert results == flat_results(evaluation)
    assert evaluation_of(results) == evaluation | {"provenance": {"recipe": "balanced"}}
    assert json.loads((folder / "evaluation" / "generic.json").read_text()) == evaluation
    assert (folder / "report" / "index.html").stat().st_size > 0


def test_the_command_prints_tables(fresh, command):
    done = command()
    assert done.exit_code == 0, done.output
    for title in unit_tables([]):
        assert done.stdout.count(title) == 1
    assert f"{fresh[0]['units'][0]['energy_per_row']:,.2f}" in done.stdout
    assert f"the report in {fresh[1] / 'report' / 'index.html'}\n" in done.stdout


def test_a_mismatch_is_a_failure(command, monkeypatch):
    def mismatching(*arguments):
        found = evaluate(*arguments)
        found["lengths"][0]["mismatches"] = 3
        return found

    monkeypatch.setattr(cli, "run_evaluation", mismatching)
    done = command("--json")
    assert done.exit_code == 1
    assert "unnormed with 2 lanes has 3 mismatches" in done.stderr


def test_evaluations_are_read_back_by_library(fresh, tmp_path):
    evaluation, _ = fresh
    assert write_evaluation(evaluation, tmp_path) == tmp_path / "evaluation" / "generic.json"
    other = {**evaluation, "provenance": evaluation["provenance"] | {"library": "cells"}}
    write_evaluation(other, tmp_path)
    assert read_evaluations(tmp_path) == {"cells": other, "generic": evaluation}
    (tmp_path / "evaluation" / "cells.json").write_text(json.dumps(other)[:-1])
    with pytest.raises(FlowError, match=r"cells\.json must be an evaluation, but cannot be read: delete it$"):
        read_evaluations(tmp_path)


def test_provenance_names_files_without_their_folders(fresh):
    provenance = fresh[0]["provenance"]
    assert (provenance["library"], provenance["liberty_files"], provenance["recipe"]) == ("generic", [], "balanced")
    assert "/" not in json.dumps(provenance)


def test_tables_have_headings_for_what_they_show(fresh):
    tables = unit_tables(fresh[0]["units"])
    assert list(tables) == ["Area, recipe balanced", "Minimum clock period", "Energy for a row"]
    shown = {field for results in tables.values() for result in results for field in result}
    hidden = {column.field for column in UNIT_COLUMNS if column.hidden}
    assert shown - {column.field for column in UNIT_COLUMNS if not column.hidden} == {"area_unit", "energy_unit"}
    assert {"area_unit", "energy_unit"} <= hidden
    assert undeclared(fresh[0]["units"], UNIT_COLUMNS) == []
