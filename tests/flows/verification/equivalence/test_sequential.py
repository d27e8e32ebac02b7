"""Sequential equivalence: what it proves, and what it finds."""

import pytest

from softermax.flows.errors import FlowError
from softermax.flows.verification.equivalence.elaboration import read_aig
from softermax.flows.verification.equivalence.sequential import Limits, prove_equivalent

#: A stage of a stream; what its data register takes is to be filled in.
STAGE = """
module stage(clk, rst, i__valid, i__ready, i__payload, o__valid, o__ready, o__payload);
  input clk, rst, i__valid, o__ready; input [3:0] i__payload;
  output i__ready, o__valid; output [3:0] o__payload;
  reg {valid}; reg [3:0] {data};
  assign i__ready = ~{valid} | o__ready;
  assign o__valid = {valid};
  assign o__payload = {data} + 4'd3;
  always @(posedge clk) begin
    if (rst) {valid} <= 0; else if (i__ready) {valid} <= i__valid;
    {loads}
  end
endmodule
"""
PLAIN = "if (i__ready & i__valid) {data} <= i__payload;"
#: Counts to 9, at which the outputs differ.
COUNTER = """
module counter(clk, rst, o);
  input clk, rst; output o;
  reg [3:0] n;
  assign o = {output};
  always @(posedge clk) n <= rst ? 0 : n + 1;
endmodule
"""


@pytest.fixture
def stage(tmp_path):
    def read(loads=PLAIN, valid="valid", data="data"):
        file = tmp_path / f"stage_{len(list(tmp_path.iterdir()))}.v"
        file.write_text(STAGE.format(loads=loads.format(valid=valid, data=data), valid=valid, data=data))
        return read_aig(file, "stage")

    return read


@pytest.fixture
def counter(tmp_path):
    def read(output):
        file = tmp_path / f"counter_{len(list(tmp_path.iterdir()))}.v"
        file.write_text(COUNTER.format(output=output))
        return read_aig(file, "counter")

    return read


@pytest.mark.parametrize("names", [{}, {"valid": "a", "data": "b"}], ids=["names", "simulation"])
def test_equal_designs_are_proven_so(stage, names):
    changed = "{data} <= i__ready & i__valid ? i__payload : {data};"
    found = prove_equivalent(stage(), stage(changed, **names))
    assert found.verdict == "equivalent"
    assert found.method == f"register correspondence by {'simulation' if names else 'names'}, SAT"


def test_what_the_contract_leaves_open_may_differ(stage):
    """The data register also loads data that are not offered, which no sink may read."""
    careless = stage("if (i__ready) {data} <= i__payload;")
    found = prove_equivalent(stage(), careless)
    assert (found.verdict, "contract" in found.method) == ("equivalent", True)
    assert prove_equivalent(stage(), careless, Limits(contract=False)).verdict == "undecided"


def test_a_source_that_breaks_the_contract_is_not_looked_at(stage):
    """The data register takes again what waits in front of it, which by the contract does not change."""
    late = stage("if (i__valid & ~{valid}) {data} <= i__payload; else if (i__ready & i__valid) {data} <= i__payload;")
    assert prove_equivalent(stage(), late).verdict == "equivalent"


@pytest.mark.parametrize(
    "loads", ["if (i__ready) {data} <= i__payload ^ 4'd8;", "if (i__valid) {data} <= i__payload;", "{data} <= 0;"]
)
def test_a_difference_comes_with_a_way_to_see_it(stage, loads):
    golden, revised = stage(), stage(loads)
    found = prove_equivalent(golden, revised)
    assert found.verdict == "different"
    difference = found.difference
    assert len(difference.inputs) == difference.cycle + 1
    assert {port.partition("[")[0] for port in difference.ports} == {"o__payload"}
    assert difference.inputs[0].keys() == {"rst", "i__valid", "i__payload", "o__ready"}


