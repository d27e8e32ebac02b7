"""Traffic of heads: a processing element at a design point, on the heads that it takes."""

import pytest

from softermax.flows.cosimulation.verify import verify
from softermax.flows.design_points import DesignPoint
from softermax.flows.designs.heads import played_heads
from softermax.flows.errors import FlowError
from softermax.flows.synthesis.verilog import generate_verilog


def test_whole_heads_at_a_point(tmp_path):
    point = DesignPoint("pe", "faithful", 4, 31)
    (tmp_path / "pe.v").write_text(generate_verilog(point.component(), point.name))
    result = verify(point, tmp_path / "pe.v", tmp_path / "build", seed=3, simulator="verilator")
    assert (result["heads"], result["rows"]) == (7, 4 * 16 + 3 * 31)
    assert result["cycles_compared"] > 20_000
    assert result["first_mismatch"] is None
    assert result["mismatches"] == 0


def test_no_head_is_short_enough():
    with pytest.raises(FlowError, match="max_len must be 16 or more"):
        played_heads(DesignPoint("pe", "paper", 4, 15), 1)


def test_no_head_is_narrow_enough():
    with pytest.raises(FlowError, match=r"^max_d_head must be 32 or more to verify on the captured heads, not 31$"):
        played_heads(DesignPoint("pe", "paper", 4, 16, (("max_d_head", 31),)), 1)


def test_only_heads_that_are_narrow_enough_are_taken():
    captured, _, _ = played_heads(DesignPoint("pe", "paper", 4, 16, (("max_d_head", 32),)), 1)
    assert {head.q.shape for head in captured} == {(16, 32)}
