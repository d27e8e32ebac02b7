"""Faithful rounding: a bound on the error of every output of a config, and the narrowest widths that keep it below one
unit in the last place (ulp) of the output. The derivation, term by term, stands in docs/faithful.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from .config import SoftermaxConfig
from .formats import UQ, QFormat

__all__ = ["ErrorBudget", "derive", "error_budget", "narrower"]


@dataclass(frozen=True)
class ErrorBudget:
    """Bounds on what each approximation contributes, relative to the exact probability unless said otherwise.

    Attributes
    ----------
    numerator : float
        Of a numerator, from the Power of Two table.
    lanes : float
        Of D, absolute: what the right shifts of all numerators of a row drop.
    renormalisation : float
        Of D, absolute: what the shifts of the running sum and the slice sums drop.
    power_sum : float
        Of D, from the terms above.
    reciprocal : float
        Of 1/D, from the table and the mantissa that is cut to index it.
    product : float
        Of a row product, from the table of 2**t that makes it; 0 when multiplying.
    alignment : float
        Of the probability, absolute: what rounding the row product, or shifting the numerator, adds.
    rounding : float
        Of the result, in ulp: half for rounding to nearest; 0 for truncation, whose error has the other sign.
    total : float
        Bound on the error of any result in ulp of the output: on its distance from exact softmax, or, with directed
        rounding, on how far it lies above; below, truncation then keeps it less than 1 ulp away.
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


def error_budget(config: SoftermaxConfig) -> ErrorBudget:
    """Bound the error of every output against base-2 softmax of the quantised scores, saturated to the output."""
    numerator = _power_error(config.power_table, config.input.fraction_bits)
    lanes = config.capacity * config.unnormed.ulp
    renormalisation = _renormalisations(config) * config.power_sum.ulp
    smallest = 2.0 ** (config.input.ulp - 1)
    dropped = lanes + renormalisation
    if dropped >= smallest / 2:
        return _hopeless(numerator, lanes, renormalisation)
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
    rounding = 0.5 if config.rounding == "nearest" else 0.0
    total = (relative + alignment) / config.output.ulp + rounding
    return ErrorBudget(
        numerator, lanes, renormalisation, power_sum, reciprocal, product, alignment, rounding, float(total)
    )


def _hopeless(numerator: float, lanes: float, renormalisation: float) -> ErrorBudget:
    """The budget of a config whose sum can be off by more than half of it."""
    infinite = float("inf")
    return ErrorBudget(numerator, lanes, renormalisation, infinite, infinite, infinite, infinite, infinite, infinite)


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


@lru_cache(maxsize=4096)
def _reciprocal_error(table, truncated: bool) -> float:
    """Largest relative error of 1/m over every mantissa, those that are cut to the same index included."""
    lowest = 1 + np.arange(1 << table.fraction_bits) * 2.0**-table.fraction_bits
    highest = lowest + (2.0**-table.fraction_bits if truncated else 0.0)
    values = table.values * 2.0**-table.output_fraction_bits
    return float(max(np.abs(values * lowest - 1).max(), np.abs(values * highest - 1).max()))


