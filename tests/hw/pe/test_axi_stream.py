"""AXI4-Stream data ports of a processing element: its own traces through them, and packets, well-formed or not."""

import numpy as np
import pytest

from softermax.flows.synthesis.verilog import generate_verilog
from softermax.hw import AxiStreamProcessingElement
from softermax.model import SoftermaxConfig
from softermax.model.pe_config import ProcessingElementConfig
from softermax.sim.amaranth_bench import play_in_amaranth
from softermax.sim.built_heads import random_heads
from softermax.sim.pe_trace import processing_element_trace
from softermax.sim.trace import cut_by_reset
from softermax.sim.traffic import bursty

from ..axi_adapter import ElementThroughAxi, with_packets
from ..axi_cases import found
from .axi_cases import ElementCases
from .axi_packets import packets_of

PROBABILITIES = ProcessingElementConfig(softmax=SoftermaxConfig.paper(lanes=4, max_len=12), vector_size=2, max_d_head=6)
CONTEXT = ProcessingElementConfig(
    softmax=SoftermaxConfig.faithful(lanes=4, max_len=24), vector_size=4, max_d_head=11, values=True
)


def test_packets_are_rows_of_the_golden_model_whatever_came_before(tmp_path):
    cases = ElementCases(PROBABILITIES, seed=5)
    (tmp_path / "unit.v").write_text(generate_verilog(AxiStreamProcessingElement(PROBABILITIES), "unit"))
    assert found(cases.all(), tmp_path / "unit.v", "unit", **cases.ports) == {}


@pytest.mark.parametrize("config", [PROBABILITIES, CONTEXT], ids=["probabilities", "context"])
def test_every_port_on_every_cycle_as_without_it(config):
    rng = np.random.default_rng(6)
    heads = random_heads(rng, config, 3)
    permits = {name: bursty(rng, 101 + place) for place, name in enumerate("kvqo")}
    trace = processing_element_trace(heads, config, permits, rng, difficult=True, early_queries=False)
    befores = [None, *heads[:-1]]
    loading = [head for head, before in zip(heads, befores, strict=True) if before is None or head.k is not before.k]
    sent = {"k": loading, "q": heads, **({"v": loading} if config.values else {})}
    words = {
        name: [config.chunks(len(p.data)) for head in some for p in packets_of(head, name, config)]
        for name, some in sent.items()
    }
    trace = with_packets(trace, words)
    broken_off = cut_by_reset(trace, trace.cycles // 2, trace)
    assert play_in_amaranth(ElementThroughAxi(config), broken_off)[:3] == []


def test_it_is_made_of_a_config():
    with pytest.raises(TypeError, match=r"^config must be a ProcessingElementConfig, not 5$"):
        AxiStreamProcessingElement(5)