def test_a_deep_difference_is_found_and_the_lack_of_one_proven(counter):
    found = prove_equivalent(counter("n == 4'd9"), counter("n == 4'd9 & n != 4'd15"))
    assert found.verdict == "equivalent"
    found = prove_equivalent(counter("n == 4'd9"), counter("n == 4'd10"))
    assert (found.verdict, found.difference.cycle, found.difference.ports) == ("different", 10, ("o",))


#: Adds up eight numbers each, in an order of the counter's states that is not visible.
SUM = """
module sum(clk, rst, takes, x, o);
  input clk, rst, takes; input [15:0] x; output [15:0] o;
  reg [2:0] n; reg [15:0] total;
  wire [2:0] next = n + 1;
  assign o = total * total;
  always @(posedge clk) begin
    n <= {reset} ? 0 : takes ? {counts} : n;
    if (takes) total <= n == 7 ? x : total + x;
  end
endmodule
"""


@pytest.mark.parametrize(
    ("counts", "reset", "verdict"),
    [
        ("next ^ {next[1], 2'd0}", "rst", "equivalent"),
        ("next ^ {next[1], 2'd0}", "1'b0", "different"),
        ("next ^ {next[2], 2'd0}", "rst", "different"),
    ],
    ids=["another order", "which no reset begins", "of fewer states"],
)
def test_what_a_difference_does_to_all_others_is_looked_at_apart(both, counts, reset, verdict):
    designs = both("sum", SUM, {"counts": "next", "reset": "rst"}, {"counts": counts, "reset": reset})
    # What is different is found by simulation, after proofs have had their time.
    found = prove_equivalent(*designs, Limits(seconds=20 if verdict == "equivalent" else 2))
    assert (found.verdict, "localisation" in found.method) == (verdict, verdict == "equivalent")


def test_other_ports_are_refused(stage, counter):
    with pytest.raises(FlowError, match="the designs must have the same inputs to be compared, but i__payload"):
        prove_equivalent(stage(), counter("n[0]"))


@pytest.mark.parametrize("clock", ["negedge clk", "posedge rst"])
def test_another_clock_is_refused(tmp_path, clock):
    file = tmp_path / "counter.v"
    file.write_text(COUNTER.format(output="n[0]").replace("posedge clk", clock))
    with pytest.raises(FlowError, match=r"counter in counter.v cannot be compared: Yosys failed: .*Assertion"):
        read_aig(file, "counter")


#: Holds a flag that rarely rises, and one that never does, if it does not wake up so.
FLAGS = """
module flags(clk, rst, x, y);
  input clk, rst; input [23:0] x; output y;
  reg {risen}, never;
  assign y = {risen};
  always @(posedge clk) begin
    {risen} <= ~rst & ({risen} | x == 24'h5a5a5a | {also});
    never <= never & x[0];
  end
endmodule
"""


def test_what_rarely_varies_is_not_constant(both):
    """No random state raises either flag."""
    golden = {"risen": "risen", "also": "never"}
    same, other = ({"risen": "flag", "also": also} for also in ("1'b0", "x[0]"))
    assert prove_equivalent(*both("flags", FLAGS, golden, same), Limits(contract=False)).verdict == "equivalent"
    assert prove_equivalent(*both("flags", FLAGS, golden, other)).verdict == "different"


BOXED = """
(* blackbox *)
module box(a, y);
  input [1:0] a; output y;
endmodule
module boxed(clk, rst, x, z);
  input clk, rst; input [1:0] x; output z;
  wire y;
  box inner (.a({fed}), .y(y));
  assign z = {shown};
endmodule
"""


@pytest.mark.parametrize(
    ("fed", "shown", "verdict"),
    [("x", "y ^ x[0]", "equivalent"), ("~x", "y ^ x[0]", "different"), ("x", "y ^ x[1]", "different")],
)
def test_a_black_box_must_be_fed_and_read_alike(both, fed, shown, verdict):
    golden = {"fed": "{x[1], x[0]}", "shown": "x[0] ? ~y : y"}
    assert prove_equivalent(*both("boxed", BOXED, golden, {"fed": fed, "shown": shown})).verdict == verdict
