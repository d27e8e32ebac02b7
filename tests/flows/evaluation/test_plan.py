"""The full plan of an evaluation, and what its file is called."""

from pathlib import Path

from softermax.flows.evaluation.evaluation import full_plan, library_name


def test_the_full_plan_is_of_all_levels_sizes_and_presets():
    plan = full_plan()
    levels = {"unnormed": {"divide"}, "normalization": {"divide", "multiply"}, "pe": {"multiply"}}
    for lanes in (16, 32):
        for unit, normalizers in levels.items():
            points = [point for point in plan.units if (point.unit, point.lanes, point.max_len) == (unit, lanes, 384)]
            assert [p.preset for p in points] == ["paper", "faithful"] + ["fp16"] * len(normalizers)
            assert {p.softmax_config.normalizer for p in points if p.preset == "fp16"} == normalizers
    assert len(plan.units) == 2 * (3 + 4 + 3)
    assert {(point.unit, point.lanes, point.max_len) for point, _ in plan.lengths} == {
        ("unnormed", 32, 1024), ("normalization", 32, 1024), ("pe", 16, 1024),
    }  # fmt: skip
    assert len(set(plan.lengths)) == len(plan.lengths) == 3 + 4 + 3
    assert {tokens for _, tokens in plan.lengths} == {(64, 256, 1024)}
    assert {options for p, _ in plan.lengths if p.preset == "paper" for options in p.options} == {("saturate", True)}
    sizes = {(point.lanes, point.max_len) for point in plan.sweeps}
    assert sizes == {(lanes, 384) for lanes in (4, 8, 16, 32)} | {(16, max_len) for max_len in (64, 1024, 4096)}
    assert len(set(plan.sweeps)) == len(plan.sweeps) == 7 * 3


def test_a_library_is_called_after_its_first_file():
    assert library_name([Path("a/tt_1v80.lib.gz"), Path("b.lib")]) == "tt_1v80"
    assert library_name([Path("cells.lib")]) == "cells"
    assert library_name([]) == "generic"
