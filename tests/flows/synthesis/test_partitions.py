"""Partitions of designs: whole when put together, equal where designs are."""

import re

import pytest

from softermax.flows.synthesis.partitions import PLACEHOLDER_TOP, partition, rename_to_design
from softermax.flows.synthesis.sram_macros import SramMacros
from softermax.flows.synthesis.verilog import generate_verilog
from softermax.hw import ProcessingElement
from softermax.model import SoftermaxConfig
from softermax.model.baseline import BaselineConfig
from softermax.model.pe_config import ProcessingElementConfig

SOFTMAXES = {
    "paper": SoftermaxConfig.paper(lanes=4, max_len=8),
    "faithful": SoftermaxConfig.faithful(lanes=4, max_len=8),
    "fp16": BaselineConfig(lanes=4, max_len=8),
}
BANK = ".operands.weight_buffer.bank_0"


@pytest.fixture(scope="module")
def designs() -> dict[str, str]:
    """Verilog of processing elements, by the names of their top modules."""
    found = {}
    for name, softmax in SOFTMAXES.items():
        found[f"pe_{name}"] = processing_element(softmax, f"pe_{name}")
    return found


def processing_element(softmax, name: str, **options) -> str:
    config = ProcessingElementConfig(softmax=softmax, vector_size=4, max_d_head=8, scale_bits=4, **options)
    return generate_verilog(ProcessingElement(config), name, SramMacros())


def test_what_processing_elements_have_in_common_is_equal(designs):
    partitions = {top: {part.top: part.verilog for part in partition(text, top)} for top, text in designs.items()}
    paper, faithful, fp16 = partitions.values()
    common = {f"{PLACEHOLDER_TOP}.{part}" for part in ("mac_array", "operands", "requantiser", "sequencer")}
    common |= {PLACEHOLDER_TOP + BANK, f"{PLACEHOLDER_TOP}.mac_array.lane_1", f"{PLACEHOLDER_TOP}.requantiser.lane_0"}
    softmax, registers = f"{PLACEHOLDER_TOP}.softmax", f"{PLACEHOLDER_TOP}.registers"
    assert common | {PLACEHOLDER_TOP, softmax, registers} == set(paper) == set(faithful)
    assert {name for name in paper if paper[name] != faithful[name]} == {softmax}
    assert {name for name in common if paper[name] != fp16[name]} == set()


@pytest.mark.parametrize("values", [False, True])
def test_every_module_is_in_one_partition_and_a_box_in_those_around(values):
    """With values there is a module whose instance is called like a keyword, which is written differently."""
    text = processing_element(SOFTMAXES["paper"], "pe_paper", values=values)
    modules = re.findall(r"^module \\?([^\s(]+)", text, re.MULTILINE)
    filled = []
    for part in partition(text, "pe_paper"):
        assert rename_to_design(f"{part.top} ", "pe_paper") == f"{part.name} "
        boxes = set(re.findall(r"^\(\* blackbox \*\)\nmodule \\?([^\s(]+)", part.verilog, re.MULTILINE))
        inside = re.findall(r"^module \\?([^\s(]+)", part.verilog, re.MULTILINE)
        assert inside[0] == part.top
        filled += [rename_to_design(f"{name} ", "pe_paper")[:-1] for name in inside if name not in boxes]
    assert sorted(filled) == sorted(name for name in modules if not name.startswith("sram_"))
    operands = next(part for part in partition(text, "pe_paper") if part.name == "pe_paper.operands")
    box = operands.verilog.split(f"module \\{PLACEHOLDER_TOP}{BANK} ")[1].split("endmodule")[0]
    assert re.findall(r"^  (?:input|output) (?:\[\d+:0\] )?(\S+);$", box, re.MULTILINE)
    assert "assign" not in box
