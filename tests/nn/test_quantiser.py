"""Calibrated zero points: where they are, that they change nothing else, and that a processing element takes them."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from softermax.model import Q, SoftermaxConfig, quantise_scores, softmax_exact
from softermax.model.baseline import BaselineConfig
from softermax.model.pe import Head
from softermax.model.pe import scores as pe_scores
from softermax.model.pe_config import ProcessingElementConfig
from softermax.nn import Requantisation, ScoreQuantiser
from softermax.sim.attention import load_heads

BASE_E = SoftermaxConfig.paper(lanes=16, max_len=384, base="e")
BASE_2 = SoftermaxConfig.paper(lanes=16, max_len=384)
#: Whose widest scores do not fit Q(6,2).
WIDE = [head for head in load_heads() if head.name in ("full16-l0h2", "full200-l0h2", "full384-l0h2")]


def calibrated(scores, config=BASE_2, mask=None, percentile=None):
    """A quantiser that has seen scores of shape (heads, rows, n)."""
    scores = torch.as_tensor(scores, dtype=torch.float64)
    quantiser = ScoreQuantiser(len(scores), config, percentile)
    assert quantiser(scores, mask) is scores
    quantiser.freeze()
    return quantiser


def rows(*largest, n=8, below=1.0):
    """Scores of one head: a row for each largest score, the others below it."""
    scores = torch.tensor(largest).double()[:, None] - below * torch.arange(n)
    return scores[None]


def test_scores_that_fit_are_left_as_they_are():
    quantiser = calibrated(rows(31.75, 0.0, -20.0, below=0.25))
    assert quantiser.zero_point.tolist() == [0]
    scores = torch.randn(1, 3, 4)
    torch.testing.assert_close(quantiser(scores), scores, rtol=0, atol=0)


def test_large_scores_move_down_only_as_far_as_needed():
    # Runners-up are 1 below; 31.75 + 1/8 still rounds to the greatest.
    assert calibrated(rows(40.0)).zero_point.tolist() == [4 * (40 - 1) - 127]
    # A lone winner stays the winner.
    assert calibrated(rows(40.0, below=20.0)).zero_point.tolist() == [0]


def test_low_rows_move_up():
    [found] = calibrated(rows(-40.0)).zero_point.tolist()
    least = -40 * 4 + 128 - 4 * math.log2(384)
    assert least - 1 <= found < least


def test_of_rows_that_do_not_fit_together_most_are_kept():
    low, high = rows(-30.0, -31.0, -32.0), rows(60.0, 60.0)
    assert calibrated(torch.cat([low, high], dim=1)).zero_point.item() < 0
    assert calibrated(torch.cat([low, high, high], dim=1)).zero_point.item() == 4 * 59 - 127


def test_heads_are_apart():
    scores = torch.cat([rows(0.0), rows(40.0), rows(50.0)])
    assert calibrated(scores).zero_point.tolist() == [0, 29, 69]


@pytest.mark.parametrize("config", [BASE_2, BASE_E], ids=["2", "e"])
def test_the_papers_percentile(config):
    rng = np.random.default_rng(1)
    scores = rng.normal(0, [[[1.0]], [[20.0]]], (2, 500, 300))
    quantiser = calibrated(scores, config, percentile=99.999)
    folded = scores * (math.log2(math.e) if config.base == "e" else 1)
    found = [np.percentile(head, 99.999, method="inverted_cdf") for head in folded]
    needed = np.maximum(np.array(found) / 0.25 - 127, 0)
    assert needed[0] == 0 < needed[1]
    zero_point = quantiser.zero_point.numpy()
    assert (zero_point >= needed).all()
    assert (zero_point < needed + 1.25).all()


@pytest.mark.parametrize("percentile", [None, 99.999])
def test_clipped_fractions_are_counted(percentile):
    # All of a row within the octaves that exact softmax in float32 has.
    scores = np.random.default_rng(2).normal(0, 25, (3, 100, 60)).clip(-70, 70)
    quantiser = calibrated(np.rint(scores * 8) / 8, percentile=percentile)
    moved = np.rint(scores * 8) / 8 * 4 - quantiser.zero_point.numpy()[:, None, None]
    # A histogram's bin holds its upper edge: half a unit above the greatest is not clipped, as far below it is.
    np.testing.assert_array_equal(quantiser.clipped_above, (moved > 127.5).sum((1, 2)))
    np.testing.assert_array_equal(quantiser.clipped_below, (moved <= -128.5).sum((1, 2)))
    assert quantiser.observed.tolist() == [6000] * 3
    assert quantiser.head(1) == {
        "zero_point": quantiser.zero_point[1].item(),
        "clipped_above": (moved[1] > 127.5).mean(),
        "clipped_below": (moved[1] <= -128.5).mean(),
    }


@pytest.mark.parametrize("masking", [-1e3, -1e4, -65504.0, -1e9, -1e38])
def test_a_mask_that_was_added_moves_no_zero_point(masking):
    """Of a causal row the first score alone takes part, the second is the mask."""
    scores = rows(108.0, 108.0, 108.0, n=3)
    masked = scores.masked_fill(torch.ones(3, 3).triu(1).bool(), masking)
    expected = calibrated(scores, mask=torch.ones(3, 3).tril().bool())
    found = calibrated(masked)
    assert found.zero_point.tolist() == expected.zero_point.tolist() == [4 * 107 - 127]
    assert found.observed.tolist() == [6]
    assert found.clipped_below.tolist() == expected.clipped_below.tolist()


def test_masked_scores_are_not_observed():
    scores = torch.cat([rows(0.0), rows(100.0)], dim=1).repeat(2, 1, 1, 1)
    scores[:, :, 0, -1] = math.nan
    mask = torch.ones(2, 1, 2, 8, dtype=torch.bool)
    mask[..., 1, :] = mask[..., 0, -1] = False
    quantiser = ScoreQuantiser(1, BASE_2)
    quantiser(scores, mask)
    quantiser.freeze()
    assert quantiser.zero_point.item() == 0
    assert quantiser.observed.item() == 14


def test_scores_too_large_for_a_zero_point_are_refused():
    assert calibrated([[[1e9, 1e9, 0.0]]]).observed.tolist() == [2]
    with pytest.raises(ValueError, match=r"^scores must be less than 2\.1e\+09 octaves in size .*, not 1\.0e\+30$"):
        calibrated([[[1e30, 1e30, 0.0]]])


@pytest.mark.parametrize("config", [BASE_2, BASE_E], ids=["2", "e"])
def test_zero_points_shift_raw_scores(config):
    """A zero point is whole units, so that scores round as without it."""
    scores = torch.from_numpy(np.random.default_rng(3).normal(30, 5, (2, 50, 40)))
    quantiser = calibrated(scores, config)
    assert (quantiser.zero_point > 0).all()
    wide = replace(config, input=Q(9, 2), normalizer="multiply", saturate=True, power_sum=config.power_sum)
    unmoved = quantise_scores(scores.numpy(), wide) - quantiser.zero_point.numpy()[:, None, None]
    found = quantise_scores(quantiser(scores).numpy(), config)
    np.testing.assert_array_equal(found, np.clip(unmoved, -128, 127))


def test_gradients_pass():
    quantiser = calibrated(rows(60.0))
    scores = rows(50.0).requires_grad_()
    quantiser(scores).sum().backward()
    assert (scores.grad == 1).all()


def test_state_is_kept():
    quantiser = calibrated(torch.cat([rows(60.0), rows(50.0)]))
    state = quantiser.state_dict()
    assert set(state) == {"zero_point", "observed", "clipped_above", "clipped_below", "frozen", "format"}
    again = ScoreQuantiser(2, BASE_2)
    again.load_state_dict(state)
    scores = torch.randn(2, 3, 4)
    torch.testing.assert_close(again(scores), quantiser(scores), rtol=0, atol=0)
    assert again.half().zero_point.tolist() == quantiser.zero_point.tolist()


def loss(head, zero_point):
    """Mean distance between a captured head's probabilities with saturated scores and without saturation."""
    keep = head.keep[: head.valid]
    wide = np.floor(
        (head.q.astype(float) @ head.k.astype(float).T)[: head.valid] * head.multiplier / 2.0**head.shift + 0.5
    )
    saturated = np.clip(wide - zero_point, -128, 127)
    return np.abs(softmax_exact(saturated / 4, keep) - softmax_exact(wide / 4, keep)).sum(-1).mean() / 2


