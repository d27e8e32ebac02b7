"""Payloads of the baseline's streams. Numbers are raw binary16."""

from __future__ import annotations

from amaranth.hdl import unsigned
from amaranth.lib import data

from softermax.model.baseline import BaselineConfig

__all__ = ["first_pass_slice", "numerator_slice", "probability_slice", "row_total", "score_slice"]


def _numbers(config: BaselineConfig) -> data.ArrayLayout:
    return data.ArrayLayout(unsigned(16), config.lanes)


def score_slice(config: BaselineConfig) -> data.StructLayout:
    """Scores: ``x`` (an array of lanes), ``keep`` (a bit per lane, 1 where the score takes part), ``last`` of a row."""
    return data.StructLayout({"x": _numbers(config), "keep": config.lanes, "last": 1})


def first_pass_slice(config: BaselineConfig) -> data.StructLayout:
    """A slice of scores, and ``overlong`` with the last one of a row that was cut."""
    return data.StructLayout({**{name: field.shape for name, field in score_slice(config)}, "overlong": 1})


def numerator_slice(config: BaselineConfig) -> data.StructLayout:
    """Numerators ``u``, and ``last`` of a row."""
    return data.StructLayout({"u": _numbers(config), "last": 1})


def row_total(config: BaselineConfig) -> data.StructLayout:
    """A row's denominator, ``total``; ``overlong``: the row was cut."""
    return data.StructLayout({"total": 16, "overlong": 1})


def probability_slice(config: BaselineConfig) -> data.StructLayout:
    """Probabilities ``y`` (an array of lanes), ``last`` of a row, and the row's ``overlong``."""
    return data.StructLayout({"y": _numbers(config), "last": 1, "overlong": 1})
