"""Capture of attention heads: quantisation, calibration, which heads are taken, and the archive."""

import numpy as np
import pytest

from softermax.sim import capture, capture_models
from softermax.sim.attention import AttentionHead, load_heads

from .heads import HEADS


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
