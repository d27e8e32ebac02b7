"""Co-simulation: the generated Verilog in every installed simulator, and what is said when it cannot run."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from softermax.flows.synthesis.verilog import generate_verilog
from softermax.hw import NormalizationUnit, SoftermaxUnit, UnnormedSoftmaxUnit
from softermax.model import UQ, Q, SoftermaxConfig
from softermax.sim.cosim import SIMULATORS, CosimError, cosimulate, simulator_environment
from softermax.sim.trace import cut_by_reset
from softermax.sim.traffic import bursty, random_rows, rows_to_slices
from softermax.sim.verilator import PROGRAM, link_verilator

from ..hw.stimuli import MODELS, UNITS, back_to_back, constant_rows, random_trace
from ..model.strategies import configs, examples

#: Verilator is always there; Icarus, where it is installed, needs next to no time to build.
INSTALLED = ["verilator", *(["icarus"] if all(map(shutil.which, SIMULATORS["icarus"])) else [])]
QUICKEST = INSTALLED[-1]
PAPER = SoftermaxConfig.paper(lanes=4, max_len=96)
ROW_LENGTHS = (1, 2, 24)

#: Plays a trace from standard input, in a process of its own.
PLAY = """
import json, sys
from pathlib import Path
from softermax.sim.cosim import cosimulate
from softermax.sim.trace import Trace
_, verilog, build_dir, simulator = sys.argv
trace = Trace(**json.load(sys.stdin))
[result] = cosimulate(Path(verilog), "unit", [trace], Path(build_dir), simulator=simulator)
print(result.cycles, result.mismatches)
"""

#: Unit, config, and the cycles from a row's first slice (for Softermax its last) to its first at the output.
POINTS = {
    "unnormed": (UnnormedSoftmaxUnit, PAPER, 2),
    "normalization": (NormalizationUnit, PAPER, 3),
    "softermax": (SoftermaxUnit, PAPER, 7),
    "16 lanes": (SoftermaxUnit, SoftermaxConfig.paper(lanes=16, max_len=384), 7),
    "slopes, saturating": (
        SoftermaxUnit,
        SoftermaxConfig(lanes=2, max_len=48, input=Q(5, 5), power_sum=UQ(2, 9), output=UQ(0, 12), saturate=True),
        7,
    ),
    "row product": (NormalizationUnit, replace(PAPER, normalizer="row_product"), 4),
    "row product, faithful": (SoftermaxUnit, SoftermaxConfig.faithful(lanes=16, max_len=384), 8),
    "row product, directed, saturating": (
        SoftermaxUnit,
        SoftermaxConfig(
            lanes=2,
            max_len=48,
            input=Q(5, 3),
            power_sum=UQ(2, 9),
            output=UQ(0, 12),
            power_segments=8,
            normalizer="row_product",
            rounding="directed",
            saturate=True,
        ),
        7,
    ),
}


def write(folder, verilog):
    """A file with the Verilog, and a folder to build it in."""
    (folder / "unit.v").write_text(verilog)
    return folder / "unit.v", folder / "build"


def simulate(folder, unit, config, traces, simulator):
    """Play traces into a unit's Verilog."""
    path, build_dir = write(folder, generate_verilog(unit(config), "unit"))
    return cosimulate(path, "unit", traces, build_dir, simulator=simulator)


@pytest.mark.parametrize("simulator", INSTALLED)
@pytest.mark.parametrize(("unit", "config", "latency"), POINTS.values(), ids=POINTS)
def test_every_port_on_every_cycle_and_a_slice_a_cycle(unit, config, latency, simulator, tmp_path):
    rng = np.random.default_rng(8)
    slices = rows_to_slices(random_rows(rng, config, 60), config)
    difficult = MODELS[unit].trace(
        slices, config, {name: bursty(rng, 251 + len(name)) for name in ("i", "row", "o")}, rng
    )
    at_full_speed = [back_to_back(unit, config, constant_rows(config, length, 5)) for length in ROW_LENGTHS]
    traces = [difficult, cut_by_reset(difficult, 111, difficult), *at_full_speed]
    results = simulate(tmp_path, unit, config, traces, simulator)
    assert [result.described[:1] for result in results] == [[]] * len(traces)
    assert [result.mismatches for result in results] == [0] * len(traces)
    assert [result.cycles for result in results] == [trace.cycles for trace in traces]
    for length, result in zip(ROW_LENGTHS, results[2:], strict=True):
        first, last = result.moves["o"][0], result.moves["o"][-1]
        assert last - first == len(result.moves["o"]) - 1 == 5 * length - 1
        assert first == 2 + latency + (length - 1 if unit is SoftermaxUnit else 0)  # after two cycles of reset


