"""The kernels of the Normalization Unit, at the formats of both presets."""

from __future__ import annotations

import z3

from softermax.hw import NormalizationUnit, Reciprocal, RowProduct
from softermax.hw.streams import row_products, row_scale
from softermax.model import SoftermaxConfig

from ..faults import Fault, becomes, without
from .kernel import WIDE, Claim, Kernel, bits, in_range, passing
from .specifications import softermax
from .specifications.exact import nearest_power_of_two, reciprocal_error_bound, reciprocal_lines
from .specifications.words import floor_shifted, saturated, signed, unsigned
from .unrolling import Unrolling

__all__ = ["normalization_kernels"]

PAPER = SoftermaxConfig.paper()
#: The formats of the faithful preset follow from the lanes, too.
FAITHFUL = {f"faithful, {lanes} lanes": SoftermaxConfig.faithful(lanes=lanes) for lanes in (16, 32)}
BY_PRODUCT = {"paper, row product, 16 lanes": SoftermaxConfig.paper(normalizer="row_product")} | FAITHFUL
MULTIPLYING = {
    "paper, 16 lanes": PAPER,
    "faithful, multiply, 16 lanes": SoftermaxConfig.faithful(normalizer="multiply"),
}


def normalization_kernels() -> list[Kernel]:
    """All of them: each preset with its normalizer, and with the other one's, too."""
    return [
        *(reciprocal(name, config) for name, config in (MULTIPLYING | FAITHFUL).items()),
        output_range("paper, 16 lanes", PAPER),
        product_range(*next(iter(BY_PRODUCT.items()))),
        *(multiply(name, config) for name, config in MULTIPLYING.items()),
        *(row_product(name, config) for name, config in BY_PRODUCT.items()),
        *(select(name, config) for name, config in BY_PRODUCT.items()),
    ]


def reciprocal(name: str, config: SoftermaxConfig) -> Kernel:
    """From a row's sum to its scale, two clock edges later."""
    d, r = config.power_sum, config.reciprocal
    index_bits = r.fraction_bits + config.mantissa_guard_bits
    truncated = index_bits < d.width - 1
    sizes = config.reciprocal_segments, index_bits, r.fraction_bits
    bound, lines = (made(*sizes, truncated=truncated) for made in (reciprocal_error_bound, reciprocal_lines))

    def claim(signals: Unrolling) -> Claim:
        row, scale = signals("i__payload"), signals("o__payload", 2)
        exponent = signed(scale["exponent"], WIDE) - signed(row["maximum"], WIDE)
        within = softermax.reciprocal(
            row["power_sum"], d.fraction_bits, scale["mantissa"], r.fraction_bits, exponent, bound
        )
        flags = [scale[flag] == row[flag] for flag in ("saturated", "overlong")]
        assumptions = [*passing(signals, 2), in_range(row["maximum"], config)]
        half = 1 << (d.fraction_bits - 1)
        at_most_1 = z3.ULE(scale["mantissa"], 1 << r.fraction_bits)
        on_line = softermax.on_best_line(row["power_sum"], index_bits, scale["mantissa"], lines)
        return Claim([*assumptions, z3.UGE(row["power_sum"], half)], z3.And(within, on_line, at_most_1, *flags))

    return Kernel(
        "Reciprocal",
        f"{name}, {d} to {r}, {config.reciprocal_segments} segments",
        "1/D has the exponent of D's leading one; its mantissa, 1 at most, is on the best line for 1/m, "
        f"{float(bound):.2f} units off at most.",
        lambda: Reciprocal(config),
        2,
        claim,
        Fault(
            "a segment off in one bit",
            "",
            "table_value",
            becomes(f"{{}} ^ (index >> {lines.offset_bits} == 2 ? 1 << {lines.dropped} : 0)"),
        ),
    )


