"""The registered designs: all entry points of the group ``softermax.designs``, of any distribution."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points

from ..errors import FlowError
from ..results.columns import Column
from .design import Design

__all__ = [
    "GROUP",
    "Registered",
    "choices",
    "compared_presets",
    "design",
    "designs",
    "entry_of",
    "labelled",
    "preset_label",
    "published",
    "registered",
    "unit_names",
    "unit_titles",
]

GROUP = "softermax.designs"


@dataclass(frozen=True)
class Registered:
    """An entry point and what it gives.

    Attributes
    ----------
    name : str
        The ``--preset``.
    entry : str
        ``module:attribute``.
    distribution : str
        That registers it.
    design : Design or None
        None if it is not available.
    reason : str or None
        Why it is not.
    """

    name: str
    entry: str
    distribution: str
    design: Design | None
    reason: str | None = None

    @property
    def module(self) -> str:
        """The module of the entry."""
        return self.entry.partition(":")[0]


@lru_cache
def registered() -> tuple[Registered, ...]:
    """All entry points, available designs first, in the order of tables."""
    points = entry_points(group=GROUP)
    names = [point.name for point in points]
    found = [_load(point, twice=names.count(point.name) > 1) for point in points]
    return tuple(sorted(found, key=lambda each: (each.design is None, each.design and each.design.rank, each.name)))


def _load(point: EntryPoint, *, twice: bool) -> Registered:
    facts = point.name, point.value, point.dist.name if point.dist else "unknown"
    if twice:
        return Registered(*facts, None, f"several distributions register {point.name!r}: uninstall all but one")
    try:
        design = point.load()
    except Exception as error:  # of anybody's code; told in a sentence, and the other designs still work
        return Registered(*facts, None, f"{point.value} cannot be loaded: {type(error).__name__}: {error}")
    if not isinstance(design, Design):
        return Registered(*facts, None, f"{point.value} must be a Design, not {design!r}")
    return Registered(*facts, design)


def designs() -> dict[str, Design]:
    """The available designs by name, in the order of tables."""
    return {each.name: each.design for each in registered() if each.design is not None}


def design(name: str) -> Design:
    """The design of a name; a FlowError says why there is none."""
    found = designs()
    if name in found:
        return found[name]
    for each in registered():
        if each.name == name:
            raise FlowError(f"the preset {name!r} is not available: {each.reason}")
    if not found:
        raise FlowError("a design must be registered: install softermax with pip, from its folder if need be")
    raise FlowError(f"the preset must be one of {', '.join(found)}, not {name!r}")


def entry_of(name: str) -> Registered:
    """The entry of an available design; a FlowError says why there is none."""
    design(name)
    return next(each for each in registered() if each.name == name)


def unit_titles() -> dict[str, str]:
    """Titles of the units that any available design has, by name, in order."""
    titles: dict[str, str] = {}
    for each in designs().values():
        for name, unit in each.units.items():
            titles.setdefault(name, unit.title)
    return titles


def unit_names() -> tuple[str, ...]:
    """Names of those units."""
    return tuple(unit_titles())


def compared_presets() -> tuple[str, ...]:
    """Names of the designs of make that are compared with the baseline."""
    return tuple(name for name, each in designs().items() if each.in_make and not each.is_baseline)


def preset_label(name: str) -> str:
    """Label of a preset in tables and plots: its design's label, or its name if it has none."""
    found = designs().get(name)
    return (found and found.label) or name


def labelled(columns: Sequence[Column]) -> list[Column]:
    """Columns that call presets what people call them; a column that has its own way to show them keeps it."""
    return [
        replace(column, show=preset_label) if column.field == "preset" and column.show is str else column
        for column in columns
    ]


def choices(option: str) -> tuple[str, ...]:
    """Values of an option in any design, in order."""
    return tuple(dict.fromkeys(name for each in designs().values() for name in each.choices.get(option, ())))


def published(figure: str) -> dict[str, float]:
    """Ratios of a figure, a field of a result, to the baseline that sources of designs publish, by unit."""
    return {unit: ratio for each in designs().values() for unit, ratio in each.published.get(figure, {}).items()}
