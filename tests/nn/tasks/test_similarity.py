"""Similarity of documents, with a tiny model and a package of four documents."""

import copy

import numpy as np
import pytest
import torch

from softermax.nn.tasks import data, training
from softermax.nn.tasks.arms import SETS
from softermax.nn.tasks.comparison import compare, summarise
from softermax.nn.tasks.mean_pooling import mean_of_tokens
from softermax.nn.tasks.similarity import SimilarityTask

from .tiny import encoder, package

TEXTS = {
    "lee.cor": "the good film\na bad film is old\none two three\na new one\n",
    "similarities0-1.txt": "1 0.8 0.1 0.3\n0 1 0.2 0.5\n0 0 1 0.4\n0 0 0 1\n",
    "lee_background.cor": "who was new\n" * 10,
}


@pytest.fixture
def task(tmp_path, monkeypatch):
    known = package(tmp_path, {f"{data.LEE_INSIDE}/{name}": text for name, text in TEXTS.items()})
    monkeypatch.setattr(data, "LEE", known)
    return SimilarityTask(tmp_path, encoder(tmp_path / "model"))


def test_the_mean_leaves_padding_out():
    states = torch.tensor([[[1.0, 2.0], [3.0, 4.0], [99.0, 99.0]]])
    assert mean_of_tokens(states, torch.tensor([[1, 1, 0]])).tolist() == [[2, 3]]


def test_cosines_of_pairs_stand_beside_what_people_say(task):
    outcomes = training.evaluate((network := task.start()), task)
    assert outcomes.ids == [[0, 1], [0, 2], [0, 3], [1, 2], [1, 3], [2, 3]]
    assert [truth for _, truth in outcomes.values] == [0.8, 0.1, 0.3, 0.2, 0.5, 0.4]
    with torch.no_grad():
        alone = [network(**task.batch([text])).last_hidden_state[0].mean(dim=0).double().numpy() for text in task.test]
    for (one, other), (cosine, _) in zip(outcomes.ids, outcomes.values, strict=True):
        wanted = alone[one] @ alone[other] / np.linalg.norm(alone[one]) / np.linalg.norm(alone[other])
        assert cosine == pytest.approx(wanted, abs=1e-5)
    assert summarise([outcomes], "pearson")["value"] == pytest.approx(
        100 * np.corrcoef(np.array(outcomes.values).T)[0, 1]
    )


def test_arms_are_calibrated_on_other_documents_and_compared(task):
    assert [batch["input_ids"].shape for batch in training.calibration_batches(task)] == [(10, 5)]
    network = task.start()
    control = training.evaluate(network, task)
    folded = next(arm for arm in SETS["presets"]() if arm.name == "folded")
    installed = copy.deepcopy(network)
    folded.install(installed, training.calibration_batches(task))
    found = training.evaluate(installed, task)
    assert found.values != control.values
    result = compare([found], [control], "pearson")
    assert result["difference_se"] > 0
    assert "p" not in result
