"""What an attack must not find: errors or sums of rows beyond their bounds."""

from dataclasses import replace

import pytest

from softermax.flows.measurement.faithfulness import _bounds_hold
from softermax.model import SoftermaxConfig
from softermax.model.attack import Worst

FOUND = Worst(rows=1, above=0.9, below=0.9, sum_low=1 - 1 / 256, sum_high=1 + 1 / 256)
CASCADE = SoftermaxConfig.faithful(lanes=4, max_len=96, rounding="cascade")


def test_a_cascade_is_within_its_bounds():
    assert _bounds_hold(CASCADE, [FOUND, replace(FOUND, above=1.4, below=1.4)])


@pytest.mark.parametrize(
    "change", [{"above": 1.6}, {"below": 1.6}, {"sum_low": 1 - 2 / 256}, {"sum_high": 1 + 2 / 256}]
)
def test_what_exceeds_a_bound_is_seen(change):
    assert not _bounds_hold(CASCADE, [FOUND, replace(FOUND, **change)])


@pytest.mark.parametrize(("rounding", "below", "holds"), [("nearest", 0.99, True), ("directed", 1.0, False)])
def test_other_roundings_stay_below_a_unit(rounding, below, holds):
    config = SoftermaxConfig.faithful(lanes=4, max_len=96, rounding=rounding)
    assert _bounds_hold(config, [replace(FOUND, above=0.1, below=below)]) == holds
