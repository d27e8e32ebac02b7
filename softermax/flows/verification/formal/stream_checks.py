"""The checks of properties over clock cycles: at which size each is tried, and with which fault."""

from __future__ import annotations

from collections.abc import Callable

from amaranth.lib import data
from amaranth.lib.wiring import Component

from softermax.hw import NormalizationUnit, ProcessingElement, SoftermaxUnit, UnnormedSoftmaxUnit
from softermax.hw.baseline import BaselineNormalizationUnit, BaselineSoftmax, BaselineUnnormedSoftmaxUnit
from softermax.hw.cascade import Cascade
from softermax.hw.reciprocal import Reciprocal
from softermax.hw.row_buffer import RowBuffer
from softermax.hw.row_product import RowProduct
from softermax.model import UQ, Q, SoftermaxConfig
from softermax.model.baseline import BaselineConfig
from softermax.model.pe_config import ProcessingElementConfig

from ..faults import Fault, becomes, loading_always, without
from .cases import Case
from .checks import Check
from .harness import Harness
from .properties import baseline, cascade, normalization, parts, processing_element, softermax, streams, unnormed
from .prover import Limits

__all__ = ["CONFIGS", "stream_checks"]

#: Small formats, for proofs over any number of cycles: two slices a row, and a bit or more of each kind that the
#: arithmetic treats apart. A sum of UQ(1,2) saturates with the second score.
SMALL = {"lanes": 2, "max_len": 4, "input": Q(2, 1), "unnormed": UQ(1, 2), "reciprocal": UQ(1, 3)}
WIDE, NARROW = {"power_sum": UQ(3, 2)}, {"power_sum": UQ(1, 2), "saturate": True}
BY_PRODUCT = {"normalizer": "row_product", "product": UQ(1, 4), "output": UQ(0, 3)}
MULTIPLY, PRODUCT = SMALL | {"output": UQ(1, 3)}, SMALL | BY_PRODUCT
#: Rounded by cascade, with two guard bits; a product has a bit more than that, which is rounded away.
CASCADE = {"rounding": "cascade", "guard_bits": 2, "output": UQ(1, 2)}
#: The smallest complete softmax: one lane, and only the registers that are necessary.
LEAST = {"lanes": 1, "max_len": 2, "power_sum": UQ(2, 2), "cuts": ()}
CONFIGS = {
    "small, multiply": SoftermaxConfig(**MULTIPLY, **WIDE),
    "small, multiply, saturating": SoftermaxConfig(**MULTIPLY, **NARROW),
    "small, row product": SoftermaxConfig(**PRODUCT, **WIDE),
    "small, row product, saturating": SoftermaxConfig(**PRODUCT, **NARROW),
    "small, multiply, cascade": SoftermaxConfig(**MULTIPLY | CASCADE | {"unnormed": UQ(1, 3)}, **WIDE),
    "small, row product, cascade": SoftermaxConfig(**PRODUCT | CASCADE, **WIDE),
    "least, multiply": SoftermaxConfig(**MULTIPLY | LEAST),
    "least, row product": SoftermaxConfig(**PRODUCT | LEAST),
    "paper, 16 lanes, 384": SoftermaxConfig.paper(16, 384),
    "faithful, 16 lanes, 384": SoftermaxConfig.faithful(max_len=384, lanes=16),
    "fp16, 2 lanes, divide": BaselineConfig(lanes=2, max_len=4),
    "fp16, 2 lanes, multiply": BaselineConfig(lanes=2, max_len=4, normalizer="multiply"),
    "4 slices of 5 bits": (data.StructLayout({"x": 4, "last": 1}), 4),
    "paper's formats, 2 lanes, 8": SoftermaxConfig.paper(2, 8),
    "2 lanes, 2 pairs, 4 keys": ProcessingElementConfig(
        softmax=SoftermaxConfig(**MULTIPLY | {"input": Q(3, 2)}, **WIDE), vector_size=2, max_d_head=2, scale_bits=4
    ),
}
SMALL_SIZES, LEAST_SIZES = ("small, multiply", "small, row product"), ("least, multiply", "least, row product")
CASCADE_SIZES = ("small, multiply, cascade", "small, row product, cascade")
FULL_SIZES = ("paper, 16 lanes, 384", "faithful, 16 lanes, 384")
#: At full size a row has 24 slices, so that it takes as many to make one overlong.
FULL_LIMITS = Limits(depth=32)

