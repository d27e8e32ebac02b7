"""Calibration of whole models."""

import math

import pytest
import torch
from transformers import BloomConfig, BloomModel

import softermax as package
from softermax.model import SoftermaxConfig
from softermax.nn import ScoreQuantiser, calibrate, load_quantisers, register

from .models import HEADS, LAYERS, batch, make, run

CONFIG = SoftermaxConfig.faithful(lanes=4, max_len=32, base="e")


@pytest.fixture(autouse=True)
def _name():
    register(CONFIG)


def wide():
    """A model whose first layer has large scores, in some heads far from 0: keys have a bias."""
    model = make("bert")
    attend = model.encoder.layer[0].attention.self
    with torch.no_grad():
        attend.query.bias.normal_(0, 8)
        attend.key.bias.copy_(6 * attend.query.bias.sign())
    return model


def quantisers(model):
    return {name: module for name, module in model.named_modules() if isinstance(module, ScoreQuantiser)}


def test_each_attention_gets_a_quantiser_of_what_it_has_seen():
    model = wide()
    reported = calibrate(model, [batch("bert"), batch("bert")])
    found = quantisers(model)
    assert list(found) == [f"encoder.layer.{layer}.attention.self.score_quantiser" for layer in range(LAYERS)]
    assert [(entry["module"], entry["head"]) for entry in reported] == [
        (name.removesuffix(".score_quantiser"), head) for name in found for head in range(HEADS)
    ]
    for quantiser in found.values():
        # Two batches of 9 rows of 9 and 9 of 5 kept keys.
        assert quantiser.observed.tolist() == [2 * 9 * (9 + 5)] * HEADS
        assert quantiser.frozen
    for entry in reported:
        quantiser = found[f"{entry['module']}.score_quantiser"]
        assert entry["zero_point"] == quantiser.zero_point[entry["head"]]
    assert max(entry["zero_point"] for entry in reported) > 0
    assert model.config._attn_implementation == "softermax"


def test_calibrated_models_are_nearer_to_their_softmax():
    model = wide()
    expected = run(model, "bert")
    model.set_attn_implementation("softermax")
    before = (run(model, "bert") - expected).square().mean()
    package.calibrate(model, [batch("bert")])
    after = (run(model, "bert") - expected).square().mean()
    assert after < before / 4


def test_scores_are_moved_by_the_zero_points():
    model = wide()
    calibrate(model, [batch("bert")])
    expected = run(model, "bert")
    attend = model.encoder.layer[0].attention.self
    zero_point = attend.score_quantiser.zero_point.clone()
    assert (zero_point != 0).any()
    attend.score_quantiser.zero_point.zero_()
    assert (run(model, "bert") - expected).abs().max() > 1e-3
    attend.score_quantiser.zero_point.copy_(zero_point)
    torch.testing.assert_close(run(model, "bert"), expected, rtol=0, atol=0)


@pytest.mark.parametrize("name", ["llama", "t5"])
def test_every_attention_of_decoders_is_calibrated(name):
    model = make(name)
    calibrate(model, [batch(name)])
    assert len(quantisers(model)) == LAYERS * (3 if name == "t5" else 1)
    inputs = {key: value for key, value in batch(name).items() if key != "decoder_input_ids"}
    options = {"max_new_tokens": 4, "do_sample": False}
    cached, uncached = (model.generate(**inputs, **options, use_cache=cache) for cache in (True, False))
    torch.testing.assert_close(cached, uncached, rtol=0, atol=0)


def test_observing_is_exact_softmax_without_dropout_and_leaves_no_trace():
    model = wide().train()
    seen = []
    hook = model.register_forward_hook(lambda _module, _inputs, output: seen.append(output.last_hidden_state))
    calibrate(model, [batch("bert")])
    hook.remove()
    assert model.training
    assert model.encoder.layer[1].attention.self.training
    assert all(parameter.grad is None for parameter in model.parameters())
    [observed] = seen
    assert not observed.requires_grad
    torch.testing.assert_close(observed[batch("bert")["attention_mask"].bool()], run(wide(), "bert"), rtol=0, atol=0)


