"""Golden model of the Normalization Unit: Reciprocal, then shift and multiplication of the numerators."""

from __future__ import annotations

import math

import numpy as np

from .cascade import cascaded
from .config import SoftermaxConfig
from .formats import integer_dtype
from .unnormed import UnnormedRows

__all__ = ["normalization", "normalized", "probabilities", "reciprocal", "row_product_normalization", "row_products"]


def normalized(
    x: np.ndarray, keep: np.ndarray | None, rows: UnnormedRows, power_sum: np.ndarray, config: SoftermaxConfig
) -> np.ndarray:
    """Normalization Unit over whole rows, with the normalizer that the config names.

    Parameters
    ----------
    x, keep : ndarray, (..., slices, lanes)
        As for :func:`row_product_normalization`.
    rows : UnnormedRows
        Results of the Unnormed Softmax Unit for the scores.
    power_sum : ndarray of int, (...)
        D of the whole row.

    Returns
    -------
    ndarray of int, (..., slices, lanes)
        In ``config.output``; 0 where masked.
    """
    maximum = rows.maximum[..., -1]
    if config.normalizer == "row_product":
        results = row_product_normalization(x, keep, maximum, power_sum, config)
    else:
        results = normalization(rows.numerators, rows.slice_maximum, maximum, power_sum, config)
    return probabilities(results, config)


def probabilities(results: np.ndarray, config: SoftermaxConfig) -> np.ndarray:
    """Last steps: the cascade, if rounding is by one, and saturation.

    Parameters
    ----------
    results : ndarray of int, (..., slices, lanes)
        Results of whole rows, by :func:`normalization` or :func:`row_product_normalization`.

    Returns
    -------
    ndarray of int, (..., slices, lanes)
        In ``config.output``.
    """
    y = cascaded(results, config) if config.rounding == "cascade" else results
    return np.minimum(y, config.output.max_raw) if config.output_can_saturate else y


def reciprocal(power_sum: np.ndarray, config: SoftermaxConfig) -> tuple[np.ndarray, np.ndarray]:
    """Reciprocal of the denominator, as a mantissa and an exponent: 1/D = mantissa * 2**(1 - exponent).

    A row with a kept score has D >= 1/2. Less (0, from a row without one) is defined here too, with exponent 0; in
    hardware it gives another scale, which has no effect, because such a row has no numerator except 0.

    Parameters
    ----------
    power_sum : ndarray of int, any shape
        D in ``config.power_sum``.

    Returns
    -------
    mantissa : ndarray of int, same shape
        1/m in ``config.reciprocal``, for D = m * 2**(exponent - 1) with m in [1, 2).
    exponent : ndarray of int, same shape
        0 to ``config.max_exponent``.
    """
    power_sum = np.asarray(power_sum, np.int64)
    lowest = config.power_sum.fraction_bits - 1
    leading_one = np.frexp(power_sum.astype(np.float64))[1] - 1
    exponent = np.maximum(leading_one - lowest, 0)
    aligned = power_sum << (config.max_exponent - exponent)
    index = aligned >> (config.power_sum.width - 1 - config.mantissa_bits)
    return config.reciprocal_table.values[index & ((1 << config.mantissa_bits) - 1)], exponent


def normalization(
    numerators: np.ndarray,
    slice_maximum: np.ndarray,
    maximum: np.ndarray,
    power_sum: np.ndarray,
    config: SoftermaxConfig,
) -> np.ndarray:
    """Results of the Normalization Unit, before the cascade and saturation: round(u * 2**(M_s - M) / D).

    Parameters
    ----------
    numerators : ndarray of int, (..., slices, lanes)
        u in ``config.unnormed``.
    slice_maximum : ndarray of int, (..., slices)
        M_s, the maximum with which each slice was computed.
    maximum, power_sum : ndarray of int, (...)
        M and D of the whole row.

    Returns
    -------
    ndarray of int, (..., slices, lanes)
        With ``config.result_bits`` fraction bits.
    """
    mantissa, exponent = reciprocal(power_sum, config)
    dtype = integer_dtype(config.unnormed.width + config.reciprocal.width + max(0, -config.product_shift) + 1)
    shift = (maximum + exponent)[..., None] - slice_maximum
    y = numerators.astype(dtype) >> shift.clip(max=31 if dtype.itemsize < 8 else 63).astype(dtype)[..., None]
    y *= mantissa.astype(dtype)[..., None, None]
    return _round(y, config.product_shift)


def row_products(power_sum: np.ndarray, config: SoftermaxConfig) -> tuple[np.ndarray, np.ndarray]:
    """The products of a row's reciprocal with every mantissa 2**t that a numerator can have.

    Parameters
    ----------
    power_sum : ndarray of int, (...)
        D of the row.

    Returns
    -------
    products : ndarray of int64, (..., 2**f), f the fraction bits of a score
        2**t / m in ``config.product``, t = 0, 2**-f, ..., for D = m * 2**(exponent - 1).
    exponent : ndarray of int64, (...)
    """
    mantissa, exponent = reciprocal(power_sum, config)
    exact = mantissa[..., None] * config.product_table.values
    dropped = config.reciprocal.fraction_bits
    bias = (1 << dropped) - 1 if config.rounding == "directed" else 1 << (dropped - 1)
    return (exact + bias) >> dropped, exponent


def row_product_normalization(
    x: np.ndarray, keep: np.ndarray | None, maximum: np.ndarray, power_sum: np.ndarray, config: SoftermaxConfig
) -> np.ndarray:
    """Results with row products, before the cascade and saturation: round(product[frac(x)] * 2**(floor(x) - M) / 2**e).

    Parameters
    ----------
    x : ndarray of int, (..., slices, lanes)
        Scores in ``config.input``.
    keep : ndarray of bool, (..., slices, lanes), or None
    maximum, power_sum : ndarray of int, (...)
        M and D of the whole row.

    Returns
    -------
    ndarray of int, (..., slices, lanes)
        With ``config.result_bits`` fraction bits; 0 where masked.
    """
    products, exponent = row_products(power_sum, config)
    fraction_bits = config.input.fraction_bits
    fraction = x & ((1 << fraction_bits) - 1)
    rows = products.shape[:-1]
    selected = np.take_along_axis(products, fraction.reshape(*rows, math.prod(x.shape[len(rows) :])), axis=-1).reshape(
        x.shape
    )
    # The exponent counts from 1/2, so the products are halved as a matter of course.
    shift = (maximum + exponent - 1)[..., None, None] - (x >> fraction_bits)
    dropped = config.product.fraction_bits - config.result_bits
    if config.rounding == "directed":
        y = _shift(selected, shift + dropped)
    else:
        y = (_shift(selected, shift + dropped - 1) + 1) >> 1
    return y if keep is None else np.where(keep, y, 0)


def _shift(values: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Shift right, or left where the places are negative."""
    return (values << (-places).clip(0, 62)) >> places.clip(0, 62)


def _round(y: np.ndarray, dropped: int) -> np.ndarray:
    """Drop fraction bits, in place: to nearest, ties up."""
    if dropped > 0:
        y += 1 << (dropped - 1)
        y >>= dropped
    else:
        y <<= -dropped
    return y
