"""Arms in a tiny model: each computes what it is called."""

import copy

import numpy as np
import pytest
import torch
from transformers import BertModel

from softermax.model import softmax as golden
from softermax.nn.attention import QUANTISER
from softermax.nn.tasks.arms import CONTROL, SETS, TUNED

from .tiny import encoder

ARMS = {arm.name: arm for kind in SETS.values() for arm in kind()}
ULP = 2.0**-7


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    model = BertModel.from_pretrained(encoder(tmp_path_factory.mktemp("model")), attn_implementation="eager").eval()
    with torch.no_grad():
        # Weights at random make scores near 0, of which every softmax makes the same.
        for layer in model.encoder.layer:
            layer.attention.self.query.weight.mul_(17)
            layer.attention.self.key.weight.mul_(17)
    return model


@pytest.fixture(scope="module")
def batch():
    ids = torch.randint(5, 20, (3, 20), generator=torch.Generator().manual_seed(1))
    mask = torch.ones_like(ids)
    mask[1, 12:] = 0
    return {"input_ids": ids, "attention_mask": mask}


def probabilities(model, batch, arm):
    """Of the first layer, with its scores, which are the same for each arm."""
    installed = copy.deepcopy(model)
    arm.install(installed, [batch])
    first = installed.encoder.layer[0].attention.self
    with torch.no_grad():
        states = installed.embeddings(batch["input_ids"])
        q, k = (part(states).view(3, 20, 2, 12).transpose(1, 2) for part in (first.query, first.key))
        found = installed(**batch, output_attentions=True).attentions[0].numpy()
    keep = (batch["attention_mask"] == 1)[:, None, None, :].expand(found.shape).numpy()
    return found, (q @ k.transpose(2, 3) / 12**0.5).numpy(), keep, installed


def exact(scores, keep, base):
    powers = np.where(keep, base ** (scores - scores.max(axis=-1, keepdims=True)).astype(float), 0)
    return powers / powers.sum(axis=-1, keepdims=True)


def test_scores_are_wide_enough_to_tell_arms_apart(model, batch):
    found, scores, keep, _ = probabilities(model, batch, CONTROL)
    assert np.abs(scores).max() > 8
    np.testing.assert_allclose(found, exact(scores, keep, np.e), atol=1e-6)
    assert np.abs(exact(scores, keep, np.e) - exact(scores, keep, 2)).max() > 0.1


def test_the_control_takes_the_place_of_any_arm(model, batch):
    before = probabilities(model, batch, CONTROL)[0]
    _, _, _, installed = probabilities(model, batch, ARMS["folded"])
    np.testing.assert_array_equal(probabilities(installed, batch, CONTROL)[0], before)


@pytest.mark.parametrize("name", ["paper", "faithful", "all but base 2"])
def test_presets_are_the_golden_models(name, model, batch):
    found, scores, keep, _ = probabilities(model, batch, ARMS[name])
    np.testing.assert_array_equal(found, golden(scores, ARMS[name].config, keep))


def test_exact_base_2_is_that(model, batch):
    found, scores, keep, _ = probabilities(model, batch, ARMS["base 2, exact"])
    np.testing.assert_allclose(found, exact(scores, keep, 2), atol=1e-6)


def test_folded_is_calibrated_and_near_softmax(model, batch):
    found, scores, keep, installed = probabilities(model, batch, ARMS["folded"])
    assert all(hasattr(layer.attention.self, QUANTISER) for layer in installed.encoder.layer)
    # Scores are rounded to a quarter, which moves a probability by less than a factor of 2**(1/4).
    wanted = exact(scores, keep, np.e)
    assert (np.abs(found - wanted) <= wanted * 0.25 + 2**-8).all()


def test_rounding_of_outputs_alone_is_that_of_softmax(model, batch):
    found, scores, keep, _ = probabilities(model, batch, ARMS["only output"])
    assert (found % ULP == 0).all()
    assert np.abs(found - exact(scores, keep, np.e)).max() <= ULP / 2 + 1e-6


def test_all_but_the_output_is_finer_than_it(model, batch):
    found, *_ = probabilities(model, batch, ARMS["all but output"])
    whole, *_ = probabilities(model, batch, ARMS["paper"])
    assert (found % ULP != 0).any()
    assert np.abs(found - whole).max() <= ULP / 2 + 1e-6


def test_each_ablated_arm_differs_from_softmax_or_from_paper(model, batch):
    softmax, paper = (probabilities(model, batch, ARMS[name])[0] for name in ("softmax", "paper"))
    for name, arm in ARMS.items():
        if name.startswith("only "):
            assert (probabilities(model, batch, arm)[0] != softmax).any(), name
        if name.startswith("all but ") and name != "all but sum":
            assert (probabilities(model, batch, arm)[0] != paper).any(), name


def test_sets_begin_with_the_control_and_name_each_arm_once():
    for kind, arms in ((kind, make()) for kind, make in SETS.items()):
        assert arms[0] == CONTROL
        assert len({arm.name for arm in arms}) == len(arms), kind
    tuned = {arm.name for kind in ("presets", "tuned decoder") for arm in SETS[kind]()}
    assert set(TUNED) < tuned


def test_identities_say_what_arms_are():
    assert CONTROL.identity() == {"arm": "softmax", "base": "e", "input": None, "output": None}
    assert ARMS["base 2, exact"].identity() == {"arm": "base 2, exact", "base": "2", "input": None, "output": None}
    assert ARMS["folded"].identity() == {"arm": "folded", "base": "e", "input": "Q(6,2)", "output": "UQ(0,8)"}
