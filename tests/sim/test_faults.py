"""Tests of the tests: faults in the Verilog, each of which the standard bench must find.

All are built at once: an input says which one is in force.
"""

import numpy as np
import pytest

from softermax.flows.verification.faults import Fault, becomes, without
from softermax.hw import ProcessingElement, SoftermaxUnit
from softermax.hw.baseline import BaselineSoftmax
from softermax.model import UQ, SoftermaxConfig
from softermax.model.baseline import BaselineConfig
from softermax.model.pe_config import ProcessingElementConfig
from softermax.sim.built_heads import random_heads
from softermax.sim.cosim import cosimulate_variants
from softermax.sim.pe_trace import processing_element_trace
from softermax.sim.trace import cut_by_reset
from softermax.sim.traffic import bursty

from ..hw.stimuli import difficult_rows, make_trace
from .baseline_faults import BASELINE_FAULTS
from .faults import CASCADE_FAULTS, MULTIPLY_FAULTS, PRODUCT_FAULTS, TOP, UNNORMED, faulty_verilog
from .fused_faults import FUSED_FAULTS
from .pe_faults import PROCESSING_ELEMENT_FAULTS

SIZES = {"lanes": 3, "max_len": 24, "power_sum": UQ(4, 6), "saturate": True}
PROCESSING_ELEMENT = ProcessingElementConfig(
    softmax=SoftermaxConfig.paper(lanes=2, max_len=12), vector_size=2, max_d_head=6, values=True
)
STYLES = {
    "multiply": (SoftermaxUnit, SoftermaxConfig(output=UQ(1, 15), **SIZES), MULTIPLY_FAULTS),
    "row product": (
        SoftermaxUnit,
        SoftermaxConfig(output=UQ(0, 11), product=UQ(1, 12), normalizer="row_product", **SIZES),
        PRODUCT_FAULTS,
    ),
    "cascade": (
        SoftermaxUnit,
        SoftermaxConfig(
            output=UQ(0, 8),
            product=UQ(1, 12),
            normalizer="row_product",
            rounding="cascade",
            guard_bits=3,
            **SIZES,
        ),
        CASCADE_FAULTS,
    ),
    "processing element": (ProcessingElement, PROCESSING_ELEMENT, PROCESSING_ELEMENT_FAULTS),
    "baseline": (BaselineSoftmax, BaselineConfig(lanes=3, max_len=24), BASELINE_FAULTS),
    "fused baseline": (
        BaselineSoftmax,
        BaselineConfig(lanes=3, max_len=24, normalizer="multiply", datapath="fused"),
        FUSED_FAULTS,
    ),
}
ROWS, HEADS = 30, 9

#: A trace of each; only what the first does not find meets the others.
SEEDS = range(11, 15)


def edges(config):
    """Rows to begin and to end with."""
    if isinstance(config, BaselineConfig):
        # What stays of a row before is above the lowest scores. A NaN that is passed over makes NaNs of its row all the
        # same. Overlong rows meet full buffers: the sink stands still for long, late in the trace.
        lowest, passed_over = np.full(24, 0xFBFF), np.array([0, 0xFFFF, 0])
        overlong = [np.zeros(length) for length in (48, 60, 96) * 3]
        *end, begin = [(row.astype(np.uint16), np.ones(len(row), bool)) for row in (passed_over, *overlong, lowest)]
        return [begin], end
    # The sum saturates, and what follows adds nothing to it.
    longest, saturating = np.full(24, 4, np.int16), np.repeat([4, -128], [18, 6]).astype(np.int16)
    begin = [(longest, np.ones(24, bool))]
    if config.rounding == "cascade":
        # Equal scores whose results leave something, so that what a reset leaves would show.
        begin.insert(0, (np.zeros(9, np.int16), np.ones(9, bool)))
    return begin, [(saturating, np.ones(24, bool))]


def difficult_trace(unit, config, seed):
    """Random rows and permits, broken off by resets in the middle of rows."""
    rng = np.random.default_rng(seed)
    begin, end = edges(config)
    trace = None
    for waits in (None, True, False, True):
        rows = [*begin, *difficult_rows(rng, config, ROWS), *end]
        permits = {"i": bursty(rng, 257), "o": np.concatenate([bursty(rng, 263), np.zeros(60, bool)])}
        another = make_trace(unit, rows, config, permits, rng)
        trace = cut_by_reset(trace, late_cycle(trace, waits), another) if trace else another
    return trace


def difficult_heads(config, seed):
    """Heads under random permits by a difficult host, broken off by resets."""
    rng = np.random.default_rng(seed)
    trace = None
    for waits in (None, True, False, True):
        heads = random_heads(rng, config, HEADS)
        permits = {name: bursty(rng, 257 + place) for place, name in enumerate("kvqo")}
        another = processing_element_trace(heads, config, permits, rng, difficult=True)
        trace = cut_by_reset(trace, late_cycle(trace, waits), another) if trace else another
    return trace


def late_cycle(trace, waits):
    """A late cycle before which an item has not been taken, or has been."""
    handshakes = zip(trace.outputs["o__valid"], trace.inputs["o__ready"], strict=True)
    cycles = [cycle for cycle, (valid, ready) in enumerate(handshakes, start=1) if valid and bool(ready) is not waits]
    return cycles[len(cycles) * 3 // 4]


@pytest.mark.parametrize(("unit", "config", "faults"), STYLES.values(), ids=STYLES)
def test_every_fault_is_found_and_no_other(unit, config, faults, tmp_path):
    (tmp_path / "faulty.v").write_text(faulty_verilog(unit, config, faults))
    heads = isinstance(config, ProcessingElementConfig)
    traces = [difficult_heads(config, seed) if heads else difficult_trace(unit, config, seed) for seed in SEEDS]
    numbers = [{"fault": number} for number in range(len(faults) + 1)]
    results = cosimulate_variants(tmp_path / "faulty.v", "faulty", traces, numbers, tmp_path / "build")
    unfaulted, *mismatches = (played[-1].mismatches for played in results)
    assert unfaulted == 0
    assert [fault.name for fault, found in zip(faults, mismatches, strict=True) if not found] == []


@pytest.mark.parametrize(
    ("target", "change", "text"),
    [
        ("no_such", becomes("1'h0"), "a fault must have one place at '(?m)^  assign no_such += (.*);$', not 0"),
        ("i__.*", becomes("1'h0"), "a fault must have one place at '(?m)^  assign i__.* += (.*);$', not 2"),
        ("ready", without("valid"), "a fault must change 'assign ready = _015_ & _017_;'"),
    ],
)
def test_a_fault_that_does_not_apply_at_one_place_is_an_error(target, change, text):
    verilog = f"""module \\{TOP}.unnormed (clk);
  assign i__ready = _013_ | ready;
  assign i__valid = 1'h1;
  assign ready = _015_ & _017_;
endmodule
"""
    with pytest.raises(ValueError) as caught:  # noqa: PT011 (the whole text is compared below)
        Fault("a fault", UNNORMED, target, change).find(verilog, TOP)
    assert str(caught.value) == text
