"""AXI4-Stream ports of a complete softmax: the softmax's own traces through them, and packets, well-formed or not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softermax.flows.synthesis.verilog import generate_verilog
from softermax.hw import AxiStreamSoftmax, SoftermaxUnit
from softermax.hw.baseline import BaselineSoftmax
from softermax.model import SoftermaxConfig
from softermax.model.baseline import BaselineConfig
from softermax.sim.amaranth_bench import play_in_amaranth
from softermax.sim.trace import cut_by_reset

from ..model.strategies import baseline_configs, configs, examples
from .axi_adapter import SoftmaxThroughAxi
from .axi_cases import SINK, SOURCE, Cases, found
from .stimuli import random_trace

CONFIGS = {
    "faithful, 16 lanes": SoftermaxConfig.faithful(lanes=16, max_len=96),
    "faithful, cascade, 4 lanes": SoftermaxConfig.faithful(lanes=4, max_len=24, rounding="cascade"),
    "fp16": BaselineConfig(lanes=2, max_len=12),
    "fp16, fused": BaselineConfig(lanes=2, max_len=12, datapath="fused"),
}


@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
def test_packets_are_rows_of_the_golden_model_whatever_came_before(config, tmp_path):
    cases = Cases(config, seed=3).all()
    assert len(cases) > 20
    (tmp_path / "unit.v").write_text(generate_verilog(AxiStreamSoftmax(config), "unit"))
    assert found(cases, tmp_path / "unit.v", "unit", sources=[SOURCE], sinks=[SINK]) == {}


@examples(12)
@given(config=configs(max_lanes=5, most_product_bits=4), seed=st.integers(0, 9999))
def test_every_port_on_every_cycle_as_without_it(config, seed):
    trace = random_trace(SoftermaxUnit, config, seed)
    assert play_in_amaranth(SoftmaxThroughAxi(config), cut_by_reset(trace, 20 + seed % 40, trace))[:3] == []


@examples(3)
@given(config=baseline_configs(max_lanes=2), seed=st.integers(0, 9999))
def test_every_port_on_every_cycle_as_without_it_of_the_baseline(config, seed):
    trace = random_trace(BaselineSoftmax, config, seed)
    assert play_in_amaranth(SoftmaxThroughAxi(config), cut_by_reset(trace, 20 + seed % 40, trace))[:3] == []


def test_it_is_made_of_a_config():
    with pytest.raises(TypeError, match=r"^config must be one with hardware, such as a SoftermaxConfig, not 5$"):
        AxiStreamSoftmax(5)
