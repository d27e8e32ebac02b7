"""No model is ignored in silence: one that does not reach Softermax is refused, or what it does itself is named."""

import copy
import pickle
import subprocess
import sys
import warnings

import pytest
import torch
from torch import nn
from transformers import (
    AutoModel,
    AutoModelForCausalLM,
    BloomConfig,
    BloomModel,
    FalconConfig,
    GPTNeoConfig,
    MptConfig,
    PreTrainedConfig,
    PreTrainedModel,
    RemBertConfig,
    SiglipVisionConfig,
    SiglipVisionModel,
    XGLMConfig,
)

from softermax.model import SoftermaxConfig
from softermax.nn import calibrate, register
from softermax.nn.reach import OwnSoftmaxes

from .models import batch, make, run

CONFIG = SoftermaxConfig.faithful(lanes=4, max_len=32, base="e")
OWN = "which Softermax does not reach: use its eager attention"
BLOOM = BloomConfig(vocab_size=50, hidden_size=8, n_layer=1, n_head=2)
OUTSIDE = {
    "bloom": BLOOM,
    "mpt": MptConfig(vocab_size=50, d_model=8, n_layers=1, n_heads=2),
    "rembert": RemBertConfig(
        vocab_size=50, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8,
        input_embedding_size=8, output_embedding_size=8,
    ),
    "xglm": XGLMConfig(vocab_size=50, d_model=8, num_layers=1, attention_heads=2, ffn_dim=8),
    "falcon": FalconConfig(vocab_size=50, hidden_size=8, num_hidden_layers=1, num_attention_heads=2),
    "gpt_neo": GPTNeoConfig(
        vocab_size=50, hidden_size=8, num_layers=1, num_heads=2, attention_types=[[["global"], 1]]
    ),
}  # fmt: skip


@pytest.fixture(autouse=True)
def _name():
    register(CONFIG)


def refusal(call, *arguments, **options) -> str:
    with pytest.raises(ValueError, match=r"^\w") as refused:
        call(*arguments, **options)
    return str(refused.value)


@pytest.mark.parametrize("family", OUTSIDE)
def test_a_model_outside_the_interface_is_not_made(family):
    for kind in (AutoModel, AutoModelForCausalLM):
        text = refusal(kind.from_config, copy.deepcopy(OUTSIDE[family]), attn_implementation="softermax")
        assert text.startswith("model must have an attention that goes by transformers' AttentionInterface, not ")
        assert text.endswith(OWN)


def test_nor_is_one_that_is_loaded(tmp_path):
    BloomModel(copy.deepcopy(BLOOM)).save_pretrained(tmp_path)
    assert refusal(BloomModel.from_pretrained, tmp_path, attn_implementation="softermax") == (
        f"model must have an attention that goes by transformers' AttentionInterface, not BloomModel, {OWN}"
    )


def test_nor_can_one_have_it_set():
    assert "not BloomModel" in refusal(BloomModel(copy.deepcopy(BLOOM)).set_attn_implementation, "softermax")


class Hidden(PreTrainedModel):
    """A model whose source does not show what its attention is: a layer of PyTorch's."""

    config_class = PreTrainedConfig

    def __init__(self, config):
        super().__init__(config)
        self.layer = nn.MultiheadAttention(8, 2, batch_first=True)
        self.post_init()

    def forward(self, states):
        return self.layer(states, states, states)[0]


def test_what_the_source_does_not_show_is_seen_when_the_model_runs():
    model = Hidden._from_config(PreTrainedConfig(), attn_implementation="softermax").eval()
    for _ in range(2):
        assert refusal(model, torch.ones(1, 3, 8)).endswith(f"not Hidden, {OWN}")
    model.set_attn_implementation("eager")
    model(torch.ones(1, 3, 8))


def test_a_subclass_elsewhere_is_its_class():
    class Mine(BloomModel):
        pass

    assert "not Mine" in refusal(Mine._from_config, copy.deepcopy(BLOOM), attn_implementation="softermax")


def siglip():
    config = SiglipVisionConfig(
        hidden_size=8, intermediate_size=8, num_hidden_layers=1, num_attention_heads=2, image_size=8, patch_size=4
    )
    return SiglipVisionModel._from_config(config, attn_implementation="softermax").eval()


def test_what_a_model_does_itself_beside_is_named_once():
    model, images = siglip(), torch.ones(1, 3, 8, 8)
    with pytest.warns(UserWarning, match="head.attention") as warned:
        model(images)
    assert [str(each.message) for each in warned] == [
        "SiglipVisionModel computes a softmax of its own in head.attention: only its other attentions have Softermax"
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model(images)


def test_a_softmax_that_is_a_module_is_its_attentions():
    class PoolAttention(nn.Module):
        def __init__(self):
            super().__init__()
            self.softmax = nn.Softmax(dim=-1)

        def forward(self, scores):
            return self.softmax(scores)

    with OwnSoftmaxes() as own:
        pool = PoolAttention()
        pool(torch.ones(2, 3))
        nn.Softmax(dim=-1)(torch.ones(2, 3))
    assert list(own.modules) == [pool]


@pytest.mark.parametrize("arithmetic", ["softermax", "exact"])
@pytest.mark.parametrize("name", ["bert", "llama", "t5"])
def test_models_that_reach_it_run_without_a_word(name, arithmetic):
    register(CONFIG, arithmetic=arithmetic)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run(make(name, "softermax"), name)


def test_nothing_is_left_after_the_first_pass():
    model = make("bert", "softermax")
    assert model._forward_hooks
    run(model, "bert")
    assert not any(part._forward_hooks or part._forward_pre_hooks for part in model.modules())


def test_a_pass_that_fails_leaves_the_watch_as_it_was():
    model = make("bert", "softermax")
    with pytest.raises(ValueError, match="input_ids or inputs_embeds"):
        model()
    run(model, "bert")
    assert not model._forward_hooks


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_copies_are_watched_too(duplicate):
    model = make("bert", "softermax")
    again = duplicate(model)
    torch.testing.assert_close(run(again, "bert"), run(model, "bert"), rtol=0, atol=0)
    assert not again._forward_hooks


def test_an_attention_that_is_not_registered_says_what_to_do():
    code = (
        "import softermax.nn\n"
        "from transformers import BertConfig, BertModel\n"
        "config = BertConfig(vocab_size=50, hidden_size=8, num_hidden_layers=1, num_attention_heads=2)\n"
        "calls = (lambda: BertModel._from_config(config, attn_implementation='softermax'),\n"
        "         lambda: BertModel(config).set_attn_implementation('softermax'))\n"
        "for call in calls:\n"
        "    try:\n"
        "        call()\n"
        "    except ValueError as error:\n"
        "        print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    sentence = (
        "attention 'softermax' must be registered in this process before a model has it: call softermax.register()"
    )
    assert done.stdout.splitlines() == [sentence] * 2


def test_calibration_refuses_them_too():
    text = refusal(calibrate, BloomModel(copy.deepcopy(BLOOM)), [batch("bert")])
    assert text.endswith(f"not BloomModel, {OWN}")
