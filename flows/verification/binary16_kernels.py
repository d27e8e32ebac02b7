"""The operators of the baseline, in binary16."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import z3
from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from softermax.hw import baseline
from softermax.hw.baseline import Operator, Pipeline, from_fixed_operator, to_fixed
from softermax.model import Q

from .faults import Fault, becomes, without
from .kernel import Claim, Kernel
from .specifications import binary16
from .unrolling import Unrolling

__all__ = ["binary16_kernels"]

#: Fraction bits of the probabilities that the baseline multiplies values with.
PROBABILITY_BITS = 8


def binary16_kernels() -> list[Kernel]:
    """All operators that a solver can compare with IEEE 754; the exponential is none."""
    ties = "the nearest number, ties to even"
    return [
        operator(baseline.ADDER, binary16.add, f"a + b is {ties}.", STICKY_LOST),
        operator(baseline.SUBTRACTOR, binary16.subtract, f"a - b is {ties}.", STICKY_LOST),
        operator(
            baseline.NONNEGATIVE_ADDER, binary16.add_nonnegative, f"|a| + |b| is {ties}.", STICKY_LOST
        ),
        operator(baseline.MULTIPLIER, binary16.multiply, f"a b is {ties}.", STICKY_LOST),
        operator(baseline.DIVIDER, binary16.divide, f"a / b is {ties}.", STICKY_LOST),
        operator(baseline.MAXIMUM, binary16.later, "The later operand in totalOrder, bit for bit.", STICKY_LOST),
        *(conversion(fmt) for fmt in (Q(6, 2), Q(6, 10))),
        to_probability(),
    ]


STICKY_LOST = Fault("sticky bit lost", "", "sticky", becomes("1'h0"))


def operator(operator: Operator, specification: Callable, property: str, fault: Fault, config: str = "") -> Kernel:
    """An operator in its pipeline, one lane of it: operands taken, results ``latency`` edges later."""
    edges = operator.latency

    def claim(signals: Unrolling) -> Claim:
        [operands], [result] = signals("i__payload"), signals("o__payload", edges)
        assumptions = [signals.moves("i"), *passing(signals, edges)]
        return Claim(assumptions, specification(*operands.values(), result))

    return Kernel(
        f"binary16 {operator.name.replace('_', ' ')}", config, property, partial(Pipeline, operator), edges, claim, fault
    )
