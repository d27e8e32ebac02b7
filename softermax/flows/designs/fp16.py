"""The baseline: a conventional softmax in IEEE binary16."""

from __future__ import annotations

from softermax.hw import AxiStreamSoftmax
from softermax.hw.baseline import BaselineNormalizationUnit, BaselineSoftmax, BaselineUnnormedSoftmaxUnit
from softermax.model.baseline import CHOICES, BaselineConfig
from softermax.sim import baseline_units
from softermax.sim.coverage import collect_baseline
from softermax.sim.row_stimuli import BASELINE_STIMULI

from .design import Design, Options, Unit
from .processing_element import PROCESSING_ELEMENT
from .rows import CUT, LATENCY_OF_A_ROW, RowTraffic

__all__ = ["FP16"]

DIVIDE: Options = ()
MULTIPLY: Options = (("normalizer", "multiply"),)
#: Largest absolute error on rows of up to 384 scores, rounded up; most of it comes from the exponential.
ERROR_BOUND = 0.01


def _formats(config: BaselineConfig) -> dict[str, str]:
    return dict.fromkeys(("x", "u", "total", "y"), "IEEE 754 binary16, sign highest")


UNITS = {
    "unnormed": Unit(
        title="Unnormed Softmax Unit",
        component=BaselineUnnormedSoftmaxUnit,
        traffic=RowTraffic(model=baseline_units.UNNORMED, count=collect_baseline.count_unnormed),
        formats=_formats,
        latency="from the last slice of a row, taken again, to its sum at row",
        longest="Rows must not be longer; the complete softmax cuts them before.",
    ),
    "normalization": Unit(
        title="Normalization Unit",
        component=BaselineNormalizationUnit,
        traffic=RowTraffic(model=baseline_units.NORMALIZATION, count=collect_baseline.count_normalization),
        formats=_formats,
        latency="from the sum of a row to its first probabilities",
        longest="The complete softmax cuts them before; this unit counts no slices.",
    ),
    "softmax": Unit(
        title="complete softmax",
        component=BaselineSoftmax,
        traffic=RowTraffic(model=baseline_units.SOFTMAX, count=collect_baseline.count_softmax),
        formats=_formats,
        latency=f"{LATENCY_OF_A_ROW}, and one more for each further slice of the row",
        longest=CUT,
        axi_stream=AxiStreamSoftmax,
    ),
    "pe": PROCESSING_ELEMENT,
}


def _facts(config: BaselineConfig) -> dict:
    formats = dict.fromkeys(("input", "unnormed", "power_sum", "output"), "binary16")
    return formats | {"score_buffer_slices": config.score_depth, "row_buffer_slices": config.numerator_depth}


def _evaluated(unit: str, longest: int) -> tuple[Options, ...]:
    """Both normalizers of the Normalization Unit; the smaller one, which takes less energy, where that is a part."""
    return {"unnormed": (DIVIDE,), "normalization": (DIVIDE, MULTIPLY)}.get(unit, (MULTIPLY,))


FP16 = Design(
    title="conventional softmax in IEEE binary16, the baseline",
    source="three passes over a row, as in docs/explanation/baseline.md",
    license="Apache-2.0",
    config=BaselineConfig,
    units=UNITS,
    error_bound=lambda config: ERROR_BOUND,
    stimuli=BASELINE_STIMULI,
    facts=_facts,
    choices=CHOICES,
    is_baseline=True,
    # The Unnormed Softmax Unit has no normalizer.
    in_make={unit: (DIVIDE,) if unit == "unnormed" else (DIVIDE, MULTIPLY) for unit in UNITS},
    evaluated=_evaluated,
    color="#8a8f98",
    marker="^",
    rank=2,
    modules=(
        "softermax.model.baseline",
        "softermax.model.baseline_arithmetic",
        "softermax.model.baseline_timing",
        "softermax.hw.baseline",
        "softermax.sim.baseline_units",
        "softermax.sim.coverage.baseline",
        "softermax.sim.coverage.collect_baseline",
        "softermax.flows.designs.fp16",
    ),
)
