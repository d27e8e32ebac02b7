"""Proofs and counterexamples, on a row buffer."""

import re

import pytest
from amaranth.lib import data

from softermax.flows.synthesis.verilog import generate_verilog
from softermax.flows.verification.faults import Fault, becomes
from softermax.flows.verification.formal.cases import Case
from softermax.flows.verification.formal.checks import FAILS, NOT_COVERED, PROVEN, Check, holds_to
from softermax.flows.verification.formal.harness import UNIT, Harness
from softermax.flows.verification.formal.properties import parts, streams
from softermax.flows.verification.formal.prover import Limits, Problem
from softermax.hw.row_buffer import RowBuffer

ARGUMENTS = data.StructLayout({"x": 2, "last": 1}), 3
BUFFER = RowBuffer(*ARGUMENTS)
OVERWRITES = Fault("overwrites when full", "", "i__ready", becomes("1'h1"))


@pytest.fixture(scope="module")
def verilog():
    return generate_verilog(BUFFER, UNIT)


def problem(state, verilog, folder, **options):
    harness = Harness(BUFFER)
    state(harness)
    return Problem(harness, verilog, folder, **options)


def never_full(h):
    """The buffer is never full"""
    streams.keep_contract(h)
    h.check(h.port.i.ready, "room for a slice")


def reset_forgets(h):
    """There is nothing at the output after a reset"""
    h.check(~h.before(1, "not_reset", init=0) <= ~h.port.o.valid, "empty")


def out_of_nothing(h):
    """A slice leaves before any has come, which cannot be"""
    come = h.before(1, "come")
    h.check(come | 1, "anything")
    entered = h.before(streams.transfer(h.port.i), "entered")
    h.cover(h.port.o.valid & ~come & ~entered, "a slice out of nothing")


def test_a_property_is_proven_for_any_number_of_cycles(verilog, tmp_path):
    verdict = problem(parts.buffer_order, verilog, tmp_path).prove(Limits())
    assert (verdict.result, verdict.depth) == (PROVEN, None)


def test_bounded_model_checking_states_its_depth(verilog, tmp_path):
    verdict = problem(parts.buffer_order, verilog, tmp_path).prove(Limits(seconds=0, depth=7))
    assert (verdict.method, verdict.depth, verdict.result) == ("bounded", 7, holds_to(7))


def test_what_does_not_hold_fails_with_a_waveform_up_to_that_cycle(verilog, tmp_path):
    verdict = problem(never_full, verilog, tmp_path).prove(Limits())
    # A reset, then as many slices as the memory has words and none taken.
    assert (verdict.depth, verdict.result) == (5, FAILS)
    waveform = (tmp_path / "counterexample.vcd").read_text()
    assert "fails in the last cycle: room for a slice" in waveform
    assert last_values(waveform)["i__ready"] == "0"


def test_a_fault_is_found(verilog, tmp_path):
    assert problem(parts.buffer_order, OVERWRITES.seeded(verilog, UNIT), tmp_path).search(12).result == FAILS


def test_registers_hold_anything_before_the_first_reset_and_are_reset_by_it(verilog, tmp_path):
    assert problem(reset_forgets, verilog, tmp_path).prove(Limits()).result == PROVEN
    unreset = Fault("stays through reset", "", "o__valid", lambda e: re.sub(r"^rst \? 1'h0 : ", "", e))
    verdict = problem(reset_forgets, unreset.seeded(verilog, UNIT), tmp_path).search(4)
    assert (verdict.depth, verdict.result) == (2, FAILS)


def test_situations_are_reached_as_early_as_can_be(verilog, tmp_path):
    assert problem(streams.contract, verilog, tmp_path, covering=True).witnesses(8) == {"o waits and moves": 5}


def test_a_case_whose_situation_cannot_be_says_nothing(tmp_path):
    row = Case(RowBuffer, ARGUMENTS, out_of_nothing, OVERWRITES, Limits(depth=6)).check("row_buffer", "3").row(tmp_path)
    assert (row["result"], row["witnessed"]) == (NOT_COVERED, None)
    assert not Check.passed(row)


def test_a_case_that_does_not_find_its_fault_has_not_passed(tmp_path):
    harmless = Fault("harmless", "", "i__ready", becomes("{} & 1'h1"))
    row = Case(RowBuffer, ARGUMENTS, streams.contract, harmless, Limits(depth=6)).check("row_buffer", "3").row(tmp_path)
    assert (row["result"], row["fault_found"]) == (PROVEN, False)
    assert not Check.passed(row)


def last_values(waveform):
    """Values of the signals of one bit at the end of a waveform."""
    names = dict(re.findall(r"\$var wire 1 (\S+) (\S+) \$end", waveform))
    values = re.findall(r"(?m)^([01])(\S+)$", waveform)
    return {names[code]: value for value, code in values if code in names}
