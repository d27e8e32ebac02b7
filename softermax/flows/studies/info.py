"""What a config amounts to: formats, widths, sizes, latencies."""

from __future__ import annotations

import math
import warnings

from amaranth.hdl import UnusedElaboratable

from softermax.model import SoftermaxConfig
from softermax.model.baseline import BaselineConfig
from softermax.model.error_budget import error_budget
from softermax.model.faithful import smaller_normalizer

from ..cosimulation.scores import accuracy_on_attention
from ..design_points import COMPONENTS, DesignPoint

__all__ = ["describe"]

FORMATS = ("input", "maximum", "unnormed", "slice_sum", "power_sum", "reciprocal", "output")


def describe(point: DesignPoint) -> dict:
    """Facts about a design point's config, as one flat object.

    Formats are strings, widths in bits, errors real numbers, latencies in clock cycles.
    """
    config = point.config
    facts = point.identity() | {"max_slices": config.max_slices, "capacity": config.capacity}
    del facts["unit"]
    facts |= _baseline_facts(config) if isinstance(config, BaselineConfig) else _softermax_facts(config)
    facts |= accuracy_on_attention(config)
    with warnings.catch_warnings():
        # Amaranth minds components that are made and not turned into hardware.
        warnings.simplefilter("ignore", UnusedElaboratable)
        units = COMPONENTS[type(config)].items()
        return facts | {f"{name}_latency": unit(config).latency for name, unit in units}


def _baseline_facts(config: BaselineConfig) -> dict:
    formats = dict.fromkeys(("input", "unnormed", "power_sum", "output"), "binary16")
    return formats | {"score_buffer_slices": config.score_depth, "row_buffer_slices": config.numerator_depth}


def _softermax_facts(config: SoftermaxConfig) -> dict:
    facts = {}
    for name in FORMATS:
        fmt = getattr(config, name)
        facts |= {name: str(fmt), f"{name}_bits": fmt.width}
    for name, table in (("power", config.power_table), ("reciprocal", config.reciprocal_table)):
        facts |= {f"{name}_segments": table.segments, f"{name}_table_error_bound": table.error_bound}
    bound = error_budget(config).total
    if config.normalizer == "row_product":
        facts |= {"product": str(config.product), "product_bits": config.product_width}
    return facts | {
        "smaller_normalizer": smaller_normalizer(config.input),
        "rounding": config.rounding,
        "error_bound_ulp": bound if math.isfinite(bound) else None,
        "sum_can_overflow": config.sum_can_overflow,
        "output_can_saturate": config.output_can_saturate,
        "cuts": ",".join(config.plan.registered_stages) or "none",
        "row_buffer_slices": config.plan.buffer_depth,
    }
