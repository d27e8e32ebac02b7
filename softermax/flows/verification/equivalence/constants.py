"""Registers that are constant: once all of them hold certain values, they keep them.

Such are most registers that synthesis has removed, so that only one of two designs has them.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ...gates.netlist import CLOCK
from .aig import ONES, Aig
from .aig_builder import TRUE, AigBuilder
from .questions import always_zero

__all__ = ["lasting"]


def lasting(design: Aig, values: dict[int, bool], folder: Path, seconds: float) -> dict[int, bool]:
    """Those of some registers that keep their values in each step from any state in which all of them have theirs.

    Counterexamples take candidates away; none are left if the solver does not find an answer within some seconds.
    """
    left = dict(values)
    while left:
        answer = always_zero(_step_question(design, left), folder, seconds)
        if not isinstance(answer, list):
            return left if answer else {}
        words = np.where(np.array(answer[0])[:, None], ONES, np.uint64(0))
        inputs, state = np.split(words, [len(design.inputs)])
        inputs[[name == CLOCK for name in design.inputs]] = ONES
        state[list(left)] = np.where(list(left.values()), ONES, np.uint64(0))[:, None]
        taken = design.read(design.settle(inputs, state), design.following[list(left)])[:, 0] != 0
        left = {
            register: value
            for (register, value), next_value in zip(left.items(), taken.tolist(), strict=True)
            if value == next_value
        }
    return {}


def _step_question(design: Aig, values: dict[int, bool]) -> Aig:
    """Whether any of some registers does not keep its value."""
    names = [*design.inputs, *(f"register {place}" for place in range(len(design.latches)))]
    builder = AigBuilder(names)
    ports = [TRUE if name == CLOCK else builder.input(place) for place, name in enumerate(design.inputs)]
    state = [
        int(values[register]) if register in values else builder.input(len(design.inputs) + register)
        for register in range(len(design.latches))
    ]
    following = builder.add(design, ports, state)[design.following]
    changes = [builder.differ(int(following[register]), int(value)) for register, value in values.items()]
    return builder.build({"changes": builder.any(changes)})
