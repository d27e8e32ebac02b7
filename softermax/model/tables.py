"""Linear-piecewise tables: the one place where the contents of every look-up table come from.

A function on a binary fraction is cut into equal segments, a power of two of them. The upper bits of the fraction
select a segment, the lower bits (the offset) multiply its slope:

    y = (intercept[segment] + slope[segment] * offset) >> guard_bits

Where every fraction has a segment of its own there is no offset, no slope and no guard bit: a plain table.
Each segment's line is the minimax line of a convex function, and :attr:`PiecewiseLinear.error_bound` follows from
the construction, not from a measurement. A table can also be made one-sided, never above or never below the function:
then each segment is moved by what its worst entry needs, and no further.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import numpy as np

__all__ = ["PiecewiseLinear", "compact_power_of_two_table", "power_of_two_table", "reciprocal_table"]

#: Bits by which a slope is finer than its offset needs; they hold the slope's rounding below 1/8 unit.
SLOPE_GUARD_BITS = 2


@dataclass(frozen=True)
class PiecewiseLinear:
    """A linear-piecewise approximation with integer coefficients.

    Parameters
    ----------
    fraction_bits : int
        Bits of the index, an unsigned binary fraction.
    offset_bits : int
        Lower bits of the index, those that multiply the slope; 0 for a plain table.
    output_fraction_bits : int
        Fraction bits of the result.
    guard_bits : int
        Fraction bits that the coefficients have beyond the result's.
    intercepts, slopes : tuple of int
        A coefficient per segment. The intercepts contain the half unit that makes the final shift round to nearest.
    approximation_error : float
        Largest distance of the exact lines from the function, as a real number.
    one_sided : bool
        The results are all on one side of the function.
    """

    fraction_bits: int
    offset_bits: int
    output_fraction_bits: int
    guard_bits: int
    intercepts: tuple[int, ...]
    slopes: tuple[int, ...]
    approximation_error: float
    one_sided: bool = False

    @property
    def segments(self) -> int:
        """Number of segments."""
        return len(self.intercepts)

    @cached_property
    def values(self) -> np.ndarray:
        """The result for every index: int64, shape (2**fraction_bits,)."""
        return self.at(np.arange(1 << self.fraction_bits))

    def at(self, index: np.ndarray) -> np.ndarray:
        """The results for some indices: int64, of their shape."""
        segment, offset = index >> self.offset_bits, index & ((1 << self.offset_bits) - 1)
        intercepts, slopes = np.array(self.intercepts), np.array(self.slopes)
        return (intercepts[segment] + slopes[segment] * offset) >> self.guard_bits

    @property
    def width(self) -> int:
        """Bits of the largest result."""
        return int(self.values.max()).bit_length()

    @property
    def error_bound(self) -> float:
        """Analytic bound on abs(result - function), as a real number, over every index.

        The sum of: the lines' distance from the function, half a unit for the final rounding, and, where there are
        slopes, half a coefficient's unit for the intercept and half a one for the slope times the largest offset.
        A one-sided table is moved by no more than that and a unit.
        """
        units = 0.5
        if self.guard_bits:
            units += 0.5 * (1 << self.offset_bits) / (1 << self.guard_bits)
        bound = self.approximation_error + units * 2.0**-self.output_fraction_bits
        return 2 * bound + 2.0**-self.output_fraction_bits if self.one_sided else bound


def _minimax_line(function: Callable, slope_point: Callable, start: float, stop: float) -> tuple[float, float, float]:
    """Slope, value at ``start`` and largest error of the minimax line of a convex function on [start, stop].

    ``slope_point(slope)`` is the point at which the function's derivative is ``slope``. The chord and the parallel
    tangent enclose a convex function, so the best line lies midway between them.
    """
    if stop == start:
        return 0.0, function(start), 0.0
    slope = (function(stop) - function(start)) / (stop - start)
    touch = slope_point(slope)
    gap = function(start) + slope * (touch - start) - function(touch)
    return slope, function(start) - gap / 2, gap / 2


def _fit(function, slope_point, *, origin: float, fraction_bits: int, segments: int, output_fraction_bits: int):
    """A :class:`PiecewiseLinear` of a convex function on [origin, origin + 1)."""
    segments = min(segments, 1 << fraction_bits)
    offset_bits = fraction_bits - (segments.bit_length() - 1)
    guard_bits = offset_bits + SLOPE_GUARD_BITS if offset_bits else 0
    unit = 2.0 ** (output_fraction_bits + guard_bits)
    step = 2.0**-fraction_bits
    half = (1 << guard_bits) >> 1
    intercepts, slopes, errors = [], [], []
    for segment in range(segments):
        start = origin + (segment << offset_bits) * step
        slope, value, error = _minimax_line(function, slope_point, start, start + ((1 << offset_bits) - 1) * step)
        intercepts.append(round(value * unit) + half)
        slopes.append(round(slope * step * unit))
        errors.append(error)
    return PiecewiseLinear(
        fraction_bits, offset_bits, output_fraction_bits, guard_bits, tuple(intercepts), tuple(slopes), max(errors)
    )


def _move(table: PiecewiseLinear, function: Callable, origin: float, direction: str) -> PiecewiseLinear:
    """Move each segment by as little as puts every entry on or above (``"up"``) or below (``"down"``) the function."""
    index = np.arange(1 << table.fraction_bits)
    exact = function(origin + index * 2.0**-table.fraction_bits) * 2.0**table.output_fraction_bits
    intercepts, slopes = np.array(table.intercepts), np.array(table.slopes)
    segment, offset = index >> table.offset_bits, index & ((1 << table.offset_bits) - 1)
    raw = intercepts[segment] + slopes[segment] * offset
    if direction == "up":
        needed = (np.ceil(exact).astype(np.int64) << table.guard_bits) - raw
        moves = needed.reshape(table.segments, -1).max(axis=1)
    else:
        needed = ((np.floor(exact).astype(np.int64) + 1) << table.guard_bits) - 1 - raw
        moves = needed.reshape(table.segments, -1).min(axis=1)
    return replace(table, intercepts=tuple((intercepts + moves).tolist()), one_sided=True)


# A search of widths asks for the same tables again and again.
@lru_cache(maxsize=512)
def power_of_two_table(
    fraction_bits: int, segments: int, output_fraction_bits: int, direction: str = "nearest", *, truncated: bool = False
) -> PiecewiseLinear:
    """2**t for t in [0, 1), t a binary fraction (the paper's Power of Two, section "linear piecewise").

    Parameters
    ----------
    direction : str
        ``"nearest"``, or ``"down"`` or ``"up"`` for a table that is never above or never below the function.
    truncated : bool
        The fraction was cut from a longer one. The table is then made for the middle of what was cut off; the error of
        cutting, at most half a step times the slope of 2 log(2), counts in the approximation error.

    Raises
    ------
    ValueError
        If a one-sided table is asked for a truncated fraction.
    """
    if truncated and direction != "nearest":
        raise ValueError(f"direction must be 'nearest' for a truncated fraction, not {direction!r}")
    middle = 2.0 ** -(fraction_bits + 1) if truncated else 0.0
    table = _fit(
        lambda t: 2.0**t,
        lambda slope: math.log2(slope / math.log(2)),
        origin=middle,
        fraction_bits=fraction_bits,
        segments=segments,
        output_fraction_bits=output_fraction_bits,
    )
    table = replace(table, approximation_error=table.approximation_error + 2 * math.log(2) * middle)
    return table if direction == "nearest" else _move(table, np.exp2, 0.0, direction)


@lru_cache
def compact_power_of_two_table(
    fraction_bits: int, segments: int, output_fraction_bits: int, *, slope_bits: int, kept_bits: int
) -> PiecewiseLinear:
    """2**t for a t that was cut from a longer one, with coefficients of as few bits as are asked for.

    Each segment's slope and intercept are those of the least largest error over its entries, found by trying: with so
    few bits the minimax line, rounded, is not the best one.

    Parameters
    ----------
    slope_bits : int
        Bits by which the sum of intercept and product is finer than the result: the table's ``guard_bits``.
    kept_bits : int
        So many of them the intercepts have; the lower ones are 0, so that of a product's lowest bits nothing is made
        in hardware.
    """
    steps = (1 << fraction_bits) // segments
    offset, unit, half = np.arange(steps), 2.0 ** (output_fraction_bits + slope_bits), (1 << slope_bits) >> 1
    intercepts, slopes, errors = [], [], []
    for segment in range(segments):
        exact = 2.0 ** ((segment * steps + offset + 0.5) * 2.0**-fraction_bits) * unit
        middle = round(float((exact[-1] - exact[0]) / (steps - 1)))
        _, intercept, slope = min(
            (np.abs(((intercept + slope * offset) >> slope_bits << slope_bits) - exact).max(), intercept, slope)
            for slope in (middle - 1, middle, middle + 1)
            for intercept in _multiples(exact[0] - 2 * half, exact[0] + 4 * half, 1 << (slope_bits - kept_bits))
        )
        intercepts.append(intercept)
        slopes.append(slope)
        errors.append(np.abs(intercept - half + slope * offset - exact).max() / unit)
    cut = 2 * math.log(2) * 2.0 ** -(fraction_bits + 1)
    return PiecewiseLinear(
        fraction_bits,
        (steps - 1).bit_length(),
        output_fraction_bits,
        slope_bits,
        tuple(intercepts),
        tuple(slopes),
        float(max(errors)) + cut,
    )


def _multiples(start: float, stop: float, step: int) -> range:
    """The multiples of a step from start to stop."""
    return range(math.ceil(start / step) * step, math.floor(stop) + 1, step)


@lru_cache(maxsize=512)
def reciprocal_table(
    mantissa_bits: int, segments: int, output_fraction_bits: int, *, truncated: bool, direction: str = "nearest"
) -> PiecewiseLinear:
    """1/m for a mantissa m in [1, 2) with ``mantissa_bits`` fraction bits.

    Parameters
    ----------
    truncated : bool
        The mantissa was cut from a longer one. The table is then made for the middle of what was cut off, which
        halves the error of cutting; that error, at most half a mantissa step, counts in the approximation error.
    direction : str
        ``"nearest"``, or ``"up"`` for a table that is never below 1/m for any mantissa that was cut to its index.
    """
    middle = 2.0 ** -(mantissa_bits + 1) if truncated else 0.0
    table = _fit(
        lambda m: 1 / m,
        lambda slope: math.sqrt(-1 / slope),
        origin=1.0 + middle,
        fraction_bits=mantissa_bits,
        segments=segments,
        output_fraction_bits=output_fraction_bits,
    )
    # The slope of 1/m is at most 1 in magnitude on [1, 2), so half a step of m moves it by at most half a step.
    table = replace(table, approximation_error=table.approximation_error + middle)
    return table if direction == "nearest" else _move(table, lambda m: 1 / m, 1.0, direction)
