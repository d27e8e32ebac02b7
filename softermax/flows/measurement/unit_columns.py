"""Columns of results that have everything that is measured of a unit: area, timing and energy."""

from __future__ import annotations

from ..results.columns import hidden, merged
from .jobs import AREA, ENERGY, TIMING

__all__ = ["LISTS", "UNIT_COLUMNS"]

#: Lists of an evaluation's results, by which flat results name theirs in the field ``list``.
LISTS = ("units", "lengths", "sweeps")

UNIT_COLUMNS = (*hidden("list"), *merged(AREA.columns, TIMING.columns, ENERGY.columns))
