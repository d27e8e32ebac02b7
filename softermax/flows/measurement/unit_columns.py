"""Columns of results that have everything that is measured of a unit: area, timing and energy."""

from __future__ import annotations

from ..results.columns import merged
from .jobs import AREA, ENERGY, TIMING

__all__ = ["UNIT_COLUMNS"]

UNIT_COLUMNS = merged(AREA.columns, TIMING.columns, ENERGY.columns)
