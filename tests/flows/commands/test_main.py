"""The command line as a whole: its help, and how it refuses."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from softermax.flows.commands.app import app

from .process import refused, softermax


def test_help_names_every_command_and_each_has_an_example(tmp_path):
    overview = softermax("--help", cwd=tmp_path).stdout
    assert {"timing", "energy", "heads", "utilisation"} < set(app.commands)
    for command in app.commands:
        assert f"\n  {command} " in overview
        assert f"Example: softermax {command}" in CliRunner().invoke(app, [command, "--help"]).output


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("verilog", "softmax", "--lanes", "0"), "--lanes must be 1 to 1024, not 0"),
        (("area", "softmax", "--max-len", "0"), "--max-len must be 1 to 65536, not 0"),
        (("info", "--preset", "none"), "--preset must be one of paper, faithful, fp16, not 'none'"),
        (("cosim", "tanh"), "the unit must be one of unnormed, normalization, softmax, pe, not 'tanh'"),
        (
            ("verilog", "unnormed", "--preset", "paper", "--max-len", "1024"),
            "power_sum must hold a row of 1024 equal scores (--max-len 1024 in slices of 16) unless --saturate "
            "is given, as UQ(11,6) does, not only 1023.984375 as UQ(10,6)",
        ),
        (("verilog", "-o", "x.v"), "-o must come with a UNIT: without one, the files go into the build directory"),
        (
            ("cosim", "unnormed", "--simulator", "vcs"),
            "Invalid value for '--simulator': 'vcs' is not one of 'verilator', 'icarus'.",
        ),
        (("verilog", "--lanes", "many"), "Invalid value for '--lanes': 'many' is not a valid integer."),
        (("info", "--preset", "paper", "--input-format", "Q(4,4)"), "--input-format does not apply to preset paper"),
        (
            ("info", "--preset", "faithful", "--output-format", "8 bits"),
            "Invalid value for '--output-format': a format must be written Q(i,f) or UQ(i,f), not '8 bits'",
        ),
        (
            ("info", "--preset", "faithful", "--saturate"),
            "--saturate does not apply to preset faithful",
        ),
        (("info", "--normalizer", "divide"), "--normalizer must be 'multiply' or 'row_product', not 'divide'"),
        (
            ("cosim", "unnormed", "--lanes", "2", "--max-len", "8"),
            "--max-len must be 16 or more to verify on the shipped attention scores, not 8",
        ),
        (("area", "unnormed", "--lanes", "2", "--liberty", "none.lib"), "the Liberty file none.lib does not exist"),
        (("faithfulness", "--preset", "fp16"), "--preset must be paper or faithful to be attacked, not 'fp16'"),
        (
            ("info", "--preset", "fp16", "--max-len", "65536"),
            "--max-len must be at most 32752 with 16 lanes, not 65536",
        ),
        (
            ("info", "--preset", "fp16", "--normalizer", "row_product"),
            "--normalizer must be 'divide' or 'multiply', not 'row_product'",
        ),
        (
            ("verilog", "--lanes", "3", "--preset", "bogus"),
            "--preset must come with a UNIT: without one, the points have sizes of their own",
        ),
        (("area", "--lanes", "16"), "--lanes must come with a UNIT: without one, the points have sizes of their own"),
        (
            ("area", "--axi-stream"),
            "--axi-stream must come with a UNIT: without one, the points have sizes of their own",
        ),
        (
            ("soak", "--saturate"),
            "--saturate must come with a UNIT: without one, the points have sizes of their own",
        ),
        (
            ("coverage", "--max-len", "4"),
            "--max-len must come with a UNIT: without one, the points have sizes of their own",
        ),
        (
            ("opensta-energy", "--preset", "paper"),
            "--preset must come with a UNIT: without one, the points have sizes of their own",
        ),
        (
            ("faithfulness", "--grid", "--preset", "fp16"),
            "--preset must not come with --grid, whose configs have sizes of their own",
        ),
        (("formal", "softmax", "--preset", "paper", "--lanes", "0"), "--lanes must be 1 to 1024, not 0"),
        (("formal", "--preset", "paper"), "--preset must come with a UNIT: without one, all checks are run"),
        (
            ("formal", "softmax", "--lanes", "2"),
            "--lanes and --max-len must come with a --preset: other checks have sizes of their own",
        ),
        (("info", "--option", "a=1", "--option", "a=2"), "--option must name a once, not again as 'a=2'"),
        (("info", "--option", "bits"), "--option must be NAME=VALUE, not 'bits'"),
        (("explore", "--preset", "paper"), "--preset must be faithful to have candidates, not 'paper'"),
        (("frobnicate",), "No such command 'frobnicate'."),
    ],
)
def test_bad_arguments_are_refused_in_a_sentence(arguments, text, tmp_path):
    assert refused(softermax(*arguments, cwd=tmp_path)) == text


def test_info_leaves_out_units_that_have_no_such_size(tmp_path):
    [facts] = json.loads(softermax("info", "--lanes", 3, "--json", cwd=tmp_path).stdout)
    assert facts["softmax_latency"] == 7


def test_an_option_and_its_name_in_another_are_refused(tmp_path):
    size = ("--preset", "faithful", "--rounding", "cascade", "--guard-bits", 9)
    done = softermax("info", *size, "--option", "guard_bits=2", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.endswith("guard_bits must be given once, not by --option and by an option of its own\n")


def test_a_closed_standard_output_is_refused(tmp_path):
    program = Path(sys.executable).with_name("softermax")
    done = subprocess.run(
        f"'{program}' info >&-", shell=True, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr == "softermax: the standard output must be open: send it to a file\n"
