"""Design points: names, configs, the points of the main job."""

import re

import pytest

from softermax.flows.design_points import DesignPoint, main_design_points
from softermax.flows.errors import FlowError
from softermax.hw import Softermax
from softermax.model import SoftermaxConfig


def test_a_point_is_a_unit_of_a_config():
    point = DesignPoint("softermax", "paper", 32, 64)
    assert point.config == SoftermaxConfig.paper(lanes=32, max_len=64)
    assert isinstance(point.component(), Softermax)
    assert point.name == "softermax_paper_32x64"
    assert point.identity() == {"unit": "softermax", "preset": "paper", "lanes": 32, "max_len": 64}


@pytest.mark.parametrize("preset", ["paper", "faithful"])
def test_make_takes_every_unit_at_16_and_32_lanes(preset):
    points = {(point.unit, point.lanes) for point in main_design_points() if point.preset == preset}
    assert points == {(unit, lanes) for unit in ("unnormed", "normalization", "softermax") for lanes in (16, 32)}


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"unit": "tanh"}, "the unit must be one of unnormed, normalization, softermax, not 'tanh'"),
        ({"unit": "softermax", "lanes": 0}, "lanes must be 1 to 1024, not 0"),
        ({"unit": "softermax", "lanes": -4}, "lanes must be 1 to 1024, not -4"),
        ({"unit": "softermax", "max_len": 0}, "max_len must be 1 to 65536, not 0"),
        ({"unit": "softermax", "lanes": "16"}, "lanes must be an integer, not '16'"),
    ],
)
def test_what_makes_no_point_is_said_in_a_sentence(arguments, text):
    with pytest.raises(FlowError, match=f"^{re.escape(text)}$"):
        DesignPoint(**arguments)


def test_an_unknown_preset_is_named():
    with pytest.raises(FlowError, match=r"^the preset must be one of .*, not 'sharp'$"):
        DesignPoint("softermax", preset="sharp")
