"""Ratios against the baseline."""

import pytest

from softermax.flows.measurement.ratios import with_ratios


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
    ratios = [r["area_ratio"] for r in with_ratios(results)]
    assert ratios == pytest.approx([0.5, 0.25, 1.6667, 1.0, 0.25, 1.0, None], abs=1e-4)


def test_a_processing_elements_softmax_has_a_ratio_of_its_own():
    results = [
        result("faithful", 90.0, "pe") | {"softmax_area": 10.0},
        result("fp16", 120.0, "pe") | {"softmax_area": 40.0},
        result("fp16", 130.0, "pe") | {"softmax_area": 30.0},
        result("fp16", 100.0),
    ]
    found = with_ratios(results)
    assert [(r["area_ratio"], r.get("softmax_area_ratio")) for r in found] == [
        (0.75, 0.3333), (1.0, 1.3333), (1.0833, 1.0), (1.0, None),
    ]  # fmt: skip


def test_the_papers_ratios_stand_beside_its_preset_only():
    results = with_ratios([result("paper", 1.0), result("faithful", 1.0), result("fp16", 1.0)])
    assert [r["paper_area_ratio"] for r in results] == [0.25, None, None]


def test_without_a_baseline_there_are_no_ratios():
    assert with_ratios([result("paper", 1.0)]) == [result("paper", 1.0)]


def test_energies_have_ratios_of_their_own():
    results = [result(preset, 1.0) | {"energy_per_row": energy} for preset, energy in (("paper", 2.0), ("fp16", 8.0))]
    found = with_ratios(results)
    assert [r["energy_ratio"] for r in found] == [0.25, 1.0]
    assert [r["paper_energy_ratio"] for r in found] == [0.10, None]


def test_memories_of_half_and_twice_the_energy_change_both_sides():
    results = [
        result(preset, 1.0, "pe") | {"energy_per_row": energy, "memory_energy": memory}
        for preset, energy, memory in (("paper", 10.0, 4.0), ("fp16", 20.0, 8.0), ("fp16", 19.0, 12.0))
    ]
    results.append(result("paper", 1.0) | {"energy_per_row": 5.0, "memory_energy": None})
    found = with_ratios(results)
    # Of half the memories 8 to 16 and 13, of twice as much 14 to 28 and 31.
    assert [r.get("energy_ratio_half_memory") for r in found] == [0.6154, 1.2308, 1.0, None]
    assert [r.get("energy_ratio_double_memory") for r in found] == [0.5, 1.0, 1.1071, None]
    assert [r["energy_ratio"] for r in found] == [0.5263, 1.0526, 1.0, None]
