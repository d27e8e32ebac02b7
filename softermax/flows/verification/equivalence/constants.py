"""Constant registers: once all of them hold certain values, they keep them.

Synthesis removes such registers, so that only one of two designs has them.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ...gates.netlist import CLOCK
from .aig import ONES, Aig, broadcast
from .aig_builder import TRUE, AigBuilder
from .model_checking import check_combinational

__all__ = ["prove_constant"]


def prove_constant(design: Aig, values: dict[int, bool], folder: Path, seconds: float) -> dict[int, bool]:
    """The largest subset of some registers that is inductively constant: each keeps its value while all have theirs.

    Each counterexample removes candidates. The result is empty if a proof takes longer than some seconds.
    """
    left = dict(values)
    while left:
        answer = check_combinational(_step_miter(design, left), folder, seconds)
        if not isinstance(answer, list):
            return left if answer else {}
        words = broadcast(np.array(answer[0]))
        inputs, state = np.split(words, [len(design.inputs)])
        inputs[[name == CLOCK for name in design.inputs]] = ONES
        state[list(left)] = broadcast(np.array(list(left.values())))
        next_state = design.read(design.evaluate(inputs, state), design.next_state[list(left)])[:, 0] != 0
        left = {
            register: value
            for (register, value), next_value in zip(left.items(), next_state.tolist(), strict=True)
            if value == next_value
        }
    return {}


def _step_miter(design: Aig, values: dict[int, bool]) -> Aig:
    """The graph without latches whose output is 1 if any of some registers does not keep its value."""
    names = [*design.inputs, *(f"register {place}" for place in range(len(design.latches)))]
    builder = AigBuilder(names)
    ports = [TRUE if name == CLOCK else builder.input(place) for place, name in enumerate(design.inputs)]
    state = [
        int(values[register]) if register in values else builder.input(len(design.inputs) + register)
        for register in range(len(design.latches))
    ]
    next_state = builder.add(design, ports, state)[design.next_state]
    changes = [builder.xor(int(next_state[register]), int(value)) for register, value in values.items()]
    return builder.build({"changes": builder.any_of(changes)})
