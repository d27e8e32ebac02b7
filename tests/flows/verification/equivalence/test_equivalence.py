"""Sequential equivalence: what it proves, what it finds, and that a simulator agrees."""

import itertools
from collections import Counter

import numpy as np
import pytest

from softermax.flows.errors import FlowError
from softermax.flows.verification.equivalence.aig import ONES
from softermax.flows.verification.equivalence.aig_builder import AigBuilder
from softermax.flows.verification.equivalence.containment import is_contained
from softermax.flows.verification.equivalence.correspondence import by_names
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


@pytest.fixture
def both(tmp_path):
    """Reads a module twice, each time with other words in place of some in braces."""

    def read(top, text, *fillings, free=False):
        designs = []
        for number, filling in enumerate(fillings):
            file = tmp_path / f"{number}.v"
            filled = text
            for place, words in filling.items():
                filled = filled.replace(f"{{{place}}}", words)
            file.write_text(filled)
            designs.append(read_aig(file, top, free=free and not number))
        return designs

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
def test_what_a_difference_does_to_all_others_is_looked_at_apart(both, counts, reset, verdict):
    designs = both("sum", SUM, {"counts": "next", "reset": "rst"}, {"counts": counts, "reset": reset})
    found = prove_equivalent(*designs, Limits(seconds=20))
    assert (found.verdict, "contained" in found.method) == (verdict, verdict == "equivalent")


def random_machines(rng, seed: int):
    """A design of three registers, two of which a reset clears; and the same with one operand inverted."""
    both = []
    for change in (None, int(rng.integers(24))):
        builder = AigBuilder(["rst", "a"], 3)
        literals = [builder.input(1), *map(builder.latch, range(3))]
        draw = np.random.default_rng(seed)
        for place in range(12):
            operands = [int(draw.choice(literals)) ^ int(draw.integers(2)) for _ in range(2)]
            if change is not None and change // 2 == place:
                operands[change % 2] ^= 1
            literals.append(builder.both(*operands))
        for register in range(3):
            taken = literals[-1 - register]
            builder.following[register] = builder.both(taken, builder.input(0) ^ 1) if register else taken
        both.append(builder.build({"o": literals[-4]}))
    return both


def never_differ(golden, revised) -> bool:
    """Whether the output never does after a reset, from which registers come alike that it does not set: by trying all.

    No if it does not set what it sets in the golden design.
    """

    def step(design, state, inputs):
        words = [np.where(np.array(bits)[:, None], ONES, np.uint64(0)) for bits in (inputs, state)]
        values = design.settle(*words)
        read = design.read(values, [*design.following, *design.outputs.values()])[:, 0] != 0
        return tuple(map(int, read[:3])), bool(read[3])

    states, resets = list(itertools.product([0, 1], repeat=3)), [(1, 0), (1, 1)]
    left = [{step(design, *some)[0] for some in itertools.product(states, resets)} for design in (golden, revised)]
    sets = [{state[register] for state in left[0]} for register in range(3)]
    if any(len(values) == 1 and {state[n] for state in left[1]} != values for n, values in enumerate(sets)):
        return False
    waiting = [(state, state) for state in itertools.product(*sets)]
    seen = set(waiting)
    while waiting:
        pair = waiting.pop()
        for inputs in itertools.product([0, 1], repeat=2):
            taken, shown = zip(*(step(*of, inputs) for of in zip((golden, revised), pair, strict=True)), strict=True)
            if shown[0] != shown[1] and not inputs[0]:
                return False
            if taken not in seen:
                seen.add(taken)
                waiting.append(taken)
    return True


def test_containment_is_what_trying_all_says(tmp_path):
    rng = np.random.default_rng(3)
    found = Counter()
    for seed in range(60):
        golden, revised = random_machines(rng, seed)
        pairs = by_names(golden, revised)
        contained = is_contained(golden, revised, pairs, tmp_path, 10)
        assert contained is never_differ(golden, revised)
        found[contained] += 1
    assert min(found[True], found[False]) >= 10


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


#: A memory of three words, of which the address can name four; what is read is shown at once, and in the next cycle.
MEMORY = """
module memory(clk, rst, place, write, x, y, z);
  input clk, rst, write; input [1:0] place, x; output [1:0] y; output reg [1:0] z;
  reg [1:0] words [0:2];
  assign y = {shown};
  always @(posedge clk) begin
    if (write) words[place] <= x;
    z <= y;
  end
endmodule
"""
READ = {"shown": "words[place]"}


def test_memories_need_not_have_a_power_of_two_of_words(both):
    golden, revised = both("memory", MEMORY, READ, {"shown": "~~words[place]"})
    assert prove_equivalent(golden, revised).verdict == "equivalent"


@pytest.mark.parametrize(
    ("shown", "free", "verdict"),
    [
        ("words[place & {2{place != 3}}]", True, "equivalent"),
        ("place == 3 ? x : words[place]", True, "equivalent"),
        ("place == 3 ? x : words[place]", False, "different"),
        ("place == 2 ? x : words[place]", True, "different"),
    ],
)
def test_words_that_are_not_there_may_be_anything(both, shown, free, verdict):
    assert prove_equivalent(*both("memory", MEMORY, READ, {"shown": shown}, free=free)).verdict == verdict


def test_what_nothing_drives_is_refused(both):
    undriven = {"shown": "nothing"}
    with pytest.raises(FlowError, match=r"^memory in 1\.v cannot be compared: 2 of its bits are driven by nothing$"):
        both(
            "memory", MEMORY.replace("reg [1:0] words", "wire [1:0] nothing; reg [1:0] words"), {"shown": "x"}, undriven
        )


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
