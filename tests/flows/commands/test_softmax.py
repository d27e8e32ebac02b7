"""``softermax softmax``: the golden model applied to files of scores."""

import json
import subprocess

import numpy as np
import pytest

from .process import COMMAND, refused, softermax


def test_softmax_writes_probabilities_and_says_how_wrong_they_are(tmp_path):
    scores = np.array([[0.0, 0.0, 0.0, 0.0], [3.0, -20.0, -20.0, -20.0]])
    np.save(tmp_path / "scores.npy", scores)
    done = softermax("softmax", "scores.npy", "-o", "out.npy", "--json", cwd=tmp_path)
    [result] = json.loads(done.stdout)
    assert np.load(tmp_path / "out.npy").tolist() == [[0.25] * 4, [1 - 2**-8, 0.0, 0.0, 0.0]]
    assert (result["rows"], result["row_length"], result["row_sum_min"], result["row_sum_max"]) == (
        2,
        4,
        1 - 2**-8,
        1.0,
    )
    # Exact: 2**-23 for each of the three losers, which the winner lacks; it is saturated to the output format.
    assert result["max_error"] == pytest.approx(2**-8 - 3 * 2.0**-23, rel=1e-6)


def test_softmax_of_the_baseline_is_near_exact(tmp_path):
    np.save(tmp_path / "scores.npy", np.array([[0.0, 0.0, 0.0, 0.0], [3.0, -20.0, 2.0, 1.0]]))
    done = softermax("softmax", "scores.npy", "--preset", "fp16", "-o", "out.npy", "--json", cwd=tmp_path)
    [result] = json.loads(done.stdout)
    assert result["base"] == "e"
    assert np.load(tmp_path / "out.npy")[0].tolist() == [0.25] * 4
    assert result["max_error"] < 2**-10  # two operations and an exponential, each within 2**-11 or 2**-10 of at most 1
    done = softermax(
        "softmax", "scores.npy", "--preset", "fp16", "--base", "2", "-o", "out.npy", "--json", cwd=tmp_path
    )
    [result] = json.loads(done.stdout)
    assert result["base"] == "2"
    assert result["max_error"] < 2**-10


def test_softmax_takes_masks_archives_and_base_e(tmp_path):
    np.savez(tmp_path / "scores.npz", scores=np.array([[1.0, 2.0, np.nan]]))
    np.save(tmp_path / "mask.npy", np.array([True, True, False]))
    arguments = ("softmax", "scores.npz", "--mask", "mask.npy", "--base", "e", "-o", "out.npy")
    done = softermax(*arguments, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    # 1 / (1 + e) and e / (1 + e), to the 1/128 of the output and the 1/4 octave of the input.
    assert np.load(tmp_path / "out.npy")[0] == pytest.approx([0.269, 0.731, 0.0], abs=0.03)


BAD_SCORES = {
    "nan.npy": (
        np.array([[1.0, np.nan]]),
        "scores must be finite where the mask keeps them, not nan (at index (0, 1))",
    ),
    "inf.npy": (np.array([-np.inf, 1.0]), "scores must be finite where the mask keeps them, not -inf (at index (0,))"),
    "empty.npy": (np.zeros((3, 0)), "a row must have an element or more, not the shape (3, 0)"),
    "none.npy": (np.zeros((0, 3)), "scores must hold a row or more, not the shape (0, 3)"),
    "scalar.npy": (np.array(1.0), "a row must have an element or more, not the shape ()"),
    "long.npy": (np.zeros(385), "a row must have at most --max-len = 384 elements, not 385"),
    "complex.npy": (
        np.zeros(3, complex),
        "complex.npy must hold real numbers or bools, not complex128: save it again with numpy.save, as an array of "
        "one of these types",
    ),
    "bool.npy": (np.zeros(3, bool), "scores must be real numbers, not bool"),
}


@pytest.mark.parametrize("name", BAD_SCORES)
def test_bad_scores_are_refused_in_a_sentence(name, tmp_path):
    scores, text = BAD_SCORES[name]
    np.save(tmp_path / name, scores)
    assert refused(softermax("softmax", name, "-o", "out.npy", cwd=tmp_path)) == text
    assert not (tmp_path / "out.npy").exists()


@pytest.mark.parametrize(
    ("mask", "text"),
    [
        (np.ones(4, bool), "a mask must be broadcastable to the scores' shape (2, 3), not (4,)"),
        (np.ones(3), "a mask must be bool, True where a score is kept, not float64"),
    ],
)
def test_bad_masks_are_refused_in_a_sentence(mask, text, tmp_path):
    np.save(tmp_path / "scores.npy", np.zeros((2, 3)))
    np.save(tmp_path / "mask.npy", mask)
    done = softermax("softmax", "scores.npy", "--mask", "mask.npy", "-o", "out.npy", cwd=tmp_path)
    assert refused(done) == text


def test_files_that_hold_no_array_are_refused_in_a_sentence(tmp_path):
    (tmp_path / "text.npy").write_text("no array")
    np.savez(tmp_path / "two.npz", a=np.zeros(2), b=np.zeros(2))
    for name, text in {
        "missing.npy": "missing.npy cannot be read: No such file or directory",
        "text.npy": "text.npy must be an .npy or .npz file, which it is not by its first bytes: save it again with "
        "numpy.save",
        "two.npz": "two.npz must hold one array, not 2: a, b",
    }.items():
        assert refused(softermax("softmax", name, "-o", "out.npy", cwd=tmp_path)) == text


def test_truncated_scores_and_masks_are_refused_by_name(tmp_path):
    np.save(tmp_path / "scores.npy", np.zeros(8))
    np.savez(tmp_path / "mask.npz", np.ones(8, bool))
    whole = (tmp_path / "mask.npz").read_bytes()
    (tmp_path / "mask.npz").write_bytes(whole[: len(whole) // 2])
    done = softermax("softmax", "scores.npy", "--mask", "mask.npz", "-o", "out.npy", cwd=tmp_path)
    assert refused(done) == "mask.npz is a broken .npz file: save it again with numpy.save"
    (tmp_path / "scores.npy").write_bytes((tmp_path / "scores.npy").read_bytes()[:-8])
    done = softermax("softmax", "scores.npy", "-o", "out.npy", cwd=tmp_path)
    text = "scores.npy must hold the 64 bytes that its header says, not 56: save it again with numpy.save"
    assert refused(done) == text


def test_scores_come_through_a_pipe_too(tmp_path):
    np.save(tmp_path / "scores.npy", np.zeros(4))
    with (tmp_path / "scores.npy").open("rb") as file:
        command = [COMMAND, "softmax", "/dev/stdin", "-o", "out.npy"]
        piped = subprocess.run(command, input=file.read(), cwd=tmp_path, capture_output=True, check=False)
    assert piped.returncode == 0, piped.stderr
    assert np.load(tmp_path / "out.npy").tolist() == [0.25] * 4


def test_an_output_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    np.save(tmp_path / "scores.npy", np.zeros(3))
    message = refused(softermax("softmax", "scores.npy", "-o", "file/out.npy", cwd=tmp_path))
    assert message.startswith("file/out.npy cannot be written: ")
