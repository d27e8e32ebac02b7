"""Verilog generation: deterministic, lint-clean, the same ports for everybody."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from amaranth.hdl import Cat, Module
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from softermax.flows.designs.softermax import PAPER
from softermax.flows.synthesis.sram_macros import SramMacros
from softermax.flows.synthesis.verilog import generate_verilog
from softermax.hw import AxiStreamProcessingElement, ProcessingElement
from softermax.hw.baseline import BaselineNormalizationUnit, BaselineSoftmax, BaselineUnnormedSoftmaxUnit
from softermax.model import UQ, Q, SoftermaxConfig
from softermax.model.baseline import BaselineConfig
from softermax.model.pe_config import ProcessingElementConfig
from softermax.sim.cosim import simulator_environment
from softermax.sim.verilator import PROGRAM, link_verilator

UNITS = {name: unit.component for name, unit in PAPER.units.items() if name != "pe"}
AXI_STREAM = {name: unit.axi_stream for name, unit in PAPER.units.items() if unit.axi_stream is not None}
CONFIGS = {
    "paper": SoftermaxConfig.paper(lanes=16),
    "one lane, one slice": SoftermaxConfig.paper(lanes=1, max_len=1),
    "odd lanes": SoftermaxConfig.paper(lanes=5, max_len=33),
    "saturating": SoftermaxConfig.paper(lanes=4, max_len=4096, saturate=True),
    "slopes": SoftermaxConfig(
        lanes=3, max_len=7, input=Q(5, 5), power_sum=UQ(4, 12), output=UQ(0, 9), reciprocal=UQ(1, 11)
    ),
    "narrow scores": SoftermaxConfig(lanes=4, max_len=16, input=Q(1, 2)),
    "fine scores": SoftermaxConfig(lanes=4, max_len=16, input=Q(3, 5)),
    "narrow sum": SoftermaxConfig(lanes=4, max_len=16, power_sum=UQ(1, 6), saturate=True),
    "row product": SoftermaxConfig.paper(lanes=4, normalizer="row_product"),
    "faithful": SoftermaxConfig.faithful(lanes=4, max_len=64),
    "faithful, multiplying": SoftermaxConfig.faithful(lanes=2, max_len=16, normalizer="multiply"),
    "faithful, directed": SoftermaxConfig.faithful(lanes=2, max_len=16, rounding="directed"),
    "wide sum": SoftermaxConfig(lanes=2, max_len=5, unnormed=UQ(1, 6), power_sum=UQ(4, 9), output=UQ(1, 16)),
}

#: The normalizer is the Normalization Unit's; the complete unit has the others in it.
BASELINE = {
    "unnormed": (BaselineUnnormedSoftmaxUnit, BaselineConfig(lanes=3, max_len=12)),
    "normalization, divide": (BaselineNormalizationUnit, BaselineConfig(lanes=1, max_len=4)),
    "normalization, multiply": (BaselineNormalizationUnit, BaselineConfig(lanes=2, max_len=4, normalizer="multiply")),
    "complete, divide": (BaselineSoftmax, BaselineConfig(lanes=2, max_len=12)),
    "complete, multiply": (BaselineSoftmax, BaselineConfig(lanes=3, max_len=11, normalizer="multiply")),
    "complete, one lane, one slice": (BaselineSoftmax, BaselineConfig(lanes=1, max_len=1)),
}


PROCESSING_ELEMENTS = {
    "paper": ProcessingElementConfig(softmax=SoftermaxConfig.paper(lanes=4, max_len=24), vector_size=4, max_d_head=16),
    "faithful": ProcessingElementConfig(
        softmax=SoftermaxConfig.faithful(lanes=2, max_len=5), vector_size=1, max_d_head=3
    ),
    "multiplier of 16 bits, query in a word": ProcessingElementConfig(
        softmax=SoftermaxConfig.paper(lanes=2, max_len=2), vector_size=8, max_d_head=8, scale_bits=16
    ),
    "fp16": ProcessingElementConfig(softmax=BaselineConfig(lanes=2, max_len=12), vector_size=2, max_d_head=4),
    "values": ProcessingElementConfig(
        softmax=SoftermaxConfig.paper(lanes=4, max_len=24), vector_size=4, max_d_head=6, values=True
    ),
    "fp16, values": ProcessingElementConfig(
        softmax=BaselineConfig(lanes=2, max_len=2), vector_size=2, max_d_head=2, values=True
    ),
}

#: A byte for each number; two, with bits to spare; one lane; binary16.
AXI_STREAM_CONFIGS = {
    **{name: CONFIGS[name] for name in ("slopes", "wide sum", "one lane, one slice")},
    "fp16": BaselineConfig(lanes=1, max_len=2),
}


def lint(verilog: str, name: str, folder: Path) -> str:
    """The warnings and errors of Verilator with every warning on."""
    path = folder / f"{name}.v"
    path.write_text(verilog)
    link_verilator(folder)
    command = [PROGRAM, "--lint-only", "-Wall", "--top-module", name, path.name]
    with simulator_environment("verilator"):
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    said = done.stdout + done.stderr
    return "\n".join(line for line in said.splitlines() if line.startswith("%"))


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
def test_lint_has_nothing_to_say(unit, config, tmp_path):
    assert lint(generate_verilog(UNITS[unit](config), "top"), "top", tmp_path) == ""


@pytest.mark.parametrize(("unit", "config"), BASELINE.values(), ids=BASELINE)
def test_lint_has_nothing_to_say_of_the_baseline(unit, config, tmp_path):
    assert lint(generate_verilog(unit(config), "top"), "top", tmp_path) == ""


@pytest.mark.parametrize("config", PROCESSING_ELEMENTS.values(), ids=PROCESSING_ELEMENTS)
def test_lint_has_nothing_to_say_of_the_processing_element(config, tmp_path):
    assert lint(generate_verilog(ProcessingElement(config), "top"), "top", tmp_path) == ""


@pytest.mark.parametrize("unit", AXI_STREAM.values(), ids=AXI_STREAM)
def test_lint_has_nothing_to_say_of_axi_stream_ports(unit, tmp_path):
    elements = {name: PROCESSING_ELEMENTS[name] for name in ("multiplier of 16 bits, query in a word", "values")}
    configs = elements if unit is AxiStreamProcessingElement else AXI_STREAM_CONFIGS
    said = {name: lint(generate_verilog(unit(config), "top"), "top", tmp_path) for name, config in configs.items()}
    assert said == dict.fromkeys(configs, "")


@pytest.mark.parametrize("config", PROCESSING_ELEMENTS.values(), ids=PROCESSING_ELEMENTS)
def test_lint_has_nothing_to_say_of_macros_in_place_of_memories(config, tmp_path):
    platform = SramMacros()
    verilog = generate_verilog(ProcessingElement(config), "top", platform)
    assert lint(verilog, "top", tmp_path) == ""
    assert platform.macros
    assert all(f"\nmodule {name}(" in verilog and f"  {name} macro (" in verilog for name in platform.macros)
    assert " reg [" in verilog
    assert re.search(r"reg \[.*\] \S+ \[", verilog) is None, "a memory is left"


class _ReadsEvenBits(wiring.Component):
    """Reads every other bit of many words: 12,800 bits are left over."""

    i: In(data.ArrayLayout(64, 400))
    o: Out(400)

    def elaborate(self, platform):
        m = Module()
        m.d.comb += self.o.eq(Cat(Cat(list(word)[::2]).xor() for word in self.i))
        return m


def test_no_line_is_too_long_for_verilator_however_many_bits_nobody_reads(tmp_path):
    assert lint(generate_verilog(_ReadsEvenBits(), "top"), "top", tmp_path) == ""


def test_lint_would_say_something(tmp_path):
    verilog = generate_verilog(UNITS["unnormed"](CONFIGS["odd lanes"]), "top")
    spoilt = verilog.replace("endmodule", "  wire spoilt = clk;\nendmodule", 1)
    assert "UNUSEDSIGNAL" in lint(spoilt, "top", tmp_path)


@pytest.mark.parametrize("unit", ["unnormed", "normalization", "softmax", "pe"])
@pytest.mark.parametrize("macros", [False, True])
def test_the_same_bytes_every_time(unit, macros, tmp_path):
    """In processes that order sets and dictionaries of strings differently, too."""
    script = (
        "from softermax.flows.design_points import DesignPoint\n"
        "from softermax.flows.synthesis.sram_macros import SramMacros\n"
        "from softermax.flows.synthesis.verilog import generate_verilog\n"
        f"point = DesignPoint({unit!r}, lanes=4)\n"
        f"print(generate_verilog(point.component(), point.name, {'SramMacros()' if macros else None}))\n"
    )
    texts = {
        subprocess.run(
            [sys.executable, "-c", script], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in "12"
    }
    assert len(texts) == 1
    assert b"endmodule" in texts.pop()


def test_ports_of_the_complete_softermax():
    verilog = generate_verilog(UNITS["softmax"](SoftermaxConfig.paper(lanes=16)), "top")
    top = verilog[verilog.index("module top(") :]
    ports = set(re.search(r"module top\((.*?)\);", top).group(1).split(", "))
    assert ports == {"clk", "rst", *(f"{s}__{part}" for s in "io" for part in ("valid", "ready", "payload"))}
    # 16 scores of 8 bits, 16 keeps, last; 16 probabilities of 8 bits, last, saturated, overlong.
    assert "input [144:0] i__payload" in top
    assert "output [130:0] o__payload" in top


def test_axi_stream_ports_have_the_names_of_the_standard():
    """By which tools find the buses, their clock and their reset."""
    verilog = generate_verilog(AXI_STREAM["softmax"](SoftermaxConfig.paper(lanes=16)), "top")
    ports = re.findall(r"(?m)^  (?:input|output) (?:\[(\d+):0\] )?(\w+);$", verilog[: verilog.index("endmodule")])
    signals = {"tdata": 127, "tkeep": 15, "tlast": 0, "tvalid": 0, "tready": 0}
    widths = {f"{bus}_{name}": top for bus in ("s_axis", "m_axis") for name, top in signals.items()}
    assert {name: int(top or 0) for top, name in ports} == widths | {"m_axis_tuser": 1, "aclk": 0, "aresetn": 0}


def test_equal_modules_are_written_once():
    verilog = generate_verilog(ProcessingElement(PROCESSING_ELEMENTS["paper"]), "top")
    banks = re.findall(r"^module \\top\.operands\.weight_buffer\.bank_(\d+)", verilog, re.MULTILINE)
    assert len(banks) == 1
    assert len(re.findall(r"^  \\top\.operands\.weight_buffer\.bank_\d+ +bank_\d+ \(", verilog, re.MULTILINE)) == 4


def test_numbers_that_make_names_unique_begin_anew_in_every_module():
    """Amaranth's own count through the design, which is in the hundreds here."""
    verilog = generate_verilog(ProcessingElement(PROCESSING_ELEMENTS["paper"]), "top")
    for module in verilog.split("endmodule")[:-1]:
        declared = re.findall(r"^  (?:wire|reg) (?:signed )?(?:\[\d+:0\] )?\\?(\w+)\$(\d+)", module, re.MULTILINE)
        numbers = {}
        for name, number in declared:
            numbers.setdefault(name, set()).add(int(number))
        assert all(some == set(range(len(some))) for some in numbers.values())
    assert re.search(r"wire .*\$0 ;", verilog)


def test_no_initial_values():
    assert "initial" not in generate_verilog(UNITS["softmax"](SoftermaxConfig.paper(lanes=2, max_len=8)), "top")


def test_only_a_softmax_that_others_feed_counts_the_slices_of_its_rows():
    config = PROCESSING_ELEMENTS["paper"]
    assert "dropping" in generate_verilog(UNITS["softmax"](config.softmax), "top")
    assert "dropping" not in generate_verilog(ProcessingElement(config), "top")
