"""Softermax as an attention of transformers: what eager attention is, but for the softmax."""

import numpy as np
import pytest
import torch
from torch.nn.functional import softmax as float_softmax

import softermax as package
from softermax.model import SoftermaxConfig, softmax
from softermax.nn import register
from softermax.nn.attention import SoftermaxAttention, registered

from .models import DECODERS, HEADS, LAYERS, MAKERS, batch, make, run

CONFIG = SoftermaxConfig.faithful(lanes=4, max_len=32, base="e")
PAPER = SoftermaxConfig.paper(lanes=4, max_len=32)


@pytest.fixture(autouse=True)
def _names():
    register(CONFIG)
    register(PAPER, "softermax_paper")
    register(CONFIG, "exact", arithmetic="exact")
    register(PAPER, "softmax_base2", arithmetic="exact")


def states(queries=5, keys=7, heads=3, key_heads=3, d_head=4, seed=3, dtype=torch.float32):
    """Queries, keys and values."""
    generator = torch.Generator().manual_seed(seed)
    shapes = (2, heads, queries, d_head), (2, key_heads, keys, d_head), (2, key_heads, keys, d_head)
    return [(3 * torch.randn(shape, generator=generator)).to(dtype) for shape in shapes]


def attend(query, key, value, mask=None, *, config=CONFIG, training=False, arithmetic="softermax", **options):
    """The attention function on its own."""
    module = torch.nn.Identity().train(training)
    return SoftermaxAttention(config, arithmetic)(module, query, key, value, mask, **options)


def golden(scores, mask=None, config=CONFIG):
    return torch.from_numpy(softmax(scores.detach().numpy(), config, mask)).float()


@pytest.mark.parametrize("name", MAKERS)
def test_exact_softmax_is_eager_attention_to_the_last_bit(name):
    """Padding, causal masks and windows, soft caps, position bias, groups of heads, cross attention, scaling."""
    model = make(name)
    expected = run(model, name)
    model.set_attn_implementation("exact")
    torch.testing.assert_close(run(model, name), expected, rtol=0, atol=0)
    # The batch can tell: neither Softermax nor base 2 is the same.
    for other in ("softermax", "softmax_base2"):
        model.set_attn_implementation(other)
        assert (run(model, name) - expected).abs().max() > 1e-4


@pytest.mark.parametrize("name", ["bert", "llama", "t5"])
@pytest.mark.parametrize("config", [CONFIG, PAPER], ids=["faithful", "paper"])
def test_models_have_the_golden_models_probabilities(name, config, monkeypatch):
    """Eager attention, which knows nothing of ours, with the golden model in place of its softmax."""
    model = make(name, "softermax" if config is CONFIG else "softermax_paper")
    found = run(model, name)

    def replaced(scores, dim, dtype=None):
        assert dim == -1
        keep = scores > torch.finfo(scores.dtype).min / 2
        return golden(scores, keep.numpy(), config)

    model.set_attn_implementation("eager")
    with monkeypatch.context() as patch:
        patch.setattr(torch.nn.functional, "softmax", replaced)
        expected = run(model, name)
    assert (found - run(model, name)).abs().max() > 1e-4
    torch.testing.assert_close(found, expected, rtol=0, atol=0)


def test_a_model_can_be_made_with_it():
    package.register(PAPER)
    model = make("bert", "softermax")
    assert model.config._attn_implementation == "softermax"
    found = run(model, "bert")
    model.set_attn_implementation("softermax_paper")
    torch.testing.assert_close(found, run(model, "bert"), rtol=0, atol=0)


@pytest.mark.parametrize("name", DECODERS)
def test_generation_is_the_same_with_and_without_cache(name):
    model = make(name, "softermax")
    inputs = {key: value for key, value in batch(name).items() if key != "decoder_input_ids"}
    options = {"max_new_tokens": 6, "min_new_tokens": 6, "do_sample": False}
    cached, uncached = (model.generate(**inputs, **options, use_cache=cache) for cache in (True, False))
    torch.testing.assert_close(cached, uncached, rtol=0, atol=0)
    assert len(cached[0]) >= 6


