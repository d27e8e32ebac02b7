"""The models of the baseline's units for benches: what their streams carry, and on which clock cycle."""

from __future__ import annotations

import numpy as np

from softermax.hw.baseline.streams import (
    first_pass_slice,
    numerator_slice,
    probability_slice,
    row_total,
    score_slice,
)
from softermax.model.baseline import BaselineConfig, exponential_sums, normalize
from softermax.model.baseline_timing import BaselineSoftmaxTiming, BaselineUnnormedTiming
from softermax.model.framing import Framing, frame
from softermax.model.timing import NormalizationTiming

from .streams import PackedStream, UnitStreams
from .unit_models import UnitModel, softmax_model

__all__ = ["NORMALIZATION", "SOFTMAX", "UNNORMED", "baseline_values"]

#: What is known of a row after its last slice.
_ROW_FIELDS = ("total", "no_number", "overlong")


def _unnormed_streams(slices, config: BaselineConfig) -> UnitStreams:
    """The streams of the baseline's Unnormed Softmax Unit over slices."""
    framing = frame(slices[2], config)
    x, keep = (field[framing.kept] for field in slices[:2])
    values = baseline_values(x, keep, framing, config)
    scores = {"x": x, "keep": keep, "last": framing.last}
    sources = {
        "i": PackedStream.pack(first_pass_slice(config), scores | {"overlong": framing.overlong}),
        "again": PackedStream.pack(score_slice(config), scores),
    }
    shown = {
        "o": PackedStream.pack(numerator_slice(config), {name: values[name] for name in ("u", "last")}),
        "row": _row_stream({name: values[name] for name in _ROW_FIELDS}, config),
    }
    return UnitStreams(sources, shown, framing)


def _normalization_streams(slices, config: BaselineConfig) -> UnitStreams:
    """The streams of the baseline's Normalization Unit over slices."""
    framing = frame(slices[2], config)
    values = baseline_values(slices[0][framing.kept], slices[1][framing.kept], framing, config)
    of_rows = {name: values[name][framing.last] for name in _ROW_FIELDS}
    sources = {
        "i": PackedStream.pack(numerator_slice(config), {name: values[name] for name in ("u", "last")}),
        "row": _row_stream(of_rows, config),
    }
    return UnitStreams(sources, {"o": _probability_stream(values, config)}, framing)


def _softmax_streams(slices, config: BaselineConfig) -> UnitStreams:
    """The streams of the complete baseline softmax over slices."""
    framing = frame(slices[2], config)
    x, keep, last = slices
    probabilities = _probability_stream(baseline_values(x[framing.kept], keep[framing.kept], framing, config), config)
    source = PackedStream.pack(score_slice(config), {"x": x, "keep": keep, "last": last})
    return UnitStreams({"i": source}, {"o": probabilities}, framing)


def baseline_values(x: np.ndarray, keep: np.ndarray, framing: Framing, config: BaselineConfig) -> dict[str, np.ndarray]:
    """Fields of all streams for every kept slice, (slices,) or (slices, lanes); the sum as it is after that slice.

    The rows are computed side by side, each filled up with masked slices, which change nothing.
    """
    rows, columns = framing.places
    shape = (rows[-1] + 1, columns.max() + 1, config.lanes)
    padded_x, padded_keep = np.zeros(shape, np.uint16), np.zeros(shape, bool)
    padded_x[rows, columns], padded_keep[rows, columns] = x, keep
    values = exponential_sums(padded_x, padded_keep, config)
    return {
        "u": values.numerators[rows, columns],
        "total": values.total[rows, columns],
        "no_number": values.no_number[rows],
        "y": normalize(values, config)[rows, columns],
        "last": framing.last,
        "overlong": framing.overlong[np.flatnonzero(framing.last)[rows]],
    }


def _row_stream(fields: dict[str, np.ndarray], config: BaselineConfig) -> PackedStream:
    """The sums of rows, with the flags that a config's have."""
    layout = row_total(config)
    return PackedStream.pack(layout, {name: fields[name] for name in layout.members})


def _probability_stream(values, config: BaselineConfig) -> PackedStream:
    """The Normalization Unit's output for every slice."""
    return PackedStream.pack(probability_slice(config), {name: values[name] for name in ("y", "last", "overlong")})


UNNORMED = UnitModel(_unnormed_streams, lambda framing, config: BaselineUnnormedTiming(framing.last, config))
NORMALIZATION = UnitModel(
    _normalization_streams,
    lambda framing, config: NormalizationTiming(framing.last, config.row_latency, config.slice_latency),
)
SOFTMAX = UnitModel(_softmax_streams, BaselineSoftmaxTiming)


@softmax_model.register
def _(config: BaselineConfig) -> UnitModel:
    return SOFTMAX
