"""Tables of Liberty files as they are written: numbers on axes, without units."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise

from .liberty_text import Group

__all__ = ["CONSTRAINTS", "DELAYS", "LARGEST", "TRANSITIONS", "UnusableError", "read_table"]

#: Names of an arc's tables, by edge of the output, or of the constrained pin.
DELAYS, TRANSITIONS = ("cell_rise", "cell_fall"), ("rise_transition", "fall_transition")
CONSTRAINTS = ("rise_constraint", "fall_constraint")
#: No delay, capacitance or energy is larger, in whatever unit.
LARGEST = 1e12
BETWEEN_NUMBERS = str.maketrans('",\\', "   ")


class UnusableError(Exception):
    """A table cannot be used; says why, to follow the cell's name."""


def read_table(table: Group, templates: Mapping[str, Group]) -> tuple[list[list[float]], list[float]]:
    """The three axes of a table, of one place where it has none, and its values, the last axis fastest.

    Parameters
    ----------
    templates : mapping of str to Group
        By their names; they have the axes that the table itself has not.

    Raises
    ------
    UnusableError
        If an axis does not rise, or the values do not fill the axes.
    """
    template = templates.get(table.name)
    axes = [_axis(table, template, f"index_{place}") for place in (1, 2, 3)]
    values = _numbers(table, table.first("values"))
    if len(values) != math.prod(map(len, axes)):
        size = " by ".join(str(len(axis)) for axis in axes[: 3 if len(axes[2]) > 1 else 2])
        raise UnusableError(f"must have {size} values in its {table.kind}, not {len(values)}")
    return axes, values


def _axis(table: Group, template: Group | None, name: str) -> list[float]:
    written = table.first(name) or (template and template.first(name))
    axis = _numbers(table, written) if written else [0.0]
    if any(a >= b for a, b in pairwise(axis)):
        raise UnusableError(f"must have a rising {name} in its {table.kind}")
    return axis


def _numbers(table: Group, group: Group | None) -> list[float]:
    """The numbers of ``index_1 ("1, 2")`` or ``values ("1, 2", "3, 4")``."""
    if group is None:
        return []
    try:
        numbers = [float(number) for number in group.written.translate(BETWEEN_NUMBERS).split()]
    except ValueError as error:
        raise UnusableError(f"must have numbers in its {table.kind}: {error}") from error
    if not all(abs(number) <= LARGEST for number in numbers):
        raise UnusableError(f"must have numbers up to {LARGEST:g} in its {table.kind}")
    return numbers
