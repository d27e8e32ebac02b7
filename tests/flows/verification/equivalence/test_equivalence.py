"""Sequential equivalence: what it proves, what it finds, and that a simulator agrees."""

import itertools

import numpy as np
import pytest

from softermax.flows.errors import FlowError
from softermax.flows.verification.equivalence.aig import ONES
from softermax.flows.verification.equivalence.aig_builder import AigBuilder
from softermax.flows.verification.equivalence.elaboration import read_aig
from softermax.flows.verification.equivalence.questions import always_zero, bounded, zero_forever
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
    """The data register also takes what is not offered, which nobody may look at."""
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


#: Adds up eight numbers each, in an order of the counter's states that nobody sees.
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
def test_what_a_difference_does_to_all_others_is_looked_at_apart(tmp_path, counts, reset, verdict):
    designs = []
    for number, (how, clears) in enumerate([("next", "rst"), (counts, reset)]):
        file = tmp_path / f"{number}.v"
        file.write_text(SUM.replace("{counts}", how).replace("{reset}", clears))
        designs.append(read_aig(file, "sum"))
    found = prove_equivalent(*designs, Limits(seconds=20))
    assert (found.verdict, "contained" in found.method) == (verdict, verdict == "equivalent")


def test_other_ports_are_refused(stage, counter):
    with pytest.raises(FlowError, match="the designs must have the same inputs to be compared, but i__payload"):
        prove_equivalent(stage(), counter("n[0]"))


@pytest.mark.parametrize("clock", ["negedge clk", "posedge rst"])
def test_another_clock_is_refused(tmp_path, clock):
    file = tmp_path / "counter.v"
    file.write_text(COUNTER.format(output="n[0]").replace("posedge clk", clock))
    with pytest.raises(FlowError, match=r"counter in counter.v cannot be compared: Yosys failed: .*Assertion"):
        read_aig(file, "counter")


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
def test_a_black_box_must_be_fed_and_read_alike(tmp_path, fed, shown, verdict):
    designs = []
    for number, (goes_in, comes_out) in enumerate([("{x[1], x[0]}", "x[0] ? ~y : y"), (fed, shown)]):
        file = tmp_path / f"{number}.v"
        file.write_text(BOXED.replace("{fed}", goes_in).replace("{shown}", comes_out))
        designs.append(read_aig(file, "boxed"))
    assert prove_equivalent(*designs).verdict == verdict


def random_graph(rng) -> AigBuilder:
    """A graph of four inputs whose output is often always 0 or always 1."""
    builder = AigBuilder("abcd")
    literals = [builder.input(place) for place in range(4)]
    for _ in range(8):
        left, right = rng.choice(literals, 2)
        literals.append(builder.both(int(left) ^ int(rng.integers(2)), int(right) ^ int(rng.integers(2))))
    return builder.build({"output": literals[-1] ^ int(rng.integers(2))})


def test_the_solver_agrees_with_every_input(tmp_path):
    """Of graphs whose output is constant, too, which abc has answers of its own for."""
    rng = np.random.default_rng(5)
    inputs = np.array(list(itertools.product([0, ONES], repeat=4)), np.uint64).T
    answers = set()
    for _ in range(60):
        graph = random_graph(rng)
        [output] = graph.outputs.values()
        values = graph.read(graph.settle(inputs, np.zeros((0, 16), np.uint64)), [output])[0] != 0
        answer = always_zero(graph, tmp_path, 10)
        if isinstance(answer, list):
            assert values[int("".join(str(int(bit)) for bit in answer[0]), 2)]
        else:
            assert (answer, values.any()) == (True, False)
        answers.add((bool(values.any()), bool(values.all())))
    assert answers == {(False, False), (True, False), (True, True)}


def test_model_checking_says_up_to_where(tmp_path):
    builder = AigBuilder(["spare"], 3)
    carry = 1
    for place in range(3):
        builder.following[place] = builder.differ(builder.latch(place), carry)
        carry = builder.both(builder.latch(place), carry)
    five = builder.both(builder.latch(2), builder.both(builder.latch(1) ^ 1, builder.latch(0)))
    graph = builder.build({"five": five})
    assert bounded(graph, 5, tmp_path, 10) in range(3, 6)
    assert len(bounded(graph, 10, tmp_path, 10)) == len(zero_forever(graph, tmp_path, 10)) == 6