def output_range(name: str, config: SoftermaxConfig) -> Kernel:
    """Range on which a unit without saturation logic relies: how large a row's numerator can be for its sum."""
    p, g = config.unnormed.fraction_bits, config.power_sum.fraction_bits

    def claim(signals: Unrolling) -> Claim:
        row, scale = signals("i__payload"), signals("o__payload", 2)
        d, numerator = unsigned(row["power_sum"], 2 * WIDE), z3.BitVec("numerator", config.unnormed.width)
        exponent = signed(scale["exponent"], WIDE) - signed(row["maximum"], WIDE)
        assumptions = [
            *passing(signals, 2),
            in_range(row["maximum"], config),
            z3.UGE(d, 1 << (g - 1)),
            z3.ULE(numerator, 1 << p),
            # The sum has it, except for the unit that truncation may take.
            z3.ULE(unsigned(numerator, 2 * WIDE), (d + 1) << (p - g)),
        ]
        shifted = floor_shifted(numerator, unsigned(z3.Extract(7, 0, exponent), numerator.size()))
        y = softermax.multiplied(shifted, scale["mantissa"], dropped_bits(config))
        return Claim(assumptions, z3.ULE(y, config.output.max_raw))

    return Kernel(
        "Reciprocal",
        f"{name}, {config.output} out",
        "No numerator that a sum contains exceeds the output format, times that sum's reciprocal.",
        lambda: Reciprocal(config),
        2,
        claim,
        Fault("exponent one too small", "", "exponent_in", becomes("{} - 7'h01")),
    )


def product_range(name: str, config: SoftermaxConfig) -> Kernel:
    """The same by row product: how large the product of the highest score can be for its row's sum."""
    f, g = config.input.fraction_bits, config.power_sum.fraction_bits
    p, h = config.unnormed.fraction_bits, config.product.fraction_bits

    def claim(signals: Unrolling) -> Claim:
        row, scale = signals("i__payload"), signals("o__payload", 2)
        d, exponent = row["power_sum"], signed(scale["exponent"], WIDE) - signed(row["maximum"], WIDE)
        cases = []
        for t in range(1 << f):
            # The sum has the score's numerator, 1 or a power of which half is taken; its last bits may be cut.
            numerator = nearest_power_of_two(t, f, p) >> (t > 0)
            product = softermax.row_product(scale["mantissa"], config.reciprocal.fraction_bits, t, f, h)
            places = z3.Extract(7, 0, exponent - (t == 0))
            y = softermax.selected(product, places, h - config.output.fraction_bits)
            cases.append(z3.Implies(z3.UGE(d, numerator >> (p - g)), z3.ULE(y, config.output.max_raw)))
        assumptions = [*passing(signals, 2), in_range(row["maximum"], config), z3.UGE(d, 1 << (g - 1))]
        return Claim(assumptions, z3.And(cases))

    return Kernel(
        "Reciprocal",
        f"{name}, {config.output} out",
        "No product for a score that a sum contains exceeds the output format.",
        lambda: Reciprocal(config),
        2,
        claim,
        Fault("mantissa 1 or more", "", "table_value", becomes("{} | 16'h8000")),
    )


def dropped_bits(config: SoftermaxConfig) -> int:
    """Surplus fraction bits of numerator times reciprocal over a probability; its exponent is 0 for 1/2."""
    return config.unnormed.fraction_bits + config.reciprocal.fraction_bits - 1 - config.output.fraction_bits


