"""The models of Softermax's units for benches: what their streams carry, and on which clock cycle."""

from __future__ import annotations

import numpy as np

from softermax.hw.streams import probability_slice, row_summary, score_slice, unnormed_slice
from softermax.model import SoftermaxConfig
from softermax.model.framing import Framing, frame
from softermax.model.normalization import normalization, probabilities, row_product_normalization
from softermax.model.timing import NormalizationTiming, SoftermaxTiming, UnnormedTiming
from softermax.model.unnormed import unnormed_softmax

from .streams import PackedStream, UnitStreams
from .trace import Trace
from .unit_models import UnitModel, softmax_model

__all__ = ["NORMALIZATION", "SOFTMAX", "UNNORMED", "random_normalization_trace", "unnormed_values"]

#: Its multiples, without their integer parts, spread evenly.
GOLDEN_RATIO = (1 + 5**0.5) / 2


def _unnormed_streams(slices, config: SoftermaxConfig) -> UnitStreams:
    """The streams of the Unnormed Softmax Unit over slices."""
    framing = frame(slices[2], config)
    unnormed, rows = unnormed_values(slices, framing, config)
    shown = {"o": _unnormed_stream(unnormed, config), "row": PackedStream.pack(row_summary(config), rows)}
    return UnitStreams({"i": _score_stream(slices, config)}, shown, framing)


def _all_normalization_streams(slices, config: SoftermaxConfig) -> UnitStreams:
    """The streams of the Normalization Unit over slices."""
    framing = frame(slices[2], config)
    return _normalization_streams(framing, *unnormed_values(slices, framing, config), config)


def random_normalization_trace(
    last: np.ndarray, config: SoftermaxConfig, permits: dict[str, np.ndarray], rng: np.random.Generator
) -> Trace:
    """Trace of the Normalization Unit, fed with slices and summaries that no Unnormed Softmax Unit may ever send.

    All that they promise is what the unit needs: that the sum is at least 1/2 and no less than any of the row's powers.

    Parameters
    ----------
    last : ndarray of bool, (slices,)
        End-of-row flags.
    """
    framing = frame(last, config)
    streams = _normalization_streams(framing, *_random_values(framing, config, rng), config)
    return NORMALIZATION.trace_of(streams, config, permits, rng)


def _normalization_streams(framing: Framing, unnormed, running, config) -> UnitStreams:
    of_rows = {name: values[framing.last] for name, values in running.items()}
    sources = {
        "i": _unnormed_stream(unnormed, config),
        "row": PackedStream.pack(row_summary(config), of_rows),
    }
    return UnitStreams(sources, {"o": _probability_stream(unnormed, running, framing, config)}, framing)


def _softermax_streams(slices, config: SoftermaxConfig) -> UnitStreams:
    """The streams of the complete Softermax over slices."""
    framing = frame(slices[2], config)
    unnormed, rows = unnormed_values(slices, framing, config)
    probabilities = _probability_stream(unnormed, rows, framing, config)
    return UnitStreams({"i": _score_stream(slices, config)}, {"o": probabilities}, framing)


def _score_stream(slices, config) -> PackedStream:
    x, keep, last = slices
    return PackedStream.pack(score_slice(config), {"x": x, "keep": keep, "last": last})


def unnormed_values(slices, framing: Framing, config):
    """Fields of the unnormed slices, for either style, and of the running row summaries, for every kept slice.

    The rows are laid out side by side, filled up with masked slices, which change nothing; so all rows are computed
    at once.
    """
    x, keep, _ = slices
    rows, columns = framing.places
    shape = (rows[-1] + 1, columns.max() + 1, config.lanes)
    padded_x, padded_keep = np.zeros(shape, x.dtype), np.zeros(shape, bool)
    padded_x[rows, columns], padded_keep[rows, columns] = x[framing.kept], keep[framing.kept]
    values = unnormed_softmax(padded_x, padded_keep, config)
    unnormed = {
        "u": values.numerators[rows, columns],
        "maximum": values.slice_maximum[rows, columns],
        "x": x[framing.kept],
        "keep": keep[framing.kept],
        "last": framing.last,
    }
    running = {
        "maximum": values.maximum[rows, columns],
        "power_sum": values.power_sum[rows, columns],
        "saturated": values.saturated[rows, columns],
        "overlong": framing.overlong,
    }
    return unnormed, running


