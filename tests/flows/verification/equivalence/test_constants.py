"""Registers that are constant: the same answers as from trying all states of small machines."""

import itertools
from collections import Counter

import numpy as np

from softermax.flows.verification.equivalence import constants
from softermax.flows.verification.equivalence.aig import ONES
from softermax.flows.verification.equivalence.aig_builder import AigBuilder

REGISTERS = 4


def random_machine(rng):
    """A design of an input and some registers, that often depend on few others."""
    builder = AigBuilder(["a"], REGISTERS)
    literals = [builder.input(0), *map(builder.latch, range(REGISTERS))]
    for register in range(REGISTERS):
        left, right = (int(literal) ^ int(rng.integers(2)) for literal in rng.choice(literals, 2))
        builder.next_state[register] = builder.and_(left, right) ^ int(rng.integers(2))
    return builder.build({"o": literals[1]})


def by_trying_all(design, values):
    """Takes candidates away until, in every state in which those that are left have their values, all keep them."""
    states = np.array(list(itertools.product([0, ONES], repeat=1 + REGISTERS)), np.uint64).T
    taken = design.read(design.evaluate(states[:1], states[1:]), design.next_state)
    left = dict(values)
    while True:
        holds = np.ones(states.shape[1], bool)
        for register, value in left.items():
            holds &= (states[1 + register] != 0) == value
        keep = {n: value for n, value in left.items() if ((taken[n][holds] != 0) == value).all()}
        if keep == left:
            return left
        left = keep


def test_constants_are_what_trying_all_says(tmp_path):
    rng = np.random.default_rng(7)
    numbers = Counter()
    for _ in range(60):
        design = random_machine(rng)
        values = {register: bool(rng.integers(2)) for register in range(REGISTERS) if rng.integers(4)}
        found = constants.prove_constant(design, values, tmp_path, 10)
        assert found == by_trying_all(design, values)
        numbers[len(found)] += 1
    assert numbers[0] >= 5
    assert sum(numbers[count] for count in range(2, REGISTERS + 1)) >= 5


def test_what_the_solver_does_not_decide_is_not_constant(tmp_path, monkeypatch):
    builder = AigBuilder(["a"], 1)
    builder.next_state[0] = builder.latch(0)
    design = builder.build({"o": builder.latch(0)})
    assert constants.prove_constant(design, {0: True}, tmp_path, 10) == {0: True}
    monkeypatch.setattr(constants, "check_combinational", lambda *_: None)
    assert constants.prove_constant(design, {0: True}, tmp_path, 10) == {}
