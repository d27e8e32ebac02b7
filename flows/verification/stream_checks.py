"""The checks of properties that are stated over clock cycles: at which size each is tried, and with which fault."""

from __future__ import annotations

from amaranth.lib import data

from softermax.hw import NormalizationUnit, ProcessingElement, Softermax, UnnormedSoftmaxUnit
from softermax.hw.baseline import BaselineNormalizationUnit, BaselineSoftmax, BaselineUnnormedSoftmaxUnit
from softermax.hw.reciprocal import Reciprocal
from softermax.hw.row_buffer import RowBuffer
from softermax.hw.row_product import RowProduct
from softermax.model import UQ, Q, SoftermaxConfig
from softermax.model.baseline import BaselineConfig
from softermax.model.pe_config import ProcessingElementConfig

from .cases import Case
from .checks import Check
from .faults import Fault, becomes, loading_always, without
from .properties import baseline, units
from .prover import Limits

__all__ = ["stream_checks"]

#: Small formats, for proofs over any number of cycles: two lanes, two slices a row, and a bit or more of each kind that
#: the arithmetic treats apart. A sum of UQ(1,2) saturates with the second score.
SMALL = {"lanes": 2, "max_len": 4, "input": Q(2, 1), "unnormed": UQ(1, 2), "reciprocal": UQ(1, 3)}
WIDE, NARROW = {"power_sum": UQ(3, 2)}, {"power_sum": UQ(1, 2), "saturate": True}
BY_PRODUCT = {"normalizer": "row_product", "product": UQ(1, 4), "output": UQ(0, 3)}
MULTIPLY, PRODUCT = SMALL | {"output": UQ(1, 3)}, SMALL | BY_PRODUCT
CONFIGS = {
    "small, multiply": SoftermaxConfig(**MULTIPLY, **WIDE),
    "small, multiply, saturating": SoftermaxConfig(**MULTIPLY, **NARROW),
    "small, row product": SoftermaxConfig(**PRODUCT, **WIDE),
    "small, row product, saturating": SoftermaxConfig(**PRODUCT, **NARROW),
    "paper, 16 lanes, 384": SoftermaxConfig.paper(16, 384),
    "faithful, 16 lanes, 384": SoftermaxConfig.faithful(max_len=384, lanes=16),
    "fp16, 2 lanes, divide": BaselineConfig(lanes=2, max_len=4),
    "fp16, 2 lanes, multiply": BaselineConfig(lanes=2, max_len=4, normalizer="multiply"),
}
SMALL_SOFTERMAX = ("small, multiply", "small, row product")
#: Their rows have 24 slices, so that one is overlong after as many.
FULL_SIZE, FULL_LIMITS = ("paper, 16 lanes, 384", "faithful, 16 lanes, 384"), Limits(depth=32)
ELEMENT = ProcessingElementConfig(
    softmax=SoftermaxConfig(**MULTIPLY | {"input": Q(3, 2)}, **WIDE), vector_size=2, max_d_head=2, scale_bits=4
)

#: Slices of the row buffer that is checked by itself, and how many it holds.
BUFFERED, BUFFER_DEPTH = data.StructLayout({"x": 4, "last": 1}), 4

REDUCTION, INT_MAX, POWER = "reduction", "int_max", "power_of_two"
UNNORMED, NORMALIZATION, ROW_BUFFER = "unnormed", "normalization", "row_buffer"
Y_0, U, X = r"\\o__payload(?:\$\d+)?\.y\[0\] ", r"\\o__payload(?:\$\d+)?\.u ", r"\\o__payload(?:\$\d+)?\.x "
#: A register that waits for its sink although it is empty never fills.
WAITS = "o__ready & o__valid"


def _moves(module: str, target: str) -> Fault:
    return Fault("payload moves while it waits", module, target, loading_always)


def _loses(module: str, valid: str, ready: str) -> Fault:
    return Fault("an item is lost while it waits", module, valid, becomes(f"{{}} & ~({valid} & ~{ready})"))


