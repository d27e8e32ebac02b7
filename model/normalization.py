"""Golden model of the Normalization Unit: Reciprocal, then shift and multiplication of the numerators."""

from __future__ import annotations

import numpy as np

from .config import SoftermaxConfig
from .formats import integer_dtype

__all__ = ["normalization", "reciprocal"]


def reciprocal(power_sum: np.ndarray, config: SoftermaxConfig) -> tuple[np.ndarray, np.ndarray]:
    """Reciprocal of the denominator, as a mantissa and an exponent: 1/D = mantissa * 2**(1 - exponent).

    A row with a kept score has D >= 1/2. Less (0, from a row without one) is defined as well, as what the hardware
    does: the exponent stays 0 and the bits below the missing leading one index the table.

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
    """Normalization Unit over whole rows: y = round(u * 2**(M_s - M) / D), saturated.

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
        In ``config.output``.
    """
    mantissa, exponent = reciprocal(power_sum, config)
    dtype = integer_dtype(config.unnormed.width + config.reciprocal.width + max(0, -config.product_shift) + 1)
    shift = (maximum + exponent)[..., None] - slice_maximum
    y = numerators.astype(dtype) >> shift.clip(max=31 if dtype.itemsize < 8 else 63).astype(dtype)[..., None]
    y *= mantissa.astype(dtype)[..., None, None]
    if config.product_shift > 0:
        y += 1 << (config.product_shift - 1)
        y >>= config.product_shift
    else:
        y <<= -config.product_shift
    if config.output_can_saturate:
        np.minimum(y, config.output.max_raw, out=y)
    return y
