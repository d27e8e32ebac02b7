"""Hierarchical netlists made flat: what modules pass on, tie and leave open; names of cells and nets."""

import numpy as np
import pytest

from softermax.flows.gates import activity
from softermax.flows.gates.liberty import read_libraries
from softermax.flows.gates.netlist import read_netlist

#: A module that passes an input on to two outputs, ties others, inverts one, and leaves an output open.
INNER = """
module inner(input a, input b, output same, output again, output low, output high, output inverse, output open);
  assign same = a;
  assign again = a;
  assign low = 1'b0;
  assign high = 1'b1;
  wire named;
  INV_X1 i (.A(b), .Y(named));
  assign inverse = named;
endmodule
"""
TOP = """
module top(input clk, input a, output [6:0] y);
  wire twice;
  inner one (.a(a), .b(1'b0), .same(y[0]), .again(y[1]), .low(y[2]), .high(y[3]), .inverse(y[4]));
  inner two (.a(y[0]), .b(y[1]), .same(twice), .inverse(y[5]));
  INV_X1 i (.A(twice), .Y(y[6]));
endmodule
"""


@pytest.fixture
def flat(tmp_path):
    (tmp_path / "netlist.v").write_text(INNER + TOP)
    library = read_libraries([])
    return read_netlist(tmp_path / "netlist.v", "top", library), library


def test_what_modules_pass_on_and_tie_arrives(flat):
    netlist, library = flat
    a = np.random.default_rng(3).integers(0, 1 << 64, (20, 1, 1), np.uint64)
    y = activity.simulate(netlist, library, {"a": a}, counted_from=1).outputs["y"]
    ones = np.full_like(a, 0xFFFFFFFFFFFFFFFF)
    expected = [a, a, 0 * a, ones, ones, ~a, ~a]
    for bit, values in enumerate(expected):
        assert (y[:, bit] == values[:, 0]).all(), bit


def test_cells_are_named_by_their_way_down_and_nets_by_the_outermost_name(flat):
    netlist, _ = flat
    assert sorted(cell.name for cell in netlist.cells) == ["i", "one.i", "two.i"]
    passed = {netlist.inputs["a"], netlist.outputs["y[0]"], netlist.outputs["y[1]"]}
    assert len(passed) == 1
    [i] = [cell for cell in netlist.cells if cell.name == "two.i"]
    assert netlist.nets[i.pins["Y"]] == "y[5]"
    assert {i.pins["A"]} == passed


@pytest.mark.parametrize("few", [0.0, 2.0])
def test_evaluating_what_can_follow_or_everything_is_the_same(few, flat, monkeypatch):
    """Inputs that rest for some cycles."""
    netlist, library = flat
    rng = np.random.default_rng(4)
    a = np.repeat(rng.integers(0, 1 << 64, (10, 1, 1), np.uint64), 3, axis=0)
    monkeypatch.setattr(activity, "FEW", few)
    found = activity.simulate(netlist, library, {"a": a}, counted_from=1)
    changes = int(np.bitwise_count(a[1:] ^ a[:-1]).sum())
    assert found.toggles[netlist.outputs["y[5]"]] == found.toggles[netlist.outputs["y[6]"]] == changes
    assert (found.outputs["y"][:, 5] == ~a[:, 0]).all()
