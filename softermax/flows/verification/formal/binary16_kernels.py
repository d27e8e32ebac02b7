"""The operators of the baseline, in binary16."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import z3
from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from softermax.hw import baseline
from softermax.hw.baseline import Operator, Pipeline, exponential_operator, from_fixed_operator, to_fixed
from softermax.model import Q, QFormat

from ..faults import Fault, becomes, without
from .exhaustive import ExhaustiveKernel
from .kernel import Claim, Kernel, passing
from .specifications import binary16
from .specifications.exponential import wrong_powers
from .unrolling import Unrolling

__all__ = ["binary16_kernels"]

#: Fraction bits of the probabilities that the baseline multiplies values with.
PROBABILITY_BITS = 8


def binary16_kernels() -> list[Kernel | ExhaustiveKernel]:
    """All operators, as the baseline uses them, and those that its choice of adder and exponential spares."""
    return [
        operator(baseline.ADDER, binary16.add, f"a + b {NEAREST}", STICKY_LOST),
        operator(baseline.SUBTRACTOR, binary16.subtract, f"a - b {NEAREST}", NOT_NORMALISED),
        operator(baseline.NONNEGATIVE_ADDER, binary16.add_nonnegative, f"abs(a) + abs(b) {NEAREST}", STICKY_LOST),
        operator(baseline.MULTIPLIER, binary16.multiply, f"a b {NEAREST}", TIES_UP),
        operator(baseline.DIVIDER, binary16.divide, f"a / b {NEAREST}", EQUAL_BELOW, config="3+4+4 digits"),
        operator(baseline.MAXIMUM, binary16.later, "The result is the later operand in totalOrder.", NEGATIVES_SWAPPED),
        *(conversion(fmt) for fmt in (Q(6, 2), Q(6, 10))),
        to_probability(),
        exponential(baseline.NONPOSITIVE_EXPONENTIAL, "x <= 0", SLOPE_IGNORED, nonpositive=True),
        exponential(exponential_operator(), "any x", FACTOR_OFF),
    ]


NEAREST = "is IEEE 754's, to the nearest number with ties to even; subnormal ones are zeros, and there is one NaN."

STICKY_LOST = Fault("sticky bit lost", "", "sticky", becomes("1'h0"))
NOT_NORMALISED = Fault("last step of the normaliser left out", "", "zeros_0", becomes("1'h0"))
TIES_UP = Fault("ties rounded up", "", "rounded", becomes("{{1'h0, normal[10:1]}} + {{10'h000, normal[0]}}"))
EQUAL_BELOW = Fault(
    "equal fractions taken for below 1", "", "below_one", becomes("i__payload[9:0] <= i__payload[25:16]")
)
NEGATIVES_SWAPPED = Fault("negative operands in the wrong order", "", "larger", without(r" \^ \S+$"))
SLOPE_IGNORED = Fault("slope ignored", "", "rise", becomes("14'h0000"))
FACTOR_OFF = Fault("last addition of the factor log2(e) left out", "", "product", without(r" \+ .*$"))


def operator(
    operator: Operator, specification: Callable, property: str, fault: Fault, config: str = "16 bits"
) -> Kernel:
    """An operator in its pipeline, one lane of it: operands taken, results ``latency`` edges later."""

    def claim(signals: Unrolling) -> Claim:
        [operands], [result] = signals("i__payload"), signals("o__payload", operator.latency)
        return Claim(passing(signals, operator.latency), specification(*operands.values(), result))

    name = f"binary16 {operator.name.replace('_', ' ')}"
    return Kernel(name, config, property, partial(Pipeline, operator), operator.latency, claim, fault)


def conversion(fmt: QFormat) -> Kernel:
    """From fixed point."""
    rounds = fmt.width > 11
    fault = (
        Fault("rounding lost", "", "rounded", without(r" \+ .*$"))
        if rounds
        else Fault("negative numbers not negated", "", "magnitude", becomes("i__payload"))
    )
    specification = partial(binary16.from_fixed, fraction_bits=fmt.fraction_bits)
    return operator(
        from_fixed_operator(fmt),
        specification,
        "The conversion is to the nearest number with ties to even.",
        fault,
        config=str(fmt),
    )


class ToProbability(wiring.Component):
    """The conversion to fixed point by itself, which in a processing element has neither ports nor a name."""

    def __init__(self):
        super().__init__({"x": In(16), "y": Out(PROBABILITY_BITS)})

    def elaborate(self, platform):
        m = Module()
        m.d.comb += self.y.eq(to_fixed(m, self.x, PROBABILITY_BITS))
        return m


def to_probability() -> Kernel:
    """From a probability in binary16 to fixed point."""

    def claim(signals: Unrolling) -> Claim:
        x, y = signals("x"), signals("y")
        return Claim([z3.Extract(15, 15, x) == 0], binary16.to_fixed(x, y, PROBABILITY_BITS))

    return Kernel(
        "binary16 to fixed point",
        f"UQ(0,{PROBABILITY_BITS})",
        "A number that is not negative is rounded to nearest with ties up, and saturated.",
        ToProbability,
        0,
        claim,
        Fault("rounding constant lost", "", "rounded", without(r" \+ \S+$")),
    )


def exponential(operator: Operator, config: str, fault: Fault, *, nonpositive: bool = False) -> ExhaustiveKernel:
    """e**x, or e**-abs(x)."""
    return ExhaustiveKernel(
        "binary16 exponential",
        config,
        "The result is less than 1 unit in the last place away from e**x, and e**0 is 1.",
        operator,
        partial(wrong_powers, nonpositive=nonpositive),
        fault,
    )
