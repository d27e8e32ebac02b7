"""The header of generated Verilog: all that a user must know, the same on every run, and only a comment."""

import re
import shlex
from itertools import pairwise

import pytest

from softermax.flows.commands.options import SIZE, design_point
from softermax.flows.design_points import DesignPoint
from softermax.flows.designs.registry import designs
from softermax.flows.generation.header import command_line, header
from softermax.flows.generation.point_verilog import point_verilog
from softermax.flows.synthesis.verilog import component_verilog
from softermax.model import QFormat

SMALL = (2, 16)
POINTS = [
    DesignPoint(unit, preset, *SMALL, axi_stream=axi_stream)
    for preset, each in designs().items()
    for unit, entry in each.units.items()
    for axi_stream in ((False, True) if entry.axi_stream else (False,))
]
CHOSEN = {
    "long rows": DesignPoint("unnormed", "paper", 2, 1024, (("saturate", True),)),
    "formats": DesignPoint(
        "softmax", "faithful", 2, 16, (("input", QFormat.parse("Q(4,4)")), ("output", QFormat.parse("UQ(1,11)")))
    ),
    "cuts": DesignPoint("unnormed", "faithful", 2, 16, (("cuts", ("int_max", "sum_1")),)),
    "no cuts": DesignPoint("unnormed", "paper", 2, 16, (("cuts", ()),)),
    "values": DesignPoint("pe", "faithful", 2, 16, (("values", True), ("max_d_head", 32)), axi_stream=True),
    "normalizer": DesignPoint("normalization", "fp16", 2, 16, (("normalizer", "multiply"),)),
    "base": DesignPoint("softmax", "paper", 2, 16, (("base", "e"),)),
    "guard bits": DesignPoint("softmax", "faithful", 2, 16, (("rounding", "cascade"), ("guard_bits", 2))),
}


def text_of(point) -> str:
    return header(point, point.component(), macros=False)


def point_of(command: str) -> DesignPoint:
    """The point that the command line makes of a command."""
    import click

    from softermax.flows.commands.options import AXI_STREAM, UNIT

    program, name, *words = shlex.split(command)
    assert (program, name) == ("softermax", "verilog")
    context = click.Command("verilog", params=[UNIT, *SIZE, AXI_STREAM]).make_context("verilog", words)
    return design_point(**context.params)


@pytest.mark.parametrize("point", [*POINTS, *CHOSEN.values()], ids=lambda point: point.name)
def test_the_command_in_it_makes_the_same_point(point):
    [command] = re.findall(r"// Made by +(.*(?:\n// {15}.*)*)", text_of(point))
    made = point_of(command.replace("\n//", ""))
    assert (made.name, made.config, made.axi_stream) == (point.name, point.config, point.axi_stream)


@pytest.mark.parametrize("point", POINTS, ids=lambda point: point.name)
def test_the_bits_of_every_port_are_told(point):
    verilog, _ = point_verilog(point)
    body = re.search(rf"(?ms)^module {point.name}\(.*?^endmodule", verilog)[0]
    declared = {
        name: (way, int(high or 0) + 1)
        for way, high, name in re.findall(r"(?m)^  (input|output) (?:\[(\d+):0\] )?(\w+);$", body)
    }
    told = re.findall(r"(?m)^//   (\w+) \((input|output), (\d+) bits?\)", verilog)
    assert {name: (way, int(width)) for name, way, width in told} == declared


@pytest.mark.parametrize("point", POINTS, ids=lambda point: point.name)
def test_fields_follow_one_another_up_to_the_last_bit(point):
    for port in re.finditer(r"(?m)^//   \w+ \(\w+, (\d+) bits?\):\n((?://     .*\n)+)", text_of(point)):
        bits = [(int(low or high), int(high)) for high, low in re.findall(r"(?m)^//     \[(\d+)(?::(\d+))?\]", port[2])]
        assert bits[0][0] == 0
        assert all(after[0] == before[1] + 1 for before, after in pairwise(bits))
        assert bits[-1][1] == int(port[1]) - 1


def test_what_a_user_must_know_is_there():
    text = " ".join(text_of(DesignPoint("softmax", "faithful", 16, 384)).replace("//", "").split())
    for fact in (
        "Made by softermax verilog softmax --preset faithful --lanes 16 --max-len 384 ",
        "Version softermax ",
        "Module softmax_faithful_16x384: complete softmax ",
        "Preset faithful: Softermax, widths derived",
        "Latency 8 clock cycles from the last slice of a row to its first probabilities ",
        "Throughput a slice of 16 numbers per clock cycle",
        "Error bound 0.00390625 for each probability, against exact base-2 softmax",
        "Longest row 384 numbers. It is cut there: ",
        "Licence Apache-2.0; ",
        "[127:0] x: 16 numbers of 8 bits, lane 0 lowest, Q(6,2), signed ",
        "[143:128] keep: a bit for each lane",
        "[127:0] y: 16 numbers of 8 bits, lane 0 lowest, UQ(0,8), unsigned ",
    ):
        assert fact in text
    paper = text_of(DesignPoint("softmax", "paper", 16, 384))
    assert "Error bound   none is known below 1" in paper
    assert "IEEE 754 binary16" in text_of(DesignPoint("softmax", "fp16", 16, 384))


def test_options_are_quoted_for_a_shell():
    assert "--input-format 'Q(4,4)'" in command_line(CHOSEN["formats"])
    assert command_line(CHOSEN["no cuts"]).endswith(" --cuts none")
    assert command_line(CHOSEN["values"], macros=True).endswith(" --values --max-d-head 32 --axi-stream --macros")


def test_an_option_cannot_end_the_comment():
    point = DesignPoint("softmax", "paper", 2, 16)
    object.__setattr__(point, "options", (("note", "x\nmodule evil;"),))
    assert all(line.startswith("//") for line in text_of(point).splitlines())


@pytest.mark.parametrize("macros", [False, True])
def test_it_is_only_a_comment_and_the_same_on_every_run(macros):
    point = DesignPoint("softmax", "faithful", 2, 16)
    text, used = point_verilog(point, macros=macros)
    assert (text, used) == point_verilog(point, macros=macros)
    without, _ = component_verilog(point.component(), point.name, macros=macros)
    first, *rest = without.splitlines()
    lines = text.splitlines()
    added = len(lines) - len(rest)
    assert (lines[0], lines[added:]) == (first, rest)
    assert all(line == line.rstrip() and line.startswith("//") and len(line) <= 103 for line in lines[:added])


def test_it_says_what_rows_of_equal_numbers_sum_to():
    text = text_of(DesignPoint("softmax", "paper", 16, 384)).replace("\n//              ", "")
    assert "// Row sums      0 (257 numbers) to 2 (256 numbers) in rows of equal numbers, 1 in exact softmax\n" in text


def test_one_of_something_is_singular():
    text = text_of(DesignPoint("softmax", "faithful", 1, 1)).partition("// Ports")[0]
    assert re.search(r"\b1 (numbers|clock cycles)\b", text) is None
    for line in ("a slice of 1 number per clock cycle", "(1 number) to ", "Longest row   1 number."):
        assert line in text
