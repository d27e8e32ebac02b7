"""Error budget: a bound on the error of every output of a config, term by term; see docs/explanation/faithful.md."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from .config import SoftermaxConfig
from .tables import PiecewiseLinear

__all__ = ["ErrorBudget", "error_budget"]


@dataclass(frozen=True)
class ErrorBudget:
    """Bounds on what each approximation contributes, relative to the exact probability unless said otherwise.

    Attributes
    ----------
    numerator : float
        Error of a numerator, from the Power of Two table.
    lanes : float
        Absolute error of D: the bits that the right shifts of all numerators of a row drop.
    renormalisation : float
        Absolute error of D: the bits that the shifts of the running sum and the slice sums drop.
    power_sum : float
        Error of D, from the terms above.
    reciprocal : float
        Error of 1/D, from the table and the mantissa that is cut to index it.
    product : float
        Error of a row product, from the table of 2**t that makes it; 0 when multiplying.
    alignment : float
        Absolute error of the probability, from rounding the row product, or shifting the numerator.
    rounding : float
        Error of the result, in ulp: half for rounding to nearest; 0 for truncation, whose error has the other sign. By
        cascade half a unit of the guard bits.
    total : float
        Bound on the error of any result in ulp of the output: on its distance from exact softmax, or, with directed
        rounding, on how far it lies above; below, truncation then keeps it less than 1 ulp away. By cascade of the
        result before it: the output is its floor or its ceiling, so less than 1 ulp further away.
    row_sum : float
        Bound on the distance of a row's sum from 1, in ulp of the output, where nothing saturates.
    """

    numerator: float
    lanes: float
    renormalisation: float
    power_sum: float
    reciprocal: float
    product: float
    alignment: float
    rounding: float
    total: float
    row_sum: float


def error_budget(config: SoftermaxConfig | str) -> ErrorBudget:
    """Bound the error of every output against base-2 softmax of the quantised scores, saturated to the output.

    The config may be the name of a preset.
    """
    config = SoftermaxConfig.of(config)
    numerator = _power_error(config.power_table, config.input.fraction_bits)
    lanes = config.capacity * config.unnormed.ulp
    renormalisation = _renormalisations(config) * config.power_sum.ulp
    smallest = 2.0 ** (config.input.ulp - 1)
    dropped = lanes + renormalisation
    if dropped >= smallest / 2:
        return ErrorBudget(numerator, lanes, renormalisation, *[float("inf")] * 7)
    power_sum = dropped / (smallest - dropped) + numerator
    truncated = config.mantissa_bits < config.power_sum.width - 1
    reciprocal = _reciprocal_error(config.reciprocal_table, truncated)
    if config.normalizer == "row_product":
        product = _power_error(config.product_table, config.input.fraction_bits)
        alignment = config.product.ulp
        relative = (1 + power_sum) * (1 + reciprocal) * (1 + product) - 1
    else:
        product = 0.0
        alignment = 4 * config.unnormed.ulp
        relative = (1 + power_sum) * (1 + reciprocal) * (1 + numerator) - 1
    rounding = 0.0 if config.rounding == "directed" else 2.0 ** -(config.guard_bits + 1)
    total = (relative + alignment) / config.output.ulp + rounding
    each = 1.0 if config.rounding == "directed" else rounding
    row_sum = _row_sum(config, relative / config.output.ulp, alignment / config.output.ulp, each)
    terms = numerator, lanes, renormalisation, power_sum, reciprocal, product, alignment, rounding, total, row_sum
    return ErrorBudget(*map(float, terms))


def _row_sum(config: SoftermaxConfig, relative: float, alignment: float, rounding: float) -> float:
    """Bound on the distance of a row's sum from 1, all in ulp.

    Relative errors are those of a row that sums to 1. So is that of a row product, which is at least a half before it
    is shifted; a numerator that is shifted loses bits by itself. To the rounding of each comes a cascade's last half.
    """
    shared, each = (2 * alignment, 0.0) if config.normalizer == "row_product" else (0.0, alignment)
    last = 0.5 if config.rounding == "cascade" else 0.0
    return relative + shared + config.capacity * (each + rounding) + last


def _renormalisations(config: SoftermaxConfig) -> int:
    """Units of the power sum's last place that a row's shifts can drop, in all.

    A slice shifts either the running sum or its own sum. Where the running sum is as fine as the numerators, nothing
    else drops bits. Where it is coarser, a slice sum is always cut, and a rise of the maximum cuts both while it halves
    all that was dropped before.
    """
    if config.power_sum.fraction_bits >= config.unnormed.fraction_bits:
        return config.max_slices - 1
    return config.max_slices + (config.max_slices > 1)


@lru_cache(maxsize=4096)
def _power_error(table, fraction_bits: int) -> float:
    """Largest relative error of 2**t over every fraction: a table is finite, so this is exact."""
    exact = np.exp2(np.arange(1 << fraction_bits) / (1 << fraction_bits))
    return float(np.abs(table.values * 2.0**-table.output_fraction_bits / exact - 1).max())


#: Consecutive entries of a table that are bounded together, as a power of two.
PIECE_BITS = 8


@lru_cache(maxsize=4096)
def _reciprocal_error(table: PiecewiseLinear, truncated: bool) -> float:
    """Largest relative error of 1/m over every mantissa, those that are cut to the same index included.

    Exact, but without a look at every entry, of which there may be millions: first comes the piece of a segment that
    could be the worst, then whatever could be worse.
    """
    piece_bits = min(table.offset_bits, PIECE_BITS)
    start = np.arange(1 << (table.fraction_bits - piece_bits)) << piece_bits
    bounds = _error_bounds(table, start, (1 << piece_bits) - 1, truncated)
    worst = _largest_error(table, start[bounds.argmax()], piece_bits, truncated)
    return max(worst, _largest_error(table, start[bounds >= worst], piece_bits, truncated))


def _largest_error(table: PiecewiseLinear, start: np.ndarray, piece_bits: int, truncated: bool) -> float:
    """Largest error of a reciprocal's entries in the pieces that start at these indices."""
    index = start[..., None] + np.arange(1 << piece_bits)
    lowest = 1 + index * 2.0**-table.fraction_bits
    highest = lowest + (2.0**-table.fraction_bits if truncated else 0.0)
    values = table.at(index) * 2.0**-table.output_fraction_bits
    errors = np.abs(values * lowest - 1).max(initial=0), np.abs(values * highest - 1).max(initial=0)
    return float(max(errors))


def _error_bounds(table: PiecewiseLinear, start: np.ndarray, length: int, truncated: bool) -> np.ndarray:
    """No less than the largest error of the entries from each index to ``length`` after it, which one line makes.

    An entry is on its line or less than a unit below it. A falling line times m is a parabola, largest at its vertex
    and least at an end.
    """
    unit, step = 2.0**-table.output_fraction_bits, 2.0**-table.fraction_bits
    segment = start >> table.offset_bits
    fine = unit * 2.0**-table.guard_bits
    slope = np.array(table.slopes)[segment] * fine
    value = np.array(table.intercepts)[segment] * fine + slope * (start - (segment << table.offset_bits))
    mantissa = 1 + start * step
    vertex = -(slope * mantissa + value * step) / np.minimum(2 * slope * step, -1e-300)
    errors = []
    for offset in (0, length, vertex.clip(0, length)):
        line, lowest = value + slope * offset, mantissa + offset * step
        errors += [line * (lowest + truncated * step) - 1, 1 - (line - unit) * lowest]
    # The vertex and what it is computed from are rounded.
    return np.maximum.reduce(errors) + 1e-9 * unit + 1e-14
