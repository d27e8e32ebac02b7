"""Sums of rows of equal scores: found among single rows, each played alone."""

import numpy as np
import pytest

from softermax.model import SoftermaxConfig, softmax
from softermax.model.baseline import BaselineConfig
from softermax.model.equal_scores import _lengths, equal_scores


def single(config, n):
    return float(softmax(np.zeros(n), config).sum())


@pytest.mark.parametrize("preset", ["paper", "faithful", "default"])
def test_extremes_are_those_of_single_rows(preset):
    config = {
        "paper": SoftermaxConfig.paper(max_len=300),
        "faithful": SoftermaxConfig.faithful(max_len=300),
        "default": SoftermaxConfig.faithful(max_len=300, rounding="cascade"),
    }[preset]
    sums = {n: single(config, n) for n in range(1, 301)}
    found = equal_scores(config)
    assert (found.smallest, found.largest) == (min(sums.values()), max(sums.values()))
    for at, extreme in ((found.at_smallest, found.smallest), (found.at_largest, found.largest)):
        assert sums[at] == extreme
        assert all(sums[n] != extreme for n in range(1, at))


def test_the_papers_formats_lose_a_row_of_257_equal_scores():
    found = equal_scores(SoftermaxConfig.paper(max_len=384))
    assert (found.smallest, found.at_smallest, found.largest, found.at_largest) == (0, 257, 2, 256)


def test_the_baseline_loses_nothing():
    found = equal_scores(BaselineConfig(max_len=384, lanes=16))
    assert 0.999 < found.smallest <= 1 <= found.largest < 1.001


def test_long_rows_are_tried_at_some_lengths_and_at_the_longest():
    config = SoftermaxConfig.faithful(max_len=5000)
    lengths = _lengths(5000)
    assert lengths[:1024].tolist() == list(range(1, 1025))
    assert lengths[1024:].tolist() == [1280, 1536, 1792, 2048, 2560, 3072, 3584, 4096, 5000]
    assert equal_scores(config).smallest == min(single(config, n) for n in lengths) == 0
    assert _lengths(1).tolist() == [1]
