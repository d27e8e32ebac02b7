"""What Softermax in PyTorch refuses, in a sentence each."""

import re

import numpy as np
import pytest
import torch

from softermax.model import SoftermaxConfig
from softermax.model.torch import Softermax, softmax, softmax_raw
from softermax.model.torch import rows as torch_rows

pytestmark = pytest.mark.usefixtures("arithmetic")

PAPER = SoftermaxConfig.paper(lanes=16, max_len=384)
NOT_FINITE = "scores must be finite where the mask keeps them, not"
NOT_BROADCASTABLE = "a mask must be broadcastable to the scores' shape"
ROW = torch.zeros(2, 4)


def with_value(value, place, shape=(2, 4), dtype=torch.float32):
    scores = torch.zeros(shape, dtype=dtype)
    scores[place] = value
    return scores


@pytest.mark.parametrize(
    ("scores", "dim", "mask", "error", "text"),
    [
        ([0.0], -1, None, TypeError, "scores must be a tensor, not list"),
        (np.zeros(3), -1, None, TypeError, "scores must be a tensor, not ndarray"),
        (ROW.int(), -1, None, TypeError, "scores must be float16, bfloat16, float32 or float64, not torch.int32"),
        (ROW.bool(), -1, None, TypeError, "scores must be float16, bfloat16, float32 or float64, not torch.bool"),
        (ROW + 0j, -1, None, TypeError, "scores must be float16, bfloat16, float32 or float64, not torch.complex64"),
        (ROW, 2, None, ValueError, "dim must be -2 to 1 for 2 axes, not 2"),
        (ROW, -3, None, ValueError, "dim must be -2 to 1 for 2 axes, not -3"),
        (torch.tensor(1.0), -1, None, ValueError, "a row must have an element or more, not the shape ()"),
        (torch.zeros(0, 3), 0, None, ValueError, "a row must have an element or more, not the shape (3, 0)"),
        (torch.zeros(2, 999), -1, None, ValueError, "a row must have at most max_len = 384 elements, not 999"),
        (torch.zeros(999, 2), 0, None, ValueError, "a row must have at most max_len = 384 elements, not 999"),
        (ROW, -1, [True], TypeError, "a mask must be a tensor, not list"),
        (ROW, -1, ROW.int(), TypeError, "a mask must be bool, True where a score is kept, not torch.int32"),
        (ROW, -1, torch.ones(3, dtype=torch.bool), ValueError, f"{NOT_BROADCASTABLE} (2, 4), not (3,)"),
        (ROW[0], -1, torch.ones(1, 4, dtype=torch.bool), ValueError, f"{NOT_BROADCASTABLE} (4,), not (1, 4)"),
        (
            ROW,
            -1,
            torch.ones(4, dtype=torch.bool, device="meta"),
            ValueError,
            "a mask must be on the scores' device cpu, not meta",
        ),
    ],
)
def test_softermax_refuses(scores, dim, mask, error, text):
    with pytest.raises(error, match=f"^{re.escape(text)}$"):
        softmax(scores, PAPER, dim, mask)


@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan])
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
@pytest.mark.parametrize("exact", [(), ("output",)])
def test_one_kept_score_that_is_not_finite_is_found_anywhere(value, dtype, exact, monkeypatch):
    """In the last of several blocks, too, with the mask and without one."""
    monkeypatch.setattr(torch_rows, "BLOCK", 2048)
    scores = with_value(value, (31, 17), (32, 384), dtype)
    mask = torch.ones(scores.shape, dtype=torch.bool)
    mask[:, 0] = False
    scores[:, 0] = np.nan
    text = f"{NOT_FINITE} {value}"
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        softmax(scores, PAPER, mask=mask, exact=exact)
    scores[:, 0] = 0
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        softmax(scores, PAPER, exact=exact)
    mask[31, 17] = False
    assert softmax(scores, PAPER, mask=mask, exact=exact).isfinite().all()


@pytest.mark.parametrize(
    ("raw", "mask", "error", "text"),
    [
        ([0], None, TypeError, "raw scores must be a tensor, not list"),
        (ROW, None, TypeError, "raw scores must be integers, not torch.float32"),
        (ROW.bool(), None, TypeError, "raw scores must be integers, not torch.bool"),
        (torch.tensor([0, 128]), None, ValueError, "raw scores must be -128 to 127 for Q(6,2), not 0 to 128"),
        (torch.tensor([-129, 5]), None, ValueError, "raw scores must be -128 to 127 for Q(6,2), not -129 to 5"),
        (ROW[:, :0].int(), None, ValueError, "a row must have an element or more, not the shape (2, 0)"),
        (torch.zeros(385).int(), None, ValueError, "a row must have at most max_len = 384 elements, not 385"),
        (ROW.int(), ROW, TypeError, "a mask must be bool, True where a score is kept, not torch.float32"),
    ],
)
def test_softermax_raw_refuses(raw, mask, error, text):
    with pytest.raises(error, match=f"^{re.escape(text)}$"):
        softmax_raw(raw, PAPER, mask=mask)


@pytest.mark.parametrize(
    ("config", "exact", "error", "text"),
    [
        (5, (), TypeError, "config must be a SoftermaxConfig, not 5"),
        (
            "fp16",
            (),
            ValueError,
            "config must be a SoftermaxConfig or a preset of it, paper or faithful, not 'fp16'",
        ),
        (PAPER, "sum", TypeError, "exact must be a set of names, not 'sum'"),
        (
            PAPER,
            ["sum", "all"],
            ValueError,
            "exact must be some of input, power_of_two, sum, reciprocal, output, not 'all'",
        ),
    ],
)
def test_the_module_refuses(config, exact, error, text):
    with pytest.raises(error, match=f"^{re.escape(text)}$"):
        Softermax(config, exact=exact)
