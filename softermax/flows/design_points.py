"""Design points: unit x preset x lanes x max_len, by the names that the command line uses."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from inspect import signature

from amaranth.lib.wiring import Component

from softermax.hw import (
    AxiStreamProcessingElement,
    AxiStreamSoftermax,
    NormalizationUnit,
    ProcessingElement,
    Softermax,
    UnnormedSoftmaxUnit,
)
from softermax.hw.baseline import BaselineNormalizationUnit, BaselineSoftmax, BaselineUnnormedSoftmaxUnit
from softermax.model import SoftermaxConfig
from softermax.model.baseline import BaselineConfig
from softermax.model.pe_config import ProcessingElementConfig
from softermax.model.shape import RowShape

from .errors import FlowError

__all__ = ["MAX_D_HEAD", "PRESETS", "UNITS", "DesignPoint", "main_design_points"]

#: Presets by name.
PRESETS = {"paper": SoftermaxConfig.paper, "faithful": SoftermaxConfig.faithful, "fp16": BaselineConfig}

#: Softmax units by name, for each kind of config.
COMPONENTS = {
    SoftermaxConfig: {
        "unnormed": UnnormedSoftmaxUnit,
        "normalization": NormalizationUnit,
        "softermax": Softermax,
    },
    BaselineConfig: {
        "unnormed": BaselineUnnormedSoftmaxUnit,
        "normalization": BaselineNormalizationUnit,
        "softermax": BaselineSoftmax,
    },
}
#: All units: those, and the processing element around a complete softmax, as wide as its slices.
UNITS = (*COMPONENTS[SoftermaxConfig], "pe")
#: Units that can have AXI4-Stream ports, and then are these components, whatever the config.
AXI_STREAM = {"softermax": AxiStreamSoftermax, "pe": AxiStreamProcessingElement}

#: Elements of the longest query of a processing element, unless told otherwise.
MAX_D_HEAD = 128


@dataclass(frozen=True)
class DesignPoint:
    """A unit at a size.

    Parameters
    ----------
    unit : str
        One of :data:`UNITS`.
    preset : str
        One of :data:`PRESETS`.
    lanes, max_len : int
    options : tuple of (str, object)
        Further arguments of the preset, such as ``("normalizer", "row_product")``.
    values : bool
        Whether a processing element keeps values and gives context.
    max_d_head : int
        Elements of the longest query of a processing element.
    axi_stream : bool
        Whether the unit, one of :data:`AXI_STREAM`, has AXI4-Stream ports.

    Raises
    ------
    FlowError
        If a name is unknown or the sizes make no config.
    """

    unit: str
    preset: str = "paper"
    lanes: int = 16
    max_len: int = 384
    options: tuple[tuple[str, object], ...] = ()
    values: bool = False
    max_d_head: int = MAX_D_HEAD
    axi_stream: bool = False

    def __post_init__(self):
        for what, name, known in (("unit", self.unit, UNITS), ("preset", self.preset, PRESETS)):
            if name not in known:
                raise FlowError(f"the {what} must be one of {', '.join(known)}, not {name!r}")
        if self.values and self.unit != "pe":
            raise FlowError(f"the unit must be pe to keep values, not {self.unit!r}")
        if self.max_d_head != MAX_D_HEAD and self.unit != "pe":
            raise FlowError(f"the unit must be pe to have a max_d_head, not {self.unit!r}")
        if self.axi_stream and self.unit not in AXI_STREAM:
            raise FlowError(f"the unit must be one of {', '.join(AXI_STREAM)} for AXI4-Stream, not {self.unit!r}")
        known = signature(PRESETS[self.preset]).parameters
        for option, _ in self.options:
            if option not in known:
                raise FlowError(f"the preset {self.preset} has no choice of {option}: it is fixed or follows")
        try:
            self.hardware_config  # noqa: B018 (validates the sizes)
        except (TypeError, ValueError) as error:
            raise FlowError(str(error)) from error

    @cached_property
    def config(self) -> RowShape:
        """The config of the softmax."""
        return PRESETS[self.preset](lanes=self.lanes, max_len=self.max_len, **dict(self.options))

    @cached_property
    def hardware_config(self) -> RowShape | ProcessingElementConfig:
        """The config that the unit is built from."""
        if self.unit == "pe":
            sizes = {"vector_size": self.lanes, "max_d_head": self.max_d_head}
            return ProcessingElementConfig(softmax=self.config, values=self.values, **sizes)
        return self.config

    @property
    def name(self) -> str:
        """Name of the Verilog module and of the point's files."""
        parts = [
            self.unit,
            self.preset,
            f"{self.lanes}x{self.max_len}",
            *(name if value is True else _text(value) for name, value in self.options),
            *(flag for flag in ("values", "axi_stream") if getattr(self, flag)),
            *([f"d{self.max_d_head}"] if self.max_d_head != MAX_D_HEAD else []),
        ]
        return re.sub(r"\W+", "_", "_".join(parts)).strip("_")

    def component(self) -> Component:
        """The hardware."""
        if self.axi_stream:
            return AXI_STREAM[self.unit](self.hardware_config)
        if self.unit == "pe":
            return ProcessingElement(self.hardware_config)
        return COMPONENTS[type(self.config)][self.unit](self.config)

    def identity(self) -> dict:
        """The point as flat fields, with which every machine-readable result begins."""
        names = {"unit": self.unit, "preset": self.preset, "lanes": self.lanes, "max_len": self.max_len}
        names["normalizer"] = self.config.normalizer
        if self.unit == "pe":
            names["values"] = self.values
            if self.max_d_head != MAX_D_HEAD:
                names["max_d_head"] = self.max_d_head
        if self.axi_stream:
            names["axi_stream"] = True
        return names | {name: _text(value) for name, value in self.options}


def _text(value) -> str:
    """An option's value as the command line takes it."""
    return ",".join(value) or "none" if isinstance(value, tuple) else str(value)


def main_design_points() -> list[DesignPoint]:
    """The points of the main job: every unit of every preset, and those with the baseline's other normalizer."""
    multiply, others = (("normalizer", "multiply"),), UNITS[1:]
    points = [DesignPoint(unit, preset, lanes) for preset in PRESETS for lanes in (16, 32) for unit in UNITS]
    return points + [DesignPoint(unit, "fp16", lanes, options=multiply) for lanes in (16, 32) for unit in others]
