"""Operators one by one: the baseline's in binary16, their alternatives, and a MAC lane by its operands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from amaranth.hdl import signed
from amaranth.lib import data
from amaranth.lib.wiring import Component

from softermax.hw import baseline
from softermax.hw.baseline import Operator, Pipeline, divider, exponential_operator, from_fixed_operator
from softermax.hw.pe.mac_lane import MacLane
from softermax.model import Q
from softermax.model.exponential import Exponential

from ..jobs.measure import Measure
from ..results.columns import AREA, CELLS, FLOPS, LATENCY, Column, hidden, real
from ..synthesis.libraries import check_mapping
from ..synthesis.options import LEAST_AREA_SYNTHESIS
from ..synthesis.synthesis import AreaOptions, synthesise_component

__all__ = ["CHOICES", "OPERATORS", "OperatorPoint", "measure_operator", "operator_points"]

#: The baseline's operators by name and choice; docs/explanation/baseline.md says which it uses.
BINARY16: dict[tuple[str, str], Callable[[], Operator]] = {
    ("adder", ""): lambda: baseline.ADDER,
    ("adder", "nonnegative"): lambda: baseline.NONNEGATIVE_ADDER,
    ("subtractor", ""): lambda: baseline.SUBTRACTOR,
    ("multiplier", ""): lambda: baseline.MULTIPLIER,
    ("maximum", ""): lambda: baseline.MAXIMUM,
    ("from_fixed", "Q(6,2)"): lambda: from_fixed_operator(Q(6, 2)),
    ("from_fixed", "Q(6,10)"): lambda: from_fixed_operator(Q(6, 10)),
    **{
        ("divider", f"{'+'.join(map(str, digits))} digits"): lambda digits=digits: divider(digits)
        for digits in ((3, 4, 4), (11,), (5, 6), (2, 3, 3, 3))
    },
    ("exponential", "x <= 0"): lambda: baseline.NONPOSITIVE_EXPONENTIAL,
    **{
        ("exponential", f"{segments} segments"): lambda segments=segments: exponential_operator(Exponential(segments))
        for segments in (32, 64, 128, 256, 2048)
    },
}
#: Pairs of a MAC lane, and bits of a value, as in a processing element.
PAIRS, VALUE_BITS = 16, 8


def _mac_lane(probability_bits: int) -> MacLane:
    """A lane that multiplies probabilities, which have no sign, with values."""
    return MacLane(*(data.ArrayLayout(signed(bits), PAIRS) for bits in (probability_bits + 1, VALUE_BITS)))


#: Every operator by name and choice.
CHOICES: dict[tuple[str, str], Callable[[], Component]] = {
    **{key: lambda make=make: Pipeline(make()) for key, make in BINARY16.items()},
    **{("MAC lane", f"{bits}-bit probabilities"): lambda bits=bits: _mac_lane(bits) for bits in (7, 8, 10, 12)},
}


@dataclass(frozen=True)
class OperatorPoint:
    """An operator by itself, a key of :data:`CHOICES`; to be run like a design point."""

    operator: str
    choice: str

    @property
    def name(self) -> str:
        """Name of the Verilog module and of the point's files."""
        number = list(CHOICES).index((self.operator, self.choice))
        return f"operator_{number}_{self.operator}".replace(" ", "_")

    def component(self) -> Component:
        """The hardware, one lane of it."""
        return CHOICES[self.operator, self.choice]()

    def identity(self) -> dict:
        """The point as flat fields."""
        return {"operator": self.operator, "choice": self.choice}


def operator_points() -> list[OperatorPoint]:
    """All of :data:`CHOICES`."""
    return [OperatorPoint(*key) for key in CHOICES]


def measure_operator(point: OperatorPoint, build_dir: Path, options: AreaOptions) -> dict:
    """Generate an operator's Verilog and synthesise it."""
    component = point.component()
    result = synthesise_component(component, point.name, build_dir, options)
    return {
        "recipe": result.recipe,
        "latency": component.latency,
        "cells": result.cells,
        "flops": result.flops,
        "area": round(result.area, 3),
        "logic_area": round(result.combinational_area, 3),
        "delay": result.delay,
        "area_unit": result.area_unit,
    }


OPERATORS = Measure(
    name="operators",
    help="Synthesise operators one by one: the baseline's, their alternatives, and a MAC lane.",
    example="operators --liberty cells.lib --recipe balanced",
    title="Operators, recipe {options.recipe}",
    progress="Synthesising",
    run=measure_operator,
    check=check_mapping,
    options=(LEAST_AREA_SYNTHESIS,),
    columns=(
        Column("operator", "operator"),
        Column("choice", "choice"),
        LATENCY,
        CELLS,
        FLOPS,
        AREA,
        real("logic_area", "logic\n{area_unit}", 1),
        *hidden("recipe", "delay", "area_unit"),
    ),
)