U, X, Y_0 = (rf"\\o__payload(?:\$\d+)?\.{field} " for field in ("u", "x", r"y\[0\]"))
LOST = Fault("an item is lost while it waits", "", "o__valid", becomes("{} & ~(o__valid & ~o__ready)"))
FULL = Fault("the row buffer overwrites when full", "row_buffer", "i__ready", becomes("1'h1"))
#: One that is never emptied.
STAYS = Fault("the last slice stays in the row buffer", "row_buffer", "read_enable", becomes("{} & (level != 1)"))


def _moves(target: str, module: str = "") -> Fault:
    return Fault("payload moves while it waits", module, target, loading_always)


def _idle(target: str) -> Fault:
    """A register that waits for its sink even when it is empty never fills."""
    return Fault("an empty stage takes nothing", "", target, becomes("o__ready & o__valid"))


def _continues(module: str = "") -> Fault:
    return Fault("an overlong row continues as another", module, "dropping", becomes("1'h0"))


def _row_before(module: str = "") -> Fault:
    """What a row leaves behind in Reduction is compared with the next row's first slice."""
    return Fault("first slice of a row lies below the row before", f"{module}reduction", "below", without(r" & \S+$"))


def _checks(
    name: str,
    unit: type[Component],
    size: str,
    faults: dict[Callable[[Harness], None], Fault],
    limits: Limits | None = None,
) -> list[Check]:
    """A check of a unit for each property and its fault."""
    config = CONFIGS[size]
    arguments = config if isinstance(config, tuple) else (config,)
    cases = (Case(unit, arguments, prop, fault, limits or Limits()) for prop, fault in faults.items())
    return [case.check(name, size) for case in cases]


def _parts() -> list[Check]:
    """Row buffer, Reciprocal and Row Product."""
    buffer = {
        streams.contract: Fault("the next slice is shown early", "", "read_enable", becomes("| level")),
        parts.buffer_order: Fault("overwrites when full", "", "i__ready", becomes("1'h1")),
        parts.buffer_progress: Fault("the last slice stays inside", "", "read_enable", becomes("{} & level[1]")),
    }
    reciprocal = {
        streams.contract: _moves("mantissa"),
        parts.row_order: LOST,
        parts.row_progress: _idle("ready"),
        parts.reciprocal_values: Fault("exponent one too large", "", "exponent_in", becomes("{} + 4'h1")),
    }
    products = {
        streams.contract: _moves(r"\\o__payload\.products\[1\] "),
        parts.row_order: Fault("flag of the row after", "", r"\\o__payload\.overlong ", loading_always),
        parts.row_progress: _idle("i__ready"),
        parts.product_values: Fault("rounding constant of a product lost", "", "exact_1", without(r" \+ \S+$")),
    }
    return [
        *_checks("Row buffer", RowBuffer, "4 slices of 5 bits", buffer),
        *_checks("Reciprocal", Reciprocal, "small, multiply", reciprocal),
        *_checks("Row Product", RowProduct, "small, row product", products),
    ]


def _unnormed() -> list[Check]:
    sum_before = Fault("a row starts with the sum before", "reduction", "first", becomes("1'h0"))
    high = Fault("maximum one too large", "int_max", "maximum", becomes("{} + 3'h1"))
    kept_flag = Fault("saturation is kept for the next row", "reduction", "saturated", becomes("{} | saturated"))
    flow = {
        unnormed.order: _continues(),
        unnormed.progress: Fault("what is dropped does not enter", "", "i__ready", becomes("{} & ~dropping")),
    }
    values = {unnormed.values: _row_before(), unnormed.sums: sum_before, unnormed.maxima: high}
    saturating = {unnormed.values: sum_before, unnormed.saturation: kept_flag}
    checks = []
    for (size, full), payload in zip(zip(SMALL_SIZES, FULL_SIZES, strict=True), (U, X), strict=True):
        contract = {streams.contract: _moves(payload)}
        for at, faults, limits in (
            (size, contract | flow | values, None),
            (f"{size}, saturating", saturating, None),
            (full, contract | flow, FULL_LIMITS),
        ):
            checks += _checks("Unnormed Softmax Unit", UnnormedSoftmaxUnit, at, faults, limits)
    values, limits = {unnormed.values: _row_before()}, Limits(seconds=400)
    return checks + _checks("Unnormed Softmax Unit", UnnormedSoftmaxUnit, "paper's formats, 2 lanes, 8", values, limits)


def _normalization() -> list[Check]:
    let_go = Fault("a row's scale is let go with its first slice", "", r"\\o__ready\$0 ", without(r" & \S+$"))
    unrounded = Fault("rounding constant lost", "", "rounded_0", without(r" \+ \S+$"))
    flow = {
        streams.contract: _moves(Y_0),
        normalization.order: LOST,
        normalization.progress: _idle("joined_ready"),
    }
    checks = []
    for size in SMALL_SIZES:
        checks += _checks("Normalization Unit", NormalizationUnit, size, flow | {normalization.values: let_go})
        saturating = f"{size}, saturating"
        checks += _checks("Normalization Unit", NormalizationUnit, saturating, {normalization.values: unrounded})
    for size in FULL_SIZES:
        checks += _checks("Normalization Unit", NormalizationUnit, size, flow)
    return checks


