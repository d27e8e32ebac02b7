"""Synthesis: areas of circuits that can be added up by hand, and what happens to bad input."""

import gzip
import re
from importlib.resources import files

import pytest

from softermax.flows.errors import FlowError
from softermax.flows.jobs.cache import Cache
from softermax.flows.synthesis import mapping
from softermax.flows.synthesis.mapping import RECIPES
from softermax.flows.synthesis.partitions import PLACEHOLDER_TOP
from softermax.flows.synthesis.synthesis import AreaOptions, synthesise, synthesise_component
from softermax.flows.tools.yosys import run_yosys
from softermax.hw import Sram

GENERIC = files("softermax.flows.gates") / "cells" / "generic.lib"
#: Areas of the generic cells used here, in gate equivalents: gate columns and one of space, over 3.
INV, NAND2, FLOP, CLOCK_GATE, TIE = 0.67, 1.0, 5.33, 4.33, 0.67

REGISTERED_NAND = "module top(input clk, a, b, output reg q); always @(posedge clk) q <= ~(a & b); endmodule"
HOLDING = """module top(input clk, en, input [7:0] d, output reg [7:0] q);
always @(posedge clk) if (en) q <= d;
endmodule"""
MEMORY = """module top(input clk, we, input [1:0] a, input [3:0] d, output [3:0] q);
reg [3:0] words [0:3];
always @(posedge clk) if (we) words[a] <= d;
assign q = words[a];
endmodule"""


@pytest.fixture
def run(tmp_path):
    """Synthesise a text of Verilog."""

    def synthesise_text(verilog, **options):
        path = tmp_path / "top.v"
        path.write_text(verilog)
        return synthesise(path, "top", build_dir=tmp_path / "build", **options)

    return synthesise_text


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_registered_nand_is_a_nand_and_a_flop(run, recipe):
    result = run(REGISTERED_NAND, recipe=recipe)
    assert (result.cells, result.flops, result.area_unit, result.recipe) == (2, 1, "GE", recipe)
    assert result.area == pytest.approx(NAND2 + FLOP)
    assert result.sequential_area == pytest.approx(FLOP)
    assert result.combinational_area == pytest.approx(NAND2)
    assert (result.delay is None) == (recipe == "least-area")


def test_a_holding_register_has_one_clock_gate(run):
    result = run(HOLDING)
    assert (result.cells, result.flops) == (9, 8)
    assert result.area == result.sequential_area == pytest.approx(8 * FLOP + CLOCK_GATE)


def test_without_clock_gates_a_register_holds_by_logic(run):
    result = run(HOLDING, clock_gating=False)
    assert result.sequential_area == pytest.approx(8 * FLOP)
    # At least a gate for each bit that selects and one that holds.
    assert result.combinational_area >= 8 * 2 * NAND2


def test_an_inverter_chain_folds_and_constants_are_tied(run):
    result = run("module top(input a, output y, one, zero); assign y = ~~~a, one = 1, zero = 0; endmodule")
    assert (result.cells, result.flops) == (3, 0)
    assert result.area == pytest.approx(INV + 2 * TIE)


def test_memories_become_flops(run):
    assert run(MEMORY).flops == 16


def test_modules_are_flattened(run):
    inside = r"module \top.sub (input a, b, output y); assign y = ~(a & b); endmodule "
    outside = r"module top(input a, b, output y); \top.sub sub (.a(a), .b(b), .y(y)); endmodule"
    assert run(inside + outside).area == pytest.approx(NAND2)


def test_the_netlist_is_written_and_is_the_same_every_time(run, tmp_path):
    first = run(HOLDING).netlist.read_text()
    assert first.count("DFF ") == 8
    assert run(HOLDING).netlist.read_text() == first
    assert (tmp_path / "build" / "yosys.log").stat().st_size


def test_excluded_cells_are_not_used(run):
    assert run(REGISTERED_NAND, exclude=("NAND*", "AOI*", "OAI*")).area > NAND2 + FLOP


def test_a_library_in_parts_and_compressed_is_the_same_library(run, tmp_path):
    text = GENERIC.read_text()
    head = text[: text.index("  cell (")]
    cells = re.split(r"(?=\n  cell \()", text[text.index("  cell (") - 1 : text.rindex("}")])
    halves = [[cell for cell in cells if ("DFF" in cell) == flop] for flop in (True, False)]
    paths = [tmp_path / "flops.lib.gz", tmp_path / "logic.lib"]
    paths[0].write_bytes(gzip.compress((head + "".join(halves[0]) + "\n}\n").encode()))
    paths[1].write_text(head + "".join(halves[1]) + "\n}\n")
    result = run(HOLDING, liberty=paths)
    assert (result.area, result.area_unit) == (pytest.approx(8 * FLOP + CLOCK_GATE), "um2")


def refused(run, **options) -> str:
    with pytest.raises(FlowError) as caught:
        run(REGISTERED_NAND, **options)
    text = str(caught.value)
    assert "\n" not in text
    return text


def test_bad_options_are_refused(run, tmp_path):
    assert refused(run, recipe="fast") == "the recipe must be one of least-area, balanced, not 'fast'"
    missing = tmp_path / "none.lib"
    assert refused(run, liberty=[missing]) == f"the Liberty file {missing} does not exist"
    assert refused(run, liberty=[tmp_path]) == f"the Liberty file {tmp_path} is not a file"


