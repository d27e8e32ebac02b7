"""Commands that generate hardware."""

import json
import re

import pytest

from .process import refused, softermax


def test_verilog_has_macros_if_asked(tmp_path):
    done = softermax("verilog", "softmax", "--lanes", 2, "--max-len", 8, "--macros", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    [result] = json.loads(done.stdout)
    assert re.search(r"\n  sram_\d+x\d+_1r1w macro \(", (tmp_path / result["verilog"]).read_text())


def test_a_dash_is_standard_output_with_nothing_but_verilog(tmp_path):
    call = ("verilog", "unnormed", "--lanes", 2, "--max-len", 8)
    done = softermax(*call, "-o", "-", cwd=tmp_path)
    assert (done.returncode, list(tmp_path.iterdir())) == (0, [])
    assert softermax(*call, cwd=tmp_path).returncode == 0
    assert done.stdout == (tmp_path / "build" / "verilog" / "unnormed_faithful_2x8.v").read_text()


@pytest.mark.parametrize("macros", [[], ["--macros"]], ids=["registers", "macros"])
def test_a_file_needs_no_build_folder(macros, tmp_path):
    """Where none can be made, as in a folder that must not be written."""
    work, other = tmp_path / "work", tmp_path / "other"
    work.mkdir()
    other.mkdir()
    (work / "build").write_text("a file")
    call = ("verilog", "softmax", "--lanes", 2, "--max-len", 8, *macros, "--json")
    assert refused(softermax(*call, cwd=work)) == "build cannot be written: Not a directory"
    done = softermax(*call, "-o", other / "folder" / "u.v", cwd=work)
    assert done.returncode == 0, done.stderr
    assert [path.name for path in work.iterdir()] == ["build"]
    [made] = json.loads(done.stdout)
    assert made["verilog"] == str(other / "folder" / "u.v")
    [usual] = json.loads(softermax(*call, "--build-dir", "build", cwd=other).stdout)
    assert (other / "folder" / "u.v").read_text() == (other / usual["verilog"]).read_text()


def test_the_former_name_of_the_complete_softmax_still_works(tmp_path):
    done = softermax("verilog", "softermax", "--lanes", 2, "--max-len", 8, "--json", cwd=tmp_path)
    assert done.stderr.startswith("softermax: the unit softermax is called softmax now\n")
    assert [made["unit"] for made in json.loads(done.stdout)] == ["softmax"]


def test_verilog_has_axi_stream_ports_if_asked(tmp_path):
    size = ("--lanes", 2, "--max-len", 8)
    done = softermax("verilog", "softmax", *size, "--axi-stream", "-o", "unit.v", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "module softmax_faithful_2x8_axi_stream(" in (tmp_path / "unit.v").read_text()
    without_unit = refused(softermax("verilog", "--axi-stream", cwd=tmp_path))
    assert without_unit == "--axi-stream must come with a UNIT: without one, the points have sizes of their own"


def test_verilog_goes_where_it_is_told(tmp_path):
    done = softermax("verilog", "unnormed", "--lanes", 2, "--max-len", 8, "-o", "unit.v", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    [result] = json.loads(done.stdout)
    identity = {"unit": "unnormed", "preset": "faithful", "lanes": 2, "max_len": 8, "normalizer": "row_product"}
    assert result == identity | {"verilog": "unit.v"}
    assert "module unnormed_faithful_2x8(" in (tmp_path / "unit.v").read_text()


def test_the_papers_power_sum_can_be_let_saturate_for_long_rows(tmp_path):
    size = ("--preset", "paper", "--max-len", 1024, "--saturate")
    [facts] = json.loads(softermax("info", *size, "--json", cwd=tmp_path).stdout)
    assert facts["sum_can_overflow"] is True
    done = softermax("verilog", "unnormed", "--lanes", 2, *size, "--json", cwd=tmp_path)
    [result] = json.loads(done.stdout)
    assert result["verilog"] == "build/verilog/unnormed_paper_2x1024_saturate.v"


def test_a_testbench_stands_beside_the_verilog_if_asked(tmp_path):
    call = ("verilog", "softmax", "--lanes", 2, "--max-len", 8, "--testbench", "--json")
    done = softermax(*call, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    [made] = json.loads(done.stdout)
    assert made["testbench"] == "build/verilog/softmax_faithful_2x8_tb.v"
    usual = (tmp_path / made["testbench"]).read_text()
    assert "\nmodule softmax_faithful_2x8_tb;\n" in usual
    [named] = json.loads(softermax(*call, "-o", "folder/u.v", cwd=tmp_path).stdout)
    assert (named["verilog"], named["testbench"]) == ("folder/u.v", "folder/u_tb.v")
    names = {
        "softmax_faithful_2x8_tb.v softmax_faithful_2x8.v": "u_tb.v u.v",
        "obj_dir/Vsoftmax_faithful_2x8_tb": "obj_dir/Vu_tb",
    }
    for before, after in names.items():
        usual = usual.replace(before, after)
    assert (tmp_path / "folder" / "u_tb.v").read_text() == usual


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("softmax", "--macros"),
            "--testbench must come without --macros: SRAM macros are empty, so nothing could be simulated",
        ),
        (
            ("softmax", "-o", "-"),
            "--testbench must come with a file, not with -o -: a testbench is a file of its own",
        ),
        (("pe", "--max-len", 8), "--max-len must be 16 or more to verify on the captured heads, not 8"),
        (("pe", "--max-d-head", 16), "--max-d-head must be 32 or more to verify on the captured heads, not 16"),
    ],
)
@pytest.mark.parametrize("file", [(), ("-o", "u.v")], ids=["build", "file"])
def test_a_testbench_that_cannot_be_is_refused(file, arguments, message, tmp_path):
    given = arguments if "-o" in arguments else (*arguments, *file)
    assert refused(softermax("verilog", "--lanes", 2, "--testbench", *given, cwd=tmp_path)) == message
    assert not list(tmp_path.rglob("*.v"))
