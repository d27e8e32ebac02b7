"""Captured attention heads: scores follow from Q and K, stand for the models' softmax, and cover the wanted shapes."""

import math
from dataclasses import replace
from importlib import resources

import numpy as np
import pytest

from softermax.sim import capture, capture_models
from softermax.sim.attention import (
    AttentionHead,
    exact_attention,
    first_tokens,
    keep_mask,
    load_heads,
    requantise,
    rescale,
)

DATA = resources.files("softermax.sim") / "data"
HEADS = load_heads()
ENCODER, DECODER = ([head for head in HEADS if head.d_head == size] for size in (32, 64))
each_head = pytest.mark.parametrize("head", HEADS, ids=[head.name for head in HEADS])


def wide_scores(head):
    """Rounded scores before saturation; float64 holds every step exactly (20 bits of product, 16 of multiplier)."""
    product = head.q.astype(np.float64) @ head.k.astype(np.float64).T
    return np.floor(product * head.multiplier / 2.0**head.shift + 0.5) - head.zero_point


def kept_scores(head):
    """The mask by its definition."""
    return np.fromfunction(
        lambda row, key: (key < head.valid) & ((key <= row) | (not head.causal)), (head.tokens, head.tokens)
    )


def small_head(**changes):
    """Three positions of one dimension, the last one padding."""
    q = k = v = np.array([[1], [2], [-2]], np.int8)
    fields = {
        "name": "small", "layer": 0, "head": 0, "q": q, "k": k, "v": v, "scores": np.zeros((3, 3), np.int8),
        "valid": 2, "causal": False, "multiplier": 1 << 15, "shift": 17, "zero_point": 0, "q_scale": 1.0,
        "k_scale": 1.0, "v_scale": 1.0,
    }  # fmt: skip
    return AttentionHead(**fields | changes)


@each_head
def test_every_score_follows_from_q_and_k(head):
    expected = np.clip(wide_scores(head), -128, 127)
    np.testing.assert_array_equal(head.scores, expected)
    np.testing.assert_array_equal(head.requantise(), expected)
    assert head.requantise().dtype == np.int8


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


@each_head
def test_keep_is_its_definition(head):
    np.testing.assert_array_equal(head.keep, kept_scores(head))
    assert head.keep[:, 0].all()


@pytest.mark.parametrize(
    ("valid", "causal", "expected"),
    [
        (3, False, [[1, 1, 1], [1, 1, 1], [1, 1, 1]]),
        (2, False, [[1, 1, 0], [1, 1, 0], [1, 1, 0]]),
        (3, True, [[1, 0, 0], [1, 1, 0], [1, 1, 1]]),
        (2, True, [[1, 0, 0], [1, 1, 0], [1, 1, 0]]),
    ],
)
def test_keep_by_hand(valid, causal, expected):
    np.testing.assert_array_equal(keep_mask(3, valid, causal), np.array(expected, bool))
    np.testing.assert_array_equal(small_head(valid=valid, causal=causal).keep, np.array(expected, bool))


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


def test_first_tokens_by_hand():
    scores = np.arange(9, dtype=np.int8).reshape(3, 3)
    head = small_head(scores=scores, valid=2, causal=True, zero_point=5)
    cut = first_tokens(head, 1)
    for array in (cut.q, cut.k, cut.v):
        np.testing.assert_array_equal(array, [[1]])
    np.testing.assert_array_equal(cut.scores, [[0]])
    assert (cut.name, cut.tokens, cut.valid, cut.causal, cut.zero_point) == ("small-first1", 1, 1, True, 5)
    np.testing.assert_array_equal(first_tokens(head, 2).scores, [[0, 1], [3, 4]])
    whole = first_tokens(head, 3)
    assert (whole.name, whole.tokens, whole.valid) == ("small-first3", 3, 2)
    np.testing.assert_array_equal(whole.scores, scores)