def real_scores(head):
    """Scores of a captured head's 8-bit queries and keys, before any quantisation: base e."""
    q, k = head.q * head.q_scale, head.k * head.k_scale
    return q @ k.T / math.sqrt(head.d_head)


@pytest.mark.parametrize("head", WIDE[1:], ids=[head.name for head in WIDE[1:]])
def test_on_real_heads_that_do_not_fit_rows_decide_better_than_a_percentile(head):
    scores = real_scores(head)[None, : head.valid]
    ours, papers = (
        loss(head, calibrated(scores, BASE_E, percentile=percentile).zero_point.item()) for percentile in (None, 99.999)
    )
    assert ours < 0.02
    assert papers > 0.05
    assert loss(head, 0) > 0.8


@pytest.mark.parametrize("scale_bits", [8, 16])
@pytest.mark.parametrize("captured", load_heads()[::3] + WIDE, ids=lambda head: head.name)
def test_a_processing_element_gets_the_scores_that_the_quantiser_gives(captured, scale_bits):
    scores = real_scores(captured)
    config = replace(BASE_E, max_len=1024, saturate=True)
    keep = torch.from_numpy(captured.keep)
    quantiser = calibrated(scores[None], config, mask=keep)
    pe = ProcessingElementConfig(softmax=config, scale_bits=scale_bits)
    [found] = quantiser.export(captured.q_scale, captured.k_scale, captured.d_head**-0.5, pe)
    head = Head(q=captured.q, k=captured.k, causal=captured.causal, **found._asdict())
    expected = quantise_scores(quantiser(torch.from_numpy(scores[None])).numpy()[0], config).astype(int)
    difference = np.abs(pe_scores(head, pe) - expected)
    assert difference.max() <= 1
    assert difference.mean() < (0.2 if scale_bits == 8 else 0.01)


