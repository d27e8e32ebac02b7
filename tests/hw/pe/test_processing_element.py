"""Processing element: every output port on every cycle against golden and timing model, heads back to back."""

import numpy as np
import pytest
from amaranth.hdl import Assert

from softermax.hw import ProcessingElement, Sram
from softermax.model import UQ, Q, SoftermaxConfig
from softermax.model.baseline import BaselineConfig
from softermax.model.pe import context, probabilities
from softermax.model.pe_config import ProcessingElementConfig
from softermax.sim.amaranth_bench import observe_in_amaranth, play_in_amaranth
from softermax.sim.built_heads import random_heads
from softermax.sim.pe_trace import processing_element_timing, processing_element_trace
from softermax.sim.trace import cut_by_reset
from softermax.sim.traffic import bursty

CONFIGS = {
    "paper": ProcessingElementConfig(softmax=SoftermaxConfig.paper(lanes=4, max_len=24), vector_size=4, max_d_head=16),
    "faithful": ProcessingElementConfig(
        softmax=SoftermaxConfig.faithful(lanes=8, max_len=30), vector_size=2, max_d_head=5, scale_bits=11
    ),
    "one pair a lane, saturating": ProcessingElementConfig(
        softmax=SoftermaxConfig(
            lanes=2, max_len=21, input=Q(5, 3), power_sum=UQ(2, 9), output=UQ(0, 12), saturate=True
        ),
        vector_size=1,
        max_d_head=3,
        scale_bits=16,
    ),
    "query in a word": ProcessingElementConfig(
        softmax=SoftermaxConfig.paper(lanes=2, max_len=9), vector_size=8, max_d_head=8
    ),
    "fp16": ProcessingElementConfig(softmax=BaselineConfig(lanes=2, max_len=12), vector_size=4, max_d_head=12),
    "fp16, fused": ProcessingElementConfig(
        softmax=BaselineConfig(lanes=2, max_len=12, datapath="fused"), vector_size=4, max_d_head=12
    ),
    "paper, values": ProcessingElementConfig(
        softmax=SoftermaxConfig.paper(lanes=4, max_len=24), vector_size=4, max_d_head=11, values=True
    ),
    "faithful, values": ProcessingElementConfig(
        softmax=SoftermaxConfig.faithful(lanes=2, max_len=13), vector_size=2, max_d_head=8, values=True
    ),
    "fp16, values": ProcessingElementConfig(
        softmax=BaselineConfig(lanes=4, max_len=16), vector_size=4, max_d_head=4, values=True
    ),
}
each_config = pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)


@each_config
def test_heads_back_to_back_at_full_speed(config):
    rng = np.random.default_rng(1)
    trace = processing_element_trace(random_heads(rng, config, 3), config, {}, rng)
    assert play_in_amaranth(ProcessingElement(config), trace)[:3] == []


@pytest.mark.parametrize("seed", [1, 2])
@each_config
def test_gaps_backpressure_a_difficult_host_and_a_reset_in_the_middle(config, seed):
    rng = np.random.default_rng(seed)
    permits = {name: bursty(rng, 101 + place) for place, name in enumerate("kvqo") if rng.random() < 0.8}
    heads = random_heads(rng, config, 3)
    trace = processing_element_trace(heads, config, permits, rng, difficult=True)
    broken_off = cut_by_reset(trace, int(rng.integers(20, trace.cycles)), trace)
    assert play_in_amaranth(ProcessingElement(config), broken_off)[:3] == []


@each_config
def test_what_leaves_is_the_golden_models_rows(config):
    [head] = random_heads(np.random.default_rng(3), config, 1)
    _, stream = processing_element_timing([head], config)
    width = stream.width
    y_bits = 16 if isinstance(config.softmax, BaselineConfig) else config.softmax.output.width
    y_bits = 8 if config.values else y_bits
    assert width > config.lanes * y_bits
    lanes = [
        [payload >> (lane * y_bits) & ((1 << y_bits) - 1) for lane in range(config.lanes)]
        for payload in stream.payloads
    ]
    expected = []
    visible = [head.q.shape[1]] * len(head.q) if config.values else head.visible
    for row, seen in zip((context if config.values else probabilities)(head, config), visible, strict=True):
        slices = -(-seen // config.lanes)
        padded = np.pad(row[:seen], (0, slices * config.lanes - seen))
        expected += (padded.reshape(slices, config.lanes) & ((1 << y_bits) - 1)).tolist()
    assert lanes == expected


def test_what_is_no_config_is_refused():
    with pytest.raises(TypeError, match="config must be a ProcessingElementConfig"):
        ProcessingElement(SoftermaxConfig.paper())


@pytest.fixture
def checked_memories(monkeypatch):
    """Memories of one port, which now stop the simulation if they are written and read at once."""
    elaborate, memories = Sram.elaborate, []

    def elaborate_checked(memory, platform):
        m = elaborate(memory, platform)
        if memory.one_port:
            memories.append(memory)
            m.d.sync += Assert(~(memory.write_enable & memory.read_enable))
        return m

    monkeypatch.setattr(Sram, "elaborate", elaborate_checked)
    return memories


def test_memories_of_one_port_are_never_written_and_read_at_once(checked_memories):
    config, rng = CONFIGS["paper, values"], np.random.default_rng(4)
    permits = {name: bursty(rng, 101 + place) for place, name in enumerate("kvqo")}
    trace = processing_element_trace(random_heads(rng, config, 4), config, permits, rng, difficult=True)
    assert play_in_amaranth(ProcessingElement(config), trace) == []
    assert len(checked_memories) == config.lanes


@pytest.mark.parametrize("reads", [[1, 0], [0, 1]])
def test_a_memory_of_one_port_that_is_written_and_read_at_once_would_be_found(checked_memories, reads):
    inputs = {"write_enable": [0, 1], "read_enable": reads}
    if reads[1]:
        with pytest.raises(AssertionError):
            observe_in_amaranth(Sram(4, 2, one_port=True), inputs)
    else:
        observe_in_amaranth(Sram(4, 2, one_port=True), inputs)
    assert len(checked_memories) == 1
