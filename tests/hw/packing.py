"""Packing of arrays to the integers that ports take."""

from __future__ import annotations

import numpy as np


def pack(values, width: int) -> list[int]:
    """Rows of ``values``, (cycles, lanes), to one integer for each cycle, lane 0 lowest."""
    mask = (1 << width) - 1
    return [sum((int(v) & mask) << (lane * width) for lane, v in enumerate(row)) for row in np.atleast_2d(values)]


def unpack(packed: list[int], width: int, lanes: int) -> np.ndarray:
    """The inverse of :func:`pack`, for unsigned values: (cycles, lanes)."""
    mask = (1 << width) - 1
    return np.array([[value >> (lane * width) & mask for lane in range(lanes)] for value in packed])


def to_signed(value: int, width: int) -> int:
    """The two's complement number that ``width`` bits stand for."""
    return value - (value >> (width - 1) << width)
