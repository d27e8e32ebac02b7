"""Areas of a point and its parts."""

import pytest

from softermax.flows.design_points import DesignPoint
from softermax.flows.measurement.jobs import area
from softermax.flows.synthesis.synthesis import AreaOptions
from softermax.model.pe_config import ProcessingElementConfig


@pytest.mark.parametrize("preset", ["faithful", "fp16"])
def test_a_processing_element_is_synthesised_with_macros_and_without(preset, tmp_path, monkeypatch):
    """Small sizes: what is no memory is the same."""
    config = ProcessingElementConfig(
        softmax=DesignPoint("softmax", preset, 2, 8).config, vector_size=2, max_d_head=4, scale_bits=4
    )
    point = DesignPoint("pe", preset, 2, 8)
    monkeypatch.setitem(point.__dict__, "config", config)
    with_macros, flops = area(point, tmp_path, AreaOptions()), area(point, tmp_path, AreaOptions(), macros=False)
    assert with_macros["area"] == pytest.approx(with_macros["softmax_area"] + with_macros["rest_area"], abs=0.01)
    assert 0 < with_macros["memory_area"] < with_macros["operands_area"] + with_macros["softmax_area"]
    assert flops["memory_area"] is None
    bits = config.key_words * 2 * 16 + config.query_words * 16
    assert flops["flops"] >= with_macros["flops"] + bits
    for part in ("registers", "sequencer", "mac_array", "requantiser"):
        # But for the order in which abc meets the same logic.
        assert flops[f"{part}_area"] == pytest.approx(with_macros[f"{part}_area"], rel=0.05)