def test_calibration_again_replaces():
    model = wide()
    first = calibrate(model, [batch("bert")])
    with torch.no_grad():
        model.encoder.layer[0].attention.self.query.bias.zero_()
    second = calibrate(model, [batch("bert")])
    assert len(first) == len(second) == LAYERS * HEADS
    assert first != second


def test_state_goes_from_model_to_model():
    model, other = wide(), wide()
    calibrate(model, [batch("bert")])
    load_quantisers(other, model.state_dict(), CONFIG)
    other.set_attn_implementation("softermax")
    torch.testing.assert_close(run(other, "bert"), run(model, "bert"), rtol=0, atol=0)
    other.load_state_dict(model.state_dict())


@pytest.mark.parametrize("masking", [-1e3, -1e4, -1e9])
def test_no_mask_moves_a_zero_point(masking):
    """Causal, with padding to the left: rows that are padding see nothing at all."""
    ids, keep = torch.arange(3, 21).view(2, 9), torch.ones(9, 9).tril().bool().repeat(2, 1, 1, 1)
    keep[1, :, :, :4] = False
    reports = []
    for mask in (keep, torch.zeros(keep.shape).masked_fill(~keep, masking)):
        model = make("llama")
        with torch.no_grad():
            for layer in model.model.layers:
                layer.self_attn.q_proj.weight.mul_(40)
        reports.append(calibrate(model, [{"input_ids": ids, "attention_mask": mask}]))
    # Both with zero points, and of the same rows.
    assert any(entry["zero_point"] for entry in reports[0][:HEADS])
    assert reports[0][:HEADS] == reports[1][:HEADS]


def test_the_config_is_the_one_that_is_given_or_registered():
    paper = SoftermaxConfig.paper(lanes=4, max_len=32)
    model = make("bert")
    calibrate(model, [batch("bert")], paper, name="softermax_paper")
    assert model.config._attn_implementation == "softermax_paper"
    assert {quantiser.config for quantiser in quantisers(model).values()} == {paper}
    calibrate(model, [batch("bert")])
    assert {quantiser.config for quantiser in quantisers(model).values()} == {CONFIG}


def refusal(call, *arguments, kind=ValueError, **options) -> str:
    with pytest.raises(kind) as refused:
        call(*arguments, **options)
    return str(refused.value)


def test_a_calibration_for_other_scores_is_refused():
    model = make("bert")
    calibrate(model, [batch("bert")])
    register(SoftermaxConfig.paper(lanes=4, max_len=32))
    assert refusal(run, model, "bert") == (
        "the model must be calibrated for scores in Q(6,2) with base 2, not Q(6,2) with base e: calibrate it again"
    )


def test_a_failing_batch_leaves_the_model_as_it_was():
    model = make("bert").train()
    nan = batch("bert") | {"input_ids": None, "inputs_embeds": torch.full((2, 9, 32), math.nan)}
    assert refusal(calibrate, model, [batch("bert"), nan]) == "scores must be finite where the mask keeps them"
    assert model.config._attn_implementation == "eager"
    assert model.training
    assert not quantisers(model)


def test_what_calibrate_refuses():
    text = "batches must hold one or more, not none (an iterator may be used up)"
    assert refusal(calibrate, make("bert"), []) == text
    text = "model must be a model of transformers, not Linear"
    assert refusal(calibrate, torch.nn.Linear(1, 1), [batch("bert")], kind=TypeError) == text
    bloom = BloomModel(BloomConfig(vocab_size=50, hidden_size=8, n_layer=1, n_head=2))
    text = (
        "model must have an attention that goes by transformers' AttentionInterface, not BloomModel, which Softermax "
        "does not reach: use its eager attention"
    )
    assert refusal(calibrate, bloom, [batch("bert")]) == text
    text = "name must be a text that transformers does not use itself, not 'sdpa'"
    assert refusal(calibrate, make("bert"), [batch("bert")], name="sdpa") == text


def test_what_load_quantisers_refuses():
    model = make("bert")
    text = "state must come from a calibrated model, not from one without quantisers"
    assert refusal(load_quantisers, model, model.state_dict()) == text
    calibrate(model, [batch("bert")])
    text = "state must be of the same architecture, not with attention modules such as encoder.layer.0.attention.self"
    assert refusal(load_quantisers, make("gpt2"), model.state_dict()) == text
