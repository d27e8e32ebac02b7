"""The kernels of Softermax, at the formats of both presets and 16 lanes."""

from __future__ import annotations

import re

import z3

from softermax.hw import IntMax, NormalizationUnit, PowerOfTwo, Reciprocal, Reduction, RowProduct
from softermax.hw.streams import row_products, row_scale
from softermax.model import SoftermaxConfig

from .faults import Fault, becomes, without
from .kernel import Claim, Kernel, passing
from .specifications import softermax
from .specifications.exact import reciprocal_error_bound
from .specifications.words import saturated, signed, unsigned
from .unrolling import Unrolling

__all__ = ["softermax_kernels"]

PAPER, FAITHFUL = SoftermaxConfig.paper(), SoftermaxConfig.faithful()
#: A power sum that a long row of large scores overflows.
SATURATING = SoftermaxConfig.paper(max_len=4096, saturate=True)
#: Wider than any score, maximum or exponent.
WIDE = 16

PRESETS = {"paper": PAPER, "faithful": FAITHFUL}


def softermax_kernels() -> list[Kernel]:
    """All of them, at 16 lanes."""
    return [
        int_max("both presets", PAPER),
        *(power_of_two(name, config) for name, config in PRESETS.items()),
        *(reduction(name, config) for name, config in (*PRESETS.items(), ("paper, saturating", SATURATING))),
        *(reciprocal(name, config) for name, config in PRESETS.items()),
        multiply("paper", PAPER),
        row_product("faithful", FAITHFUL),
        select("faithful", FAITHFUL),
    ]


def bits(word: z3.BitVecRef) -> list[z3.BoolRef]:
    """A word's bits, the lowest first."""
    return [z3.Extract(place, place, word) == 1 for place in range(word.size())]


def in_range(maximum: z3.BitVecRef, config: SoftermaxConfig) -> z3.BoolRef:
    """Whether a maximum is one of scores."""
    return z3.And(maximum >= config.lowest_maximum, maximum <= -config.lowest_maximum)


def int_max(name: str, config: SoftermaxConfig) -> Kernel:
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
        f"{name}, {config.lanes} lanes",
        "The maximum is the largest ceiling of the kept scores, the lowest if none is kept.",
        lambda: IntMax(config),
        0,
        claim,
        Fault("maximum not rounded up", "", "key_0", lambda e: re.sub(r", \w+ \}", ", 1'h0 }", e)),
    )


def power_of_two(name: str, config: SoftermaxConfig) -> Kernel:
    f = config.input.fraction_bits

    def claim(signals: Unrolling) -> Claim:
        maximum = signals("maximum")
        lanes = list(zip(signals("x"), bits(signals("keep")), signals("u"), strict=True))
        whole = signed(maximum, WIDE) << f
        assumptions = [z3.Implies(keep, signed(x, WIDE) <= whole) for x, keep, _ in lanes]
        results = [
            softermax.power_of_two(x, keep, maximum, u, f, config.unnormed.fraction_bits) for x, keep, u in lanes
        ]
        return Claim([in_range(maximum, config), *assumptions], z3.And(results))

    return Kernel(
        "Power of Two",
        f"{name}, {config.input} to {config.unnormed}, {config.lanes} lanes",
        "A numerator is the nearest number to 2**t, shifted down by whole places; 0 where masked.",
        lambda: PowerOfTwo(config),
        0,
        claim,
        Fault("shift one too few", "", "shift_5", becomes("{} - 7'h01")),
    )


def reduction(name: str, config: SoftermaxConfig) -> Kernel:
    names = ("maximum", "power_sum", "saturated")

    def claim(signals: Unrolling) -> Claim:
        before, after = ({name: signals(name, cycle) for name in names} for cycle in (0, 1))
        slice_ = {"maximum": signals("slice_maximum"), "sum": signals("slice_sum")}
        first, load = signals.is_high("first"), signals.is_high("load")
        assumptions = [z3.Not(signals.is_high("rst")), in_range(slice_["maximum"], config)]
        assumptions += [z3.Or(first, in_range(before["maximum"], config))]
        if not config.sum_can_overflow:
            # What the other slices of the longest row, and this one, add up to at most.
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


def reciprocal(name: str, config: SoftermaxConfig) -> Kernel:
    d, r = config.power_sum, config.reciprocal
    index_bits = r.fraction_bits + config.mantissa_guard_bits
    truncated = index_bits < d.width - 1
    bound = reciprocal_error_bound(config.reciprocal_segments, index_bits, r.fraction_bits, truncated=truncated)

    def claim(signals: Unrolling) -> Claim:
        row, scale = signals("i__payload"), signals("o__payload", 2)
        exponent = signed(scale["exponent"], WIDE) - signed(row["maximum"], WIDE)
        within = softermax.reciprocal(
            row["power_sum"], d.fraction_bits, scale["mantissa"], r.fraction_bits, exponent, bound
        )
        flags = z3.And([scale[flag] == row[flag] for flag in ("saturated", "overlong")])
        assumptions = [*passing(signals, 2), in_range(row["maximum"], config)]
        half = 1 << (d.fraction_bits - 1)
        return Claim([*assumptions, z3.UGE(row["power_sum"], half)], z3.And(within, flags))

    return Kernel(
        "Reciprocal",
        f"{name}, {d} to {r}, {config.reciprocal_segments} segments",
        f"1/D has the exponent of D's leading one; its mantissa is within {float(bound):.2f} units of exact.",
        lambda: Reciprocal(config),
        2,
        claim,
        Fault("slope ignored", "", "rise", becomes("0")),
    )


