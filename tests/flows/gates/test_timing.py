"""Static timing: circuits that can be added up by hand, in the generic cells.

INV_X1 has 1 unit of input, so it takes 1 for itself and 1 for each unit of its load: 1 + load in all; a flip-flop takes
9 + load from its clock and 6 before it. An output port is a load of 1.
"""

from itertools import pairwise

import pytest

from softermax.flows.errors import FlowError
from softermax.flows.gates.liberty import read_libraries
from softermax.flows.gates.netlist import read_netlist
from softermax.flows.gates.timing import find_delays

INVERTER, FLOP = 1, 9


def timing_of(verilog, tmp_path, **options):
    """The analysis of a netlist of generic cells."""
    path = tmp_path / "netlist.v"
    path.write_text(verilog)
    library = read_libraries([])
    return find_delays(read_netlist(path, "top", library), library, **options).slowest()


@pytest.mark.parametrize("length", [1, 2, 7])
def test_a_chain_of_inverters(length, tmp_path):
    wires = ["a", *(f"w{n}" for n in range(1, length)), "y"]
    cells = " ".join(f"INV_X1 i{n} (.A({a}), .Y({y}));" for n, (a, y) in enumerate(pairwise(wires)))
    found = timing_of(
        f"module top(input a, output y); wire {', '.join([*wires[1:-1], 'none'])}; {cells} endmodule", tmp_path
    )
    assert found.period == pytest.approx((INVERTER + 1) * length)
    assert [step.net for step in found.path] == wires
    assert (found.end, found.setup) == ("output y", 0)
    assert [step.edge for step in found.path[-2:]] in (["rise", "fall"], ["fall", "rise"])


def test_an_inverter_that_drives_four_takes_5(tmp_path):
    loads = " ".join(f"INV_X1 l{n} (.A(w), .Y(y[{n}]));" for n in range(4))
    found = timing_of(
        f"module top(input a, output [3:0] y); wire w; INV_X1 i (.A(a), .Y(w)); {loads} endmodule", tmp_path
    )
    assert found.fo4 == pytest.approx(INVERTER + 4)
    assert found.period == pytest.approx((INVERTER + 4) + (INVERTER + 1))


PAIR = """module top(input clk, d, output q);
wire first, second;
DFF one (.C(clk), .D(d), .Q(first));
INV_X1 between (.A(first), .Y(second));
DFF two (.C(clk), .D(second), .Q(q));
endmodule"""


def test_between_two_flip_flops(tmp_path):
    found = timing_of(PAIR, tmp_path)
    assert found.period == pytest.approx((FLOP + 1) + (INVERTER + 1) + 6)
    assert [(step.net, step.driver) for step in found.path] == [("first", "DFF"), ("second", "INV_X1")]
    assert (found.end, found.setup) == ("register q", pytest.approx(6))


def test_a_ripple_of_nands_takes_the_longest_way(tmp_path):
    # NAND2_X1: an input of 1.333, and it takes 2 for itself.
    cells = " ".join(f"NAND2_X1 n{n} (.A(w[{n}]), .B(b[{n}]), .Y(w[{n + 1}]));" for n in range(8))
    ends = "assign w[0] = a; assign y = w[8];"
    text = f"module top(input a, input [7:0] b, output y); wire [8:0] w; {ends} {cells} endmodule"
    found = timing_of(text, tmp_path)
    assert len(found.path) == 9
    steps = [b.arrival - a.arrival for a, b in pairwise(found.path)]
    assert steps == pytest.approx([2 + 1.333] * 7 + [2 + 1])
    assert found.period == pytest.approx(7 * 3.333 + 3)
    assert found.path[0].net in ("a", "b[0]", "w[0]")


def test_memories_are_ends_of_paths(tmp_path):
    text = """(* blackbox *) module sram(clk, read_address, read_data);
    input clk; input [1:0] read_address; output [1:0] read_data; endmodule
    module top(input clk, output y); wire [1:0] address, data;
    sram macro (.clk(clk), .read_address(address), .read_data(data));
    INV_X1 a (.A(data[0]), .Y(address[0])); INV_X1 b (.A(data[1]), .Y(address[1])); assign y = 1'b0;
    endmodule"""
    found = timing_of(text, tmp_path, macros=["sram"])
    # A macro's input is no load.
    assert (found.period, found.end) == (pytest.approx(INVERTER), "a memory")
    with pytest.raises(FlowError, match=r"^the library must have every cell of the netlist, but has no sram$"):
        timing_of(text, tmp_path)


def test_a_loop_is_refused(tmp_path):
    text = "module top(output y); wire w; INV_X1 a (.A(w), .Y(y)); INV_X1 b (.A(y), .Y(w)); endmodule"
    with pytest.raises(FlowError, match="must have no loop of logic"):
        timing_of(text, tmp_path)