#: Derived widths: the parameter, and the same with a bit (of the segments, half) less.
_NARROWER = {
    "unnormed": lambda c: {"unnormed": _less(c.unnormed)},
    "power_sum": lambda c: {"power_sum": _less(c.power_sum)},
    "reciprocal": lambda c: {"reciprocal": _less(c.reciprocal)},
    "reciprocal_segments": lambda c: {"reciprocal_segments": c.reciprocal_segments // 2},
    "mantissa_guard_bits": lambda c: {"mantissa_guard_bits": c.mantissa_guard_bits - 1},
    "product": lambda c: {"product": _less(c.product)},
}


def _less(fmt: QFormat) -> QFormat:
    return UQ(fmt.integer_bits, fmt.fraction_bits - 1)


def narrower(config: SoftermaxConfig) -> Iterator[tuple[str, SoftermaxConfig]]:
    """The configs that have one derived width less, by the name of the parameter; those that are valid."""
    for name, change in _NARROWER.items():
        if name == "product" and config.normalizer != "row_product":
            continue
        try:
            yield name, replace(config, **change(config))
        except ValueError:
            continue


#: Area of a bit more of each width, um2 of ASAP7 by the least-area recipe (docs/faithful.md): in each lane, and once.
_COST_PER_LANE = {"unnormed": 0.75, "product": 0.1}
_COST = {
    "power_sum": 1.6,
    "reciprocal": 13.0,
    "reciprocal_segments": 0.1,
    "mantissa_guard_bits": 5.0,
    "product": 2.0,
}


#: Which widths to narrow first.
_ORDERS = (("reciprocal", "mantissa_guard_bits"), ("mantissa_guard_bits", "reciprocal"), ("product",), ())


def _cost(config: SoftermaxConfig) -> float:
    bits = {
        "unnormed": config.unnormed.fraction_bits,
        "power_sum": config.power_sum.fraction_bits,
        "reciprocal": config.reciprocal.fraction_bits,
        "reciprocal_segments": config.reciprocal_segments,
        "mantissa_guard_bits": config.mantissa_guard_bits,
        "product": config.product.fraction_bits if config.normalizer == "row_product" else 0,
    }
    each = sum(weight * bits[name] for name, weight in _COST_PER_LANE.items())
    return config.lanes * each + sum(weight * bits[name] for name, weight in _COST.items())


@lru_cache(maxsize=256)
def derive(config: SoftermaxConfig) -> SoftermaxConfig:
    """The cheapest config that is faithful, with the sizes, input, output, normalizer and rounding of the one given.

    Widths that are wide enough for any config come first; then the widths that cost most are tried, from the
    narrowest, and the others are narrowed, the dearest first, until none can lose a bit.

    Raises
    ------
    ValueError
        If no width that the project allows is enough.
    """
    wide = _widest(config)
    if error_budget(wide).total >= 1:
        raise ValueError(
            f"output must be coarser than {config.output} to be faithful for rows of {config.max_len} at {config.input}"
        )
    least = next(bits for bits in range(1, 37) if _faithful(wide, unnormed=UQ(1, bits)))
    found = []
    for bits in range(least, min(least + 3, 37)):
        start = replace(wide, unnormed=UQ(1, bits))
        found += [_narrow(start, order) for order in _ORDERS]
    return min(found, key=_cost)


def _widest(config: SoftermaxConfig) -> SoftermaxConfig:
    sum_bits = config.capacity.bit_length()
    return replace(
        config,
        unnormed=UQ(1, 36),
        power_sum=UQ(sum_bits, min(36, 53 - sum_bits)),
        reciprocal=UQ(1, config.output.fraction_bits + 4),
        reciprocal_segments=256,
        mantissa_guard_bits=4,
        product=UQ(1, config.output.fraction_bits + 5),
        power_segments=1 << config.input.fraction_bits,
    )


def _faithful(config: SoftermaxConfig, **changes) -> bool:
    try:
        return error_budget(replace(config, **changes)).total < 1
    except ValueError:
        return False


def _narrow(config: SoftermaxConfig, first: tuple[str, ...]) -> SoftermaxConfig:
    """Take bits away, as long as the config stays faithful: of the parameters named first, then of the dearest."""
    rank = {name: place for place, name in enumerate(first)}
    while True:
        options = [(name, less) for name, less in narrower(config) if error_budget(less).total < 1]
        if not options:
            return config
        named = [option for option in options if option[0] in rank]
        saving = {name: _cost(config) - _cost(less) for name, less in options}
        if named:
            config = min(named, key=lambda option: rank[option[0]])[1]
        else:
            config = max(options, key=lambda option: saving[option[0]])[1]
