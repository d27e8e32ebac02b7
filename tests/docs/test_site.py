"""The documentation site builds without a warning, and has what its reference promises."""

import shutil
import subprocess
import sys
from dataclasses import fields
from html.parser import HTMLParser
from pathlib import Path

import pytest

from softermax.flows.commands.app import app
from softermax.model import SoftermaxConfig

ROOT = Path(__file__).parents[2]
NAMES = [field.name for field in fields(SoftermaxConfig)]


class Text(HTMLParser):
    """What a reader sees of a page."""

    def __init__(self, page: Path):
        super().__init__()
        self.text = ""
        self.feed(page.read_text())

    def handle_data(self, data):
        self.text += data


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The built site; built elsewhere, so that nothing of an earlier build is in it."""
    folder = tmp_path_factory.mktemp("site")
    shutil.copytree(ROOT / "docs", folder / "docs")
    for name in ("softermax", "examples", "README.md"):
        (folder / name).symlink_to(ROOT / name)
    options = ["--quiet", "--fail-on-warning", "--keep-going", "--nitpicky"]
    command = [sys.executable, "-m", "sphinx", *options, "docs", "site"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return folder / "site"


def test_the_command_line_has_every_command_and_option(site):
    page = Text(site / "reference" / "command-line.html").text
    for name, command in app.commands.items():
        assert f"softermax {name}" in page
        options = [option.opts[0] for option in command.params if option.param_type_name == "option"]
        assert [option for option in options if option not in page] == []


def test_parameters_ports_and_fields_are_there(site):
    reference = {path.stem: Text(path).text for path in (site / "reference").glob("*.html")}
    assert [field for field in NAMES if field not in reference["configuration"]] == []
    words = ("i__valid", "o__payload", "csr__address", "CONTEXT_SCALE", "4 × unsigned, 8 bits, UQ(0,8)", "[31:0]")
    assert [word for word in words if word not in reference["ports"]] == []
    results = ("mismatches", "area_ratio", "energy_per_row", "first_mismatch")
    assert [field for field in results if field not in reference["result-fields"]] == []


def test_ports_of_components_are_in_the_api(site):
    page = Text(site / "reference" / "api" / "hardware.html").text
    assert "Ports" in page
    assert "Other Parameters" not in page


def test_results_have_plots_beside_their_tables(site):
    headline = (site / "results" / "index.html").read_text()
    libraries = [line for line in (ROOT / "docs/results/figures.md").read_text().splitlines() if line.startswith("## ")]
    assert headline.count('<figure class="plot">') == len(libraries) >= 1
    assert ">published in the DAC paper<" in headline
    grid = (site / "results" / "faithful-grid.html").read_text()
    assert grid.count('<figure class="plot">') == 1
    assert grid.count("<tr") > 120