def test_probabilities_are_given_on_demand():
    model = make("bert", "softermax")
    inputs = batch("bert")
    with torch.no_grad():
        attentions = model(**inputs, output_attentions=True).attentions
    assert len(attentions) == LAYERS
    for probabilities in attentions:
        assert probabilities.shape == (2, HEADS, 9, 9)
        raw = probabilities.numpy() / CONFIG.output.ulp
        np.testing.assert_array_equal(raw, np.rint(raw))
        assert (probabilities[1, :, :, 5:] == 0).all()
        assert 0.9 < probabilities.sum(-1).mean() < 1.1


def test_dropout_in_training_only():
    query, key, value = states()
    kept = attend(query, key, value, dropout=0.5)[1]
    torch.testing.assert_close(kept, attend(query, key, value)[1], rtol=0, atol=0)
    torch.manual_seed(1)
    dropped = attend(query, key, value, training=True, dropout=0.5)[1]
    zero = (dropped == 0) & (kept > 0)
    assert 0.3 < zero.sum() / (kept > 0).sum() < 0.7
    torch.testing.assert_close(dropped, torch.where(zero, 0, 2 * kept))


def test_dropout_of_a_model():
    model = make("bert", "softermax", attention_probs_dropout_prob=0.5, hidden_dropout_prob=0.0)
    torch.testing.assert_close(run(model, "bert"), run(model, "bert"), rtol=0, atol=0)
    model.train()
    assert (run(model, "bert") - run(model, "bert")).abs().max() > 1e-3


@pytest.mark.parametrize("name", ["softermax", "softermax_paper"])
def test_gradients_reach_every_query_and_key(name):
    model = make("bert", name)
    model(**batch("bert")).last_hidden_state.square().sum().backward()
    for part in ("query", "key", "value"):
        for layer in model.encoder.layer:
            assert getattr(layer.attention.self, part).weight.grad.abs().max() > 0


def test_head_masks_silence_heads():
    query, key, value = states()
    mask = torch.tensor([1.0, 0.0, 0.5])[:, None, None]
    context, probabilities = attend(query, key, value)
    silenced, masked = attend(query, key, value, head_mask=mask)
    torch.testing.assert_close(masked, probabilities * mask, rtol=0, atol=0)
    torch.testing.assert_close(silenced, context * mask[:, 0])


