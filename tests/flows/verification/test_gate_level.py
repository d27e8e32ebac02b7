"""Netlists against golden traces and against their Verilog; a gate that is another is noticed by both."""

import json
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import pytest

from softermax.flows.design_points import DesignPoint
from softermax.flows.errors import FlowError
from softermax.flows.measurement.cosimulation import CosimOptions, write_verilog
from softermax.flows.measurement.jobs import synthesis
from softermax.flows.synthesis.synthesis import AreaOptions
from softermax.flows.verification.equivalence.sequential import Limits
from softermax.flows.verification.gate_level import compare_netlist, gate_level, gate_points, play_netlist

POINT = DesignPoint("unnormed", "faithful", 2, 16)
BALANCED = AreaOptions(recipe="balanced")


@pytest.fixture(scope="module")
def netlist(tmp_path_factory):
    """The point's RTL and its netlist."""
    folder = tmp_path_factory.mktemp("netlist")
    mapped = synthesis(POINT, folder, BALANCED)
    return Path(write_verilog(POINT, folder)["verilog"]), mapped


def test_a_netlist_does_what_its_verilog_does(tmp_path):
    result = gate_level(POINT, tmp_path, BALANCED, CosimOptions(seed=2, every=8), limits=Limits(30))
    assert result["netlist"] == "generic, balanced"
    assert result["flops"] > 50
    assert result["cycles_compared"] > 200
    assert (result["mismatches"], result["first_mismatch"]) == (0, None)
    assert result["equivalence"].startswith("proven")
    json.dumps(result)


def test_cells_may_have_names_that_mean_something_in_verilog(tmp_path):
    generic = (files("softermax.flows.gates") / "cells" / "generic.lib").read_text()
    named = generic.replace("(NAND2_X1)", '("nand-2")').replace("(INV_X1)", '("assign")').replace("(DFF)", '("reg")')
    (tmp_path / "named.lib").write_text(named)
    area = AreaOptions((tmp_path / "named.lib",), recipe="balanced")
    result = gate_level(POINT, tmp_path, area, CosimOptions(seed=2, every=8), limits=Limits(30))
    assert result["mismatches"] == 0
    assert result["equivalence"].startswith("proven")


def with_another_gate(mapped, folder):
    """The netlist with a NOR in place of its first NAND."""
    before, kind, after = mapped.netlist.read_text().partition("  NAND2_X1 ")
    assert kind
    folder.mkdir()
    (folder / "netlist.v").write_text(f"{before}  NOR2_X1 {after}")
    return replace(mapped, netlist=folder / "netlist.v")


def test_another_gate_is_noticed(netlist, tmp_path):
    rtl, mapped = netlist
    changed = with_another_gate(mapped, tmp_path / "changed")
    [found] = compare_netlist(rtl, changed, BALANCED, Limits(30)).values()
    assert found.verdict == "different"
    assert found.difference.ports
    assert play_netlist(POINT, changed, BALANCED, CosimOptions(seed=2, every=8))["mismatches"] > 0


def test_another_clock_is_refused(netlist, tmp_path):
    rtl, mapped = netlist
    text = mapped.netlist.read_text()
    place = text.index(".C(", text.index("  DFF "))
    wrong = text[:place] + ".C(i__valid)" + text[text.index(")", place) + 1 :]
    (tmp_path / "netlist.v").write_text(wrong)
    with pytest.raises(FlowError, match="registers of the netlist must be clocked by clk, gated or not"):
        compare_netlist(rtl, replace(mapped, netlist=tmp_path / "netlist.v"), BALANCED, Limits(30))


def test_what_is_verified():
    names = [point.name for point in gate_points()]
    assert len(names) == len(set(names)) == 16
