"""The command line as a user meets it: a process, its output, its exit status."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from softermax.flows.commands.main import app
from softermax.model import SoftermaxConfig

COMMAND = Path(sys.executable).with_name("softermax")


def softermax(*arguments, cwd) -> subprocess.CompletedProcess:
    """Run the command with what it prints captured."""
    return subprocess.run([COMMAND, *map(str, arguments)], capture_output=True, text=True, cwd=cwd, check=False)


def refused(done: subprocess.CompletedProcess) -> str:
    """The one sentence of a refused call."""
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith("softermax: ")
    assert done.stderr.count("\n") == 1
    return done.stderr.removeprefix("softermax: ").rstrip("\n")


def test_help_names_every_command_and_each_has_an_example(tmp_path):
    overview = softermax("--help", cwd=tmp_path).stdout
    assert {"timing", "energy", "heads", "utilisation"} < set(app.commands)
    for command in app.commands:
        assert f"\n  {command} " in overview
        assert f"Example: softermax {command}" in CliRunner().invoke(app, [command, "--help"]).output


def test_verilog_has_macros_if_asked(tmp_path):
    done = softermax("verilog", "softermax", "--lanes", 2, "--max-len", 8, "--macros", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    [result] = json.loads(done.stdout)
    assert re.search(r"\n  sram_\d+x\d+_1r1w macro \(", (tmp_path / result["verilog"]).read_text())


def test_verilog_has_axi_stream_ports_if_asked(tmp_path):
    size = ("--lanes", 2, "--max-len", 8)
    done = softermax("verilog", "softermax", *size, "--axi-stream", "-o", "unit.v", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "module softermax_paper_2x8_axi_stream(" in (tmp_path / "unit.v").read_text()
    without_unit = refused(softermax("verilog", "--axi-stream", cwd=tmp_path))
    assert without_unit == "--axi-stream must come with a UNIT: the design points of make have none"


def test_verilog_goes_where_it_is_told(tmp_path):
    done = softermax("verilog", "unnormed", "--lanes", 2, "--max-len", 8, "-o", "unit.v", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    [result] = json.loads(done.stdout)
    identity = {"unit": "unnormed", "preset": "paper", "lanes": 2, "max_len": 8, "normalizer": "multiply"}
    assert result == identity | {"verilog": "unit.v"}
    assert "module unnormed_paper_2x8(" in (tmp_path / "unit.v").read_text()


def test_area_is_made_of_its_parts(tmp_path):
    done = softermax("area", "unnormed", "--lanes", 2, "--max-len", 8, "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    [result] = json.loads(done.stdout)
    assert result["area_unit"] == "GE"
    assert result["area"] == pytest.approx(result["sequential_area"] + result["combinational_area"])
    assert result["area_per_lane"] == pytest.approx(result["area"] / 2, abs=1e-3)
    # Per slice 2 x (8 + 1) score and keep bits, 7 of maximum, 2 flags; 2 x 16 + 7 + 2 at the output; 8 + 7 + 2 of its
    # sum; a flag and the running 7 + 16 + 1; 5 valid bits, a position in a row of 4 slices and whether the rest is
    # dropped.
    assert result["flops"] == (18 + 7 + 2) + (32 + 7 + 2) + (8 + 7 + 2) + 1 + (7 + 16 + 1) + 5 + (2 + 1)


@pytest.mark.parametrize(("cuts", "latency"), [("none", 1), ("int_max,sum_1", 2)])
def test_cuts_are_taken_as_they_are_printed(cuts, latency, tmp_path):
    size = ("--lanes", 2, "--max-len", 16, "--cuts", cuts, "--json")
    [facts] = json.loads(softermax("info", *size, cwd=tmp_path).stdout)
    assert facts["cuts"] == cuts
    [result] = json.loads(softermax("cosim", "unnormed", *size, cwd=tmp_path).stdout)
    assert (result["cuts"], result["latency"], result["mismatches"]) == (cuts, latency, 0)


def test_cosim_prints_a_table(tmp_path):
    done = softermax("cosim", "normalization", "--lanes", 8, "--max-len", 16, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Co-simulation in verilator, seed 1" in done.stdout
    assert "normalization" in done.stdout


def test_info_says_what_the_formats_are(tmp_path):
    [facts] = json.loads(softermax("info", "--lanes", 32, "--json", cwd=tmp_path).stdout)
    assert facts["input"] == "Q(6,2)"
    assert facts["maximum_bits"] == 7
    assert facts["power_sum"] == "UQ(10,6)"
    assert facts["max_slices"] == 12
    assert facts["softermax_latency"] == 7
    assert facts["cuts"] == "int_max,power_of_two,sum_5"
    assert softermax("info", "--max-len", 15, "--json", cwd=tmp_path).stdout.count("null") >= 5  # no row is that short
    assert "power_sum_bits" in softermax("info", cwd=tmp_path).stdout


def test_the_papers_power_sum_can_be_let_saturate_for_long_rows(tmp_path):
    [facts] = json.loads(softermax("info", "--max-len", 1024, "--saturate", "--json", cwd=tmp_path).stdout)
    assert facts["sum_can_overflow"] is True
    done = softermax("verilog", "unnormed", "--lanes", 2, "--max-len", 1024, "--saturate", "--json", cwd=tmp_path)
    [result] = json.loads(done.stdout)
    assert result["verilog"] == "build/verilog/unnormed_paper_2x1024_saturate.v"


def test_info_of_a_faithful_config_bounds_its_error(tmp_path):
    size = ("--preset", "faithful", "--max-len", 64, "--output-format", "UQ(0,9)")
    [facts] = json.loads(softermax("info", *size, "--json", cwd=tmp_path).stdout)
    assert facts["output"] == "UQ(0,9)"
    assert facts["normalizer"] == "row_product"
    assert 0.9 < facts["error_bound_ulp"] < 1
    assert facts["attention_max_error"] <= 2**-9  # of 1, which saturates
    assert 0.98 < facts["attention_row_sum_mean"] < 1.02


def test_faithfulness_bounds_and_attacks(tmp_path):
    size = ("--preset", "faithful", "--lanes", 4, "--max-len", 16, "--output-format", "UQ(0,9)", "--rows", 1000)
    done = softermax("faithfulness", *size, "--json", "--markdown", "table.md", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    [result] = json.loads(done.stdout)
    assert max(result["random"], result["built"], result["searched"]) <= result["bound"] < 1
    assert result["bound_a_bit_less"] >= 1
    assert result["faithful"] is True
    assert (tmp_path / "table.md").read_text().count("| faithful |") == 1
    # A second run reads what the first has found.
    assert len(list((tmp_path / "build" / "faithfulness").iterdir())) == 1
    assert json.loads(softermax("faithfulness", *size, "--json", cwd=tmp_path).stdout) == [result]


def test_explore_synthesises_what_the_preset_takes_and_the_next_best(tmp_path):
    size = ("--preset", "faithful", "--lanes", 2, "--max-len", 8)
    done = softermax("explore", *size, "--number", 2, "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    first, second = json.loads(done.stdout)
    config = SoftermaxConfig.faithful(lanes=2, max_len=8)
    assert (first["place"], second["place"]) == (1, 2)
    assert (first["unnormed"], first["product"]) == (config.unnormed.fraction_bits, config.product.fraction_bits)
    assert first["modelled"] <= second["modelled"]
    for result in (first, second):
        assert result["area"] == pytest.approx(result["unnormed_area"] + result["normalization_area"])
    [unnormed] = json.loads(softermax("area", "unnormed", *size, "--json", cwd=tmp_path).stdout)
    assert first["unnormed_area"] == unnormed["area"]


def test_the_paper_preset_has_no_bound_and_large_errors(tmp_path):
    done = softermax("faithfulness", "--rows", 200, "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    [result] = json.loads(done.stdout)
    assert result["bound"] is None
    assert result["faithful"] is False
    assert result["built"] > 1


@pytest.mark.parametrize(("score", "smaller"), [("Q(3,5)", "row_product"), ("Q(2,6)", "multiply")])
def test_info_says_which_normalizer_is_smaller(score, smaller, tmp_path):
    size = ("--preset", "faithful", "--input-format", score, "--normalizer", "row_product", "--max-len", 32)
    [facts] = json.loads(softermax("info", *size, "--json", cwd=tmp_path).stdout)
    assert (facts["normalizer"], facts["smaller_normalizer"]) == ("row_product", smaller)


def test_softmax_writes_probabilities_and_says_how_wrong_they_are(tmp_path):
    scores = np.array([[0.0, 0.0, 0.0, 0.0], [3.0, -20.0, -20.0, -20.0]])
    np.save(tmp_path / "scores.npy", scores)
    done = softermax("softmax", "scores.npy", "-o", "out.npy", "--json", cwd=tmp_path)
    [result] = json.loads(done.stdout)
    assert np.load(tmp_path / "out.npy").tolist() == [[0.25] * 4, [1.0, 0.0, 0.0, 0.0]]
    assert (result["rows"], result["row_length"], result["row_sum_min"], result["row_sum_max"]) == (2, 4, 1.0, 1.0)
    # Exact: 2**-23 for each of the three losers, rounded to 0; the winner has what they lack.
    assert result["max_error"] == pytest.approx(3 * 2.0**-23, rel=1e-6)


def test_softmax_of_the_baseline_is_near_exact(tmp_path):
    np.save(tmp_path / "scores.npy", np.array([[0.0, 0.0, 0.0, 0.0], [3.0, -20.0, 2.0, 1.0]]))
    done = softermax("softmax", "scores.npy", "--preset", "fp16", "-o", "out.npy", "--json", cwd=tmp_path)
    [result] = json.loads(done.stdout)
    assert result["base"] == "e"
    assert np.load(tmp_path / "out.npy")[0].tolist() == [0.25] * 4
    assert result["max_error"] < 2**-10  # two operations and an exponential, each within 2**-11 or 2**-10 of at most 1
    refusal = softermax("softmax", "scores.npy", "--preset", "fp16", "--base", "2", "-o", "out.npy", cwd=tmp_path)
    assert refused(refusal) == "the preset fp16 has no choice of base: it is fixed or follows"


def test_info_of_the_baseline(tmp_path):
    [facts] = json.loads(
        softermax("info", "--preset", "fp16", "--lanes", 4, "--max-len", 8, "--json", cwd=tmp_path).stdout
    )
    assert facts["input"] == "binary16"
    # 2 to the maximum, 3 to the numerators, 2 levels of a tree and the running sum, 1 for the sum, 3 of division.
    assert facts["softermax_latency"] == 2 + 3 + 2 + 1 + 1 + 3


def test_softmax_takes_masks_archives_and_base_e(tmp_path):
    np.savez(tmp_path / "scores.npz", scores=np.array([[1.0, 2.0, np.nan]]))
    np.save(tmp_path / "mask.npy", np.array([True, True, False]))
    arguments = ("softmax", "scores.npz", "--mask", "mask.npy", "--base", "e", "-o", "out.npy")
    done = softermax(*arguments, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    # 1 / (1 + e) and e / (1 + e), to the 1/128 of the output and the 1/4 octave of the input.
    assert np.load(tmp_path / "out.npy")[0] == pytest.approx([0.269, 0.731, 0.0], abs=0.03)


BAD_SCORES = {
    "nan.npy": (
        np.array([[1.0, np.nan]]),
        "scores must be finite where the mask keeps them, not nan (at index (0, 1))",
    ),
    "inf.npy": (np.array([-np.inf, 1.0]), "scores must be finite where the mask keeps them, not -inf (at index (0,))"),
    "empty.npy": (np.zeros((3, 0)), "a row must have an element or more, not the shape (3, 0)"),
    "none.npy": (np.zeros((0, 3)), "scores must hold a row or more, not the shape (0, 3)"),
    "scalar.npy": (np.array(1.0), "a row must have an element or more, not the shape ()"),
    "long.npy": (np.zeros(385), "a row must have at most max_len = 384 elements, not 385"),
    "complex.npy": (np.zeros(3, complex), "scores must be real numbers, not complex128"),
}


@pytest.mark.parametrize("name", BAD_SCORES)
def test_bad_scores_are_refused_in_a_sentence(name, tmp_path):
    scores, text = BAD_SCORES[name]
    np.save(tmp_path / name, scores)
    assert refused(softermax("softmax", name, "-o", "out.npy", cwd=tmp_path)) == text
    assert not (tmp_path / "out.npy").exists()


@pytest.mark.parametrize(
    ("mask", "text"),
    [
        (np.ones(4, bool), "a mask must be broadcastable to the scores' shape (2, 3), not (4,)"),
        (np.ones(3), "a mask must be bool, True where a score is kept, not float64"),
    ],
)
def test_bad_masks_are_refused_in_a_sentence(mask, text, tmp_path):
    np.save(tmp_path / "scores.npy", np.zeros((2, 3)))
    np.save(tmp_path / "mask.npy", mask)
    done = softermax("softmax", "scores.npy", "--mask", "mask.npy", "-o", "out.npy", cwd=tmp_path)
    assert refused(done) == text


def test_files_that_hold_no_array_are_refused_in_a_sentence(tmp_path):
    (tmp_path / "text.npy").write_text("no array")
    np.savez(tmp_path / "two.npz", a=np.zeros(2), b=np.zeros(2))
    for name, text in {
        "missing.npy": "missing.npy cannot be read: No such file or directory",
        "text.npy": "text.npy must be an .npy or .npz file of numbers: NumPy cannot read it",
        "two.npz": "two.npz must hold one array, not 2: a, b",
    }.items():
        assert refused(softermax("softmax", name, "-o", "out.npy", cwd=tmp_path)) == text


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("verilog", "softermax", "--lanes", "0"), "lanes must be 1 to 1024, not 0"),
        (("area", "softermax", "--max-len", "0"), "max_len must be 1 to 65536, not 0"),
        (("info", "--preset", "none"), "the preset must be one of paper, faithful, fp16, not 'none'"),
        (("cosim", "tanh"), "the unit must be one of unnormed, normalization, softermax, pe, not 'tanh'"),
        (
            ("verilog", "unnormed", "--max-len", "1024"),
            "power_sum must hold a row of 1024 equal scores (max_len 1024 in slices of 16) unless saturate is true, "
            "not only 1023.984375 as UQ(10,6) does",
        ),
        (("verilog", "-o", "x.v"), "-o must come with a UNIT: without one, the files go into the build directory"),
        (("cosim", "unnormed", "--simulator", "vcs"), "the simulator must be one of verilator, icarus, not 'vcs'"),
        (("verilog", "--lanes", "many"), "Invalid value for '--lanes': 'many' is not a valid integer."),
        (("info", "--input-format", "Q(4,4)"), "the preset paper has no choice of input: it is fixed or follows"),
        (
            ("info", "--preset", "faithful", "--output-format", "8 bits"),
            "a format must be written Q(i,f) or UQ(i,f), not '8 bits'",
        ),
        (
            ("info", "--preset", "faithful", "--saturate"),
            "the preset faithful has no choice of saturate: it is fixed or follows",
        ),
        (("info", "--normalizer", "divide"), "normalizer must be 'multiply' or 'row_product', not 'divide'"),
        (
            ("cosim", "unnormed", "--lanes", "2", "--max-len", "8"),
            "max_len must be 16 or more to verify on the shipped attention scores, not 8",
        ),
        (("area", "unnormed", "--lanes", "2", "--liberty", "none.lib"), "the Liberty file none.lib does not exist"),
        (("faithfulness", "--preset", "fp16"), "the preset must be paper or faithful to be attacked, not 'fp16'"),
        (
            ("info", "--preset", "fp16", "--max-len", "65536"),
            "max_len must be at most 32752 with 16 lanes, not 65536",
        ),
        (
            ("info", "--preset", "fp16", "--normalizer", "row_product"),
            "normalizer must be 'divide' or 'multiply', not 'row_product'",
        ),
        (("explore",), "the preset must be faithful to have candidates, not 'paper'"),
        (("frobnicate",), "No such command 'frobnicate'."),
    ],
)
def test_bad_arguments_are_refused_in_a_sentence(arguments, text, tmp_path):
    assert refused(softermax(*arguments, cwd=tmp_path)) == text


def test_an_output_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    np.save(tmp_path / "scores.npy", np.zeros(3))
    message = refused(softermax("softmax", "scores.npy", "-o", "file/out.npy", cwd=tmp_path))
    assert message.startswith("file/out.npy cannot be written: ")


def test_timing_gives_a_period_and_its_path(tmp_path):
    size = ["unnormed", "--lanes", 2, "--max-len", 8]
    done = softermax("timing", *size, "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    [result] = json.loads(done.stdout)
    assert (result["unit"], result["recipe"]) == ("unnormed", "balanced")
    # An inverter that drives four takes 5 in the generic cells.
    assert result["fo4"] == pytest.approx(5)
    assert result["period_in_fo4"] == pytest.approx(result["period"] / 5, abs=0.01)
    arrivals = [step["arrival"] for step in result["path"]]
    assert arrivals == sorted(arrivals)
    assert arrivals[-1] <= result["period"]
    table = softermax("timing", *size, "--path", cwd=tmp_path).stdout
    assert "Slowest path of unnormed" in table
    assert result["path"][-1]["net"] in table


def test_opensta_is_asked_for_by_name_if_it_is_missing(tmp_path):
    done = subprocess.run(
        [COMMAND, "timing", "unnormed", "--lanes", "2", "--max-len", "8", "--opensta"],
        capture_output=True, text=True, cwd=tmp_path, check=False, env={**os.environ, "PATH": str(tmp_path)},
    )  # fmt: skip
    assert refused(done) == "OpenSTA, the program sta, must be on the PATH: install the Debian package opensta"


def test_a_processing_element_is_not_compared_with_opensta(tmp_path):
    text = "the unit must be a softmax unit to be compared, not 'pe', whose memories OpenSTA does not know"
    assert refused(softermax("opensta-energy", "pe", cwd=tmp_path)) == text


def test_energy_is_of_rows_of_real_scores(tmp_path):
    done = softermax("energy", "unnormed", "--lanes", 4, "--max-len", 16, "--tokens", 16, "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    [result] = json.loads(done.stdout)
    assert (result["mismatches"], result["tokens"], result["energy_unit"]) == (0, 16, "k loads")
    assert result["energy_per_row"] > 0


def test_energy_of_a_processing_element_is_that_of_its_parts_and_memories(tmp_path):
    size = ("--lanes", 2, "--max-len", 16, "--tokens", 4)
    done = softermax("energy", "pe", *size, "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    [result] = json.loads(done.stdout)
    assert (result["unit"], result["values"], result["mismatches"]) == ("pe", False, 0)
    logic = sum(result[f"{kind}_energy"] for kind in ("net_switching", "cells", "clock", "leakage"))
    assert result["energy_per_row"] == pytest.approx(logic + result["memory_energy"], abs=0.001)
    assert 0 < result["softmax_energy"] < result["energy_with_glitches"]


def test_energy_that_cannot_be_measured_is_refused(tmp_path):
    done = softermax("energy", "unnormed", "--lanes", 2, "--max-len", 32, "--tokens", 33, cwd=tmp_path)
    assert refused(done) == "tokens must be from 1 to 32, the smaller of max_len and 1024, not 33"


def test_score_statistics_refuses_before_it_runs_a_model(tmp_path):
    text = "the plot's name must end with .svg or .png, not 'scores.pdf'"
    assert refused(softermax("score-statistics", "--plot", "scores.pdf", cwd=tmp_path)) == text
    text = "a format must be written Q(i,f) or UQ(i,f), not 'Q6'"
    assert refused(softermax("score-statistics", "--input-format", "Q6", cwd=tmp_path)) == text
