"""The command, and the list of checks."""

import json
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from softermax.flows.errors import FlowError
from softermax.flows.results.columns import undeclared
from softermax.flows.verification.formal.all_checks import formal_checks
from softermax.flows.verification.formal.checks import CHECK_COLUMNS, FAILS, PROVEN, UNDECIDED, Check, holds_to
from softermax.flows.verification.formal.stream_checks import stream_checks

COMMAND = Path(sys.executable).with_name("softermax")


def test_the_command_proves_a_unit_and_keeps_what_it_has_found(tmp_path):
    command = [COMMAND, "formal", "row buffer", "--json"]
    first, again = (
        subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False) for _ in range(2)
    )
    assert first.returncode == again.returncode == 0, first.stderr
    assert "3 of 3 results are there from before" in again.stderr
    rows = json.loads(first.stdout)
    assert json.loads(again.stdout) == rows
    assert [row["result"] for row in rows] == [PROVEN] * 3
    assert all(row["fault_found"] and row["witnessed"] for row in rows)
    assert undeclared(rows, CHECK_COLUMNS) == []
    markdown = [COMMAND, "formal", "row buffer", "--format", "markdown", "-o", "table.md"]
    subprocess.run(markdown, capture_output=True, cwd=tmp_path, check=True)
    assert (tmp_path / "table.md").read_text().count("\n| Row buffer ") == 3


def test_a_unit_without_checks_is_refused(tmp_path):
    done = subprocess.run([COMMAND, "formal", "nonsense"], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("softermax: the unit must be one of these, or a part of its name: Row buffer, ")
    with pytest.raises(FlowError):
        formal_checks("nonsense")


def test_the_unit_softmax_is_the_complete_softermax_and_no_other_unit_with_that_word():
    assert {check.unit for check in formal_checks("softmax")} == {"Softermax"}
    assert {check.unit for check in formal_checks("pe")} == {"Processing element"}


def test_checks_can_be_sent_to_other_processes_and_are_told_apart():
    checks = stream_checks()
    assert len(pickle.loads(pickle.dumps(checks))) == len(checks)
    assert len({(*check.identity().values(), check.fault) for check in checks}) == len(checks)
    assert {check.unit for check in checks} > {
        "Row buffer",
        "Reciprocal",
        "Unnormed Softmax Unit",
        "Softermax",
        "Baseline softmax",
    }


@pytest.mark.parametrize(
    ("result", "fault_found", "passed"),
    [
        (PROVEN, True, True),
        (holds_to(9), True, True),
        (PROVEN, False, False),
        (FAILS, True, False),
        (UNDECIDED, True, False),
    ],
)
def test_a_check_passes_if_it_holds_and_finds_its_fault(result, fault_found, passed, tmp_path):
    check = Check("unit", "config", "property", "fault", Found(result, fault_found))
    row = check.row(tmp_path)
    assert row["fault"] == "fault"
    assert Check.passed(row) is passed


class Found:
    """What a check's run returns."""

    def __init__(self, result, fault_found):
        self.found = {"method": "told", "result": result, "fault_found": fault_found}

    def __call__(self, folder):
        return dict(self.found)