@each_head
@pytest.mark.parametrize("tokens", [1, 13])
def test_first_tokens_are_a_head_of_their_own(head, tokens):
    cut = first_tokens(head, tokens)
    assert (cut.tokens, cut.d_head) == (tokens, head.d_head)
    np.testing.assert_array_equal(cut.requantise(), cut.scores)
    np.testing.assert_array_equal(cut.keep, head.keep[:tokens, :tokens])
    assert not any(array.flags.writeable for array in (cut.q, cut.k, cut.v, cut.scores))


@pytest.mark.parametrize("head", [head for head in DECODER if head.causal], ids=lambda head: head.name)
def test_first_tokens_of_a_causal_head_attend_as_in_the_whole(head):
    probabilities, context = exact_attention(head)
    cut_probabilities, cut_context = exact_attention(first_tokens(head, 70))
    np.testing.assert_allclose(cut_probabilities, probabilities[:70, :70], rtol=1e-12)
    np.testing.assert_allclose(cut_context, context[:70], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("tokens", [-1, 0, 4])
def test_first_tokens_out_of_range(tokens):
    with pytest.raises(ValueError, match=rf"^tokens must be from 1 to 3, not {tokens}$"):
        first_tokens(small_head(), tokens)


def test_arrays_are_read_only():
    for array in (HEADS[0].q, HEADS[0].k, HEADS[0].v, HEADS[0].scores):
        with pytest.raises(ValueError, match="read-only"):
            array[0, 0] = 0


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


def test_rescale_rounds_ties_up():
    # Products 1, 2, -2 / 2, 4, -4 / -2, -4, 4, a quarter of each, ties towards plus infinity.
    head = small_head()
    scores = rescale(head.q, head.k, 1 << 15, 17)
    np.testing.assert_array_equal(scores, [[0, 1, 0], [1, 1, -1], [0, -1, 1]])


def test_requantise_saturates_after_the_zero_point():
    # Products as above, times 64: 64, 128, -128 / 128, 256, -256 / -128, -256, 256, less 10.
    head = small_head()
    scores = requantise(head.q, head.k, 1 << 15, 9, 10)
    np.testing.assert_array_equal(scores, [[54, 118, -128], [118, 127, -128], [-128, -128, 127]])


def test_rescale_is_exact_for_the_widest_product():
    q = np.full((1, 64), 127, np.int8)
    assert rescale(q, -q, 65535, 1).item() == -(64 * 127**2 * 65535 // 2)


def test_quantise_is_symmetric():
    integers, scale = capture.quantise(np.array([[-2.54, 1.27], [0.011, -0.009]]))
    np.testing.assert_array_equal(integers, [[-127, 64], [1, 0]])  # 63.5 is a tie, to even
    assert scale == pytest.approx(0.02)


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ([[127, 100, -400]], 0),  # nothing above the format
        ([[200, 190, -400]], 73),  # the winners must not tie
        ([[200, 0], [-100, -120]], 8),  # the lower row must not flatten; a lone winner above the format is no tie
        ([[500, 480], [0, -20], [-20, 0]], 0),  # two rows at the bottom outweigh one at the top
    ],
)
def test_calibrate(scores, expected):
    scores = np.array(scores)
    assert capture.calibrate(scores, np.ones(scores.shape, bool)) == expected


def test_capture_takes_each_head_from_its_layer(monkeypatch):
    rng = np.random.default_rng(1)
    layers = [[rng.normal(size=(2, 5, 4)) for _ in range(3)] for _ in range(3)]
    monkeypatch.setattr(capture, "encode", lambda tokenizer, case: None)
    monkeypatch.setattr(capture, "run", lambda network, batch: layers)
    case = capture_models.Case("", tokens=5, valid=4, causal=True, heads=((2, 0), (0, 1)))
    heads = capture.capture(capture_models.Model("-toy", lambda: (None, None), (case,)))
    assert [head.name for head in heads] == ["causalpadded5-toy-l2h0", "causalpadded5-toy-l0h1"]
    for head in heads:
        scaled = (head.q * head.q_scale, head.k * head.k_scale, head.v * head.v_scale)
        for array, unit, real in zip(
            scaled, (head.q_scale, head.k_scale, head.v_scale), layers[head.layer], strict=True
        ):
            assert np.abs(array - real[head.head]).max() <= unit / 2 * (1 + 1e-9)


