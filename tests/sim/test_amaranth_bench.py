"""The bench in Amaranth's simulator: what it drives, when it looks, and what it says of a difference."""

from dataclasses import replace

import numpy as np
from amaranth.hdl import Module, Signal, signed
from amaranth.lib.wiring import Component, In, Out

from softermax.hw import SoftermaxUnit
from softermax.model import SoftermaxConfig
from softermax.sim.amaranth_bench import find_mismatches, observe_in_amaranth, play_in_amaranth
from softermax.sim.softermax_units import SOFTMAX
from softermax.sim.trace import Trace
from softermax.sim.traffic import random_rows, rows_to_slices


class Accumulator(Component):
    """``total`` is the sum of what came before; ``next_total`` contains, in the same cycle, what comes now."""

    amount: In(signed(4))
    total: Out(signed(8))
    next_total: Out(signed(8))

    def elaborate(self, platform):
        m = Module()
        kept = Signal.like(self.total)
        m.d.comb += [self.total.eq(kept), self.next_total.eq(kept + self.amount)]
        m.d.sync += kept.eq(self.next_total)
        return m


def test_outputs_are_read_after_the_inputs_settle_and_before_the_clock_edge():
    seen = observe_in_amaranth(Accumulator(), {"amount": [1, 2, 15, 3]})  # 15 is -1
    assert seen == {"total": [0, 1, 3, 2], "next_total": [1, 3, 2, 5]}


def test_values_are_bits_without_a_sign():
    assert observe_in_amaranth(Accumulator(), {"amount": [15, 0]})["total"] == [0, 255]


def test_reset_is_an_input_and_acts_at_the_clock_edge():
    seen = observe_in_amaranth(Accumulator(), {"rst": [0, 0, 1, 0], "amount": [1, 1, 1, 1]})
    assert seen["total"] == [0, 1, 2, 0]


def test_inputs_that_are_not_given_stay_0():
    assert observe_in_amaranth(Accumulator(), {"rst": [0] * 3})["total"] == [0, 0, 0]


def test_a_mismatch_is_described_as_the_cocotb_bench_does():
    expected = {"total": [None, 1, 7, 3], "next_total": [1, 2, None, 3]}
    trace = Trace({"rst": [0] * 4, "amount": [1, 1, 1, 0]}, expected, {"total": 8, "next_total": 8})
    assert play_in_amaranth(Accumulator(), trace) == [
        {"cycle": 2, "port": "total", "expected": "00000111", "seen": "00000010"},
    ]


def test_every_difference_of_a_trace_is_found():
    config = SoftermaxConfig.paper(lanes=2, max_len=8)
    rng = np.random.default_rng(3)
    trace = SOFTMAX.trace(rows_to_slices(random_rows(rng, config, 10), config), config, {}, rng)
    assert play_in_amaranth(SoftermaxUnit(config), trace) == []
    seen = observe_in_amaranth(SoftermaxUnit(config), trace.inputs)
    for port, values in trace.outputs.items():
        for cycle in range(2, trace.cycles):
            if values[cycle] is not None:
                wrong = replace(trace, outputs={**trace.outputs, port: [*values]})
                wrong.outputs[port][cycle] ^= 1
                assert [(m["cycle"], m["port"]) for m in find_mismatches(wrong, seen)] == [(cycle, port)]