def _buffer_cases() -> list[tuple[str, str, Case]]:
    arguments = (BUFFERED, BUFFER_DEPTH)
    faults = {
        units.contract: Fault("the next slice is shown early", "", "read_enable", becomes("| level")),
        units.buffer_order: Fault("overwrites when full", "", "i__ready", becomes("1'h1")),
        units.buffer_progress: Fault("the last slice stays inside", "", "read_enable", becomes("{} & level[1]")),
    }
    size = f"{BUFFER_DEPTH} slices of 5 bits"
    return [("row_buffer", size, Case(RowBuffer, arguments, prop, fault)) for prop, fault in faults.items()]


def _row_cases() -> list[tuple[str, str, Case]]:
    """Reciprocal and Row Product."""
    exponent = Fault("exponent is one too large", "", "exponent_in", becomes("{} + 4'h1"))
    lost, waits = _loses("", "o__valid", "o__ready"), Fault("an empty stage takes nothing", "", "ready", becomes(WAITS))
    of_reciprocal = {
        units.contract: _moves("", "mantissa"),
        units.row_order: lost,
        units.row_progress: waits,
        units.reciprocal_values: exponent,
    }
    rounding = Fault("rounding constant of a product is lost", "", "exact_1", without(r" \+ \S+$"))
    of_products = {
        units.contract: _moves("", r"\\o__payload\.products\[1\] "),
        units.row_order: Fault("flag of the row after", "", r"\\o__payload\.overlong ", loading_always),
        units.row_progress: Fault(waits.name, "", "i__ready", becomes(WAITS)),
        units.product_values: rounding,
    }
    return [
        (name, size, Case(unit, (CONFIGS[size],), prop, fault))
        for name, size, unit, faults in (
            ("reciprocal", "small, multiply", Reciprocal, of_reciprocal),
            ("row_product", "small, row product", RowProduct, of_products),
        )
        for prop, fault in faults.items()
    ]


def _unnormed_cases() -> list[tuple[str, str, Case]]:
    continues = Fault("an overlong row continues as another", "", "dropping", becomes("1'h0"))
    never_ends = Fault("no slice enters while a row is dropped", "", "i__ready", becomes("{} & ~dropping"))
    row_before = Fault("first slice of a row lies below the row before", REDUCTION, "below", without(r" & \S+$"))
    sum_before = Fault("a row starts with the sum before", REDUCTION, "first", becomes("1'h0"))
    kept_flag = Fault("saturation is kept for the next row", REDUCTION, "saturated", becomes("{} | saturated"))
    high = Fault("maximum is one too large", INT_MAX, "maximum", becomes("{} + 3'h1"))
    cases = []
    for size, payload in (*zip(SMALL_SOFTERMAX, (U, X), strict=True), *zip(FULL_SIZE, (U, X), strict=True)):
        faults = {
            units.contract: _moves("", payload),
            units.unnormed_order: continues,
            units.unnormed_progress: never_ends,
        }
        cases += [(size, prop, fault) for prop, fault in faults.items()]
    for size in SMALL_SOFTERMAX:
        faults = {units.unnormed_values: row_before, units.unnormed_sums: sum_before, units.unnormed_maxima: high}
        cases += [(size, prop, fault) for prop, fault in faults.items()]
    for size in SMALL_SOFTERMAX:
        saturating = f"{size}, saturating"
        cases += [(saturating, units.unnormed_values, sum_before), (saturating, units.unnormed_saturation, kept_flag)]
    limits = dict.fromkeys(FULL_SIZE, FULL_LIMITS)
    return [
        (UNNORMED, size, Case(UnnormedSoftmaxUnit, (CONFIGS[size],), *case, limits.get(size, Limits())))
        for size, *case in cases
    ]


def _normalization_cases() -> list[tuple[str, str, Case]]:
    lost, waits = (
        _loses("", "o__valid", "o__ready"),
        Fault("an empty stage takes nothing", "", "joined_ready", becomes(WAITS)),
    )
    let_go = Fault("a row's scale is let go with its first slice", "", r"\\o__ready\$0 ", without(r" & \S+$"))
    unrounded = Fault("rounding constant is lost", "", "rounded_0", without(r" \+ \S+$"))
    cases = []
    for size in (*SMALL_SOFTERMAX, *FULL_SIZE):
        faults = {
            units.contract: _moves("", Y_0),
            units.normalization_order: lost,
            units.normalization_progress: waits,
        }
        cases += [(size, prop, fault) for prop, fault in faults.items()]
    cases += [(size, units.normalization_values, let_go) for size in SMALL_SOFTERMAX]
    cases += [("small, row product, saturating", units.normalization_values, unrounded)]
    return [
        (NORMALIZATION, size, Case(NormalizationUnit, (CONFIGS[size],), prop, fault)) for size, prop, fault in cases
    ]


