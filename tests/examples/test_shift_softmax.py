"""The example package: installed beside softermax, its unit is known to the ordinary commands by one line."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COMMAND = Path(sys.executable).with_name("softermax")
SIZE = ("--preset", "shift", "--lanes", "2", "--max-len", "16")


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A folder with the package, as pip installs it, to be put on the path."""
    folder = tmp_path_factory.mktemp("installed")
    options = ("--quiet", "--disable-pip-version-check", "--no-deps", "--no-build-isolation", "--no-index")
    source = tmp_path_factory.mktemp("source") / "shift_softmax"
    # What pip builds in a source folder stays out of the checkout.
    subprocess.run(["cp", "-r", ROOT / "examples" / "shift_softmax", source], check=True)
    subprocess.run([sys.executable, "-m", "pip", "install", *options, "--target", folder, source], check=True)
    return folder


def run(installed, *command, cwd):
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(installed), os.environ.get("PYTHONPATH", "")])}
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)


def softermax(installed, *arguments, cwd):
    done = run(installed, COMMAND, *arguments, "--json", cwd=cwd)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_it_is_listed(installed, tmp_path):
    listed = {design["preset"]: design for design in softermax(installed, "designs", cwd=tmp_path)}
    assert list(listed) == ["paper", "faithful", "fp16", "shift"]
    assert listed["shift"]["units"] == "softmax"
    assert listed["shift"]["available"]


def test_the_ordinary_commands_take_it(installed, tmp_path):
    [made] = softermax(installed, "verilog", "softmax", *SIZE, cwd=tmp_path)
    assert "module softmax_shift_2x16(" in (tmp_path / made["verilog"]).read_text()
    [played] = softermax(installed, "cosim", "softmax", *SIZE, cwd=tmp_path)
    assert (played["mismatches"], played["latency"]) == (0, 1)
    assert played["cycles_compared"] > 10_000
    [mapped] = softermax(installed, "area", "softmax", *SIZE, cwd=tmp_path)
    assert mapped["area"] > 100
    [timed] = softermax(installed, "timing", "softmax", *SIZE, cwd=tmp_path)
    assert timed["period"] > 0
    [energy] = softermax(installed, "energy", "softmax", *SIZE, "--tokens", "16", cwd=tmp_path)
    assert (energy["mismatches"], energy["energy_per_row"] > 0) == (0, True)
    soaked = softermax(installed, "soak", "softmax", *SIZE, "--slices", "500", cwd=tmp_path)
    assert [(part["wrong"], part["lost_or_repeated"]) for part in soaked] == [(0, 0), (0, 0)]


def test_options_of_its_own_reach_its_config(installed, tmp_path):
    option = ("--option", "sum_fraction_bits=10")
    [made] = softermax(installed, "verilog", "softmax", *SIZE, *option, cwd=tmp_path)
    assert made["sum_fraction_bits"] == "10"
    assert "module softmax_shift_2x16_10(" in (tmp_path / made["verilog"]).read_text()
    done = run(installed, COMMAND, "verilog", "softmax", *SIZE, "--option", "bits=10", cwd=tmp_path)
    text = "softermax: --option bits does not apply to preset shift\n"
    assert (done.returncode, done.stderr) == (2, text)


def test_its_stream_contract_is_proven(installed, tmp_path):
    [proof] = softermax(installed, "formal", "softmax", "--preset", "shift", "--max-len", "4", cwd=tmp_path)
    assert (proof["result"], proof["fault_found"]) == ("proven", True)


def test_it_keeps_what_every_design_keeps(installed):
    tests = ROOT / "tests" / "flows" / "designs" / "test_contract.py"
    done = run(
        installed, sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "shift", tests, cwd=ROOT
    )
    assert done.returncode == 0, done.stdout


def test_a_unit_that_it_lacks_is_refused_in_a_sentence(installed, tmp_path):
    done = run(installed, COMMAND, "area", "pe", *SIZE, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (2, "softermax: the preset shift has no unit 'pe', but softmax\n")
