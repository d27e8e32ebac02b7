"""Building the bench: what it knows of a unit, and how it refuses."""

import pytest

from softermax.flows.synthesis.verilog import generate_verilog
from softermax.hw import ProcessingElement, UnnormedSoftmaxUnit
from softermax.model import SoftermaxConfig
from softermax.model.pe_config import ProcessingElementConfig
from softermax.sim.cosim import CosimError
from softermax.sim.soak.build import UnitPorts, build_bench

CONFIG = SoftermaxConfig.paper(lanes=2, max_len=8)
PORTS = UnitPorts({"i": 19}, {"o": 40, "row": 9}, host=False)


@pytest.mark.parametrize(
    ("component", "inputs", "outputs", "host"),
    [
        (UnnormedSoftmaxUnit(CONFIG), {"i": 19}, {"o": 40, "row": 25}, False),
        (ProcessingElement(ProcessingElementConfig(softmax=CONFIG)), {"k": 128, "q": 128}, {"o": 19}, True),
    ],
    ids=["unnormed", "pe"],
)
def test_ports_are_those_of_the_component(component, inputs, outputs, host):
    assert UnitPorts.of(component) == UnitPorts(inputs, outputs, host)
    # Used up, so that Amaranth does not mind.
    generate_verilog(component, "unit")


def test_the_header_lists_every_stream():
    assert PORTS.header() == "#pragma once\n#define INPUTS(X) X(i, 19)\n#define OUTPUTS(X) X(o, 40) X(row, 9)\n"


def test_what_does_not_build_is_an_error_with_its_log(tmp_path):
    with pytest.raises(CosimError) as caught:
        build_bench("module unit(; endmodule\n", "unit", PORTS, tmp_path)
    [log] = tmp_path.iterdir()
    assert str(caught.value) == f"verilator could not build the soak bench of unit: see {log}"
    assert "syntax error" in log.read_text()


def test_a_missing_program_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CosimError, match="verilator needs the program make"):
        build_bench("", "unit", PORTS, tmp_path)
