"""Lengths: what is too long is said when calibrating, and only keys that are there count."""

import warnings

import pytest
import torch
from transformers import StaticCache

from softermax.model import UQ, SoftermaxConfig
from softermax.nn import calibrate, register

from .models import batch, make, run

CONFIG = SoftermaxConfig.faithful(lanes=4, max_len=32, base="e")


def test_calibration_says_that_longer_texts_will_be_refused():
    """And not only token 33 of ``generate``."""
    with pytest.warns(UserWarning, match="positions") as warned:
        calibrate(make("llama"), [batch("llama")], CONFIG)
    assert [str(each.message) for each in warned] == [
        "LlamaForCausalLM has 2048 positions, but rows of more than max_len = 32 scores will be refused: take a larger "
        "max_len if there are any"
    ]


def test_the_default_takes_what_a_model_has_positions_for():
    register()
    for name in ("llama", "bert"):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            calibrate(make(name), [batch(name)])


def test_a_static_cache_may_be_longer_than_any_row():
    register(CONFIG)
    model = make("llama", "softermax")
    ids = batch("llama")["input_ids"][:1]
    with torch.no_grad():
        expected = model(ids).logits
        found = model(ids, past_key_values=StaticCache(config=model.config, max_cache_len=1100)).logits
    torch.testing.assert_close(found, expected)


def test_generation_with_a_static_cache_is_that_with_a_growing_one():
    register(CONFIG)
    model = make("llama", "softermax")
    options = {"max_new_tokens": 8, "min_new_tokens": 8, "do_sample": False}
    ids = batch("llama")["input_ids"][:1]
    growing = model.generate(ids, **options)
    static = model.generate(ids, **options, past_key_values=StaticCache(config=model.config, max_cache_len=1100))
    torch.testing.assert_close(static, growing, rtol=0, atol=0)


def test_plain_register_takes_1500_keys():
    register()
    model = make("bert", "softermax", max_position_embeddings=1500)
    ids = torch.randint(3, 50, (1, 1500), generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        attentions = model(ids, output_attentions=True).attentions
    assert attentions[0].shape[-1] == 1500
    assert (attentions[0].sum(dim=-1) - 1).abs().max() < 0.01


def test_the_papers_power_sum_for_longer_rows_is_named_and_can_be_given():
    with pytest.raises(ValueError, match=r"unless saturate is true, as UQ\(11,\d+\) does") as refused:
        SoftermaxConfig.paper(max_len=1024)
    named = str(refused.value).partition(", as ")[2].partition(" does")[0]
    register(SoftermaxConfig.paper(max_len=1024, power_sum=named, base="e"), "softermax_long_paper")
    assert SoftermaxConfig.paper(max_len=1024, power_sum=named).power_sum == UQ(11, int(named[6:-1]))
    assert run(make("bert", "softermax_long_paper"), "bert").isfinite().all()
