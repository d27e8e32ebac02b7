"""Verdicts on families of models, of one representative each."""

import pytest
import torch
from transformers import BertForMaskedLM, LlamaForCausalLM

from softermax.nn.attention import SoftermaxAttention
from softermax.nn.families.tiny import HEADS, WIDTH, inputs, tiny_config, tiny_model
from softermax.nn.families.verdicts import KINDS, VERDICTS, families, judge


@pytest.mark.parametrize(
    ("kind", "family", "verdict", "remark"),
    [
        ("causal", "llama", "works", ""),
        ("seq2seq", "t5", "works", ""),
        ("encoder", "bert", "works", ""),
        ("image", "vit", "works", ""),
        ("image", "siglip_vision_model", "in part", "head.attention"),
        ("causal", "gpt_oss", "refused", "attention sinks"),
        ("causal", "bloom", "not reached", ""),
        ("causal", "gpt_neo", "not reached", ""),
        ("causal", "cpmant", "not reached", ""),
        ("causal", "mamba", "no attention", ""),
    ],
)
def test_a_representative_of_each_verdict(kind, family, verdict, remark):
    found = judge(kind, family)
    assert found["verdict"] == verdict
    assert remark in found["remark"]
    assert (found["difference"] is not None) == (verdict in ("works", "in part"))


def test_a_wrong_softmax_is_noticed(monkeypatch):
    exact = SoftermaxAttention._exact

    def masked_leaks(self, scores, keep):
        return exact(self, scores, None)

    monkeypatch.setattr(SoftermaxAttention, "_exact", masked_leaks)
    found = judge("causal", "llama")
    assert found["verdict"] == "differs"
    assert found["difference"] > 1e-3


def test_an_error_of_ours_is_no_refusal(monkeypatch):
    def broken(*_):
        raise ZeroDivisionError("gone")

    monkeypatch.setattr(SoftermaxAttention, "_exact", broken)
    assert {field: judge("causal", "llama")[field] for field in ("verdict", "remark")} == {
        "verdict": "fails",
        "remark": "ZeroDivisionError: gone",
    }


def test_every_family_of_the_tables_is_listed_once_for_each_kind():
    found = list(families())
    assert len(found) == len(set(found)) == sum(map(len, KINDS.values()))
    assert {"causal", "seq2seq", "encoder", "image", "sound"} == set(KINDS)
    assert len(VERDICTS) == 8


def test_models_are_tiny_and_their_batch_is_padded():
    config = tiny_config(LlamaForCausalLM.config_class, 2)
    assert (config.hidden_size, config.num_attention_heads, config.num_hidden_layers) == (WIDTH, HEADS, 2)
    for kind, family, padding in ((LlamaForCausalLM, "llama", slice(0, 4)), (BertForMaskedLM, "bert", slice(5, 9))):
        model = tiny_model(kind, family, 2, "eager")
        assert sum(parameter.numel() for parameter in model.parameters()) < 100_000
        mask = inputs(model)["attention_mask"]
        assert not mask[1, padding].any()
        assert mask.sum() == 2 * 9 - len(range(9)[padding])
        assert torch.isfinite(next(model.parameters())).all()
