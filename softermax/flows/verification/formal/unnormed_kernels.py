"""The kernels of the Unnormed Softmax Unit, at the formats of both presets."""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction
from math import ceil

import z3
from amaranth.lib import data

from softermax.hw import IntMax, PowerOfTwo, Reduction, UnnormedSoftmaxUnit
from softermax.model import Q, SoftermaxConfig

from ..faults import Fault, becomes, without
from .kernel import WIDE, Claim, Kernel, bits, in_range, passing
from .specifications import softermax
from .specifications.exact import nearest_power_of_two, power_error_bound, power_lines
from .specifications.words import signed
from .unrolling import Unrolling

__all__ = ["unnormed_kernels"]

PAPER, WIDE_PAPER = SoftermaxConfig.paper(16), SoftermaxConfig.paper(32)
#: The formats of the faithful preset follow from the lanes, too.
FAITHFUL = {f"faithful, {lanes} lanes": SoftermaxConfig.faithful(lanes=lanes) for lanes in (16, 32)}
PRESETS = {"paper, 16 lanes": PAPER} | FAITHFUL
#: Scores with more fractions than segments, so that there are slopes.
SLOPED = SoftermaxConfig(lanes=16, max_len=384, input=Q(4, 4))
#: A power sum that a long row of large scores overflows.
SATURATING = SoftermaxConfig.paper(max_len=4096, saturate=True)


def unnormed_kernels() -> list[Kernel]:
    """All of them. IntMax is the same in both presets; of the paper's, only trees depend on the lanes."""
    return [
        int_max(PAPER),
        int_max(WIDE_PAPER),
        *(power_of_two(name, config) for name, config in PRESETS.items()),
        linear_power_of_two("paper, linear-piecewise, 16 lanes", SLOPED),
        *(adder_tree(name, config) for name, config in (PRESETS | {"paper, 32 lanes": WIDE_PAPER}).items()),
        *(reduction(name, config) for name, config in PRESETS.items()),
        reduction("paper, saturating, 16 lanes", SATURATING),
    ]


def int_max(config: SoftermaxConfig) -> Kernel:
    """The tree over all lanes."""

    def claim(signals: Unrolling) -> Claim:
        return Claim(
            [],
            softermax.int_max(
                signals("x"),
                bits(signals("keep")),
                signals("maximum"),
                config.input.fraction_bits,
                -(1 << (config.input.integer_bits - 1)),
            ),
        )

    return Kernel(
        "IntMax",
        f"both presets, {config.input}, {config.lanes} lanes",
        "The maximum is the largest ceiling of the kept scores, the lowest if none is kept.",
        lambda: IntMax(config),
        0,
        claim,
        Fault("maximum not rounded up", "", "key_0", lambda e: re.sub(r", \w+ \}", ", 1'h0 }", e)),
    )


def power_of_two(name: str, config: SoftermaxConfig) -> Kernel:
    """All lanes, with a table that has an entry for each fraction."""
    f, p = config.input.fraction_bits, config.unnormed.fraction_bits
    powers = [nearest_power_of_two(fraction, f, p) for fraction in range(1 << f)]
    return _power_of_two(
        name,
        config,
        "A numerator is the nearest number to 2**t, shifted down by whole places; 0 where masked.",
        lambda *lane: softermax.power_of_two(*lane, f, powers),
        Fault("shift one too few", "", "shift_5", becomes("{} - 7'h01")),
    )


def linear_power_of_two(name: str, config: SoftermaxConfig) -> Kernel:
    """All lanes, with fewer segments than fractions: the lines, and how far they are off."""
    f, p, segments = config.input.fraction_bits, config.unnormed.fraction_bits, config.power_segments
    bound = power_error_bound(segments, p)
    powers = [nearest_power_of_two(fraction, f, p) for fraction in range(1 << f)]
    lines = power_lines(segments, f, p).values

    def claim(*lane) -> z3.BoolRef:
        near = softermax.power_of_two(*lane, f, powers, slack=ceil(bound + Fraction(1, 2)))
        return z3.And(near, softermax.power_of_two(*lane, f, lines))

    return _power_of_two(
        name,
        config,
        f"A numerator is on the best line for 2**t, {float(bound):.0f} units off at most, shifted down; 0 if masked.",
        claim,
        Fault("slope ignored", "", "rise", becomes("0")),
    )


