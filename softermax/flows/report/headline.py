"""The headline: three levels against the baseline, beside the paper's ratios and the project's aims."""

from __future__ import annotations

from dataclasses import dataclass

from ..designs.registry import compared_presets, published, unit_titles
from .results import LibraryResults

__all__ = ["AIMS", "MEASURES", "HeadlineRow", "headline", "ratio_of"]

#: Ratios that count: field, what it is called, and the figure that it is a ratio of.
MEASURES = {
    "area_ratio": ("area", "area"),
    "energy_ratio": ("energy, no glitches", "energy_per_row"),
    "energy_with_glitches_ratio": ("energy, with glitches", "energy_per_row"),
}
#: The project's aims: ratios to the FP16 baseline, 32 lanes, 384 tokens, real cells of 7 nm.
AIMS = {
    "area": {"unnormed": 0.15, "normalization": 0.25, "pe": 0.85},
    "energy_per_row": {"unnormed": 0.08, "normalization": 0.15, "pe": 0.40},
}


@dataclass(frozen=True)
class HeadlineRow:
    """One ratio at one level; what was not measured is None.

    Attributes
    ----------
    measure, unit : str
        Quantity that is compared, and the level at which.
    published : float
        The paper's ratio, to a baseline of its own.
    ours : dict of str to (float or None)
        Ratios of the presets.
    aim : float or None
        None where there is none: it is set for real cells.
    """

    measure: str
    unit: str
    published: float
    ours: dict[str, float | None]
    aim: float | None

    @property
    def best(self) -> float | None:
        """The smallest ratio of the presets."""
        return min((ratio for ratio in self.ours.values() if ratio is not None), default=None)

    @property
    def off(self) -> float | None:
        """How far the best ratio is above the aim."""
        return None if self.aim is None or self.best is None else self.best - self.aim

    @property
    def met(self) -> bool:
        """Whether there is an aim and it is met."""
        return self.off is not None and self.off <= 0


def headline(library: LibraryResults) -> list[HeadlineRow]:
    """The headline of a library: every measure at every level that has a ratio."""
    rows = []
    for field, (measure, figure) in MEASURES.items():
        for level, ratio in published(figure).items():
            ours = {preset: ratio_of(library, level, preset, field) for preset in compared_presets()}
            aim = AIMS[figure].get(level) if library.is_real else None
            row = HeadlineRow(measure, unit_titles()[level], ratio, ours, aim)
            if row.best is not None:
                rows.append(row)
    return rows


def ratio_of(library: LibraryResults, unit: str, preset: str, field: str) -> float | None:
    """A ratio of a preset's unit at the lanes of the comparison, from its first design point which has one."""
    found = (result.get(field) for result in library.compared(unit) if result["preset"] == preset)
    return next((ratio for ratio in found if ratio is not None), None)