@pytest.mark.parametrize("scaling", [None, 0.25])
def test_scores_by_hand(scaling):
    query, key, value = states(heads=4, key_heads=2)
    context, probabilities = attend(query, key, value, scaling=scaling)
    for head in range(4):
        scores = query[:, head] @ key[:, head // 2].mT * (0.5 if scaling is None else scaling)
        expected = golden(scores)
        torch.testing.assert_close(probabilities[:, head], expected, rtol=0, atol=0)
        torch.testing.assert_close(context[:, :, head], expected @ value[:, head // 2])


def test_masks_of_bool_and_of_float_are_one():
    query, key, value = states()
    keep = torch.rand(2, 1, 5, 7, generator=torch.Generator().manual_seed(4)) > 0.5
    keep[0, 0, 1] = False
    scores = query @ key.mT * 0.5
    expected = golden(scores, keep.numpy())
    least = torch.zeros(keep.shape).masked_fill(~keep, torch.finfo(torch.float32).min)
    for mask in (keep, least, least.masked_fill(~keep, -torch.inf)):
        context, probabilities = attend(query, key, value, mask)
        torch.testing.assert_close(probabilities, expected, rtol=0, atol=0)
        assert (context[0, 1] == 0).all()


def test_biases_are_added():
    query, key, value = states()
    generator = torch.Generator().manual_seed(5)
    bias, position = torch.randn(1, 3, 5, 7, generator=generator), torch.randn(1, 3, 5, 7, generator=generator)
    _, probabilities = attend(query, key, value, bias, position_bias=position)
    expected = golden(query @ key.mT * 0.5 + position + bias)
    torch.testing.assert_close(probabilities, expected, rtol=0, atol=0)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_scores_of_models_in_16_bits_have_32(dtype):
    query, key, value = states(queries=400, dtype=dtype)
    context, probabilities = attend(query, key, value)
    assert context.dtype == probabilities.dtype == dtype
    expected = golden(query.float() @ key.float().mT * 0.5)
    torch.testing.assert_close(probabilities, expected.to(dtype), rtol=0, atol=0)
    # Scores of 16 bits are other ones.
    assert (expected != golden((query @ key.mT * 0.5).float())).any()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_a_whole_model_in_16_bits(dtype):
    found = run(make("llama", "softermax").to(dtype), "llama")
    assert found.dtype == dtype
    assert found.isfinite().all()


def test_exact_softmax_of_base_2():
    query, key, value = states()
    _, probabilities = attend(query, key, value, config=PAPER, arithmetic="exact")
    torch.testing.assert_close(probabilities, float_softmax(query @ key.mT * 0.5 * np.log(2), dim=-1))


def test_the_default_is_softmax_of_base_e_whose_rows_sum_to_one():
    config = SoftermaxConfig.default()
    assert config == SoftermaxConfig.faithful(base="e", max_len=65536, rounding="cascade")
    register()
    query, key, value = states(keys=1500)
    _, probabilities = attend(query, key, value, config=config)
    assert (probabilities.sum(dim=-1) - 1).abs().max() <= config.output.ulp


def refusal(call, *arguments, kind=ValueError, **options) -> str:
    with pytest.raises(kind) as refused:
        call(*arguments, **options)
    return str(refused.value)


def test_a_preset_is_registered_by_name():
    register("paper", "by_name")
    assert registered("by_name").config == SoftermaxConfig.paper()


def test_a_row_that_is_too_long_says_what_to_do():
    assert refusal(attend, *states(keys=33)) == (
        "rows must have at most max_len = 32 scores, not 33: register a config with a larger max_len"
    )
    attend(*states(keys=33), arithmetic="exact")


@pytest.mark.parametrize(
    ("option", "what"), [("s_aux", "attention sinks"), ("cu_seq_lens_q", "packed sequences"), ("indices", "sparse")]
)
def test_unsupported_variants(option, what):
    text = refusal(attend, *states(), **{option: torch.ones(3)})
    assert text.startswith(f"unsupported attention variant of Identity: {what}")
    assert text.endswith(f"({option}); use eager attention")
    attend(*states(), **{option: None})


def test_heads_that_are_no_groups():
    assert refusal(attend, *states(heads=3, key_heads=2)) == "query heads must be a multiple of the 2 key heads, not 3"


def test_what_register_refuses():
    assert refusal(register, 5, kind=TypeError) == "config must be a SoftermaxConfig, not 5"
    unknown = "config must be a SoftermaxConfig or a preset of it, paper or faithful, not 'papre'"
    assert refusal(register, "papre") == unknown
    assert refusal(register, arithmetic="base2") == "arithmetic must be one of softermax, exact, not 'base2'"
    for name in ("eager", "sdpa", "flash_attention_2", "", "kernels/softermax", "paged|x", 3):
        assert (
            refusal(register, name=name) == f"name must be a text that transformers does not use itself, not {name!r}"
        )


def test_only_keys_that_some_row_keeps_count():
    """A static cache has slots for a longer text than there is yet."""
    query, key, value = states(keys=40)
    mask = torch.zeros(2, 1, 5, 40, dtype=torch.bool)
    mask[..., 3:10] = True
    context, probabilities = attend(query, key, value, mask)
    few, same = attend(query, key[:, :, 3:10], value[:, :, 3:10])
    torch.testing.assert_close(probabilities[..., 3:10], same, rtol=0, atol=0)
    assert not probabilities[..., :3].any()
    assert not probabilities[..., 10:].any()
    torch.testing.assert_close(context, few)
    mask[0, 0, 0, :36] = True
    assert refusal(attend, query, key, value, mask) == (
        "rows must have at most max_len = 32 scores, not 36: register a config with a larger max_len"
    )


@pytest.mark.parametrize("masking", [-1e4, -1e9, float(torch.finfo(torch.float32).min)])
@pytest.mark.parametrize("name", ["attention_mask", "position_bias"])
def test_a_number_masks_whatever_its_size(name, masking):
    query, key, value = states()
    bias = torch.zeros(2, 1, 5, 7)
    bias[..., 5:] = masking
    _, probabilities = attend(query, key, value, **{"mask": bias} if name == "attention_mask" else {name: bias})
    assert not probabilities[..., 5:].any()
    _, without = attend(query, key[:, :, :5], value[:, :, :5])
    torch.testing.assert_close(probabilities[..., :5], without, rtol=0, atol=0)


def test_a_mask_of_integers_is_refused():
    query, key, value = states()
    assert refusal(attend, query, key, value, torch.ones(2, 1, 5, 7, dtype=torch.int64)) == (
        "attention_mask of four axes must be bool, True where a score takes part, or real numbers to be added, "
        "not torch.int64"
    )
