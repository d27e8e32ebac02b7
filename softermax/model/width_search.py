"""Search for the narrowest widths with which a config is faithful: its error budget stays below one unit in the last
place (ulp) of the output. docs/explanation/faithful.md describes it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache

from .config import SoftermaxConfig
from .error_budget import error_budget
from .formats import UQ

__all__ = ["area_model", "candidates", "derived_widths", "is_faithful", "narrower", "smallest"]

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
    """Contribution of the derived widths to the area of both units, in um2 of ASAP7 by the least-area recipe.

    Products of widths are the sizes of the hardware's arrays; the coefficients fit synthesised configs
    (docs/explanation/faithful.md).
    """
    numerator, reciprocal = config.unnormed.fraction_bits, config.reciprocal.fraction_bits
    area = 0.95 * config.lanes * numerator + 2.5 * config.power_sum.fraction_bits
    area += 7 * config.mantissa_bits + 5 * reciprocal + 0.02 * reciprocal * config.reciprocal_segments
    if config.normalizer == "multiply":
        return area + 0.35 * config.lanes * numerator * reciprocal
    products, product = 1 << config.input.fraction_bits, config.product.fraction_bits
    return area + product * (0.08 * products * reciprocal + 0.05 * (products - 1) * config.lanes)


#: Widths tried of each kind: the smallest possible one, and the next ones.
TRIED = 3


@lru_cache(maxsize=256)
def smallest(config: SoftermaxConfig) -> SoftermaxConfig:
    """The faithful config of minimum modelled area among the :func:`candidates`."""
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
    if not is_faithful(wide):
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
    """The smallest width of a name with which a faithful config stays faithful, by bisection."""
    too_narrow, enough = -16, widest
    while enough - too_narrow > 1:
        bits = (enough + too_narrow) // 2
        try:
            faithful = is_faithful(_with_width(config, name, bits))
        except ValueError:
            faithful = False
        too_narrow, enough = (too_narrow, bits) if faithful else (bits, enough)
    return enough


def is_faithful(config: SoftermaxConfig) -> bool:
    """Whether the error budget keeps every output less than a unit from exact; by cascade, every result half of one."""
    budget = error_budget(config)
    if config.rounding != "cascade":
        return budget.total < 1
    # A row's sum is a whole number of units, so less than two away is one; with few guard bits, but for their rounding.
    rounding = config.capacity * budget.rounding
    return budget.total < 0.5 and budget.row_sum - max(rounding - 1, 0) < 2


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
