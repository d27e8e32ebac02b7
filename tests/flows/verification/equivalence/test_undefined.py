"""Undefined bits: words that a memory does not have, and what nothing drives."""

import pytest

from softermax.flows.errors import FlowError
from softermax.flows.verification.equivalence.sequential import prove_equivalent

#: A memory of three words, of which the address can name four; what is read is shown at once, and in the next cycle.
MEMORY = """
module memory(clk, rst, place, write, x, y, z);
  input clk, rst, write; input [1:0] place, x; output [1:0] y; output reg [1:0] z;
  reg [1:0] {words} [0:2];
  assign y = {shown};
  always @(posedge clk) begin
    if (write) {words}[place] <= x;
    z <= y;
  end
endmodule
"""
READ = {"words": "words", "shown": "words[place]"}


def test_memories_need_not_have_a_power_of_two_of_words(both):
    golden, revised = both("memory", MEMORY, READ, READ | {"shown": "~~words[place]"})
    assert prove_equivalent(golden, revised).verdict == "equivalent"


@pytest.mark.parametrize("words", ["words", "cells"], ids=["names", "simulation"])
@pytest.mark.parametrize(
    ("shown", "verdict"),
    [
        ("{words}[place & {2{place != 3}}]", "equivalent"),
        ("place == 3 ? x : {words}[place]", "equivalent"),
        ("place == 2 ? x : {words}[place]", "different"),
    ],
)
def test_words_that_are_not_there_may_be_anything(both, words, shown, verdict):
    revised = {"shown": shown, "words": words}
    found = prove_equivalent(*both("memory", MEMORY, READ, revised, x_inputs=True))
    assert found.verdict == verdict
    if verdict == "equivalent":
        assert found.method == f"register correspondence by {'names' if words == 'words' else 'simulation'}, SAT"


def test_undefined_bits_are_0_unless_they_are_inputs(both):
    other = READ | {"shown": "place == 3 ? x : words[place]"}
    assert prove_equivalent(*both("memory", MEMORY, READ, other)).verdict == "different"


def test_what_nothing_drives_is_refused(both):
    text = MEMORY.replace("assign y", "wire [1:0] nothing; assign y")
    with pytest.raises(FlowError, match=r"^memory in 1\.v cannot be compared: 2 of its bits have no driver$"):
        both("memory", text, READ | {"shown": "x"}, READ | {"shown": "nothing"})
