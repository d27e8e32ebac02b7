"""Commands that verify: co-simulation and error bounds; those of tests/flows/verification are tested there."""

import json

import pytest

from .process import softermax


@pytest.mark.parametrize(("cuts", "latency"), [("none", 1), ("int_max,sum_1", 2)])
def test_cuts_are_taken_as_they_are_printed(cuts, latency, tmp_path):
    size = ("--preset", "paper", "--lanes", 2, "--max-len", 16, "--cuts", cuts, "--json")
    [facts] = json.loads(softermax("info", *size, cwd=tmp_path).stdout)
    assert facts["cuts"] == cuts
    [result] = json.loads(softermax("cosim", "unnormed", *size, cwd=tmp_path).stdout)
    assert (result["cuts"], result["latency"], result["mismatches"]) == (cuts, latency, 0)


def test_cosim_prints_a_table_and_is_cached_with_its_verilog(tmp_path):
    def cosim(*options):
        done = softermax("cosim", "normalization", "--lanes", 8, "--max-len", 16, *options, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        return done

    first = cosim()
    assert "Co-simulation in verilator, seed 1" in first.stdout
    assert "normalization" in first.stdout
    again = cosim()
    assert "1 of 1 results are there from before" in again.stderr
    assert again.stdout == first.stdout
    assert "from before" not in cosim("--seed", 2).stderr
    # What is there from before is a result for this very file.
    [verilog] = (tmp_path / "build" / "verilog").iterdir()
    text = verilog.read_text()
    verilog.write_text(text + "// changed\n")
    assert "from before" not in cosim().stderr
    assert verilog.read_text() == text


def test_faithfulness_bounds_and_attacks(tmp_path):
    size = ("--preset", "faithful", "--lanes", 4, "--max-len", 16, "--output-format", "UQ(0,9)", "--rows", 1000)
    done = softermax("faithfulness", *size, "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    [result] = json.loads(done.stdout)
    assert max(result["random"], result["built"], result["searched"]) <= result["bound"] < 1
    assert result["bound_a_bit_less"] >= 1
    assert result["faithful"] is True
    # A second run reads what the first has found.
    assert len(list((tmp_path / "build" / "faithfulness").iterdir())) == 1
    assert json.loads(softermax("faithfulness", *size, "--json", cwd=tmp_path).stdout) == [result]
    softermax("faithfulness", *size, "--format", "markdown", "-o", "table.md", cwd=tmp_path)
    assert (tmp_path / "table.md").read_text().count("| faithful |") == 1


def test_the_paper_preset_has_no_bound_and_large_errors(tmp_path):
    done = softermax("faithfulness", "--preset", "paper", "--rows", 200, "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    [result] = json.loads(done.stdout)
    assert result["bound"] is None
    assert result["faithful"] is False
    assert result["built"] > 1


def test_a_file_of_verilog_is_verified_as_it_is(tmp_path):
    size = ("normalization", "--lanes", 2, "--max-len", 16)
    made = softermax("verilog", *size, "-o", "unit.v", cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    text = (tmp_path / "unit.v").read_text()
    assert softermax("cosim", *size, "--verilog", "unit.v", cwd=tmp_path).returncode == 0
    # A fault in the file is found, and is not what the next run finds in the generated file.
    broken = text.replace("assign o__payload = ", "assign o__payload = 1 ^ ", 1)
    assert broken != text
    (tmp_path / "unit.v").write_text(broken)
    done = softermax("cosim", *size, "--verilog", "unit.v", "--json", cwd=tmp_path)
    assert done.returncode == 1
    [result] = json.loads(done.stdout)
    assert result["mismatches"] > 0
    assert "normalization with 2 lanes has" in done.stderr
    assert (tmp_path / "unit.v").read_text() == broken


def test_a_file_of_verilog_must_have_the_module_of_the_unit(tmp_path):
    (tmp_path / "unit.v").write_text("module other; endmodule\n")
    (tmp_path / "unit.o").write_bytes(b"\xff\xfe\x00")
    size = ("normalization", "--preset", "paper", "--lanes", 2, "--max-len", 16)
    done = softermax("cosim", *size, "--verilog", "unit.v", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr == (
        "softermax: --verilog must have a module normalization_paper_2x16, which unit.v has not: "
        "give the options that it was made with\n"
    )
    done = softermax("cosim", *size, "--verilog", "unit.o", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (
        2,
        "softermax: --verilog must be a file of Verilog: unit.o cannot be read as text\n",
    )
    done = softermax("cosim", "--verilog", "unit.v", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (2, "softermax: --verilog must come with a UNIT: a file holds one\n")