def multiply(name: str, config: SoftermaxConfig) -> Kernel:
    """The lanes of the unit, given what the register of its Reciprocal holds."""

    def claim(signals: Unrolling) -> Claim:
        i, row, o = signals("i__payload"), signals("o__payload$0", layout=row_scale(config)), signals("o__payload", 1)
        places = signed(row["exponent"], WIDE) - signed(i["maximum"], WIDE)
        # Between the two steps stands a signal, so that they are two claims.
        numerators = [signals(f"numerator_{lane}") for lane in range(config.lanes)]
        shifted = [
            numerator == floor_shifted(u, unsigned(z3.Extract(7, 0, places), u.size()))
            for numerator, u in zip(numerators, i["u"], strict=True)
        ]
        exact = [softermax.multiplied(numerator, row["mantissa"], dropped_bits(config)) for numerator in numerators]
        assumptions = [
            *normalizing(signals),
            in_range(i["maximum"], config),
            places >= 0,
            row["exponent"] <= config.power_sum.integer_bits - config.lowest_maximum,
            # Numerators and reciprocals of mantissas are 1 at most.
            *(z3.ULE(u, 1 << config.unnormed.fraction_bits) for u in i["u"]),
            z3.ULE(row["mantissa"], 1 << config.reciprocal.fraction_bits),
        ]
        largest = config.output.max_raw
        if not config.output_can_saturate:
            assumptions += [z3.ULE(y, largest) for y in exact]
        results = [unsigned(y, e.size()) == saturated(e, largest) for y, e in zip(o["y"], exact, strict=True)]
        return Claim(assumptions, z3.And(shifted + results))

    return Kernel(
        "Normalization Unit",
        f"{name}, {config.unnormed} to {config.output}",
        "A probability is the numerator, shifted down to the row's scale, times the reciprocal, rounded to nearest.",
        lambda: NormalizationUnit(config),
        1,
        claim,
        Fault("rounding constant lost", "", "rounded_3", without(r" \+ \S+$")),
    )


def row_product(name: str, config: SoftermaxConfig) -> Kernel:
    """The products of a row, a clock edge later."""
    f, q = config.input.fraction_bits, config.reciprocal.fraction_bits

    def claim(signals: Unrolling) -> Claim:
        scale, row = signals("i__payload"), signals("o__payload", 1)
        exact = [softermax.row_product(scale["mantissa"], q, t, f, config.product.fraction_bits) for t in range(1 << f)]
        products = [unsigned(y, e.size()) == e for y, e in zip(row["products"], exact, strict=True)]
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


def select(name: str, config: SoftermaxConfig) -> Kernel:
    """The lanes of the unit, given what the register of its Row Product holds."""
    f, largest = config.input.fraction_bits, config.output.max_raw
    dropped = config.product.fraction_bits - config.output.fraction_bits

    def claim(signals: Unrolling) -> Claim:
        i, o = signals("i__payload"), signals("o__payload", 1)
        row = signals("o__payload$0", layout=row_products(config))
        results, assumptions = [], normalizing(signals)
        assumptions += [row["exponent"] <= config.power_sum.integer_bits - config.lowest_maximum]
        for x, keep, y in zip(i["x"], bits(i["keep"]), o["y"], strict=True):
            # The exponent of 1/2 is 0.
            places = signed(row["exponent"], WIDE) - 1 - signed(x >> f, WIDE)
            fraction = z3.Extract(f - 1, 0, x)
            product = row["products"][-1]
            for t, choice in reversed(list(enumerate(row["products"][:-1]))):
                product = z3.If(fraction == t, choice, product)
            exact = softermax.selected(product, z3.Extract(7, 0, places), dropped)
            assumptions.append(z3.Implies(keep, places >= 0))
            if not config.output_can_saturate:
                assumptions.append(z3.Implies(keep, z3.ULE(exact, largest)))
            results.append(unsigned(y, exact.size()) == z3.If(keep, saturated(exact, largest), 0))
        return Claim(assumptions, z3.And(results))

    return Kernel(
        "Normalization Unit",
        f"{name}, {config.product} to {config.output}",
        "A probability is the product for the score's fraction, shifted down to the score, rounded; 0 where masked.",
        lambda: NormalizationUnit(config),
        1,
        claim,
        Fault("far score wraps around", "", "shift_2", becomes("{} & 7'h0f")),
    )


def normalizing(signals: Unrolling) -> list[z3.BoolRef]:
    """A slice moves into the output register."""
    return [signals.moves("i"), z3.Not(signals.is_high("rst"))]