def row_product(name: str, config: SoftermaxConfig) -> Kernel:
    f, q = config.input.fraction_bits, config.reciprocal.fraction_bits

    def claim(signals: Unrolling) -> Claim:
        scale, row = signals("i__payload"), signals("o__payload", 1)
        products = [
            softermax.row_product(scale["mantissa"], q, product, t, f, config.product.fraction_bits)
            for t, product in enumerate(row["products"])
        ]
        kept = [scale[name] == row[name] for name in ("exponent", "saturated", "overlong")]
        # A reciprocal of a mantissa is 1 at most.
        assumptions = [*passing(signals, 1), z3.ULE(scale["mantissa"], 1 << q)]
        return Claim(assumptions, z3.And(products + kept))

    return Kernel(
        "Row Product",
        f"{name}, {config.reciprocal} to {config.product}",
        "A product is the reciprocal times the nearest number to 2**t, rounded to nearest.",
        lambda: RowProduct(config),
        1,
        claim,
        Fault("rounding constant of a product lost", "", "exact_2", without(r" \+ \S+$")),
    )


def multiply(name: str, config: SoftermaxConfig) -> Kernel:
    dropped = config.unnormed.fraction_bits + config.reciprocal.fraction_bits - 1 - config.output.fraction_bits

    def claim(signals: Unrolling) -> Claim:
        i, row, o = signals("i__payload"), signals("o__payload$0", layout=row_scale(config)), signals("o__payload", 1)
        places = signed(row["exponent"], WIDE) - signed(i["maximum"], WIDE)
        exact = [softermax.multiplied(u, z3.Extract(7, 0, places), row["mantissa"], dropped) for u in i["u"]]
        assumptions = [
            *normalizing(signals),
            in_range(i["maximum"], config),
            places >= 0,
            row["exponent"] <= config.power_sum.integer_bits - config.lowest_maximum,
            z3.ULE(row["mantissa"], 1 << config.reciprocal.fraction_bits),
        ]
        largest = config.output.max_raw
        if not config.output_can_saturate:
            assumptions += [z3.ULE(y, largest) for y in exact]
        results = [unsigned(y, e.size()) == saturated(e, largest) for y, e in zip(o["y"], exact, strict=True)]
        return Claim(assumptions, z3.And(results))

    return Kernel(
        "Normalization Unit",
        f"{name}, multiply, {config.lanes} lanes",
        "A probability is the numerator, shifted down to the row's scale, times the reciprocal, rounded to nearest.",
        lambda: NormalizationUnit(config),
        1,
        claim,
        Fault("rounding constant lost", "", "rounded_3", without(r" \+ \S+$")),
    )


def normalizing(signals: Unrolling) -> list[z3.BoolRef]:
    """A slice moves into the output register."""
    return [signals.moves("i"), z3.Not(signals.is_high("rst"))]


def select(name: str, config: SoftermaxConfig) -> Kernel:
    f = config.input.fraction_bits
    dropped = config.product.fraction_bits - config.output.fraction_bits

    def claim(signals: Unrolling) -> Claim:
        i, o = signals("i__payload"), signals("o__payload", 1)
        row = signals("o__payload$0", layout=row_products(config))
        results, assumptions = [], normalizing(signals)
        for x, keep, y in zip(i["x"], bits(i["keep"]), o["y"], strict=True):
            # The exponent counts from that of 1/2.
            places = signed(row["exponent"], WIDE) - 1 - signed(x >> f, WIDE)
            fraction = z3.Extract(f - 1, 0, x)
            product = row["products"][-1]
            for t, choice in reversed(list(enumerate(row["products"][:-1]))):
                product = z3.If(fraction == t, choice, product)
            assumptions.append(z3.Implies(keep, places >= 0))
            results.append(softermax.selected(product, z3.Extract(7, 0, places), keep, y, dropped))
        assumptions += [row["exponent"] <= config.power_sum.integer_bits - config.lowest_maximum]
        return Claim(assumptions, z3.And(results))

    return Kernel(
        "Normalization Unit",
        f"{name}, row product, {config.lanes} lanes",
        "A probability is the product for the score's fraction, shifted down to the score, rounded; 0 where masked.",
        lambda: NormalizationUnit(config),
        1,
        claim,
        Fault("far score wraps around", "", "shift_2", becomes("{} & 7'h0f")),
    )
