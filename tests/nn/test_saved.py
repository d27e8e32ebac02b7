"""What was calibrated stays calibrated: a saved model runs with its zero points, of its format, or not at all."""

import re

import pytest
import torch
from transformers import BertModel

from softermax.model import Q, SoftermaxConfig
from softermax.nn import calibrate, load_quantisers, register

from .models import batch, make, run

CONFIG = SoftermaxConfig.faithful(lanes=4, max_len=32, base="e")


@pytest.fixture
def saved(tmp_path):
    """A calibrated model, and the same as transformers loads it."""
    register(CONFIG)
    model = make("bert")
    calibrate(model, [batch("bert")])
    model.save_pretrained(tmp_path)
    return model, BertModel.from_pretrained(tmp_path, attn_implementation="softermax").eval()


def test_a_calibrated_model_does_not_run_without_its_zero_points(saved):
    model, again = saved
    with pytest.raises(ValueError, match=r"^the model was calibrated before it was saved, and lacks its zero points: "):
        run(again, "bert")
    load_quantisers(again, model.state_dict(), CONFIG)
    torch.testing.assert_close(run(again, "bert"), run(model, "bert"), rtol=0, atol=0)


def test_or_calibrated_again(saved):
    model, again = saved
    calibrate(again, [batch("bert")])
    torch.testing.assert_close(run(again, "bert"), run(model, "bert"), rtol=0, atol=0)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"input": Q(6, 4)}, "scores in Q(6,4) with base e, as the config has it, not Q(6,2) with base e"),
        ({"base": "2"}, "scores in Q(6,2) with base 2, as the config has it, not Q(6,2) with base e"),
    ],
)
def test_a_state_of_another_format_is_refused(saved, changes, text):
    model, again = saved
    other = SoftermaxConfig.faithful(lanes=4, max_len=32, **{"base": "e"} | changes)
    with pytest.raises(ValueError, match=f"^{re.escape(f'state must be calibrated for {text}')}$"):
        load_quantisers(again, model.state_dict(), other)


def test_a_state_that_does_not_tell_its_format_is_refused(saved):
    model, again = saved
    state = {name: value for name, value in model.state_dict().items() if not name.endswith("format")}
    with pytest.raises(ValueError, match=r"^state must have the format of scores"):
        load_quantisers(again, state, CONFIG)
