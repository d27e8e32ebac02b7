"""Ratios against the baseline."""

import pytest

from softermax.flows.jobs import with_ratios


def result(preset, area, unit="unnormed", lanes=16):
    return {"unit": unit, "preset": preset, "lanes": lanes, "max_len": 384, "area": area}


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


def test_the_papers_ratios_stand_beside_its_preset_only():
    results = with_ratios([result("paper", 1.0), result("faithful", 1.0), result("fp16", 1.0)])
    assert [r["published"] for r in results] == [0.25, None, None]


def test_without_a_baseline_there_are_no_ratios():
    assert with_ratios([result("paper", 1.0)]) == [result("paper", 1.0)]