def test_capture_without_its_packages(monkeypatch, tmp_path):
    def load():
        raise ModuleNotFoundError("No module named 'torch'")

    monkeypatch.setattr(capture, "MODELS", (capture_models.Model("", load, ()),))
    monkeypatch.setattr("sys.argv", ["capture", "-o", str(tmp_path / "none.npz")])
    with pytest.raises(SystemExit) as caught:
        capture.main()
    expected = "The capture's packages must be installed, as sim/data/README.md tells: No module named 'torch'"
    assert caught.value.code == expected
    assert not list(tmp_path.iterdir())


def test_save_is_deterministic_and_load_gives_it_back(tmp_path):
    first, second = tmp_path / "first.npz", tmp_path / "second.npz"
    capture.save(HEADS, first)
    capture.save(HEADS, second)
    assert first.read_bytes() == second.read_bytes()
    for head, again in zip(HEADS, load_heads(first), strict=True):
        for field in AttentionHead.__dataclass_fields__:
            np.testing.assert_array_equal(getattr(again, field), getattr(head, field))


def test_missing_file(tmp_path):
    path = tmp_path / "none.npz"
    with pytest.raises(FileNotFoundError) as caught:
        load_heads(path)
    assert str(caught.value) == f"attention data must be an existing file, not {str(path)!r}"


@pytest.mark.parametrize("damage", ["empty", "text", "cut", "flipped", "array", "other"])
def test_broken_file(tmp_path, damage):
    path = tmp_path / "broken.npz"
    capture.save(HEADS[:1], path)
    whole = path.read_bytes()
    middle = len(whole) // 2
    contents = {
        "empty": b"",
        "text": b"no archive",
        "cut": whole[:middle],
        "flipped": whole[:middle] + bytes([whole[middle] ^ 255]) + whole[middle + 1 :],
    }
    if damage in contents:
        path.write_bytes(contents[damage])
    elif damage == "array":
        with path.open("wb") as file:
            np.save(file, np.arange(3))
    else:
        np.savez(path, heads=np.arange(3))
    with pytest.raises(ValueError) as caught:  # noqa: PT011 (the whole text is compared below)
        load_heads(path)
    assert str(caught.value) == f"attention data must be an archive of softermax.sim.capture, not {str(path)!r}"


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"q": np.zeros((3, 1), np.int16)}, "q, k, v and scores must be int8, not ['int16', 'int8']"),
        ({"v": np.zeros((3, 1), np.int16)}, "q, k, v and scores must be int8, not ['int16', 'int8']"),
        (
            {"scores": np.zeros((3, 2), np.int8)},
            "shapes of q, k, v and scores must be three times (tokens, d_head) and (tokens, tokens), "
            "not ((3, 1), (3, 1), (3, 1), (3, 2))",
        ),
        (
            {"v": np.zeros((3, 2), np.int8)},
            "shapes of q, k, v and scores must be three times (tokens, d_head) and (tokens, tokens), "
            "not ((3, 1), (3, 1), (3, 2), (3, 3))",
        ),
        ({"valid": 0}, "valid must be from 1 to 3, not 0"),
        ({"valid": 4}, "valid must be from 1 to 3, not 4"),
    ],
)
def test_head_validates_itself(changes, text):
    with pytest.raises(ValueError) as caught:  # noqa: PT011 (the whole text is compared below)
        replace(small_head(), **changes)
    assert str(caught.value) == text