@example(replace(PAPER, power_sum=UQ(2, 6), saturate=True))
@example(replace(PAPER, power_sum=UQ(1, 6), saturate=True))
@example(replace(PAPER, input=Q(4, 5), unnormed=UQ(1, 6), power_segments=32))
@examples(12)
@given(configs(max_lanes=4))
def test_verilator_builds_any_config(config):
    # As the co-simulation calls it; every warning is an error.
    arguments = ["-cc", "--vpi", "--public-depth", "1", "--top-module", "unit"]
    with TemporaryDirectory() as folder, simulator_environment("verilator"):
        path, build_dir = write(Path(folder), generate_verilog(SoftermaxUnit(config), "unit"))
        link_verilator(Path(folder))
        command = [PROGRAM, *arguments, "-Mdir", build_dir, path]
        said = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False).stderr
    assert [line for line in said.splitlines() if line.startswith("%")] == []


@examples(20 if QUICKEST == "icarus" else 2)
@given(unit=st.sampled_from(UNITS), config=configs(max_lanes=5, most_product_bits=3), seed=st.integers(0, 999))
def test_every_port_on_every_cycle_for_any_config(unit, config, seed):
    trace = random_trace(unit, config, seed)
    with TemporaryDirectory() as folder:
        [result] = simulate(Path(folder), unit, config, [cut_by_reset(trace, 20 + seed % 20, trace)], QUICKEST)
    assert result.described[:1] == []


def test_a_mismatch_is_counted_and_described(tmp_path):
    trace = back_to_back(SoftermaxUnit, PAPER, constant_rows(PAPER, 1, 2))
    valid = list(trace.outputs["o__valid"])
    wrong = replace(trace, outputs={**trace.outputs, "o__valid": [*valid[:5], 1 - valid[5], *valid[6:]]})
    right_result, wrong_result = simulate(tmp_path, SoftermaxUnit, PAPER, [trace, wrong], QUICKEST)
    assert right_result.mismatches == 0
    assert wrong_result.mismatches == 1
    assert wrong_result.described == [{"cycle": 5, "port": "o__valid", "expected": "1", "seen": "0"}]


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("COCOTB_TEST_FILTER", "of_another_project"),
        ("COCOTB_TESTCASE", "of_another_project"),
        ("COCOTB_TEST_MODULES", "no_such_module"),
        ("COCOTB_RANDOM_SEED", "none"),
        ("COCOTB_TOPLEVEL", "another"),
        ("GPI_EXTRA", "libnone.so:none"),
        ("SIM_CMD_PREFIX", "no-such-program"),
    ],
)
def test_what_benches_read_is_set_by_us_alone(variable, value, tmp_path, monkeypatch):
    monkeypatch.setenv(variable, value)
    trace = back_to_back(SoftermaxUnit, PAPER, constant_rows(PAPER, 1, 2))
    [result] = simulate(tmp_path, SoftermaxUnit, PAPER, [trace], QUICKEST)
    assert (result.cycles, result.mismatches) == (trace.cycles, 0)
    assert os.environ[variable] == value


@pytest.mark.parametrize("simulator", INSTALLED)
def test_paths_with_spaces_and_any_letters(simulator, tmp_path, monkeypatch):
    odd = tmp_path / "Prüf ordner, (2)"
    (odd / "tmp folder").mkdir(parents=True)
    monkeypatch.setattr(tempfile, "tempdir", str(odd / "tmp folder"))
    trace = back_to_back(SoftermaxUnit, PAPER, constant_rows(PAPER, 1, 2))
    [result] = simulate(odd, SoftermaxUnit, PAPER, [trace], simulator)
    assert (result.cycles, result.mismatches) == (trace.cycles, 0)


