"""Areas of a point and its parts, and ratios against the baseline."""

import pytest

from softermax.flows.design_points import DesignPoint
from softermax.flows.jobs import area, with_ratios
from softermax.flows.synthesis import AreaOptions
from softermax.model.pe import ProcessingElementConfig


def result(preset, found, unit="unnormed", lanes=16):
    return {"unit": unit, "preset": preset, "lanes": lanes, "max_len": 384, "area": found}


def test_ratios_are_to_the_smaller_baseline_of_the_same_unit_and_size():
    results = [
        result("paper", 30.0),
        result("faithful", 15.0),
        result("fp16", 100.0),
        result("fp16", 60.0),
        result("paper", 30.0, lanes=32),
        result("fp16", 120.0, lanes=32),
        result("paper", 5.0, "normalization"),
    ]
    ratios = [r["of_baseline"] for r in with_ratios(results)]
    assert ratios == pytest.approx([0.5, 0.25, 1.6667, 1.0, 0.25, 1.0, None], abs=1e-4)


def test_a_processing_elements_softmax_has_a_ratio_of_its_own():
    results = [
        result("faithful", 90.0, "pe") | {"softmax_area": 10.0},
        result("fp16", 120.0, "pe") | {"softmax_area": 40.0},
        result("fp16", 130.0, "pe") | {"softmax_area": 30.0},
        result("fp16", 100.0),
    ]
    found = with_ratios(results)
    assert [(r["of_baseline"], r.get("softmax_of_baseline")) for r in found] == [
        (0.75, 0.3333), (1.0, 1.3333), (1.0833, 1.0), (1.0, None),
    ]  # fmt: skip


@pytest.mark.parametrize("preset", ["faithful", "fp16"])
def test_a_processing_element_is_synthesised_with_macros_and_without(preset, tmp_path, monkeypatch):
    """Small sizes: what is no memory is the same."""
    config = ProcessingElementConfig(
        softmax=DesignPoint("softermax", preset, 2, 8).config, vector_size=2, max_d_head=4, scale_bits=4
    )
    point = DesignPoint("pe", preset, 2, 8)
    monkeypatch.setitem(point.__dict__, "hardware_config", config)
    with_macros, flops = area(point, tmp_path, AreaOptions()), area(point, tmp_path, AreaOptions(), macros=False)
    assert with_macros["area"] == pytest.approx(with_macros["softmax_area"] + with_macros["rest_area"], abs=0.01)
    assert 0 < with_macros["memory_area"] < with_macros["operands_area"] + with_macros["softmax_area"]
    assert flops["memory_area"] is None
    bits = config.key_words * 2 * 16 + config.query_words * 16
    assert flops["flops"] >= with_macros["flops"] + bits
    for part in ("registers", "sequencer", "mac_array", "requantiser"):
        # But for the order in which abc meets the same logic.
        assert flops[f"{part}_area"] == pytest.approx(with_macros[f"{part}_area"], rel=0.05)


def test_the_papers_ratios_stand_beside_its_preset_only():
    results = with_ratios([result("paper", 1.0), result("faithful", 1.0), result("fp16", 1.0)])
    assert [r["published"] for r in results] == [0.25, None, None]


def test_without_a_baseline_there_are_no_ratios():
    assert with_ratios([result("paper", 1.0)]) == [result("paper", 1.0)]
