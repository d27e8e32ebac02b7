"""Design points: unit x preset x lanes x max_len, by the names that the command line uses."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from amaranth.lib.wiring import Component

from softermax.hw import NormalizationUnit, Softermax, UnnormedSoftmaxUnit
from softermax.model import SoftermaxConfig

from .errors import FlowError

__all__ = ["PRESETS", "UNITS", "DesignPoint", "main_design_points"]

UNITS = {"unnormed": UnnormedSoftmaxUnit, "normalization": NormalizationUnit, "softermax": Softermax}
PRESETS = {"paper": SoftermaxConfig.paper, "faithful": SoftermaxConfig.faithful}


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
    base : str
        As in :class:`softermax.model.SoftermaxConfig`.

    Raises
    ------
    FlowError
        If a name is unknown or the sizes make no config.
    """

    unit: str
    preset: str = "paper"
    lanes: int = 16
    max_len: int = 384
    base: str = "2"

    def __post_init__(self):
        for what, name, known in (("unit", self.unit, UNITS), ("preset", self.preset, PRESETS)):
            if name not in known:
                raise FlowError(f"the {what} must be one of {', '.join(known)}, not {name!r}")
        try:
            self.config  # noqa: B018 (validates the sizes)
        except (TypeError, ValueError) as error:
            raise FlowError(str(error)) from error

    @cached_property
    def config(self) -> SoftermaxConfig:
        """The config that model and hardware are built from."""
        return PRESETS[self.preset](lanes=self.lanes, max_len=self.max_len, base=self.base)

    @property
    def name(self) -> str:
        """Name of the Verilog module and of the point's files."""
        return f"{self.unit}_{self.preset}_{self.lanes}x{self.max_len}"

    def component(self) -> Component:
        """The hardware."""
        return UNITS[self.unit](self.config)

    def identity(self) -> dict:
        """The point as flat fields, with which every machine-readable result begins."""
        return {"unit": self.unit, "preset": self.preset, "lanes": self.lanes, "max_len": self.max_len}


def main_design_points() -> list[DesignPoint]:
    """The points of the main job."""
    return [DesignPoint(unit, preset, lanes) for preset in PRESETS for lanes in (16, 32) for unit in UNITS]
