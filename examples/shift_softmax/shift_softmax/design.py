"""What softermax is told of the unit: the streams of its bench, and its Design."""

from __future__ import annotations

import numpy as np

from softermax.flows.designs import Design, RowTraffic, Unit
from softermax.hw.streams import scores_of
from softermax.model.framing import frame
from softermax.sim.streams import PackedStream, UnitStreams
from softermax.sim.unit_models import UnitModel

from .hardware import ShiftSoftmax, probability_slice
from .model import OUTPUT, SCORE, ShiftConfig, ShiftTiming, shift_rows

__all__ = ["SHIFT"]


def _streams(slices, config: ShiftConfig) -> UnitStreams:
    """What is offered and what comes out, for slices ``x``, ``keep`` and ``last`` of rows."""
    x, keep, last = slices
    framing = frame(last, config)
    rows, columns = framing.places
    shape = (rows[-1] + 1, columns.max() + 1, config.lanes)
    of_rows, kept = np.zeros(shape, np.int64), np.zeros(shape, bool)
    of_rows[rows, columns], kept[rows, columns] = x[framing.kept], keep[framing.kept]
    y = shift_rows(of_rows, kept, config)[rows, columns]
    overlong = framing.overlong[np.flatnonzero(framing.last)[rows]]
    given = {"y": y, "last": framing.last, "overlong": overlong}
    source = PackedStream.pack(scores_of(SCORE, config.lanes), {"x": x, "keep": keep, "last": last})
    return UnitStreams({"i": source}, {"o": PackedStream.pack(probability_slice(config), given)}, framing)


SHIFT = Design(
    title="a softmax of shifts alone",
    source="an example of softermax",
    license="Apache-2.0",
    config=ShiftConfig,
    units={
        "softmax": Unit(
            title="complete softmax",
            component=ShiftSoftmax,
            # A row goes in, then out: slices do not follow each other in every cycle.
            traffic=RowTraffic(model=UnitModel(_streams, ShiftTiming), unbroken=False),
        )
    },
    # Rounding a score down and the sum down each double a result at most, and no result exceeds 1.
    error_bound=lambda config: 0.75 + OUTPUT.ulp,
)
