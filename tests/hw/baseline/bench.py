"""Operators by themselves: every output port on every cycle, in Verilator and in Amaranth's simulator."""

from __future__ import annotations

import numpy as np

from softermax.flows.cosimulation.binary16 import random_pairs, special_pairs
from softermax.flows.cosimulation.operators import cosimulate_operator, random_trace
from softermax.hw.baseline import Operator, Pipeline
from softermax.sim.amaranth_bench import play_in_amaranth

LANES = 2


def pairs(random: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Every pair of special values, and random ones."""
    a, b = random_pairs(np.random.default_rng(seed), random)
    special_a, special_b = special_pairs()
    return np.concatenate([special_a, a]), np.concatenate([special_b, b])


def check_in_verilator(operator: Operator, model, operands, folder):
    """The generated Verilog of ``LANES`` operators side by side shows what the model says."""
    result = cosimulate_operator(operator, model, operands, folder, lanes=LANES)
    assert result.described[:1] == []
    assert result.mismatches == 0
    assert len(result.moves["o"]) == -(-len(operands[0]) // LANES)


def faults(operator: Operator, model) -> int:
    """Ports that are not what the model says, in Amaranth's simulator, for a few random operands."""
    operands = random_pairs(np.random.default_rng(2), 300)[: len(operator.operands)]
    return len(play_in_amaranth(Pipeline(operator), random_trace(operator, model, operands, 1, seed=3)))