def test_export_of_several_heads_by_hand():
    quantiser = calibrated(torch.cat([rows(0.0), rows(60.0)]))
    pe = ProcessingElementConfig(softmax=BASE_2, scale_bits=8)
    # A unit of a dot product is 2**-10 and 3 * 2**-10 units of a score's last place.
    found = quantiser.export([2.0**-6, 3 * 2.0**-6], 2.0**-4, 0.25, pe)
    assert found == [Requantisation(128, 17, 0), Requantisation(192, 16, round((4 * 59 - 127) * 1024 / 3))]
    # A scale too small for the shift has fewer bits: 2**-30.
    [small, _] = calibrated(torch.cat([rows(0.0), rows(0.0)])).export(2.0**-30, 1.0, 0.25, pe)
    assert small == Requantisation(2, 31, 0)


def refusal(call, *arguments, kind=ValueError, **options) -> str:
    with pytest.raises(kind) as refused:
        call(*arguments, **options)
    return str(refused.value)


def test_what_export_refuses():
    pe = ProcessingElementConfig(softmax=BASE_2)
    assert refusal(ScoreQuantiser(1, BASE_2).export, 1, 1, 1, pe) == (
        "the quantiser must be frozen to be exported: call freeze after the last batch"
    )
    quantiser = calibrated(rows(60.0))
    other = replace(pe, softmax=SoftermaxConfig.faithful(Q(4, 4), max_len=384))
    assert refusal(quantiser.export, 1, 1, 1, other) == "scores of the processing element must be Q(6,2), not Q(4,4)"
    for scale in (0.0, -1.0, math.inf):
        assert refusal(quantiser.export, scale, 1, 1, pe).startswith(
            "scales must be positive and finite, not such that"
        )
    for scale in (1e9, 1e-12):
        assert refusal(quantiser.export, scale, 1, 1, pe).startswith("a dot product of 1 must be a raw score that the")
    assert (
        refusal(quantiser.export, 1e-6, 1, 1, pe)
        == "a zero point must have at most 23 bits, not be 27250000 dot products"
    )
    baseline = replace(pe, softmax=BaselineConfig(lanes=16, max_len=384))
    assert refusal(quantiser.export, 1, 1, 1, baseline) == (
        "the processing element must have Softermax, whose scores have the base folded in, not the baseline"
    )


def test_heads_of_numpy_and_presets_by_name_are_taken():
    quantiser = ScoreQuantiser(np.int64(2), "paper")
    assert (type(quantiser.heads), quantiser.config) == (int, SoftermaxConfig.paper())


def test_what_is_refused():
    assert refusal(ScoreQuantiser, 0, BASE_2) == "heads must be an integer of 1 or more, not 0"
    assert refusal(ScoreQuantiser, 1, 5, kind=TypeError) == "config must be a SoftermaxConfig, not 5"
    unknown = "config must be a SoftermaxConfig or a preset of it, paper or faithful, not 'papre'"
    assert refusal(ScoreQuantiser, 1, "papre") == unknown
    for heads in (True, 2.0, "2", None):
        assert refusal(ScoreQuantiser, heads, BASE_2) == f"heads must be an integer of 1 or more, not {heads!r}"
    assert refusal(ScoreQuantiser, 1, BASE_2, 0) == "percentile must be above 0 and at most 100, not 0"
    quantiser = ScoreQuantiser(2, BASE_2)
    assert (
        refusal(quantiser, torch.zeros(1, 3, 2, 2)) == "scores must have 2 heads on axis -3, not the shape (1, 3, 2, 2)"
    )
    assert refusal(quantiser, torch.full((2, 1, 1), torch.inf)) == "scores must be finite where the mask keeps them"
    quantiser(torch.zeros(2, 1, 4), torch.tensor([True, False])[:, None, None])
    assert refusal(quantiser.freeze) == "every head must have observed a score before freeze, but heads [1] have none"
