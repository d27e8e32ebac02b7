"""The same rows through PyTorch, NumPy and the hardware: three times the same bits."""

import numpy as np
import pytest
import torch

from softermax.model import SoftermaxConfig, softmax_raw
from softermax.model import torch as softermax_torch
from softermax.sim.attention import load_heads
from softermax.sim.traffic import random_rows

from .test_softermax import rows_out

CONFIGS = {
    "paper": SoftermaxConfig.paper(lanes=16, max_len=384),
    "paper, row product": SoftermaxConfig.paper(lanes=16, max_len=384, normalizer="row_product"),
    "faithful": SoftermaxConfig.faithful(max_len=384),
    "faithful, directed": SoftermaxConfig.faithful(max_len=384, rounding="directed"),
}


def real_rows(config, rows):
    """The last rows of the head with the most scores that the config takes, (raw, mask) each: the causal ones too."""
    heads = sorted(
        (head for head in load_heads() if head.tokens <= config.max_len), key=lambda head: (head.causal, head.tokens)
    )
    head = heads[-1]
    return [(head.scores[row].astype(np.int16), head.keep[row].copy()) for row in range(-rows, 0)]


@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
def test_torch_numpy_and_hardware_agree(config):
    difficult = random_rows(np.random.default_rng(1), config, 16)
    rows = [*real_rows(config, 6), *(row for row in difficult if len(row[0]) <= config.max_len)]
    for (raw, mask), (hardware, *_) in zip(rows, rows_out(config, rows), strict=True):
        scores = torch.tensor(raw * config.input.ulp, dtype=torch.float32)
        y = softermax_torch.softmax(scores, config, mask=torch.tensor(mask))
        model = softmax_raw(raw, config, mask)
        assert (y / config.output.ulp).tolist() == model.tolist() == hardware[: len(raw)].tolist()
        assert not hardware[len(raw) :].any()
    assert len(rows) >= 12
