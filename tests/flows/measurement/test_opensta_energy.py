"""Energies beside OpenSTA's: a circuit counted by hand, and in the program's place one that says what it is told to."""

from types import SimpleNamespace

import pytest

from softermax.flows.design_points import DesignPoint
from softermax.flows.errors import FlowError
from softermax.flows.measurement import opensta_energy as comparison
from softermax.flows.synthesis.synthesis import AreaOptions

NETLIST = """
module top(input clk, e, a, output q);
  wire w, g;
  INV_X1 i (.A(a), .Y(w));
  ICG c (.C(clk), .E(e), .GC(g));
  DFF f (.C(g), .D(w), .Q(q));
endmodule
"""
REPORT = """
Group                    Internal    Switching      Leakage        Total
------------------------------------------------------------------------
Sequential           8.000000e-06 1.000000e-06 0.000000e+00 9.000000e-06  41.5%
Total                4.000000e-06 2.000000e-06 5.000000e-07 6.500000e-06 100.0%
"""


@pytest.fixture
def check(tmp_path, monkeypatch):
    """The comparison for that netlist, with a program that prints a report and keeps its script."""

    def run(report):
        (tmp_path / "netlist.v").write_text(NETLIST)
        (tmp_path / "report").write_text(report)
        program = tmp_path / "sta"
        program.write_text(f"#!/bin/sh\ncp $2 {tmp_path}/script.tcl\ncat {tmp_path}/report\n")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
        made = SimpleNamespace(netlist=tmp_path / "netlist.v", top="top", recipe="balanced", macros={})
        monkeypatch.setattr(comparison, "synthesis", lambda *_: made)
        return comparison.energy_beside_opensta(DesignPoint("unnormed"), tmp_path, AreaOptions())

    return run


def test_ratios_of_a_circuit_by_hand(check, tmp_path):
    found = check(REPORT)
    # w and q have a load of 1 and change 0.2 times, half of which counts; g one of 1 and changes twice.
    assert found["switching"] == pytest.approx(0.2 / 2 + 0.2 / 2 + 1)
    assert (found["internal"], found["leakage"]) == (pytest.approx(0), 0)
    assert (found["opensta_internal"], found["opensta_switching"], found["opensta_leakage"]) == (4, 2, 0.5)
    assert found["switching_ratio"] == pytest.approx(0.6)
    script = (tmp_path / "script.tcl").read_text()
    assert "set_power_activity -global -activity 0.2 -duty 0.5" in script
    assert "create_clock -name clock -period 1000.0 " in script


def test_what_is_nothing_has_no_ratio(check):
    found = check(REPORT.replace("5.000000e-07", "0.000000e+00"))
    assert (found["opensta_leakage"], found["leakage_ratio"]) == (0, None)


def test_a_program_that_says_no_power_is_a_sentence(check):
    with pytest.raises(FlowError, match=r"^OpenSTA must report a power for top, but reported 'no such command'$"):
        check("no such command")
