"""Localisation abstraction: the same answers as from trying all states of small machines."""

import itertools
from collections import Counter

import numpy as np

from softermax.flows.verification.equivalence.aig import ONES
from softermax.flows.verification.equivalence.aig_builder import AigBuilder
from softermax.flows.verification.equivalence.correspondence import correspondence_by_names
from softermax.flows.verification.equivalence.localisation import prove_by_localisation


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
            literals.append(builder.and_(*operands))
        for register in range(3):
            taken = literals[-1 - register]
            builder.next_state[register] = builder.and_(taken, builder.input(0) ^ 1) if register else taken
        both.append(builder.build({"o": literals[-4]}))
    return both


def never_differ(golden, revised) -> bool:
    """Whether the output never does after a reset, from which registers come alike that it does not set: by trying all.

    No if it does not set what it sets in the golden design.
    """

    def step(design, state, inputs):
        words = [np.where(np.array(bits)[:, None], ONES, np.uint64(0)) for bits in (inputs, state)]
        values = design.evaluate(*words)
        read = design.read(values, [*design.next_state, *design.outputs.values()])[:, 0] != 0
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


def test_localisation_is_what_trying_all_says(tmp_path):
    rng = np.random.default_rng(3)
    found = Counter()
    for seed in range(60):
        golden, revised = random_machines(rng, seed)
        pairs = correspondence_by_names(golden, revised)
        proven = prove_by_localisation(golden, revised, pairs, tmp_path, 10)
        assert proven is never_differ(golden, revised)
        found[proven] += 1
    assert min(found[True], found[False]) >= 10
