"""Payloads of the streams between the units, made from a config."""

from __future__ import annotations

from amaranth.hdl import signed, unsigned
from amaranth.lib import data

from softermax.model import QFormat, SoftermaxConfig

__all__ = [
    "probability_slice",
    "row_products",
    "row_scale",
    "row_summary",
    "score_slice",
    "scores_of",
    "shape_of",
    "unnormed_slice",
]


def shape_of(fmt: QFormat):
    """Amaranth shape of a format's raw integers."""
    return signed(fmt.width) if fmt.signed else unsigned(fmt.width)


def score_slice(config: SoftermaxConfig) -> data.StructLayout:
    """Scores in the config's format, see :func:`scores_of`."""
    return scores_of(config.input, config.lanes)


def scores_of(fmt: QFormat, lanes: int) -> data.StructLayout:
    """Scores: ``x`` (an array of lanes), ``keep`` (a bit per lane, 1 where the score takes part), ``last`` of a row."""
    return data.StructLayout({"x": data.ArrayLayout(shape_of(fmt), lanes), "keep": lanes, "last": 1})


def unnormed_slice(config: SoftermaxConfig) -> data.StructLayout:
    """Data of a slice that the Normalization Unit needs, and ``last`` of a row.

    Numerators ``u`` (an array of lanes) and the ``maximum`` that they were computed with; by row product the scores
    ``x`` and ``keep`` themselves.
    """
    if config.normalizer == "row_product":
        return score_slice(config)
    return data.StructLayout(
        {
            "u": data.ArrayLayout(shape_of(config.unnormed), config.lanes),
            "maximum": shape_of(config.maximum),
            "last": 1,
        }
    )


def row_summary(config: SoftermaxConfig) -> data.StructLayout:
    """A row's ``maximum`` and ``power_sum``; ``saturated``: the sum did; ``overlong``: the row was cut."""
    return data.StructLayout(
        {
            "maximum": shape_of(config.maximum),
            "power_sum": shape_of(config.power_sum),
            "saturated": 1,
            "overlong": 1,
        }
    )


def row_scale(config: SoftermaxConfig) -> data.StructLayout:
    """A row's scale: 1/D = ``mantissa`` * 2**(1 - e), with ``exponent`` = row maximum + e; and the row's flags."""
    lowest = config.lowest_maximum
    return data.StructLayout(
        {
            "mantissa": shape_of(config.reciprocal),
            "exponent": range(lowest, -lowest + config.max_exponent + 1),
            "saturated": 1,
            "overlong": 1,
        }
    )


def row_products(config: SoftermaxConfig) -> data.StructLayout:
    """A row's ``products`` (an array over the fraction of a score), its ``exponent`` and flags as in its scale."""
    scale = row_scale(config)
    products = data.ArrayLayout(config.product_width, 1 << config.input.fraction_bits)
    return data.StructLayout({"products": products} | {name: scale[name].shape for name in list(scale.members)[1:]})


def probability_slice(config: SoftermaxConfig) -> data.StructLayout:
    """Probabilities ``y`` (an array of lanes), ``last`` of a row, and the row's ``saturated`` and ``overlong``."""
    return data.StructLayout(
        {"y": data.ArrayLayout(shape_of(config.output), config.lanes), "last": 1, "saturated": 1, "overlong": 1}
    )
