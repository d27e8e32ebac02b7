"""Columns of results that have everything that is measured of a unit: area, timing and energy."""

from __future__ import annotations

from ..results.columns import hidden, merged
from .jobs import AREA, ENERGY, TIMING

__all__ = ["UNIT_COLUMNS"]

UNIT_COLUMNS = (*hidden("list"), *merged(AREA.columns, TIMING.columns, ENERGY.columns))