def test_missing_verilog_is_refused(tmp_path):
    with pytest.raises(FlowError, match=re.escape(f"the Verilog file {tmp_path / 'none.v'} does not exist")):
        synthesise(tmp_path / "none.v", "top", build_dir=tmp_path)


def test_verilog_that_is_none_is_refused_in_yosys_words(tmp_path):
    (tmp_path / "bad.v").write_text("this is no Verilog")
    with pytest.raises(FlowError, match=r"^Yosys failed: .*ERROR: .*syntax error"):
        synthesise(tmp_path / "bad.v", "top", build_dir=tmp_path / "build")
    assert not (tmp_path / "build" / "netlist.v").exists()


def test_paths_may_have_blanks_and_a_build_folder_must_be_one(tmp_path):
    folder = tmp_path / "my designs"
    folder.mkdir()
    (folder / "the top.v").write_text(REGISTERED_NAND)
    (folder / "my cells.lib").write_text(GENERIC.read_text())
    options = {"liberty": [folder / "my cells.lib"], "build_dir": folder / "out"}
    assert synthesise(folder / "the top.v", "top", **options).area == pytest.approx(NAND2 + FLOP)
    with pytest.raises(FlowError, match=r"the top\.v/yosys\.log cannot be written: "):
        synthesise(folder / "the top.v", "top", build_dir=folder / "the top.v")


def test_what_no_cell_can_do_is_named(run):
    inside = "(* blackbox *) module box(input d, output q); endmodule "
    with pytest.raises(FlowError) as caught:
        run(inside + "module top(input d, output q); box box (.d(d), .q(q)); endmodule")
    assert str(caught.value) == "the library must have a cell for everything in top, but has none for box"


NAND_OF_PARTS = """
module \\top.sub.nand (a, b, y);
  input a, b;
  output y;
  assign y = ~(a & b);
endmodule
module \\top.sub (a, b, y, z);
  input a, b;
  output y, z;
  \\top.sub.nand  one (
    .a(a), .b(b), .y(y));
  \\top.sub.nand  two (
    .a(a), .b(~b), .y(z));
endmodule
"""
DESIGN_OF_PARTS = """
module \\top.flop (clk, d, q);
  input clk, d;
  output q;
  reg q;
  always @(posedge clk) q <= d;
endmodule
module top(clk, a, b, y, q);
  input clk, a, b;
  output y, q;
  wire z;
  \\top.sub  sub (
    .a(a), .b(b), .y(y), .z(z));
  \\top.flop  flop (
    .clk(clk), .d(z), .q(q));
endmodule
"""


def test_parts_are_kept_apart_and_what_occurs_twice_is_mapped_once(run):
    result = run(NAND_OF_PARTS + DESIGN_OF_PARTS, parts=True)
    assert result.part_areas == {"sub": pytest.approx(2 * NAND2 + INV), "flop": pytest.approx(FLOP)}
    assert (result.cells, result.flops, result.area) == (4, 1, pytest.approx(2 * NAND2 + INV + FLOP))
    netlist = result.netlist.read_text()
    assert (netlist.count("NAND2"), netlist.count("nand "), netlist.count("\nmodule ")) == (1, 3, 4)


def test_equal_parts_of_two_designs_are_mapped_once(tmp_path, monkeypatch):
    """Whatever else is in the designs and whatever they are called; of another recipe, they are not equal."""
    mapped = []

    def record(commands, *others):
        mapped.append(commands[1].split()[4])
        run_yosys(commands, *others)

    monkeypatch.setattr(mapping, "run_yosys", record)

    def parts(design: str, top: str, **options) -> list[str]:
        mapped.clear()
        path = tmp_path / f"{top}.v"
        path.write_text(design.replace("top", top))
        options |= {"parts": True, "cache": Cache(tmp_path / "cache"), "build_dir": tmp_path / top}
        netlists.append(synthesise(path, top, **options).netlist.read_text())
        return [part.replace(PLACEHOLDER_TOP, "") for part in mapped]

    netlists = []
    assert parts(NAND_OF_PARTS + DESIGN_OF_PARTS, "top") == [".sub.nand", ".sub", ".flop", ""]
    other = DESIGN_OF_PARTS.replace(".d(z)", ".d(a)").replace("reg q;\n", "reg q;\n  wire unused = clk;\n")
    assert parts(other + NAND_OF_PARTS, "different") == [".flop", ""]
    assert parts(NAND_OF_PARTS + DESIGN_OF_PARTS, "top", recipe="balanced") == [".sub.nand", ".sub", ".flop", ""]
    of_sub = [
        re.search(r"module \\\w+\.sub \(.*?endmodule", netlist, re.DOTALL)[0].replace("different", "top")
        for netlist in netlists[:2]
    ]
    assert of_sub[0] == of_sub[1]


def test_memories_that_are_macros_have_the_modelled_area(tmp_path):
    result = synthesise_component(Sram(9, 5), "memory", tmp_path, AreaOptions(), macros=True)
    assert (result.cells, result.flops) == (0, 0)
    assert result.area == result.memory_area == pytest.approx(9 * 5 * 0.96, rel=2e-3)
    shared = synthesise_component(Sram(9, 5, one_port=True), "memory", tmp_path, AreaOptions(), macros=True)
    assert shared.area == pytest.approx(9 * 5 * 0.72, rel=2e-3)
    assert "sram_5x9_1rw macro" in shared.netlist.read_text()
    assert synthesise_component(Sram(9, 5), "memory", tmp_path, AreaOptions()).flops == 9 * 5 + 9
