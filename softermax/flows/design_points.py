"""Design points: unit x preset x lanes x max_len, by the names that the command line uses."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from amaranth.lib.wiring import Component

from softermax.model.shape import RowShape
from softermax.sim.row_stimuli import RowStimuli

from .designs.design import Design, Options, Unit
from .designs.registry import design, designs, unit_names
from .errors import FlowError

__all__ = ["OLD_NAMES", "DesignPoint", "main_design_points", "option_text"]

#: Former names of units, which still work in this release.
OLD_NAMES = {"softermax": "softmax"}
#: Lanes of the points of make.
MAIN_LANES = (16, 32)


@dataclass(frozen=True)
class DesignPoint:
    """A unit of a design at a size.

    Parameters
    ----------
    unit : str
        Name of one of the design's units.
    preset : str
        Name of a registered design.
    lanes, max_len : int
        Scores per clock cycle, and elements of the longest row.
    options : tuple of (str, object)
        Further arguments of the design's config, such as ``("normalizer", "row_product")``, and options of the unit,
        such as ``("values", True)``.
    axi_stream : bool
        Whether the unit has AXI4-Stream ports.

    Raises
    ------
    FlowError
        If a name is unknown or the sizes make no config.
    """

    unit: str
    preset: str = "faithful"
    lanes: int = 16
    max_len: int = 384
    options: Options = ()
    axi_stream: bool = False

    def __post_init__(self):
        units = self.design.units
        if self.unit not in unit_names():
            raise FlowError(f"the unit must be one of {', '.join(unit_names())}, not {self.unit!r}")
        if self.unit not in units:
            raise FlowError(f"the preset {self.preset} has no unit {self.unit!r}, but {', '.join(units)}")
        if self.axi_stream and self.entry.axi_stream is None:
            known = ", ".join(name for name, unit in units.items() if unit.axi_stream is not None) or "none"
            raise FlowError(f"the unit must be one of {known} for AXI4-Stream, not {self.unit!r}")
        for option, _ in self.options:
            if option not in self.design.options and option not in self.entry.options:
                raise FlowError(self._unknown(option))
        try:
            self.config  # noqa: B018 (validates the sizes)
        except (TypeError, ValueError) as error:
            raise FlowError(str(error)) from error
        # Results are written out: integers of NumPy are stored as the config's plain ones.
        for name in ("lanes", "max_len"):
            object.__setattr__(self, name, getattr(self.softmax_config, name))
        object.__setattr__(self, "options", tuple((name, _plain(value)) for name, value in self.options))

    def _unknown(self, option: str) -> str:
        """Why an option is refused."""
        others = [name for name, unit in self.design.units.items() if option in unit.options]
        if others:
            return f"{option} does not apply to unit {self.unit}, only to {' and '.join(others)}"
        return f"{option} does not apply to preset {self.preset}"

    @property
    def design(self) -> Design:
        """The design of the preset; a FlowError if there is none."""
        return design(self.preset)

    @property
    def entry(self) -> Unit:
        """Entry of the unit in its design."""
        return self.design.units[self.unit]

    @property
    def stimuli(self) -> RowStimuli:
        """Difficult rows of the design."""
        return self.design.stimuli

    @cached_property
    def softmax_config(self) -> RowShape:
        """Config of the softmax."""
        chosen = {name: value for name, value in self.options if name not in self.entry.options}
        return self.design.config(lanes=self.lanes, max_len=self.max_len, **chosen)

    @cached_property
    def config(self) -> object:
        """Config that the unit is built from."""
        return self.entry.config(self.softmax_config, **self.unit_options)

    @property
    def unit_options(self) -> dict[str, object]:
        """Options of the unit that have been chosen."""
        return {name: value for name, value in self.options if name in self.entry.options}

    @property
    def name(self) -> str:
        """Name of the Verilog module and of the point's files."""
        parts = [self.unit, self.preset, f"{self.lanes}x{self.max_len}"]
        for name, value in self.options:
            if value is True:
                parts.append(name)
            elif value != self.entry.options.get(name):
                parts.append(f"{name}_{value}" if name in self.entry.options else option_text(value))
        if self.axi_stream:
            parts.append("axi_stream")
        # Designs of others may have any name.
        return re.sub(r"\W+", "_", "_".join(parts), flags=re.ASCII).strip("_")

    def component(self) -> Component:
        """The hardware."""
        return (self.entry.axi_stream if self.axi_stream else self.entry.component)(self.config)

    def identity(self) -> dict:
        """The point as flat fields, with which every machine-readable result begins."""
        names = {"unit": self.unit, "preset": self.preset, "lanes": self.lanes, "max_len": self.max_len}
        if (normalizer := getattr(self.softmax_config, "normalizer", None)) is not None:
            names["normalizer"] = normalizer
        for name, default in self.entry.options.items():
            value = self.unit_options.get(name, default)
            # A choice of yes or no is always told.
            if isinstance(default, bool) or value != default:
                names[name] = value
        if self.axi_stream:
            names["axi_stream"] = True
        others = [(name, value) for name, value in self.options if name not in self.entry.options]
        return names | {name: option_text(value) for name, value in others}


def _plain(value):
    """An option's value, of Python's type where it is one of NumPy's."""
    return value.item() if isinstance(value, np.generic) else value


def option_text(value) -> str:
    """An option's value as the command line takes it."""
    return ",".join(value) or "none" if isinstance(value, tuple) else str(value)


def main_design_points() -> list[DesignPoint]:
    """The points of the main job: every unit of every design that takes part, first as it is, then its variants."""
    found = []
    most = max((len(variants) for each in designs().values() for variants in each.in_make.values()), default=0)
    if not most:
        raise FlowError("a design must take part in make: install softermax with pip, from its folder if need be")
    for place in range(most):
        for preset, each in designs().items():
            sizes = [(lanes, unit, variants) for lanes in MAIN_LANES for unit, variants in each.in_make.items()]
            found += [
                DesignPoint(unit, preset, lanes, options=variants[place])
                for lanes, unit, variants in sizes
                if place < len(variants)
            ]
    return found