@pytest.mark.parametrize("simulator", INSTALLED)
def test_runs_share_a_build_folder_at_once(simulator, tmp_path):
    trace = back_to_back(SoftermaxUnit, PAPER, constant_rows(PAPER, 1, 2))
    path, build_dir = write(tmp_path, generate_verilog(SoftermaxUnit(PAPER), "unit"))
    play = [sys.executable, "-c", PLAY, path, build_dir, simulator]
    runs = [subprocess.Popen(play, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    for run in runs:
        run.stdin.write(json.dumps(trace.to_dict()))
        run.stdin.close()
    assert [run.stdout.read() for run in runs] == [f"{trace.cycles} 0\n"] * 2
    assert [run.wait() for run in runs] == [0, 0]


def test_variables_whose_names_merely_begin_alike_are_left(monkeypatch):
    monkeypatch.setenv("GUIX_PROFILE", "kept")
    monkeypatch.setenv("GUI", "1")
    with simulator_environment("verilator"):
        assert (os.environ.get("GUIX_PROFILE"), os.environ.get("GUI")) == ("kept", None)
    assert os.environ["GUI"] == "1"


def error(simulator, verilog, top, folder, traces=()):
    """What a co-simulation that cannot run says."""
    path, build_dir = write(folder, verilog)
    with pytest.raises(CosimError) as caught:
        cosimulate(path, top, traces, build_dir, simulator=simulator)
    return str(caught.value)


def test_unknown_simulator(tmp_path):
    assert error("questa", "", "unit", tmp_path) == "the simulator must be one of verilator, icarus, not 'questa'"


@pytest.mark.parametrize(
    ("simulator", "program", "package"),
    [
        ("verilator", "make", "make"),
        ("verilator", "g++", "g++"),
        ("icarus", "iverilog", "iverilog"),
        ("icarus", "vvp", "iverilog"),
    ],
)
def test_missing_program(simulator, program, package, tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None if name == program else f"/usr/bin/{name}")
    assert error(simulator, "", "unit", tmp_path) == (
        f"{simulator} needs the program {program}, which is not on the PATH: install Debian package {package}"
    )


def test_an_empty_path_misses_the_first_program(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert error("verilator", "", "unit", tmp_path) == (
        "verilator needs the program make, which is not on the PATH: install Debian package make"
    )


@pytest.mark.parametrize("simulator", INSTALLED)
def test_the_environment_is_left_as_it_was(simulator, tmp_path):
    before = dict(os.environ)
    error(simulator, "no Verilog", "unit", tmp_path)
    assert dict(os.environ) == before


@pytest.mark.parametrize("simulator", INSTALLED)
@pytest.mark.parametrize(
    ("verilog", "top"),
    [("module unit(;\nendmodule\n", "unit"), ("module unit(clk);\n  input clk;\nendmodule\n", "other")],
    ids=["syntax error", "no such module"],
)
def test_verilog_that_does_not_build(simulator, verilog, top, tmp_path):
    log = tmp_path / "build" / "build.log"
    said = error(simulator, verilog, top, tmp_path)
    assert re.fullmatch(
        rf"{simulator} could not build unit\.v \(.*error.*\): see {re.escape(str(log))}", said, re.IGNORECASE
    )
    assert said[said.index("(") + 1 : said.index("): see")] in log.read_text()


@pytest.mark.parametrize("lacks_ports", [False, True])
def test_a_simulation_that_ends_before_the_traces_do(lacks_ports, tmp_path):
    trace = back_to_back(SoftermaxUnit, PAPER, constant_rows(PAPER, 1, 2))
    verilog = "module unit(clk, rst);\n  input clk, rst;\nendmodule\n"
    if not lacks_ports:
        verilog = generate_verilog(SoftermaxUnit(PAPER), "unit")
        verilog = verilog.replace("endmodule", "  always @(posedge clk) $finish;\nendmodule", 1)
    text = error(QUICKEST, verilog, "unit", tmp_path, [trace])
    assert text == f"{QUICKEST} failed on unit: see {tmp_path / 'build' / 'simulation.log'}"
