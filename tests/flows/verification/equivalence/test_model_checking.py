"""Model checking of and-inverter graphs: the same answers as from trying all inputs."""

import itertools

import numpy as np

from softermax.flows.verification.equivalence.aig import ONES
from softermax.flows.verification.equivalence.aig_builder import AigBuilder
from softermax.flows.verification.equivalence.model_checking import check_bounded, check_combinational, check_unbounded


def random_graph(rng) -> AigBuilder:
    """A graph of four inputs whose output is often always 0 or always 1."""
    builder = AigBuilder("abcd")
    literals = [builder.input(place) for place in range(4)]
    for _ in range(8):
        left, right = rng.choice(literals, 2)
        literals.append(builder.and_(int(left) ^ int(rng.integers(2)), int(right) ^ int(rng.integers(2))))
    return builder.build({"output": literals[-1] ^ int(rng.integers(2))})


def test_the_solver_agrees_with_every_input(tmp_path):
    """Of graphs whose output is constant, too, which abc has answers of its own for."""
    rng = np.random.default_rng(5)
    inputs = np.array(list(itertools.product([0, ONES], repeat=4)), np.uint64).T
    answers = set()
    for _ in range(60):
        graph = random_graph(rng)
        [output] = graph.outputs.values()
        values = graph.read(graph.evaluate(inputs, np.zeros((0, 16), np.uint64)), [output])[0] != 0
        answer = check_combinational(graph, tmp_path, 10)
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
        builder.next_state[place] = builder.xor(builder.latch(place), carry)
        carry = builder.and_(builder.latch(place), carry)
    five = builder.and_(builder.latch(2), builder.and_(builder.latch(1) ^ 1, builder.latch(0)))
    graph = builder.build({"five": five})
    assert check_bounded(graph, 5, tmp_path, 10) in range(3, 6)
    assert len(check_bounded(graph, 10, tmp_path, 10)) == len(check_unbounded(graph, tmp_path, 10)) == 6