def _cascade() -> list[Check]:
    """The Cascade, and the units that have one."""
    module, stays = "cascade", "rst ? 2'h2 : load ? total_1[1:0] : residual"
    carry, rounding = becomes("{} & 3'h3"), without(r" \+ [^+]*results.*$")
    alone = {
        cascade.conservation: Fault("a carry is lost", "", "total_1", carry),
        cascade.isolation: Fault("the residual stays for the next row", "", "residual", becomes(stays)),
        cascade.neighbours: Fault(
            "a carry counts again in the next lane", "", r"\\y\[1\] ", becomes("{} + total_0[2]")
        ),
    }
    flow = {streams.contract: _moves(Y_0), normalization.order: LOST, normalization.progress: _idle("joined_ready")}
    unrounded = Fault("a rounding bit is lost", module, "total_0", rounding)
    checks = []
    for size in CASCADE_SIZES:
        checks += _checks("Cascade", Cascade, size, alone)
        checks += _checks("Normalization Unit", NormalizationUnit, size, flow | {normalization.values: unrounded})
    kept = Fault("the residual stays for the next row", "normalization.cascade", "residual", becomes(stays))
    limits = Limits(seconds=0, depth=14)
    return checks + _checks("Softermax", SoftermaxUnit, CASCADE_SIZES[0], {softermax.values: kept}, limits)


def _softermax() -> list[Check]:
    contract = {streams.contract: _moves(Y_0, "normalization")}
    of_any_length = {softermax.order: FULL, softermax.progress: STAYS}
    bounded = {
        softermax.order: _continues("unnormed"),
        softermax.progress: STAYS,
        softermax.values: _row_before("unnormed."),
    }
    checks = []
    for size, least in zip(SMALL_SIZES, LEAST_SIZES, strict=True):
        checks += _checks("Softermax", SoftermaxUnit, size, contract)
        checks += _checks("Softermax", SoftermaxUnit, least, of_any_length, Limits(seconds=400))
        checks += _checks("Softermax", SoftermaxUnit, size, bounded, Limits(seconds=0, depth=14))
    return checks


def _baseline() -> list[Check]:
    of_unnormed = {
        streams.contract: _moves(r"\\o__payload\.u\[0\] "),
        baseline.unnormed_order: LOST,
        baseline.unnormed_progress: _idle("joined_ready"),
    }
    of_normalization = {
        streams.contract: _moves(Y_0),
        normalization.order: LOST,
        normalization.progress: _idle("joined_ready"),
    }
    stays = Fault("the last scores stay in their buffer", "score_buffer", "read_enable", becomes("{} & (level != 1)"))
    flow = {baseline.softmax_order: _continues(), baseline.softmax_progress: stays}
    divide, multiply = "fp16, 2 lanes, divide", "fp16, 2 lanes, multiply"
    return [
        *_checks("Baseline Unnormed Softmax Unit", BaselineUnnormedSoftmaxUnit, divide, of_unnormed),
        *_checks("Baseline Normalization Unit", BaselineNormalizationUnit, divide, of_normalization),
        *_checks("Baseline Normalization Unit", BaselineNormalizationUnit, multiply, of_normalization),
        *_checks("Baseline softmax", BaselineSoftmax, divide, {streams.contract: _moves(Y_0, "normalization")}),
        *_checks("Baseline softmax", BaselineSoftmax, divide, flow, Limits(seconds=0, depth=18)),
    ]


def _processing_element() -> list[Check]:
    size = "2 lanes, 2 pairs, 4 keys"
    contract = {streams.contract: _moves(Y_0, "softmax.normalization")}
    unmasked = Fault("causal mask is ignored", "sequencer.scores", "last_seen", becomes("last_key"))
    idle = Fault("an empty stage takes nothing", "operands", "joined_ready", becomes("ready & valid"))
    head = {processing_element.rows: unmasked, processing_element.progress: idle}
    return [
        *_checks("Processing element", ProcessingElement, size, contract, FULL_LIMITS),
        *_checks("Processing element", ProcessingElement, size, head, Limits(seconds=0, depth=24)),
    ]


def stream_checks() -> list[Check]:
    """All of them."""
    return [
        *_parts(),
        *_unnormed(),
        *_normalization(),
        *_cascade(),
        *_softermax(),
        *_baseline(),
        *_processing_element(),
    ]
