"""The pipeline's plan: where registers stand, the latencies and the depth that follow, and what cuts may be."""

import re

import pytest

from softermax.model import SoftermaxConfig
from softermax.model.plan import PipelinePlan


@pytest.mark.parametrize(
    ("lanes", "normalizer", "cuts", "registers", "slice_latency"),
    [
        (32, "multiply", None, ("int_max", "power_of_two", "sum_5"), 2),
        (1, "multiply", None, ("int_max", "power_of_two"), 2),
        (32, "row_product", None, ("int_max", "sum_3", "sum_5"), 1),
        (8, "row_product", None, ("int_max", "sum_3"), 1),
        (4, "row_product", None, ("int_max", "sum_2"), 1),
        (1, "row_product", None, ("int_max",), 1),
        (4, "multiply", ("int_max", "sum_1"), ("int_max", "sum_1"), 2),
        (4, "multiply", ("sum_1", "sum_2"), ("sum_1", "sum_2"), 1),
        (4, "row_product", ("sum_2",), ("sum_2",), 1),
        (4, "row_product", (), (), 1),
        (4, "multiply", (), (), 1),
    ],
)
def test_where_slices_leave_the_registers(lanes, normalizer, cuts, registers, slice_latency):
    config = SoftermaxConfig(lanes=lanes, max_len=lanes, normalizer=normalizer, cuts=cuts)
    assert config.plan.registered_stages == registers
    assert (config.plan.slice_latency, config.plan.summary_latency) == (slice_latency, len(registers) + 1)
    assert config.plan.buffer_depth == 1 + config.plan.row_latency + len(registers) + 1 - slice_latency


@pytest.mark.parametrize(
    ("cuts", "said"),
    [
        (("sum_1", "int_max"), "sum_1,int_max"),
        (("sum_3",), "sum_3"),
        (("int_max", "int_max"), "int_max,int_max"),
        (("running_sum",), "running_sum"),
        ((5,), "5"),
    ],
)
def test_cuts_are_stages_in_order(cuts, said):
    text = "cuts must be some of int_max, power_of_two, sum_1, sum_2, each once, in order, not "
    with pytest.raises(ValueError, match=f"^{text}{re.escape(repr(said))}$"):
        SoftermaxConfig(lanes=4, max_len=4, cuts=cuts)


@pytest.mark.parametrize("cuts", [["int_max"], "int_max", 5])
def test_cuts_are_a_tuple(cuts):
    text = "cuts must be a tuple of some of int_max, power_of_two, sum_1, sum_2, in order, not "
    with pytest.raises(ValueError, match=f"^{text}{re.escape(repr(cuts))}$"):
        SoftermaxConfig(lanes=4, max_len=4, cuts=cuts)


def test_a_plan_checks_its_cuts_by_itself():
    assert PipelinePlan(tree_levels=2, max_slices=3).stages == ("int_max", "power_of_two", "sum_1", "sum_2")
    with pytest.raises(
        ValueError, match=r"^cuts must be some of int_max, power_of_two, each once, in order, not 'sum_1'$"
    ):
        PipelinePlan(tree_levels=0, max_slices=3, cuts=("sum_1",))
