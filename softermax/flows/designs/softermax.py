"""Softermax: the paper's formats, and the faithful ones."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from softermax.hw import AxiStreamSoftmax, NormalizationUnit, SoftermaxUnit, UnnormedSoftmaxUnit
from softermax.model import SoftermaxConfig
from softermax.model.config_checks import CHOICES
from softermax.model.error_budget import error_budget
from softermax.model.faithful import smaller_normalizer
from softermax.model.lost_mass import lost_mass, output_that_keeps
from softermax.sim import softermax_units
from softermax.sim.coverage import collect_softermax
from softermax.sim.row_stimuli import SOFTERMAX_STIMULI
from softermax.sim.softermax_units import random_normalization_trace
from softermax.sim.trace import Trace
from softermax.sim.traffic import bursty

from .design import Design, Options, Unit
from .processing_element import PROCESSING_ELEMENT
from .rows import CUT, LATENCY_OF_A_ROW, RowTraffic

__all__ = ["FAITHFUL", "PAPER"]

FORMATS = ("input", "maximum", "unnormed", "slice_sum", "power_sum", "reciprocal", "output")
#: Slices of a Normalization Unit that are random.
RANDOM_SLICES = 6000
#: Rows of the paper's formats: longer ones saturate the power sum.
PAPER_LONGEST = 1023


def _random_slices(config: SoftermaxConfig, seed: int) -> list[Trace]:
    """What no Unnormed Softmax Unit makes of any rows."""
    rng = np.random.default_rng((seed, RANDOM_SLICES))
    last = rng.random(RANDOM_SLICES) < 0.5
    last[-1] = True
    permits = {stream: bursty(rng, 4099 + place) for place, stream in enumerate(("i", "row", "o"))}
    return [random_normalization_trace(last, config, permits, rng)]


def _formats(config: SoftermaxConfig) -> dict:
    numbers = {"x": config.input, "u": config.unnormed, "y": config.output}
    return numbers | {"maximum": config.maximum, "power_sum": config.power_sum}


UNITS = {
    "unnormed": Unit(
        title="Unnormed Softmax Unit",
        component=UnnormedSoftmaxUnit,
        traffic=RowTraffic(model=softermax_units.UNNORMED, count=collect_softermax.count_unnormed),
        formats=_formats,
        latency="from the last slice of a row to its summary at row",
        longest="The slices beyond are dropped, up to that with last, and the row's summary says overlong.",
    ),
    "normalization": Unit(
        title="Normalization Unit",
        component=NormalizationUnit,
        traffic=RowTraffic(
            model=softermax_units.NORMALIZATION, count=collect_softermax.count_normalization, further=_random_slices
        ),
        formats=_formats,
        latency="from the summary of a row to its first probabilities",
        longest="The Unnormed Softmax Unit sends none; this unit counts no slices.",
    ),
    "softmax": Unit(
        title="complete softmax",
        component=SoftermaxUnit,
        traffic=RowTraffic(model=softermax_units.SOFTMAX, count=collect_softermax.count_softmax),
        formats=_formats,
        latency=LATENCY_OF_A_ROW,
        longest=CUT,
        axi_stream=AxiStreamSoftmax,
    ),
    "pe": PROCESSING_ELEMENT,
}

#: Rows that sum to one.
CASCADE = (("rounding", "cascade"),)


def _facts(config: SoftermaxConfig) -> dict:
    """Formats as strings, widths in bits, errors as real numbers."""
    facts = {}
    for name in FORMATS:
        fmt = getattr(config, name)
        facts |= {name: str(fmt), f"{name}_bits": fmt.width}
    for name, table in (("power", config.power_table), ("reciprocal", config.reciprocal_table)):
        facts |= {f"{name}_segments": table.segments, f"{name}_table_error_bound": table.error_bound}
    budget = error_budget(config)
    if config.normalizer == "row_product":
        facts |= {"product": str(config.product), "product_bits": config.product_width}
    return facts | {
        "smaller_normalizer": smaller_normalizer(config.input),
        "rounding": config.rounding,
        "guard_bits": config.guard_bits,
        "error_bound_ulp": _finite(budget.total + config.rounding_loss),
        "row_sum_bound_ulp": _finite(budget.row_sum),
        "lost_mass_bound": lost_mass(config),
        "output_that_keeps_99_percent": str(output_that_keeps(config) or "none"),
        "sum_can_overflow": config.sum_can_overflow,
        "output_can_saturate": config.output_can_saturate,
        "cuts": ",".join(config.plan.registered_stages) or "none",
        "row_buffer_slices": config.plan.buffer_depth,
    }


def _finite(bound: float) -> float | None:
    return bound if math.isfinite(bound) else None


def _error_bound(config: SoftermaxConfig) -> float:
    """The error budget; a truncated result may also lie almost a unit below, and 1 may saturate to the output."""
    bound = error_budget(config).total + config.rounding_loss
    truncated = 1.0 if config.rounding == "directed" else 0.0
    return max(max(bound, truncated) * config.output.ulp, 1 - config.output.to_real(config.output.max_raw))


def _saturating(unit: str, longest: int) -> tuple[Options, ...]:
    return ((("saturate", True),),) if longest > PAPER_LONGEST else ((),)


PAPER = Design(
    title="Softermax, the paper's formats and datapath",
    source="Stevens et al., Softermax, DAC 2021",
    license="Apache-2.0",
    config=SoftermaxConfig.paper,
    units=UNITS,
    error_bound=_error_bound,
    stimuli=SOFTERMAX_STIMULI,
    facts=_facts,
    # Ratios of its units to its own baseline, 32 lanes, 384 tokens, 7 nm.
    published={
        "area": {"unnormed": 0.25, "normalization": 0.65, "pe": 0.90},
        "energy_per_row": {"unnormed": 0.10, "normalization": 0.39, "pe": 0.43},
    },
    choices=CHOICES,
    has_error_budget=True,
    normalizer="multiply",
    in_make=dict.fromkeys(UNITS, ((),)),
    # Rows that can fill a sum of the paper's format where it shows at a port; a processing element has as many MACs as
    # the square of its lanes.
    mutated={
        "unnormed": (4, 512, ()),
        "normalization": (4, 32, ()),
        "softmax": (4, 32, ()),
        "pe": (4, 16, (("max_d_head", 32),)),
    },
    evaluated=_saturating,
    # "paper" alone could also be the publication's own figures.
    label="paper's formats",
    color="#1a87c9",
    marker="o",
    rank=0,
    modules=("softermax.flows.designs.softermax",),
)

FAITHFUL = replace(
    PAPER,
    title="Softermax, widths derived so that every output is faithfully rounded",
    source="Softermax (Stevens et al., DAC 2021) with derived widths and row products; docs/explanation/faithful.md",
    config=SoftermaxConfig.faithful,
    published={},
    is_faithful=True,
    normalizer="row_product",
    # Rounding happens in the Normalization Unit alone.
    in_make={unit: ((), CASCADE) if unit in ("normalization", "softmax") else ((),) for unit in UNITS},
    mutated={
        "unnormed": (4, 32, ()),
        "normalization": (4, 32, ()),
        "softmax": (4, 32, ()),
        "pe": (4, 16, (("values", True), ("max_d_head", 32))),
    },
    evaluated=lambda unit, longest: ((),),
    label=None,
    color="#e69f00",
    marker="s",
    rank=1,
)
