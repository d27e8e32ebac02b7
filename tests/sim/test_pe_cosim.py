"""Co-simulation of the processing element on whole real heads, and what the captured ones become."""

from dataclasses import replace

import numpy as np
import pytest

from softermax.flows.synthesis.verilog import generate_verilog
from softermax.hw import ProcessingElement
from softermax.model import SoftermaxConfig
from softermax.model.baseline import BaselineConfig
from softermax.model.pe import context, scores
from softermax.model.pe_config import ProcessingElementConfig
from softermax.sim.attention import load_heads
from softermax.sim.cosim import cosimulate
from softermax.sim.pe_trace import processing_element_trace, real_head
from softermax.sim.traffic import bursty

HEADS = {head.name: head for head in load_heads() if head.tokens <= 384}
FAITHFUL = ProcessingElementConfig(softmax=SoftermaxConfig.faithful(lanes=16, max_len=384))
EXACT_SCALE = ProcessingElementConfig(softmax=SoftermaxConfig.paper(lanes=16, max_len=384), scale_bits=16)
VALUES = ProcessingElementConfig(softmax=SoftermaxConfig.faithful(lanes=16, max_len=128), values=True)
VALUES_LONG = replace(FAITHFUL, values=True)
FP16 = ProcessingElementConfig(softmax=BaselineConfig(lanes=4, max_len=64), vector_size=8)


@pytest.mark.parametrize("head", HEADS.values(), ids=HEADS)
def test_scores_are_the_captured_ones(head):
    """With the captured scale: exactly without a zero point, else up to its rounding to units of a dot product."""
    made = scores(real_head(head, EXACT_SCALE), EXACT_SCALE)
    distance = np.abs(made - head.scores[:, : head.valid])
    assert distance.max() <= (1 if head.zero_point else 0)
    assert distance.mean() < 0.01


@pytest.mark.parametrize("head", HEADS.values(), ids=HEADS)
def test_a_scale_of_8_bits_moves_scores_by_little(head):
    rounded = real_head(head, FAITHFUL)
    assert 128 <= rounded.multiplier < 256
    exact = real_head(head, EXACT_SCALE)
    ratio = rounded.multiplier / exact.multiplier * 2.0 ** (exact.shift - rounded.shift)
    assert abs(ratio - 1) <= 2**-8


@pytest.mark.parametrize("head", HEADS.values(), ids=HEADS)
def test_context_uses_its_8_bits(head):
    """But for what the softmax makes of the probabilities."""
    largest = np.abs(context(real_head(head, VALUES_LONG), VALUES_LONG)[: head.valid]).max()
    assert 90 < largest <= 128


@pytest.mark.parametrize(
    ("config", "names"),
    [
        (FAITHFUL, ["full16-l1h4", "causalpadded128-d64-l17h4", "causal64-l5h0"]),
        (FP16, ["padded64-l1h6", "padded64-d64-l9h2"]),
        (VALUES, ["full31-l0h5", "padded64-d64-l9h2", "causal64-l5h0"]),
    ],
    ids=["faithful", "fp16", "faithful, values"],
)
def test_every_port_on_every_cycle_of_whole_heads(config, names, tmp_path):
    rng = np.random.default_rng(5)
    heads = [real_head(HEADS[name], config) for name in names]
    permits = {name: bursty(rng, 251 + place) for place, name in enumerate("kvqo")}
    traces = [
        processing_element_trace(heads, config, {}, rng),
        processing_element_trace(heads, config, permits, rng, difficult=True),
    ]
    (tmp_path / "pe.v").write_text(generate_verilog(ProcessingElement(config), "pe"))
    for result in cosimulate(tmp_path / "pe.v", "pe", traces, tmp_path / "build"):
        assert result.described == []
        assert result.mismatches == 0
