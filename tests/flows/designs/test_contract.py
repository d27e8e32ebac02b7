"""What every registered design keeps, ours and anybody's: `pytest -k NAME` tests one of them."""

import subprocess
import sys
from contextlib import suppress

import numpy as np
import pytest
from amaranth.hdl import Module, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from softermax.flows.design_points import DesignPoint
from softermax.flows.designs.registry import designs, registered
from softermax.flows.designs.rows import RowTraffic
from softermax.flows.errors import FlowError
from softermax.flows.synthesis.verilog import generate_verilog
from softermax.model import softmax_exact
from softermax.sim.amaranth_bench import find_mismatches, observe_in_amaranth, play_in_amaranth
from softermax.sim.trace import RESET_CYCLES
from softermax.sim.traffic import rows_to_slices

from ..synthesis.test_verilog import lint

UNITS = [(preset, unit) for preset, design in designs().items() for unit in design.units]
ROW_UNITS = [pair for pair in UNITS if isinstance(designs()[pair[0]].units[pair[1]].traffic, RowTraffic)]


def test_our_designs_are_registered_and_all_that_are_can_be_loaded():
    assert [each.name for each in registered()][:3] == ["paper", "faithful", "fp16"]
    assert [each.reason for each in registered()] == [None] * len(registered())


@pytest.mark.parametrize("preset", designs())
@pytest.mark.parametrize(("lanes", "max_len"), [(4, 48), (3, 7)])
def test_results_are_within_the_declared_bound(preset, lanes, max_len):
    design = designs()[preset]
    config = design.config(lanes=lanes, max_len=max_len)
    arithmetic, score = config.arithmetic, config.arithmetic.score(config)
    rng = np.random.default_rng(7)
    spread = rng.choice([2, 8, 30, 100], size=(3000, 1))
    raw = np.clip(np.rint(spread * rng.standard_normal((3000, max_len))), score.min_raw, score.max_raw).astype(np.int16)
    mask = rng.random(raw.shape) < rng.choice([0.3, 1.0], size=(3000, 1))
    mask[:, 0] = True
    given = arithmetic.decode(arithmetic.softmax(arithmetic.encode(raw, config), config, mask), config)
    exact = softmax_exact(score.to_real(raw), mask, base="2" if arithmetic.exponential_base == 2 else "e")
    assert np.abs(given - exact).max() <= design.error_bound(config)
    assert not given[~mask].any()
    # A bound that says nothing would hold of anything.
    assert np.abs(given - exact).max() < 1


def random_point(preset: str, unit: str, rng: np.random.Generator) -> DesignPoint:
    """A point of a random size that the unit can have."""
    for _ in range(50):
        lanes = int(rng.integers(1, 6))
        with suppress(FlowError):
            return DesignPoint(unit, preset, lanes, int(rng.integers(1, 5 * lanes + 1)))
    raise AssertionError(f"no size of up to 5 lanes suits {unit} of {preset}")


@pytest.mark.parametrize(("preset", "unit"), UNITS)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_port_is_as_predicted_on_every_cycle(preset, unit, seed):
    rng = np.random.default_rng(seed)
    point = random_point(preset, unit, rng)
    trace = point.entry.traffic.random_trace(point, rng, 12)
    assert trace.cycles > 20
    assert play_in_amaranth(point.component(), trace) == []


class Inverted(wiring.Component):
    """A component with the lowest bit inverted of each output that a bit of ``inverted`` chooses."""

    def __init__(self, inner: wiring.Component):
        self._inner = inner
        self._pairs = list(inner.signature.flatten(inner))
        self.outputs = ["__".join(map(str, path)) for path, member, _ in self._pairs if member.flow is Out]
        super().__init__({**dict(inner.signature.members), "inverted": In(len(self.outputs))})

    def elaborate(self, platform):
        m = Module()
        m.submodules.inner = self._inner
        own = {path: Value.cast(value) for path, _, value in self.signature.flatten(self)}
        for path, member, value in self._pairs:
            inner, name = Value.cast(value), "__".join(map(str, path))
            if member.flow is In:
                m.d.comb += inner.eq(own[path])
            else:
                m.d.comb += own[path].eq(inner ^ self.inverted[self.outputs.index(name)])
        return m


@pytest.mark.parametrize(("preset", "unit"), UNITS)
def test_a_fault_at_any_output_is_found(preset, unit):
    point = DesignPoint(unit, preset, 2, 5)
    trace = point.entry.traffic.random_trace(point, np.random.default_rng(3), 4)
    faulty = Inverted(point.component())
    number, cycles = len(faulty.outputs), trace.cycles
    # The trace again and again, each from its reset: without a fault, then with one at each output.
    inputs = {port: values * (number + 1) for port, values in trace.inputs.items()}
    inputs["inverted"] = [0] * cycles + [1 << n for n in range(number) for _ in range(cycles)]
    seen = observe_in_amaranth(faulty, inputs)
    for run, fault in enumerate([None, *faulty.outputs]):
        shown = {port: seen[port][run * cycles : (run + 1) * cycles] for port in trace.outputs}
        assert bool(find_mismatches(trace, shown)) == (fault is not None), fault


@pytest.mark.parametrize(("preset", "unit"), ROW_UNITS)
def test_latency_is_as_said(preset, unit):
    point = DesignPoint(unit, preset, 4, 16)
    one = np.zeros((1, 4), np.int16)
    words = point.config.arithmetic.encode(one, point.config)
    slices = rows_to_slices([(words[0], np.ones(4, bool))], point.config)
    trace = point.entry.traffic.model.trace(slices, point.config, {}, np.random.default_rng(1))
    first = [values.index(1, RESET_CYCLES) for port, values in trace.outputs.items() if port.endswith("__valid")]
    component = point.component()
    # A unit that takes rows twice counts its latency from the second time, which the first one lets begin.
    before = getattr(component, "maximum_latency", 0) if "again__valid" in trace.inputs else 0
    assert max(first) - RESET_CYCLES == before + component.latency


@pytest.mark.parametrize(("preset", "unit"), UNITS)
def test_verilog_has_no_lint(preset, unit, tmp_path):
    point = DesignPoint(unit, preset, 2, 8)
    assert lint(generate_verilog(point.component(), point.name), point.name, tmp_path) == ""


@pytest.mark.parametrize("preset", designs())
def test_its_model_needs_no_amaranth(preset):
    config = designs()[preset].config(lanes=4, max_len=16)
    program = f"""
import sys
from contextlib import suppress
sys.modules["amaranth"] = None
from {type(config).__module__} import {type(config).__name__} as Config
import numpy as np
config = Config(lanes=4, max_len=16)
arithmetic = config.arithmetic
words = arithmetic.encode(np.zeros((1, 4), np.int16), config)
print(arithmetic.decode(arithmetic.softmax(words, config, None), config).sum())
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert 0.4 < float(done.stdout) <= 1.1
