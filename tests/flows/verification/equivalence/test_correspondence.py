"""Register correspondence: classes refined by counterexamples."""

from softermax.flows.verification.equivalence import sequential

#: A memory that is written at addresses which random ones do not meet.
BANK = """
module bank(clk, rst, address, x, place, y);
  input clk, rst; input [18:0] address; input [7:0] x; input [2:0] place; output [7:0] y;
  reg [7:0] {words} [0:7];
  assign y = {words}[place];
  always @(posedge clk) if (address[18:3] == 16'h5a3c) {words}[address[2:0]] <= x;
endmodule
"""


def test_the_neighbourhood_of_a_counterexample_refines_classes_as_well(both, monkeypatch):
    """64 pairs, which no random state splits, take few calls of the solver."""
    asked, answer = [], sequential.check_combinational

    def check_combinational(*miter):
        asked.append(miter)
        return answer(*miter)

    monkeypatch.setattr(sequential, "check_combinational", check_combinational)
    found = sequential.prove_equivalent(*both("bank", BANK, {"words": "words"}, {"words": "cells"}))
    assert found.method == "register correspondence by simulation, SAT"
    assert 2 <= len(asked) <= 10
