"""Co-simulation of the baseline's units: the generated Verilog, every port on every cycle, and a slice a cycle."""

from dataclasses import replace

import numpy as np
import pytest

from softermax.hw.baseline import BaselineNormalizationUnit, BaselineSoftmax, BaselineUnnormedSoftmaxUnit
from softermax.model.baseline import BaselineConfig
from softermax.sim import cosim
from softermax.sim.trace import cut_by_reset
from softermax.sim.traffic import bursty

from ..hw.stimuli import STREAMS, back_to_back, constant_rows, difficult_rows, make_trace
from .test_cosim import simulate

SMALL = BaselineConfig(lanes=3, max_len=24)
WIDE = BaselineConfig(lanes=16, max_len=384)

#: Unit, config, how often a row passes before its first slice is at the output, and the latency after that.
POINTS = {
    "unnormed": (BaselineUnnormedSoftmaxUnit, SMALL, 1, 2 + 3),
    "normalization": (BaselineNormalizationUnit, replace(SMALL, normalizer="multiply"), 0, 3 + 1),
    "unnormed, fused": (BaselineUnnormedSoftmaxUnit, replace(SMALL, datapath="fused"), 1, 3 + 2),
    "normalization, fused": (
        BaselineNormalizationUnit,
        replace(SMALL, normalizer="multiply", datapath="fused"),
        0,
        3 + 1,
    ),
    "fused": (BaselineSoftmax, replace(SMALL, datapath="fused"), 2, 12),
    "fused, multiply, base 2": (
        BaselineSoftmax,
        replace(SMALL, normalizer="multiply", datapath="fused", base="2"),
        2,
        12,
    ),
    "16 lanes, divide": (BaselineSoftmax, WIDE, 2, 10 + 4),
    "16 lanes, multiply": (BaselineSoftmax, replace(WIDE, normalizer="multiply"), 2, 10 + 4),
}


@pytest.fixture(autouse=True)
def _compile_quickly(monkeypatch):
    """Of these units the compilation takes longer than the few thousand cycles."""
    monkeypatch.setattr(cosim, "VERILATOR_ARGUMENTS", ["-O3", "-CFLAGS", "-O0", "--output-split", "0"])


@pytest.mark.parametrize(("unit", "config", "passes", "latency"), POINTS.values(), ids=POINTS)
def test_every_port_on_every_cycle_and_a_slice_a_cycle(unit, config, passes, latency, tmp_path):
    rng = np.random.default_rng(9)
    permits = {stream: bursty(rng, 251 + place) for place, stream in enumerate(STREAMS)}
    difficult = make_trace(unit, difficult_rows(rng, config, 40), config, permits, rng)
    lengths = (1, 2, config.max_slices)
    at_full_speed = [back_to_back(unit, config, constant_rows(config, length, 5)) for length in lengths]
    traces = [difficult, cut_by_reset(difficult, 111, difficult), *at_full_speed]
    results = simulate(tmp_path, unit, config, traces, "verilator")
    assert [result.described[:1] for result in results] == [[]] * len(traces)
    assert [result.mismatches for result in results] == [0] * len(traces)
    assert [result.cycles for result in results] == [trace.cycles for trace in traces]
    for length, result in zip(lengths, results[2:], strict=True):
        first, last = result.moves["o"][0], result.moves["o"][-1]
        assert last - first == len(result.moves["o"]) - 1 == 5 * length - 1
        assert first == 2 + passes * (length - 1) + latency  # after two cycles of reset
