"""Payloads of the baseline's streams. Numbers are raw binary16, by a fused datapath without bits that are always 0."""

from __future__ import annotations

from amaranth.hdl import unsigned
from amaranth.lib import data

from softermax.model import QFormat
from softermax.model.baseline import BaselineConfig

from ..streams import scores_of

__all__ = ["first_pass_slice", "numerator_slice", "probability_slice", "row_total", "score_slice"]


#: Bits of a number from 0 to 1, and of one that has no sign.
FRACTION_WIDTH, POSITIVE_WIDTH = 14, 15


def _numbers(config: BaselineConfig, width: int = 16) -> data.ArrayLayout:
    return data.ArrayLayout(unsigned(width), config.lanes)


def score_slice(config: BaselineConfig, score: QFormat | None = None) -> data.StructLayout:
    """Scores: ``x`` (an array of lanes), ``keep`` (a bit per lane, 1 where the score takes part), ``last`` of a row.

    Scores are binary16, or in a fixed-point format.
    """
    if score is not None:
        return scores_of(score, config.lanes)
    return data.StructLayout({"x": _numbers(config), "keep": config.lanes, "last": 1})


def first_pass_slice(config: BaselineConfig, score: QFormat | None = None) -> data.StructLayout:
    """A slice of scores, and ``overlong`` with the last one of a row that was cut."""
    return data.StructLayout({**{name: field.shape for name, field in score_slice(config, score)}, "overlong": 1})


def numerator_slice(config: BaselineConfig) -> data.StructLayout:
    """Numerators ``u``, by a fused datapath of 14 bits; and ``last`` of a row."""
    return data.StructLayout({"u": _numbers(config, FRACTION_WIDTH if config.fused else 16), "last": 1})


def row_total(config: BaselineConfig) -> data.StructLayout:
    """A row's denominator, ``total``; ``overlong``: the row was cut.

    By a fused datapath the total has 15 bits and is never 0, and ``no_number`` says that the row gives NaNs.
    """
    if config.fused:
        return data.StructLayout({"total": POSITIVE_WIDTH, "no_number": 1, "overlong": 1})
    return data.StructLayout({"total": 16, "overlong": 1})


def probability_slice(config: BaselineConfig) -> data.StructLayout:
    """Probabilities ``y`` (an array of lanes), ``last`` of a row, and the row's ``overlong``."""
    return data.StructLayout({"y": _numbers(config), "last": 1, "overlong": 1})
