"""What happened in a trace: the registers of the timing models are those of the hardware."""

import re
from collections import defaultdict
from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
from vcd.reader import TokenKind, tokenize

from softermax.hw import SoftermaxUnit
from softermax.hw.baseline import BaselineSoftmax
from softermax.model import SoftermaxConfig
from softermax.model.baseline import BaselineConfig
from softermax.model.baseline_timing import BaselineSoftmaxTiming
from softermax.model.framing import frame
from softermax.model.timing import SoftermaxTiming
from softermax.sim.amaranth_bench import find_mismatches, observe_in_amaranth
from softermax.sim.coverage.collect import collect
from softermax.sim.coverage.collect_softermax import count_softmax
from softermax.sim.coverage.coverpoints import CoverageError
from softermax.sim.coverage.replay import EMPTY, replay, split
from softermax.sim.trace import RESET_CYCLES, cut_by_reset
from softermax.sim.traffic import bursty, rows_to_slices

from ...hw.stimuli import difficult_rows, make_trace

UNITS = {
    "multiply": (SoftermaxUnit, SoftermaxTiming, SoftermaxConfig.paper(lanes=2, max_len=8)),
    "row product": (SoftermaxUnit, SoftermaxTiming, SoftermaxConfig.faithful(lanes=4, max_len=12)),
    "cascade": (SoftermaxUnit, SoftermaxTiming, SoftermaxConfig.faithful(lanes=4, max_len=12, rounding="cascade")),
    "baseline": (BaselineSoftmax, BaselineSoftmaxTiming, BaselineConfig(lanes=3, max_len=9)),
}


def played(unit, config, rows=40):
    rng = np.random.default_rng(5)
    permits = {"i": bursty(rng, 251), "o": bursty(rng, 257)}
    slices = difficult_rows(rng, config, rows)
    return rows_to_slices(slices, config), make_trace(unit, slices, config, permits, rng)


def registers_of(vcd) -> dict[str, list[int]]:
    """Bits named ``valid`` and levels of buffers, as they are before each rising edge of the clock, by their paths."""
    paths, values, seen, scope, clock = {}, {}, defaultdict(list), [], None
    # The reader takes no names that begin with a dollar sign, as those of nameless signals do.
    for token in tokenize(BytesIO(re.sub(rb"(?m)^(\$var .* )\$(\w+ \$end)", rb"\1nameless_\2", vcd.read_bytes()))):
        if token.kind is TokenKind.SCOPE:
            scope.append(token.scope.ident)
        elif token.kind is TokenKind.UPSCOPE:
            scope.pop()
        elif token.kind is TokenKind.VAR:
            name = token.var.reference
            if name == "clk":
                clock = token.var.id_code
            elif re.fullmatch(r"(valid|level)(\$\d+)?", name):
                paths[token.var.id_code] = ".".join([*scope, name])
        elif token.kind in (TokenKind.CHANGE_SCALAR, TokenKind.CHANGE_VECTOR):
            change = token.data
            if change.id_code == clock and int(change.value):
                for code, path in paths.items():
                    seen[path].append(values[code])
            values[change.id_code] = int(change.value)
    return dict(seen)


@pytest.mark.parametrize(("unit", "timing", "config"), UNITS.values(), ids=UNITS)
def test_the_registers_of_the_timing_models_are_those_of_the_hardware(unit, timing, config, tmp_path):
    slices, trace = played(unit, config)
    seen = observe_in_amaranth(unit(config), trace.inputs, tmp_path / "all.vcd")
    assert find_mismatches(trace, seen) == []
    registers = registers_of(tmp_path / "all.vcd")
    hardware = {path: values[RESET_CYCLES : trace.cycles] for path, values in registers.items()}
    [run] = split(trace)
    occupancy = replay(timing(frame(slices[2], config), config), run)
    model = {name: (held[:-1] != EMPTY).astype(int).tolist() for name, held in occupancy.items.items()}
    model |= {f"{name}, level": levels[:-1].tolist() for name, levels in occupancy.levels.items()}
    # No two registers are full in the same cycles, so that each has one that it must be.
    assert len({tuple(values) for values in model.values()}) == len(model)
    assert sorted(hardware.values()) == sorted(model.values())


def test_a_trace_of_another_unit_is_refused():
    _, trace = played(SoftermaxUnit, UNITS["multiply"][2])
    longer = replace(UNITS["multiply"][2], cuts=("int_max", "sum_1"))
    with pytest.raises(CoverageError, match="the timing model must answer as the trace, but does not in cycle"):
        collect(count_softmax, longer, trace)


def test_runs_are_what_lies_between_resets():
    _, trace = played(SoftermaxUnit, UNITS["multiply"][2], rows=3)
    twice = cut_by_reset(trace, [10, 20], trace)
    runs = split(twice)
    assert [run.cycles for run in runs] == [10 - RESET_CYCLES, 20 - RESET_CYCLES, trace.cycles - RESET_CYCLES]
    assert [run.broken_off for run in runs] == [True, True, False]
    assert runs[1].inputs["i"].valid.tolist() == [bool(v) for v in trace.inputs["i__valid"][RESET_CYCLES:20]]
    assert runs[2].outputs["o"].payload == trace.outputs["o__payload"][RESET_CYCLES:]
