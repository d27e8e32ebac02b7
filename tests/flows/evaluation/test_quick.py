"""The quick main job: its points, its table, and all that it leaves, on points that take seconds."""

import json
import re

import pytest
from rich.console import Console

from softermax.flows.commands import evaluate
from softermax.flows.commands.app import app
from softermax.flows.design_points import DesignPoint
from softermax.flows.evaluation import quick

SMALL = [DesignPoint(unit, preset, 2, 16) for preset in ("faithful", "paper") for unit in ("unnormed", "normalization")]


def test_it_is_of_every_unit_of_two_presets():
    points = [(point.unit, point.preset, point.lanes) for point in quick.quick_points()]
    assert len(points) == len(set(points)) == 8
    assert {unit for unit, _, _ in points} == {"unnormed", "normalization", "softmax", "pe"}
    assert {(preset, lanes) for _, preset, lanes in points} == {("faithful", 16), ("paper", 16)}


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """What the command prints, and the folder that it was called in."""
    folder = tmp_path_factory.mktemp("quick")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(evaluate, "quick_points", lambda: SMALL)
        patch.setattr(evaluate, "MESSAGES", Console(stderr=True))
        patch.setattr("sys.argv", [str(folder / "bin" / "softermax")])
        printed = []
        patch.setattr("builtins.print", lambda text="", **_: printed.append(text))
        app.main(["quick"], "softermax", standalone_mode=False)
    return folder, "\n".join(printed)


def test_it_leaves_verilog_and_figures_and_a_report_of_exactly_this(done):
    folder, _ = done
    assert {file.stem for file in (folder / "build" / "verilog").glob("*.v")} == {point.name for point in SMALL}
    units = json.loads((folder / "build" / "quick.json").read_text())["units"]
    assert [(unit["unit"], unit["preset"]) for unit in units] == [(point.unit, point.preset) for point in SMALL]
    assert all(unit["mismatches"] == 0 and unit["cycles_compared"] > 1000 and unit["area"] > 500 for unit in units)
    page = (folder / "build" / "report" / "index.html").read_text()
    assert all(f"{unit['area']:,.1f}" in page for unit in units)
    assert page.count("<svg") >= 3
    assert "softermax evaluate" not in re.sub(r"<p.*?</p>", "", page)


def test_it_says_last_where_the_files_are_and_what_to_type_next(done):
    _, printed = done
    last = printed.strip().splitlines()
    assert last[0].split() == ["Verilog", "build/verilog"]
    assert last[1].startswith("Report    build/report/index.html")
    assert "          bin/softermax --help" in last
    assert max(map(len, last)) <= 80
