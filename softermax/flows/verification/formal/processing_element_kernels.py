"""The kernels of the processing element around its softmax."""

from __future__ import annotations

import z3

from softermax.hw.pe.mac_lane import MacLane
from softermax.hw.pe.requantiser import RequantiserLane
from softermax.hw.pe.streams import operands, vector
from softermax.model import SoftermaxConfig
from softermax.model.pe_config import ProcessingElementConfig

from ..faults import Fault, becomes
from .kernel import Claim, Kernel
from .specifications import processing_element
from .unrolling import Unrolling

__all__ = ["processing_element_kernels"]


def processing_element_kernels() -> list[Kernel]:
    """All of them, for scores in the paper's format."""
    return [requantiser(8), requantiser(16), mac_lane(values=False), mac_lane(values=True)]


WRAPS = "rounded == 8'h80 && $signed(shifted) >= 0 ? rounded : {}"


def requantiser(scale_bits: int) -> Kernel:
    """A lane of the requantiser, whose multiplier has so many bits."""
    config = ProcessingElementConfig(softmax=SoftermaxConfig.paper(), scale_bits=scale_bits)

    def claim(signals: Unrolling) -> Claim:
        names = ("accumulator", "multiplier", "shift", "score")
        return Claim([], processing_element.requantised(*map(signals, names)))

    return Kernel(
        "Requantiser",
        f"{scale_bits}-bit multiplier, to {config.score}",
        "A score is the sum times multiplier / 2**shift, rounded to nearest with ties up, saturated.",
        lambda: RequantiserLane(config),
        0,
        claim,
        Fault("a score rounded up past the largest wraps around", "", "score", becomes(WRAPS)),
    )


def mac_lane(*, values: bool) -> Kernel:
    """A lane of the MAC array, that takes probabilities as well or not: a cycle's products, then the accumulator."""
    config = ProcessingElementConfig(softmax=SoftermaxConfig.paper(), values=values)

    def claim(signals: Unrolling) -> Claim:
        assumptions = [signals.is_high("load_sum"), signals.is_high("load_accumulator", 1)]
        start = z3.If(signals.is_high("first", 1), signals("start", 1), signals("accumulator", 1))
        return Claim(
            assumptions, processing_element.dot_product(signals("a"), signals("b"), start, signals("accumulator", 2))
        )

    return Kernel(
        "MAC lane",
        f"{config.vector_size} pairs, {'of probabilities, too, ' if values else ''}24-bit sums",
        "A cycle's products are added to the accumulator, or to what it starts from, without loss.",
        lambda: MacLane(operands(config)["row"].shape, vector(config)),
        2,
        claim,
        Fault("carry of the products lost", "", "products", becomes("{} & ~(1 << 17)")),
    )
