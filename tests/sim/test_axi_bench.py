"""Tests of the AXI4-Stream tests: faults in the wrappers' Verilog, each of which some case must find."""

from dataclasses import replace

from softermax.hw import AxiStreamSoftermax
from softermax.model import UQ, Q, SoftermaxConfig
from softermax.sim.axi import play_axi

from ..hw.axi_cases import SINK, SOURCE, Cases
from .axi_faults import AXI_STREAM_FAULTS
from .faults import faulty_verilog

WIDE = SoftermaxConfig(lanes=3, max_len=24, input=Q(5, 5), power_sum=UQ(5, 12), output=UQ(0, 9))


def found(cases, faults, verilog, folder, **ports):
    """Names of faults that any case finds, and what it finds without a fault."""
    (folder / "faulty.v").write_text(verilog)
    scenarios = []
    for fault in range(len(faults) + 1):
        scenarios += [replace(case.scenario, inputs={"fault": fault}) for case in cases.values()]
    results = iter(play_axi(folder / "faulty.v", "faulty", scenarios, folder / "build", **ports))
    problems = [
        [problem for case in cases.values() for problem in case.problems(next(results))] for _ in range(len(faults) + 1)
    ]
    return problems[0], [fault.name for fault, some in zip(faults, problems[1:], strict=True) if not some]


def test_every_fault_of_a_softmax_is_found_and_no_other(tmp_path):
    cases = Cases(WIDE, seed=4).few()
    verilog = faulty_verilog(AxiStreamSoftermax, WIDE, AXI_STREAM_FAULTS)
    unfaulted, missed = found(cases, AXI_STREAM_FAULTS, verilog, tmp_path, sources=[SOURCE], sinks=[SINK])
    assert (unfaulted, missed) == ([], [])