def _power_of_two(name: str, config: SoftermaxConfig, property: str, specification: Callable, fault: Fault) -> Kernel:
    def claim(signals: Unrolling) -> Claim:
        maximum = signals("maximum")
        lanes = list(zip(signals("x"), bits(signals("keep")), signals("u"), strict=True))
        whole = signed(maximum, WIDE) << config.input.fraction_bits
        assumptions = [z3.Implies(keep, signed(x, WIDE) <= whole) for x, keep, _ in lanes]
        results = [specification(x, keep, maximum, u) for x, keep, u in lanes]
        return Claim([in_range(maximum, config), *assumptions], z3.And(results))

    formats = f"{name}, {config.input} to {config.unnormed}"
    return Kernel("Power of Two", formats, property, lambda: PowerOfTwo(config), 0, claim, fault)


def adder_tree(name: str, config: SoftermaxConfig) -> Kernel:
    """The adder tree in its unit, from a slice's numerators to Reduction's input, with registers between."""
    by_numerators = config.normalizer == "multiply"
    edges = config.plan.summary_latency - 1

    def claim(signals: Unrolling) -> Claim:
        # Numerators that leave the unit wait in a register before they are added.
        u = signals("o__payload", 2)["u"] if by_numerators else signals("power_of_two.u", 1, layout=numerators(config))
        slice_sum = signals("reduction.slice_sum", edges)
        dropped = config.unnormed.fraction_bits - config.power_sum.fraction_bits
        assumptions = [*passing(signals, edges), z3.Not(signals.is_high("dropping"))]
        assumptions += [signals.is_high("row__ready", cycle) for cycle in range(edges)]
        return Claim(assumptions, softermax.slice_sum(u, slice_sum, dropped))

    return Kernel(
        "Unnormed Softmax Unit",
        f"{name}, {config.unnormed} to {config.power_sum}",
        "A slice's sum is exact but for the fraction bits that the power sum lacks, which are cut off.",
        lambda: UnnormedSoftmaxUnit(config),
        edges,
        claim,
        Fault("carry lost in the adder tree", "", r"\\partial_sum\$3 ", becomes("{} & ~(1 << 16)")),
    )


def numerators(config: SoftermaxConfig) -> data.ArrayLayout:
    """A slice of them."""
    return data.ArrayLayout(config.unnormed.width, config.lanes)


def reduction(name: str, config: SoftermaxConfig) -> Kernel:
    """A step of the recurrence, from any state that a row can be in."""
    names = ("maximum", "power_sum", "saturated")

    def claim(signals: Unrolling) -> Claim:
        before, after = ({name: signals(name, cycle) for name in names} for cycle in (0, 1))
        slice_ = {"maximum": signals("slice_maximum"), "sum": signals("slice_sum")}
        first, load = signals.is_high("first"), signals.is_high("load")
        assumptions = [z3.Not(signals.is_high("rst")), in_range(slice_["maximum"], config)]
        assumptions += [z3.Or(first, in_range(before["maximum"], config))]
        if not config.sum_can_overflow:
            # Largest sum of the other slices of the longest row and this one.
            one = config.lanes << config.power_sum.fraction_bits
            assumptions += [z3.ULE(slice_["sum"], one)]
            assumptions += [z3.Or(first, z3.ULE(before["power_sum"], (config.max_slices - 1) * one))]
        step = softermax.reduced(before, slice_, after, first)
        kept = z3.And([after[name] == before[name] for name in names])
        begins = signals("first", 1) == z3.If(load, signals("last"), signals("first"))
        return Claim(assumptions, z3.And(begins, z3.If(load, step, kept)))

    return Kernel(
        "Reduction",
        f"{name}, {config.power_sum}",
        "A slice renormalises the running sum and is added to it; a row's first slice finds nothing; "
        + ("a sum that does not fit saturates and says so." if config.sum_can_overflow else "no row's sum overflows."),
        lambda: Reduction(config),
        1,
        claim,
        Fault("comparison of maxima with the row before", "", "below", without(r" & \S+$"))
        if not config.sum_can_overflow
        else Fault("saturation forgotten", "", "saturated", becomes("load ? total[16] : saturated")),
    )
