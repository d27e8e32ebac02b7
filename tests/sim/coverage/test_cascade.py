"""Coverage of the Cascade, by hand for a few slices, and of the views that rows make."""

import numpy as np
import pytest

from softermax.model import UQ, SoftermaxConfig
from softermax.model.normalization import normalization, row_product_normalization
from softermax.sim.coverage.cascade import CASCADE, CascadeView
from softermax.sim.coverage.coverpoints import Coverage
from softermax.sim.coverage.normalization import ProbabilitiesView

CONFIG = SoftermaxConfig.faithful(lanes=2, max_len=8, rounding="cascade", guard_bits=2)


def test_few_slices_by_hand():
    # In quarters. The first row leaves three; the second one begins with one half again.
    results, last = np.array([[5, 3], [2, 3], [1, 1024]]), np.array([False, True, True])
    view = CascadeView(results, last, CONFIG)
    assert view.found.tolist() == [2, 2, 2]
    assert view.residual.tolist() == [2, 3, 3]
    assert view.y.tolist() == [[1, 1], [1, 0], [0, 256]]
    coverage = Coverage()
    coverage.count(CASCADE, view)
    hits = {point: {name: n for name, n in bins.items() if n} for point, bins in coverage.hits.items()}
    assert hits == {
        "guard bits of a result": {"0": 1, "below one half": 2, "one half": 1, "above one half": 2},
        "carry of a lane": {
            "0: none, though a part is lost": 2,
            "0: carries": 1,
            "1: none, though a part is lost": 1,
            "1: carries": 1,
        },
        "carries in a slice": {"0": 1, "1": 2},
        "residual within a row": {"one half": 1},
        "residual at a row's end": {"above one half": 2},
        "output by the residual of the slice before": {"as without": 2},
        "output by the end of the row before": {"one less": 1, "as without": 1},
        "saturation of an output": {"by itself": 1},
    }


def test_a_residual_changes_the_next_slice():
    view = CascadeView(np.array([[3, 0], [1, 0]]), np.array([False, True]), CONFIG)
    coverage = Coverage()
    coverage.count(CASCADE, view)
    assert view.y.tolist() == [[1, 0], [0, 0]]
    view = CascadeView(np.array([[1, 0], [1, 0]]), np.array([False, True]), CONFIG)
    coverage.count(CASCADE, view)
    assert view.y.tolist() == [[0, 0], [1, 0]]
    hits = coverage.hits["output by the residual of the slice before"]
    assert hits == {"one more": 1, "one less": 0, "as without": 3}


@pytest.mark.parametrize("output", [UQ(0, 6), UQ(0, 12)])
@pytest.mark.parametrize("normalizer", ["multiply", "row_product"])
def test_results_are_those_of_the_golden_model(normalizer, output):
    config = SoftermaxConfig(lanes=2, max_len=8, normalizer=normalizer, output=output, rounding="cascade", guard_bits=3)
    rng = np.random.default_rng(3)
    n = 200
    x, keep = rng.integers(-40, 1, (n, 2)), rng.random((n, 2)) < 0.8
    u, maximum = rng.integers(0, 1 << 14, (n, 2)), rng.integers(-5, 1, n)
    rows = {"maximum": np.zeros(n, int), "power_sum": rng.integers(64, 1 << 16, n)}
    if normalizer == "multiply":
        expected = normalization(u[:, None], maximum[:, None], rows["maximum"], rows["power_sum"], config)
    else:
        expected = row_product_normalization(x[:, None], keep[:, None], rows["maximum"], rows["power_sum"], config)
    slices = {"x": x, "keep": keep, "u": u, "maximum": maximum, "last": np.ones(n, bool)}
    view = CascadeView.of(ProbabilitiesView(slices, rows, np.zeros((n, 2), int), config))
    assert np.array_equal(view.results, expected[:, 0])