def _random_values(framing: Framing, config: SoftermaxConfig, rng: np.random.Generator):
    """Random fields as in :func:`unnormed_values`, numbers of any size among them."""
    rows, _ = framing.places
    slices, lanes = len(rows), config.lanes
    fraction_bits, one = config.input.fraction_bits, 1 << config.unnormed.fraction_bits
    least = config.power_sum.fraction_bits - 1
    # Small sums the most, whose rows have large results; mantissas evenly, so that all of a table are among them.
    sizes = np.minimum(least + rng.geometric(0.4, rows[-1] + 1) - 1, config.power_sum.width - 1)
    mantissas = (rng.random() + np.arange(len(sizes)) * GOLDEN_RATIO) % 1
    power_sum = ((1 << sizes) + (mantissas * (1 << sizes)).astype(int))[rows]
    highest = -(-config.input.max_raw >> fraction_bits)
    maximum = rng.integers(config.lowest_maximum, highest + 1, rows[-1] + 1)[rows]
    below = np.minimum(rng.geometric(0.5, slices) - 1, maximum - config.lowest_maximum)
    largest = np.minimum(one, (power_sum << config.unnormed.fraction_bits - least - 1) << below)
    u = (rng.random((slices, lanes)) * (largest[:, None] + 1)).astype(int) >> rng.geometric(0.5, (slices, lanes)) - 1
    sum_log = np.log2(power_sum) - least - 1
    top = np.minimum(np.floor((maximum + np.minimum(sum_log, 0)) * 2**fraction_bits), config.input.max_raw).astype(int)
    x = np.maximum(top[:, None] - rng.geometric(2.0**-fraction_bits / 2, (slices, lanes)) + 1, config.input.min_raw)
    unnormed = {
        "u": u,
        "maximum": maximum - below,
        "x": x,
        # The smallest score may be too large for its sum.
        "keep": (rng.random((slices, lanes)) < 0.9) & (x <= top[:, None]),
        "last": framing.last,
    }
    flags = {name: rng.integers(2, size=rows[-1] + 1)[rows] for name in ("saturated", "overlong")}
    return unnormed, {"maximum": maximum, "power_sum": power_sum, **flags}


def _unnormed_stream(unnormed, config) -> PackedStream:
    """What goes from the Unnormed Softmax Unit to the Normalization Unit; it depends on the latter's style."""
    layout = unnormed_slice(config)
    return PackedStream.pack(layout, {name: unnormed[name] for name in layout.members})


def _probability_stream(unnormed, running, framing: Framing, config) -> PackedStream:
    """The Normalization Unit's output for every slice, with its row's flags."""
    end_of = np.flatnonzero(framing.last)[framing.places[0]]
    row = running["maximum"][end_of], running["power_sum"][end_of]
    if config.normalizer == "row_product":
        results = row_product_normalization(unnormed["x"][:, None], unnormed["keep"][:, None], *row, config)
    else:
        results = normalization(unnormed["u"][:, None], unnormed["maximum"][:, None], *row, config)
    rows, columns = framing.places
    whole = np.zeros((rows[-1] + 1, columns.max() + 1, config.lanes), np.int64)
    whole[rows, columns] = results[:, 0]
    y = probabilities(whole, config)[rows, columns]
    flags = {"saturated": running["saturated"][end_of], "overlong": running["overlong"][end_of]}
    return PackedStream.pack(probability_slice(config), {"y": y, "last": framing.last, **flags})


UNNORMED = UnitModel(_unnormed_streams, lambda framing, config: UnnormedTiming(framing, config.plan))
NORMALIZATION = UnitModel(
    _all_normalization_streams,
    lambda framing, config: NormalizationTiming(framing.last, config.plan.row_latency, config.plan.result_latency),
)
SOFTMAX = UnitModel(_softermax_streams, SoftermaxTiming)


@softmax_model.register
def _(config: SoftermaxConfig) -> UnitModel:
    return SOFTMAX
