"""Tests of the tests: faults in the Verilog, each of which the standard bench must find.

All are built at once: an input says which one is in force.
"""

from dataclasses import replace

import numpy as np
import pytest

from softermax.flows.verilog import generate_verilog
from softermax.hw import Softermax
from softermax.hw.streams import probability_slice, score_slice
from softermax.model import UQ, SoftermaxConfig
from softermax.sim.cosim import cosimulate
from softermax.sim.softermax_trace import softermax_trace
from softermax.sim.trace import cut_by_reset
from softermax.sim.traffic import bursty, random_rows, rows_to_slices

from .faults import MULTIPLY_FAULTS, PRODUCT_FAULTS, UNNORMED, Fault, becomes, switchable, without

SIZES = {"lanes": 3, "max_len": 24, "power_sum": UQ(4, 6), "saturate": True}
STYLES = {
    "multiply": (SoftermaxConfig(output=UQ(1, 15), **SIZES), MULTIPLY_FAULTS),
    "row product": (
        SoftermaxConfig(output=UQ(0, 11), product=UQ(1, 12), normalizer="row_product", **SIZES),
        PRODUCT_FAULTS,
    ),
}
TOP = "softermax"

BENCH = """// verilator lint_off WIDTH
module faulty(clk, rst, fault, i__valid, i__payload, i__ready, o__valid, o__payload, o__ready);
  input clk, rst, i__valid, o__ready;
  input [31:0] fault;
  input [{i}:0] i__payload;
  output i__ready, o__valid;
  output [{o}:0] o__payload;
  softermax unit (.clk(clk), .rst(rst), .i__valid(i__valid), .i__payload(i__payload), .i__ready(i__ready),
    .o__valid(o__valid), .o__payload(o__payload), .o__ready(o__ready));
endmodule
"""


def faulty_verilog(config, faults):
    """The generated Verilog with all faults, and a top module with an input that says which one is in force."""
    verilog = generate_verilog(Softermax(config), TOP)
    bench = BENCH.format(i=score_slice(config).size - 1, o=probability_slice(config).size - 1)
    return bench + switchable(verilog, TOP, faults, "faulty.fault")


def difficult_trace(config):
    """Random rows and waves, broken off by resets in the middle of rows."""
    rng = np.random.default_rng(11)
    every = np.ones(24, bool)
    longest = np.full(24, 4, np.int16), every
    # The sum saturates, and what follows adds nothing to it.
    saturating = np.repeat([4, -128], [18, 6]).astype(np.int16), every
    trace = None
    for _ in range(4):
        slices = rows_to_slices([longest, *random_rows(rng, config, 30), saturating], config)
        another = softermax_trace(slices, config, {"i": bursty(rng, 257), "o": bursty(rng, 263)}, rng)
        # An item that waits when the reset comes waits all through it, if the reset does not remove it.
        another.inputs["o__ready"][:2] = [0, 0]
        trace = cut_by_reset(trace, waiting(trace), another) if trace else another
    return trace


def waiting(trace):
    """A late cycle before which an item has not been taken."""
    handshakes = zip(trace.outputs["o__valid"], trace.inputs["o__ready"], strict=True)
    cycles = [cycle for cycle, (valid, ready) in enumerate(handshakes, start=1) if valid and not ready]
    return cycles[len(cycles) * 3 // 4]


@pytest.mark.parametrize(("config", "faults"), STYLES.values(), ids=STYLES)
def test_every_fault_is_found_and_no_other(config, faults, tmp_path):
    (tmp_path / "faulty.v").write_text(faulty_verilog(config, faults))
    trace = difficult_trace(config)
    numbers = range(len(faults) + 1)
    traces = [replace(trace, inputs={**trace.inputs, "fault": [number] * trace.cycles}) for number in numbers]
    results = cosimulate(tmp_path / "faulty.v", "faulty", traces, tmp_path / "build")
    unfaulted, *mismatches = (result.mismatches for result in results)
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