def _softermax_cases() -> list[tuple[str, str, Case]]:
    wraps = Fault("row buffer overwrites when full", ROW_BUFFER, "i__ready", becomes("1'h1"))
    stays = Fault("the last slice stays in the row buffer", ROW_BUFFER, "read_enable", becomes("{} & (level != 1)"))
    row_before = Fault(
        "first slice of a row lies below the row before", f"{UNNORMED}.{REDUCTION}", "below", without(r" & \S+$")
    )
    cases = []
    for size in SMALL_SOFTERMAX:
        faults = {
            units.contract: (_moves(NORMALIZATION, Y_0), Limits()),
            units.softermax_order: (wraps, Limits(seconds=300, depth=16)),
            units.softermax_progress: (stays, Limits(seconds=60, depth=16)),
            units.softermax_values: (row_before, Limits(seconds=0, depth=14)),
        }
        cases += [(size, prop, fault, limits) for prop, (fault, limits) in faults.items()]
    return [
        ("softermax", size, Case(Softermax, (CONFIGS[size],), prop, fault, limits))
        for size, prop, fault, limits in cases
    ]


def _baseline_cases() -> list[tuple[str, str, Case]]:
    divide, multiply = "fp16, 2 lanes, divide", "fp16, 2 lanes, multiply"
    waits = Fault("an empty stage takes nothing", "", "joined_ready", becomes(WAITS))
    lost = _loses("", "o__valid", "o__ready")
    cases = [
        (UNNORMED, divide, BaselineUnnormedSoftmaxUnit, units.contract, _moves("", r"\\o__payload\.u\[0\] "), Limits()),
        (UNNORMED, divide, BaselineUnnormedSoftmaxUnit, baseline.unnormed_order, lost, Limits()),
        (UNNORMED, divide, BaselineUnnormedSoftmaxUnit, baseline.unnormed_progress, waits, Limits()),
    ]
    for size in (divide, multiply):
        unit = BaselineNormalizationUnit
        cases += [
            (NORMALIZATION, size, unit, units.contract, _moves("", Y_0), Limits()),
            (NORMALIZATION, size, unit, units.normalization_order, lost, Limits()),
            (NORMALIZATION, size, unit, units.normalization_progress, waits, Limits()),
        ]
    full = Fault(
        "numerators are overwritten when their buffer is full", "numerator_buffer", "i__ready", becomes("1'h1")
    )
    stays = Fault("the last scores stay in their buffer", "score_buffer", "read_enable", becomes("{} & (level != 1)"))
    deep = Limits(seconds=60, depth=24)
    cases += [
        ("softermax", divide, BaselineSoftmax, units.contract, _moves(NORMALIZATION, Y_0), Limits()),
        ("softermax", divide, BaselineSoftmax, baseline.softmax_order, full, deep),
        ("softermax", divide, BaselineSoftmax, baseline.softmax_progress, stays, deep),
    ]
    return [
        (name, size, Case(unit, (CONFIGS[size],), prop, fault, limits))
        for name, size, unit, prop, fault, limits in cases
    ]


def _element_cases() -> list[tuple[str, str, Case]]:
    moves = _moves("softmax.normalization", Y_0)
    return [("pe", "2 lanes, 2 pairs, 4 keys", Case(ProcessingElement, (ELEMENT,), units.contract, moves))]


def stream_checks() -> list[Check]:
    """All of them."""
    cases = (
        *_buffer_cases(),
        *_row_cases(),
        *_unnormed_cases(),
        *_normalization_cases(),
        *_softermax_cases(),
        *_baseline_cases(),
        *_element_cases(),
    )
    return [case.check(unit, config) for unit, config, case in cases]
