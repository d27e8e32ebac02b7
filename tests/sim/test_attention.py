"""Attention heads: scores follow from Q and K, masks, cuts to the first tokens, requantisation, loading, errors."""

from dataclasses import replace

import numpy as np
import pytest

from softermax.sim import capture
from softermax.sim.attention import exact_attention, first_tokens, keep_mask, load_heads, requantise, rescale

from .heads import DECODER, HEADS, each_head, kept_scores, small_head, wide_scores


@each_head
def test_every_score_follows_from_q_and_k(head):
    expected = np.clip(wide_scores(head), -128, 127)
    np.testing.assert_array_equal(head.scores, expected)
    np.testing.assert_array_equal(head.requantise(), expected)
    assert head.requantise().dtype == np.int8


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
