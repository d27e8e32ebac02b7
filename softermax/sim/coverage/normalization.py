"""Coverage of the Normalization Unit's values: the sum's reciprocal, the shift to the row maximum, probabilities."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np

from softermax.model import SoftermaxConfig, softmax_raw
from softermax.model.normalization import reciprocal, row_products

from .coverpoints import Coverpoints, amount_bins, amounts, counted, named

__all__ = ["NORMALIZATION", "ProbabilitiesView"]

NORMALIZATION = Coverpoints()


@dataclass(frozen=True)
class ProbabilitiesView:
    """Rows that have passed the Normalization Unit, and what it made of them.

    Attributes
    ----------
    slices : dict of str to ndarray, (slices,) or (slices, lanes)
        Fields of the unnormed slices; by row product, of slices of scores.
    rows : dict of str to ndarray, (rows,)
        Fields of the row summaries.
    y : ndarray of int, (slices, lanes)
    config : SoftermaxConfig
    """

    slices: dict[str, np.ndarray]
    rows: dict[str, np.ndarray]
    y: np.ndarray
    config: SoftermaxConfig

    @property
    def by_product(self) -> bool:
        """Whether lanes select products."""
        return self.config.normalizer == "row_product"

    @cached_property
    def row(self) -> np.ndarray:
        """The row of each slice."""
        return np.r_[0, np.cumsum(self.slices["last"])[:-1]].astype(int)

    @cached_property
    def kept(self) -> np.ndarray:
        """Lanes that take part, as far as this unit knows: those with a numerator, or by row product a mask."""
        return self.slices["keep"].astype(bool) if self.by_product else self.slices["u"] > 0

    @cached_property
    def exponent(self) -> np.ndarray:
        """Exponent of each row's reciprocal."""
        return reciprocal(self.rows["power_sum"], self.config)[1]

    @cached_property
    def shift(self) -> np.ndarray:
        """Places by which a numerator, or the halved product, is shifted down, (slices, lanes)."""
        row = (self.rows["maximum"] + self.exponent)[self.row][:, None]
        if self.by_product:
            return row - 1 - (self.slices["x"] >> self.config.input.fraction_bits)
        return np.broadcast_to(row - self.slices["maximum"][:, None], self.y.shape)

    @cached_property
    def exact(self) -> tuple[np.ndarray, np.ndarray]:
        """Raw integers before a result's rounding, and the number of last places that it drops, (slices, lanes).

        Dropping fewer than none appends zeros.
        """
        config = self.config
        if not self.by_product:
            mantissa = reciprocal(self.rows["power_sum"], config)[0][self.row][:, None]
            shifted = self.slices["u"] >> self.shift.clip(0, 62)
            return shifted * mantissa, np.full(self.y.shape, config.product_shift)
        products = row_products(self.rows["power_sum"], config)[0][self.row]
        fraction = self.slices["x"] & ((1 << config.input.fraction_bits) - 1)
        return np.take_along_axis(products, fraction, axis=1), self.shift + (
            config.product.fraction_bits - config.result_bits
        )


def _largest_sum(config) -> int:
    return min(config.capacity << config.power_sum.fraction_bits, config.power_sum.max_raw)


def _exponents(config) -> range:
    """Exponents from 0, the exponent of a fully masked row."""
    return range(_largest_sum(config).bit_length() - config.power_sum.fraction_bits + 1)


@NORMALIZATION("exponent of a row's sum", lambda view: _exponents(view.config))
def exponents(view):
    """How far the reciprocal's mantissa is shifted."""
    return view.exponent


def _segment(power_sum: np.ndarray, config: SoftermaxConfig) -> np.ndarray:
    """The segment of the reciprocal's table for sums other than 0."""
    aligned = power_sum << (config.max_exponent - reciprocal(power_sum, config)[1])
    index = aligned >> (config.power_sum.width - 1 - config.mantissa_bits)
    return (index & ((1 << config.mantissa_bits) - 1)) >> config.reciprocal_table.offset_bits


@NORMALIZATION("segment of the reciprocal", lambda view: _segments(view.config))
def segments(view):
    """Entries of the linear-piecewise table."""
    power_sum = view.rows["power_sum"]
    return _segment(power_sum[power_sum > 0], view.config)


@cache
def _segments(config) -> list[int]:
    """Those that any sum of 1/2 to the largest selects, which in small formats are not all."""
    half = 1 << (config.power_sum.fraction_bits - 1)
    # Beyond so many bits of a sum the table's index does not depend on the others.
    largest = min(_largest_sum(config), half << (config.mantissa_bits + 1))
    return np.unique(_segment(np.arange(half, largest + 1), config)).tolist()


def _shift_limit(config) -> int:
    """The smallest shift that leaves no bit."""
    return config.product_width if config.normalizer == "row_product" else config.unnormed.width


@NORMALIZATION(
    "shift of a numerator or product",
    lambda view: amount_bins(
        _shift_limit(view.config), (1 << view.config.input.integer_bits) + _exponents(view.config)[-1]
    ),
)
def shifts(view):
    """To the row maximum and by the sum's exponent."""
    shift = view.shift[view.kept] if view.by_product else view.shift[view.kept.any(axis=1), 0]
    return amounts(shift, _shift_limit(view.config))


@cache
def _alone(config) -> int:
    """The largest probability of a row with a single score."""
    return int(softmax_raw(np.arange(1 << config.input.fraction_bits)[:, None], config).max())


@NORMALIZATION("probability", lambda view: ["0, though kept", "1 unit", "that of a score alone"])
def probabilities(view):
    """The ends of a probability's range."""
    y = view.y[view.kept]
    return counted({"0, though kept": y == 0, "1 unit": y == 1, "that of a score alone": y == _alone(view.config)})


def _roundings(config) -> list[str]:
    if config.rounding == "directed":
        return ["exact", "down"]
    places = 2 if config.normalizer == "row_product" else config.product_shift
    return ["exact", *["tie"] * (places > 0), *["down", "up"] * (places > 1)]


@NORMALIZATION("rounding of a result", lambda view: _roundings(view.config))
def roundings(view):
    """Rounding of a lane's result by the places that it drops; a tie goes up. A cascade follows it."""
    raw, places = view.exact
    raw, places = raw[view.kept], places[view.kept].clip(0, 62)
    rest = raw & ((1 << places) - 1)
    if view.config.rounding == "directed":
        return counted({"exact": rest == 0}, "down")
    half = (1 << places) >> 1
    return counted({"exact": rest == 0, "tie": rest == half, "up": rest > half}, "down")


@NORMALIZATION("fraction of a normalised score", lambda view: _fractions(view))
def fractions(view):
    """Which product lanes select."""
    fraction_bits = view.config.input.fraction_bits
    return view.slices["x"][view.kept] & ((1 << fraction_bits) - 1) if view.by_product else []


def _fractions(view) -> range:
    return range(1 << view.config.input.fraction_bits) if view.by_product else range(0)


@NORMALIZATION(
    "flags of a row",
    lambda view: ["none", "overlong", *["saturated", "both"] * view.config.sum_can_overflow],
)
def flags(view):
    """Flags of a row with its probabilities."""
    saturated, overlong = (view.rows[name].astype(bool) for name in ("saturated", "overlong"))
    return named({"both": saturated & overlong, "saturated": saturated, "overlong": overlong}, "none")
