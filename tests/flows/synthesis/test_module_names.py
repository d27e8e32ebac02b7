"""Names of Verilog modules: what no tool could take is refused, in a sentence, before any work."""

import re

import pytest
from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from softermax.flows.errors import FlowError
from softermax.flows.synthesis.module_names import RESERVED
from softermax.flows.synthesis.verilog import generate_verilog, write_component_verilog


class _Wire(wiring.Component):
    """As little hardware as there can be."""

    a: In(1)
    b: Out(1)

    def elaborate(self, platform):
        m = Module()
        m.d.comb += self.b.eq(self.a)
        return m


@pytest.mark.parametrize("name", ["top", "_", "Top_1", "a" * 1024, "begin_"])
def test_a_plain_identifier_names_the_module(name):
    assert f"\nmodule {name}(" in generate_verilog(_Wire(), name)


#: Each is refused.
WRONG = ["", "my core", "2top", "top$1", "$top", "\\top", "top.a", "top-a", "größe", "top\n", "Ⅷ", "a" * 1025, None, 5]


@pytest.mark.parametrize("name", WRONG)
def test_what_is_no_identifier_is_refused(name, tmp_path):
    text = (
        "the name of a Verilog module must be ASCII letters, digits and underscores, 1024 at most and no digit first, "
        f"not {name!r}"
    )
    # Before any work: there is no component to convert.
    with pytest.raises(FlowError, match=f"^{re.escape(text)}$"):
        generate_verilog(None, name)
    with pytest.raises(FlowError, match=f"^{re.escape(text)}$"):
        write_component_verilog(None, name, tmp_path, macros=False)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["module", "reg", "wire", "logic", "bit", "do", "uwire", "nexttime"])
def test_a_reserved_word_is_refused(name):
    text = f"the name of a Verilog module must be no reserved word, not {name!r}"
    with pytest.raises(FlowError, match=f"^{text}$"):
        generate_verilog(None, name)


def test_there_are_the_reserved_words_of_the_standard():
    assert len(RESERVED) == 248
    assert all(re.fullmatch("[a-z][a-z0-9_]*", word) for word in RESERVED)
