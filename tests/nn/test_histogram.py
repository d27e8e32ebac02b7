"""Histograms that grow: against NumPy on all values at once."""

import numpy as np
import pytest
import torch

from softermax.nn.histogram import BINS, HeadHistograms


def batches(seed, scale, count=5):
    """Scores of 3 heads, and which of them count."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        scores = rng.normal(0, scale, (2, 3, 7, 40)) * [[[1.0]], [[10.0]], [[0.1]]]
        yield torch.from_numpy(scores), torch.from_numpy(rng.random(scores.shape) < 0.7)


def observed(histograms, seed, scale):
    """All that was added, head by head."""
    kept = [[], [], []]
    for scores, keep in batches(seed, scale):
        histograms.add(scores, keep)
        for head in range(3):
            kept[head].append(scores[:, head][keep[:, head]].numpy())
    return [np.concatenate(values) for values in kept]


@pytest.mark.parametrize("scale", [1e-3, 1.0, 100.0, 1e6])
@pytest.mark.parametrize("percent", [0.001, 1.0, 50.0, 99.0, 99.999, 100.0])
def test_percentiles_are_numpys_to_within_a_bin(scale, percent):
    histograms = HeadHistograms(3, 1 / 32)
    values = observed(histograms, 1, scale)
    exact = np.array([np.percentile(head, percent, method="inverted_cdf") for head in values])
    found = histograms.percentile(percent).numpy()
    assert (found >= exact).all()
    assert (found - exact < histograms.width).all()
    largest = max(np.abs(head).max() for head in values)
    # No wider than needed.
    assert histograms.width == 1 / 32 or histograms.width * BINS / 4 <= largest


@pytest.mark.parametrize("scale", [1.0, 1000.0])
def test_percentiles_and_counts_of_multiples_of_a_bin_are_exact(scale):
    rng = np.random.default_rng(2)
    values = np.rint(rng.normal(0, scale, (1, 1, 3, 500))) * 0.5
    histograms = HeadHistograms(1, 0.5)
    histograms.add(torch.from_numpy(values), torch.ones(values.shape, dtype=torch.bool))
    assert histograms.width == 0.5
    for percent in (0.1, 3, 50, 99.9):
        assert histograms.percentile(percent).item() == np.percentile(values, percent, method="inverted_cdf")
    for value in (-1e9, -scale, 0.0, 0.5, scale / 2, 1e9):
        assert histograms.below(torch.tensor([value])).item() == (values <= value).sum()


def test_counts_of_each_head_at_many_values():
    histograms = HeadHistograms(3, 1 / 32)
    values = observed(histograms, 3, 50.0)
    edges = torch.arange(-50, 50).double() * histograms.width * 8
    expected = [[(head <= edge).sum() for edge in edges.numpy()] for head in values]
    np.testing.assert_array_equal(histograms.below(edges).numpy(), expected)
    np.testing.assert_array_equal(histograms.total.numpy(), [len(head) for head in values])


def test_memory_does_not_grow():
    histograms = HeadHistograms(3, 1 / 32)
    observed(histograms, 4, 1e9)
    assert histograms.counts.shape == (3, BINS)
    assert histograms.state_dict() == {}


def test_nothing_has_no_percentile():
    histograms = HeadHistograms(2, 1.0)
    histograms.add(torch.ones(1, 2, 1, 1), torch.tensor([False, True]).view(1, 2, 1, 1))
    assert histograms.percentile(50).isnan().tolist() == [True, False]
