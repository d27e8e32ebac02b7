"""Functional coverage of the standard benches: its floor, and that it fails below."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

from softermax.flows.commands.app import app
from softermax.flows.design_points import DesignPoint
from softermax.flows.designs import rows
from softermax.flows.jobs import measure
from softermax.flows.jobs.provenance import source_digest
from softermax.flows.results.columns import undeclared
from softermax.flows.verification import coverage as verification
from softermax.flows.verification.coverage import COVERAGE, FLOOR, trace_coverage
from softermax.sim.cosim import CosimResult
from softermax.sim.row_stimuli import RowStimuli

MULTIPLY, CASCADE = (("normalizer", "multiply"),), (("rounding", "cascade"),)
#: Every unit of every preset, small; a few hundred rows suffice.
POINTS = [
    *(DesignPoint(unit, preset, 4, 31) for unit in ("unnormed", "normalization", "softmax")
      for preset in ("paper", "faithful", "fp16")),
    DesignPoint("softmax", "fp16", 4, 31, options=MULTIPLY),
    DesignPoint("softmax", "paper", 4, 31, options=(("saturate", True),)),
    DesignPoint("normalization", "faithful", 4, 31, options=CASCADE),
    DesignPoint("softmax", "faithful", 4, 31, options=CASCADE + MULTIPLY),
    *(DesignPoint("pe", preset, 16, 48) for preset in ("paper", "fp16")),
]  # fmt: skip


@pytest.mark.parametrize("point", POINTS, ids=lambda point: point.name)
def test_the_standard_traces_reach_the_floor(point):
    rows = trace_coverage(point, 1).rows()
    assert {row["coverpoint"]: row["uncovered"] for row in rows if row["uncovered"]} == {}
    assert sum(row["hit"] for row in rows) >= FLOOR * sum(row["bins"] for row in rows) > 70


def run(folder, *arguments):
    size = ["--lanes", "4", "--max-len", "31", "--build-dir", str(folder)]
    return CliRunner().invoke(app, ["coverage", "unnormed", "--preset", "paper", *size, *arguments])


def test_the_command_plays_and_counts(tmp_path):
    result = run(tmp_path, "--json")
    assert result.exit_code == 0, result.output
    rows = json.loads(result.stdout)
    assert {(row["unit"], row["preset"], row["lanes"]) for row in rows} == {("unnormed", "paper", 4)}
    assert {row["coverpoint"]: row["hit"] for row in rows} == {
        row["coverpoint"]: row["hit"] for row in trace_coverage(DesignPoint("unnormed", "paper", 4, 31), 1).rows()
    }
    assert undeclared(rows, COVERAGE.columns) == []
    assert run(tmp_path, "--format", "markdown", "-o", str(tmp_path / "table.md")).exit_code == 0
    assert "| running maximum, when the slice stalls   |   22 |  22 |" in (tmp_path / "table.md").read_text()


@pytest.fixture
def played(monkeypatch):
    """Runs the command in this process, without a simulator; mismatches by trace, to be filled in."""
    mismatches = {}

    def cosimulate(verilog, name, traces, folder, simulator):
        return [CosimResult(trace.cycles, mismatches.get(n, 0), [], {}) for n, trace in enumerate(traces)]

    def run_here(jobs, description, console):
        return [job(source_digest()) for job in jobs]

    monkeypatch.setattr(verification, "cosimulate", cosimulate)
    monkeypatch.setattr(measure, "run_jobs", run_here)
    return mismatches


def test_the_command_fails_and_names_what_weaker_stimuli_do_not_hit(tmp_path, played, monkeypatch):
    for owner, name, n in ((rows, "overlong_rows", 4), (rows, "random_rows", 9), (RowStimuli, "directed_rows", 5)):
        some = [(np.zeros(n, np.int16), np.ones(n, bool))]
        monkeypatch.setattr(owner, name, lambda *_, some=some: some)
    result = run(tmp_path)
    assert result.exit_code == 1
    assert "unnormed paper, row length: not hit longest and 1 slice; longer" in result.output
    assert (
        "1 of 1 design points are below a coverage of 100.0%, the lowest of them unnormed paper with" in result.output
    )


def test_a_trace_with_a_mismatch_covers_nothing(tmp_path, played):
    # The third trace holds all rows under gaps and backpressure.
    played[2] = 1
    result = run(tmp_path, "--json")
    assert result.exit_code == 1
    assert "has 1 mismatches" in result.output
    uncovered = {row["coverpoint"]: row["uncovered"] for row in json.loads(result.stdout)}
    assert uncovered["mask of a row"]
    assert uncovered["overlong row"] == []
