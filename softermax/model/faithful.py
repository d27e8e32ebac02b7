"""Faithful rounding: a bound on the error of every output of a config, and the narrowest widths that keep it below one
unit in the last place (ulp) of the output. The derivation, term by term, stands in docs/faithful.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from .config import SoftermaxConfig
from .formats import UQ

__all__ = ["ErrorBudget", "area_model", "candidates", "derive", "derived_widths", "error_budget", "narrower"]


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


#: Derived widths, by the name of the parameter: a config's width in bits, and the parameter at another width.
#: Segments count as the bits that select one.
_WIDTHS = {
    "unnormed": (lambda c: c.unnormed.fraction_bits, lambda c, bits: UQ(1, bits)),
    "reciprocal": (lambda c: c.reciprocal.fraction_bits, lambda c, bits: UQ(1, bits)),
    "reciprocal_segments": (lambda c: c.reciprocal_segments.bit_length() - 1, lambda c, bits: 1 << bits),
    "mantissa_guard_bits": (lambda c: c.mantissa_guard_bits, lambda c, bits: bits),
    "product": (lambda c: c.product.fraction_bits, lambda c, bits: UQ(1, bits)),
    "power_sum": (lambda c: c.power_sum.fraction_bits, lambda c, bits: UQ(c.power_sum.integer_bits, bits)),
}


def derived_widths(config: SoftermaxConfig) -> dict[str, int]:
    """The widths of a config that are derived, in bits, by the name of the parameter."""
    unused = () if config.normalizer == "row_product" else ("product",)
    return {name: width(config) for name, (width, _) in _WIDTHS.items() if name not in unused}


def narrower(config: SoftermaxConfig) -> Iterator[tuple[str, SoftermaxConfig]]:
    """The configs that have a bit less of one derived width, by the name of the parameter; those that are valid."""
    for name, bits in derived_widths(config).items():
        with suppress(ValueError):
            yield name, _with_width(config, name, bits - 1)


def _with_width(config: SoftermaxConfig, name: str, bits: int) -> SoftermaxConfig:
    return replace(config, **{name: _WIDTHS[name][1](config, bits)})


def area_model(config: SoftermaxConfig) -> float:
    """What the derived widths contribute to the area of both units, in um2 of ASAP7 by the least-area recipe.

    Products of widths are those of the hardware's arrays; the coefficients fit synthesised configs (docs/faithful.md).
    """
    numerator, reciprocal = config.unnormed.fraction_bits, config.reciprocal.fraction_bits
    area = 0.95 * config.lanes * numerator + 2.5 * config.power_sum.fraction_bits
    area += 7 * config.mantissa_bits + 5 * reciprocal + 0.02 * reciprocal * config.reciprocal_segments
    if config.normalizer == "multiply":
        return area + 0.35 * config.lanes * numerator * reciprocal
    products, product = 1 << config.input.fraction_bits, config.product.fraction_bits
    return area + product * (0.08 * products * reciprocal + 0.05 * (products - 1) * config.lanes)


#: Widths tried of each kind: the least that can do, and the next ones.
TRIED = 3


@lru_cache(maxsize=256)
def derive(config: SoftermaxConfig) -> SoftermaxConfig:
    """The faithful config of the least modelled area, of those that :func:`candidates` gives."""
    return min(candidates(config), key=area_model)


def candidates(config: SoftermaxConfig) -> Iterator[SoftermaxConfig]:
    """Faithful configs with the sizes, input, output, normalizer and rounding of the one given.

    Every combination of widths is searched in which each is at most ``TRIED - 1`` bits above the least that can still
    do beside those chosen before it. So no width of the smallest can lose a bit: that would be a smaller one of them.

    Raises
    ------
    ValueError
        If no width that the project allows is enough.
    """
    wide = _widest(config)
    if not _is_faithful(wide):
        raise ValueError(
            f"output must be coarser than {config.output} to be faithful for rows of {config.max_len} at {config.input}"
        )
    return _search(wide, tuple(derived_widths(wide)))


def _search(config: SoftermaxConfig, names: tuple[str, ...]) -> Iterator[SoftermaxConfig]:
    """Faithful configs with narrower widths of these names."""
    name, *others = names
    widest = derived_widths(config)[name]
    least = _least(config, name, widest)
    if not others:
        yield _with_width(config, name, least)
        return
    for bits in range(least, min(least + TRIED, widest + 1)):
        yield from _search(_with_width(config, name, bits), tuple(others))


def _least(config: SoftermaxConfig, name: str, widest: int) -> int:
    """The least width of a name with which a faithful config stays so, by bisection."""
    too_narrow, enough = -16, widest
    while enough - too_narrow > 1:
        bits = (enough + too_narrow) // 2
        try:
            faithful = _is_faithful(_with_width(config, name, bits))
        except ValueError:
            faithful = False
        too_narrow, enough = (too_narrow, bits) if faithful else (bits, enough)
    return enough


def _is_faithful(config: SoftermaxConfig) -> bool:
    return error_budget(config).total < 1


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
