"""Tests of the AXI4-Stream tests: faults in the wrappers' Verilog, each of which some case must find."""

from dataclasses import replace

import pytest

from softermax.hw import AxiStreamProcessingElement, AxiStreamSoftmax
from softermax.model import UQ, Q, SoftermaxConfig
from softermax.model.pe_config import ProcessingElementConfig
from softermax.sim.axi import play_axi
from softermax.sim.cosim import CosimError

from ..hw.axi_cases import SINK, SOURCE, Cases, found
from ..hw.pe.axi_cases import ElementCases
from .axi_faults import AXI_STREAM_ELEMENT_FAULTS, AXI_STREAM_FAULTS
from .faults import faulty_verilog

WIDE = SoftermaxConfig(lanes=3, max_len=24, input=Q(5, 5), power_sum=UQ(5, 12), output=UQ(0, 9))
ELEMENT = ProcessingElementConfig(
    softmax=SoftermaxConfig.paper(lanes=2, max_len=12), vector_size=2, max_d_head=6, values=True
)


def with_every_fault(cases, faults):
    """Every case without a fault, and few with each, by the fault's number and the case's name.

    A fault of what frames a matrix's packets is for that matrix's cases to find, and for those of all.
    """
    made = {(0, name): case for name, case in cases.all().items()}
    few = cases.few()
    for number, fault in enumerate(faults, start=1):
        matrix = fault.module.removeprefix("framer_")
        found_by = {name: case for name, case in few.items() if not matrix or name.startswith(f"{matrix}:")}
        made |= {(number, name): case for name, case in found_by.items()}
    return {
        (number, name): replace(case, scenario=replace(case.scenario, inputs={"fault": number}))
        for (number, name), case in made.items()
    }


def check(cases, unit, config, faults, folder, **ports):
    """Without a fault nothing is found, and something with each."""
    (folder / "faulty.v").write_text(faulty_verilog(unit, config, faults))
    problems = found(with_every_fault(cases, faults), folder / "faulty.v", "faulty", **ports)
    assert {name: some for (number, name), some in problems.items() if not number} == {}
    numbers = {number for number, _ in problems}
    assert [fault.name for number, fault in enumerate(faults, start=1) if number not in numbers] == []


def test_every_fault_of_a_softmax_is_found_and_no_other(tmp_path):
    cases = Cases(WIDE, seed=4)
    check(cases, AxiStreamSoftmax, WIDE, AXI_STREAM_FAULTS, tmp_path, sources=[SOURCE], sinks=[SINK])


def test_every_fault_of_a_processing_element_is_found_and_no_other(tmp_path):
    cases = ElementCases(ELEMENT, seed=4)
    check(cases, AxiStreamProcessingElement, ELEMENT, AXI_STREAM_ELEMENT_FAULTS, tmp_path, **cases.ports)


def test_a_missing_bus_model_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr("softermax.sim.axi.find_spec", lambda name: None)
    text = "AXI4-Stream needs the package cocotbext-axi, which is not installed: pip install cocotbext-axi"
    with pytest.raises(CosimError, match=f"^{text}$"):
        play_axi(tmp_path / "unit.v", "unit", [], tmp_path, sources=[SOURCE], sinks=[SINK])
