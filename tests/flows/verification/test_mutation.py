"""Mutation coverage: what is killed, equivalent or survives, of a design small enough to know, and of a unit."""

import json
from itertools import product

import pytest

from softermax.flows.commands.check import fail_on_low_scores
from softermax.flows.errors import FlowError
from softermax.flows.results.columns import undeclared
from softermax.flows.verification.mutants import mutate
from softermax.flows.verification.mutation import MUTANTS, mutation_points, mutation_score
from softermax.sim.trace import Trace

from ..commands.process import softermax

#: The sum of two numbers, and a bit that is redundant: it adds nothing to what is there.
DESIGN = """module sum(clk, rst, a, b, y, z);
  input clk, rst;
  input [1:0] a, b;
  output reg [2:0] y;
  output z;
  always @(posedge clk) y <= rst ? 3'd0 : a + b;
  assign z = a[0] | (a[0] & b[1]);
endmodule
"""


def trace_of(pairs) -> Trace:
    """A reset, then pairs of numbers, one a cycle; another reset, which must clear the sum."""
    cycles = [(1, 3, 3), (1, 3, 3), *((0, a, b) for a, b in pairs), (1, 3, 3), (0, 0, 0)]
    sums = [None, *(0 if rst else a + b for rst, a, b in cycles[:-1])]
    rst, a, b = map(list, zip(*cycles, strict=True))
    return Trace({"rst": rst, "a": a, "b": b}, {"y": sums, "z": [n & 1 for n in a]}, {"y": 3, "z": 1})


@pytest.fixture(scope="module")
def mutated(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mutants")
    (folder / "sum.v").write_text(DESIGN)
    return mutate(folder / "sum.v", "sum", 500, 1, folder)


def test_a_trace_of_everything_kills_all_but_the_equivalent(mutated, tmp_path):
    found = mutation_score(mutated, [trace_of(product(range(4), repeat=2))], tmp_path)
    assert 50 < found["mutants"] == len(mutated.mutants) < 500
    assert found["survived"] == 0
    assert found["score"] == 1
    # Of what feeds the redundant bit, at the least that it is stuck at 0.
    assert 1 <= found["equivalent"] == len(found["equivalents"]) == found["mutants"] - found["killed"]
    assert all("$and" in facts["mutant"] or "$or" in facts["mutant"] for facts in found["equivalents"])


def test_what_a_weak_trace_leaves_alive_has_survived_and_is_told_how_to_kill(mutated, tmp_path):
    found = mutation_score(mutated, [trace_of([(0, 0), (1, 0), (2, 0), (3, 0)])], tmp_path)
    assert found["score"] < 0.9
    assert found["survived"] == len(found["survivors"]) > 5
    for facts in found["survivors"]:
        assert facts["verdict"] == "different"
        assert facts["ports"]
        assert {"rst", "a", "b"} == set(facts["inputs"][-1])


def test_a_trace_that_the_unit_itself_does_not_pass_is_an_error(mutated, tmp_path):
    wrong = trace_of([(1, 1)])
    wrong.outputs["y"][3] = 5
    with pytest.raises(RuntimeError, match=r"the traces must fit sum, but do not: .*'port': 'y'"):
        mutation_score(mutated, [wrong], tmp_path)


def test_the_same_seed_gives_the_same_mutants_and_clocks_are_left_alone(mutated, tmp_path):
    (tmp_path / "sum.v").write_text(DESIGN)
    for seed, same in ((1, True), (2, False)):
        few = mutate(tmp_path / "sum.v", "sum", 20, seed, tmp_path)
        again = mutate(tmp_path / "sum.v", "sum", 20, 1, tmp_path)
        assert len(few.mutants) == 20
        assert (few.mutants == again.mutants) is same
    assert not any("CLK" in mutant.describe() for mutant in mutated.mutants)


def test_too_many_mutants_are_refused(tmp_path):
    with pytest.raises(FlowError, match=r"^the number of mutants must be from 1 to 65535, not 65536$"):
        mutate(tmp_path / "sum.v", "sum", 1 << 16, 1, tmp_path)


def test_command_prints_a_table_and_passes_a_unit(tmp_path):
    size = ["unnormed", "--preset", "faithful", "--lanes", 2, "--max-len", 16, "--number", 30]
    done = softermax("mutants", *size, "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    [result] = json.loads(done.stdout)
    assert result["mutants"] == 30
    assert result["killed"] + result["equivalent"] == 30
    assert result["killed"] > 20
    assert undeclared([result], MUTANTS.columns) == []
    again = softermax("mutants", *size, "--format", "markdown", "-o", "table.md", cwd=tmp_path)
    assert again.returncode == 0, again.stderr
    assert "100.00%" in (tmp_path / "table.md").read_text()


def test_low_scores_fail(capsys):
    good = {
        "unit": "pe",
        "preset": "paper",
        "mutants": 210,
        "killed": 194,
        "equivalent": 10,
        "score": 0.97,
        "floor": 0.97,
    }
    fail_on_low_scores([good, good | {"score": None}])
    low = {"unit": "unnormed", "killed": 196, "score": 0.98, "floor": 0.99}
    few = {"unit": "softmax", "mutants": 5, "killed": 3, "equivalent": 1, "score": 0.75, "floor": 0.99}
    with pytest.raises(SystemExit) as caught:
        fail_on_low_scores([good, good | low, good | few])
    assert caught.value.code == 1
    assert capsys.readouterr().err == (
        "softermax: mutation scores are too low: "
        "unnormed, paper: 196 of 200 mutants killed, 98.00%; the floor of 99% needs 198; "
        "softmax, paper: 3 of 4 mutants killed, 75.00%; the floor of 99% needs 4, as each of so few is 25.0%: "
        "--number asks for more\n"
    )


def test_the_table_has_every_unit_of_both_presets():
    points = {(point.unit, point.preset) for point in mutation_points()}
    for unit in ("unnormed", "normalization", "softmax", "pe"):
        assert {(unit, "paper"), (unit, "faithful")} <= points
