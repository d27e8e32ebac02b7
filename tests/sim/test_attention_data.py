"""Shipped attention heads: they stand for the models' softmax, cover the wanted shapes and ranges, and are told of."""

import math
from dataclasses import replace
from importlib import resources

import numpy as np
import pytest

from softermax.sim import capture_models
from softermax.sim.attention import exact_attention

from .heads import DECODER, ENCODER, HEADS, each_head, kept_scores, wide_scores

DATA = resources.files("softermax.sim") / "data"


@each_head
def test_quantisation(head):
    for array in (head.q, head.k, head.v):
        assert array.dtype == np.int8
        assert array.shape == (head.tokens, head.d_head)
        assert np.abs(array.astype(int)).max() == 127
    assert 1 << 15 <= head.multiplier < 1 << 16
    exact = head.q_scale * head.k_scale / math.sqrt(head.d_head) * math.log2(math.e) * 4
    assert abs(head.multiplier / 2**head.shift / exact - 1) <= 2**-16


@each_head
def test_values_spread_over_their_range(head):
    # One outlier must not have taken the resolution of all others: the root mean square is several units.
    assert 5 < np.sqrt(np.mean(head.v.astype(float) ** 2)) < 60
    # Values after a normalisation and a projection are of the order of 1.
    assert 0.1 < 127 * head.v_scale < 20


def row_bounds(head):
    """Bounds of every base-2 probability of the raw scores, from the base-e softmax of the real q and k.

    In octaves, a score t that is not clipped becomes t + d with |d| <= e: half a unit of 1/4 for rounding, and the
    multiplier's relative error of at most 2**-16. With U the sum of 2**t over a row's scores that are not clipped and n
    scores clipped below, to -32, their true sum is at most n 2**(e-32), so the two denominators D (true) and D' (raw)
    obey U <= D <= U + n 2**(e-32) and U 2**-e + n 2**-32 <= D' <= U 2**e + n 2**-32. Hence D/D' is at most 2**e and at
    least 2**-e / (1 + n 2**(-32-e) / U): p' lies between p 2**-2e / (1 + n 2**(-32-e) / U) and p 2**2e. A clipped
    score has p' = 2**-32 / D', at most 2**(e-32) / U. Rows with a score clipped above, or with all below, are left out.

    Returns
    -------
    rows : ndarray of bool, shape (tokens,)
        Rows that the bounds hold for.
    lower, upper : ndarray of float64, shape (tokens, tokens)
    slack : float
        e, in octaves.
    """
    keep, wide = kept_scores(head), wide_scores(head)
    below, inside = keep & (wide < -128), keep & (wide >= -128)
    real = (head.q * head.q_scale) @ (head.k * head.k_scale).T / math.sqrt(head.d_head)
    slack = 1 / 8 + np.abs(real).max() * math.log2(math.e) * 2**-16
    powers = np.where(keep, np.exp(real - head.zero_point / 4 * math.log(2)), 0)
    inside_sum = np.where(inside, powers, 0).sum(axis=1, keepdims=True)
    rows = ~(keep & (wide > 127)).any(axis=1) & inside.any(axis=1)
    exact = powers / powers.sum(axis=1, keepdims=True)
    with np.errstate(divide="ignore"):
        lift = below.sum(axis=1, keepdims=True) * 2 ** (-32 - slack) / inside_sum
        most_below = 2 ** (slack - 32) / inside_sum
    lower = np.where(inside, exact * 2 ** (-2 * slack) / (1 + lift), 0)
    upper = np.where(inside, exact * 2 ** (2 * slack), np.where(below, most_below, 0))
    return rows, lower, upper, slack


@each_head
def test_base_2_softmax_of_scores_is_the_models_softmax(head):
    rows, lower, upper, slack = row_bounds(head)
    assert slack < 0.13
    powers = np.where(kept_scores(head), np.exp2(head.scores / 4), 0)
    raw = powers / powers.sum(axis=1, keepdims=True)
    # 1e-12 covers float64's own rounding.
    assert (raw[rows] >= lower[rows] * (1 - 1e-12)).all()
    assert (raw[rows] <= upper[rows] * (1 + 1e-12)).all()
    # Only the head with a zero point is too wide for the format.
    assert rows.mean() > 0.6 if head.zero_point else rows[: head.valid].all()


def shapes(heads):
    """Sets of (tokens, valid): of heads that keep every key, of padded ones and of causal ones."""
    kinds = {"full": set(), "padded": set(), "causal": set()}
    for head in heads:
        kind = "causal" if head.causal else "padded" if head.valid < head.tokens else "full"
        kinds[kind].add((head.tokens, head.valid))
    return kinds


def test_shapes_that_are_covered():
    assert shapes(ENCODER) == {
        "full": {(tokens, tokens) for tokens in (16, 31, 128, 200, 257, 384)},
        "padded": {(16, 9), (64, 50), (384, 300)},
        "causal": {(31, 31), (64, 64), (128, 100), (200, 200), (384, 384)},
    }
    assert shapes(DECODER) == {
        "full": {(16, 16), (384, 384), (1024, 1024)},
        "padded": {(64, 50)},
        "causal": {(128, 100), (384, 384)},
    }
    assert {head.layer for head in ENCODER} == set(range(6))
    assert len({head.name for head in HEADS}) == len(HEADS)


def test_heads_are_the_cases_of_the_capture():
    expected = [
        (model.head_name(case, layer, head), case.tokens, case.valid, case.causal)
        for model in capture_models.MODELS
        for case in model.cases
        for layer, head in case.heads
    ]
    assert [(head.name, head.tokens, head.valid, head.causal) for head in HEADS] == expected
    assert (len(ENCODER), len(DECODER)) == (21, 10)
    assert HEADS == ENCODER + DECODER


def test_score_ranges_that_are_covered():
    reach = [np.abs(head.scores[head.keep].astype(int)).max() for head in HEADS]
    assert min(reach) < 32
    assert max(reach) == 128
    clipped_above = [head.name for head in HEADS if (wide_scores(head)[head.keep] > 127).any()]
    assert clipped_above == ["full200-l0h2", "full384-l0h2"]


LONGEST = [head for head in HEADS if head.tokens == 1024]


def test_the_longest_heads_lie_apart_in_the_model():
    assert [head.layer for head in LONGEST] == [1, 8, 18, 29]


@pytest.mark.parametrize("head", LONGEST, ids=[head.name for head in LONGEST])
def test_the_longest_heads_look_at_more_than_one_place(head):
    """As the model computes them, causally: neither the first token, nor the one before, nor itself takes all."""
    probabilities, _ = exact_attention(replace(head, causal=True))
    rows = np.arange(64, head.tokens)
    for keys in (0, rows - 1, rows):
        assert probabilities[rows, keys].mean() < 0.35
    assert np.mean(wide_scores(head) < -128) < 1e-4


def test_archive_stays_small():
    with resources.as_file(DATA / "attention.npz") as path:
        assert path.stat().st_size < 5_600_000


@each_head
def test_readme_tells_the_truth(head):
    rows = [line.strip("| ").split(" | ") for line in (DATA / "README.md").read_text("utf-8").splitlines()]
    (row,) = (row for row in rows if row[0] == head.name)
    keep, wide = kept_scores(head)[: head.valid], wide_scores(head)[: head.valid]
    kept = wide[keep]
    expected = [
        str(head.tokens), str(head.valid), f"{kept.min():.0f} to {kept.max():.0f}", str(head.zero_point),
        f"{100 * np.mean(kept < -128):.4f}%", f"{100 * np.mean(kept > 127):.4f}%",
    ]  # fmt: skip
    assert row[1:7] == expected
