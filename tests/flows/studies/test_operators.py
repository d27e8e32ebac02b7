"""The list of operators, and what is measured of one."""

from softermax.flows.results.columns import undeclared
from softermax.flows.studies.operators import CHOICES, OPERATORS, OperatorPoint, measure_operator, operator_points
from softermax.flows.synthesis.synthesis import AreaOptions


def test_every_operator_has_its_own_name_and_can_be_made():
    points = operator_points()
    assert len({point.name for point in points}) == len(points) == len(CHOICES)
    latencies = {name: make().latency for (name, _), make in reversed(CHOICES.items())}
    names = ("adder", "subtractor", "multiplier", "maximum", "from_fixed", "divider", "exponential")
    assert [latencies[name] for name in names] == [1, 1, 1, 1, 1, 3, 2]


def test_a_mac_lane_grows_with_its_probabilities(tmp_path):
    areas = [
        measure_operator(OperatorPoint("MAC lane", f"{bits}-bit probabilities"), tmp_path, AreaOptions())["area"]
        for bits in (8, 12)
    ]
    assert 1.2 * areas[0] < areas[1] < 1.6 * areas[0]


def test_a_maximum_has_a_result_register_and_a_valid_bit(tmp_path):
    point = OperatorPoint("maximum", "")
    result = measure_operator(point, tmp_path, AreaOptions())
    assert (result["latency"], result["flops"], result["area_unit"]) == (1, 16 + 1, "GE")
    assert 0 < result["logic_area"] < result["area"]
    assert undeclared([point.identity() | result], OPERATORS.columns) == []
