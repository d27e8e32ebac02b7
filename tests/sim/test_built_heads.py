"""Tests of heads that are built."""

import numpy as np
import pytest

from softermax.model import SoftermaxConfig
from softermax.model.baseline import BaselineConfig
from softermax.model.pe import context, probabilities, scores
from softermax.model.pe_config import ProcessingElementConfig
from softermax.sim.built_heads import chosen_heads, scaled_heads
from softermax.sim.directed_rows import single_peak_rows

CONFIG = ProcessingElementConfig(
    softmax=SoftermaxConfig.faithful(lanes=4, max_len=16), vector_size=4, max_d_head=8, values=True
)


def test_scaled_heads_fill_the_scores_of_small_dot_products_and_of_large_ones():
    heads = scaled_heads(np.random.default_rng(1), CONFIG, 100)
    largest = np.array([np.abs(scores(head, CONFIG)).max() for head in heads])
    # All but those that are nothing but zeros.
    assert ((largest >= 2) | [head.multiplier == 0 or not head.q.any() for head in heads]).mean() > 0.9
    assert (largest > 60).any()
    operands = [max(np.abs(head.q).max(), np.abs(head.k).max()) for head in heads]
    assert min(operands) <= 1
    assert max(operands) > 64
    shifts = {head.shift for head in heads}
    assert min(shifts) <= 1
    assert max(shifts) > CONFIG.scale_bits


@pytest.mark.parametrize("softmax", [CONFIG.softmax, BaselineConfig(lanes=4, max_len=16)])
def test_chosen_heads_have_the_rows_as_their_scores_and_their_probabilities_as_context(softmax):
    config = ProcessingElementConfig(softmax=softmax, vector_size=4, max_d_head=8, values=True)
    rows = single_peak_rows(np.random.default_rng(1), config.softmax, 100, config.score)
    heads = chosen_heads(np.random.default_rng(1), config, rows)
    made = [tuple(row) for head in heads for row in scores(head, config).tolist()]
    assert sorted(made) == sorted(tuple(raw.tolist()) for raw, _ in rows)
    for head in heads:
        if isinstance(softmax, SoftermaxConfig) and head.context_shift == config.scale_bits - 1:
            n = min(head.v.shape)
            assert (context(head, config)[:, :n] == probabilities(head, config)[:, :n].clip(max=127)).all()
