"""Design points: names, configs, the points of the main job."""

import json
import re

import numpy as np
import pytest

from softermax.flows.design_points import DesignPoint, main_design_points
from softermax.flows.errors import FlowError
from softermax.hw import SoftermaxUnit
from softermax.hw.baseline import BaselineSoftmax
from softermax.model import SoftermaxConfig
from softermax.model.baseline import BaselineConfig


def test_a_point_is_a_unit_of_a_config():
    point = DesignPoint("softmax", "paper", 32, 64)
    assert point.config == SoftermaxConfig.paper(lanes=32, max_len=64)
    assert isinstance(point.component(), SoftermaxUnit)
    assert point.name == "softmax_paper_32x64"
    assert point.identity() == {
        "unit": "softmax", "preset": "paper", "lanes": 32, "max_len": 64, "normalizer": "multiply",
    }  # fmt: skip


def test_a_point_of_the_baseline_is_a_unit_of_its_config():
    point = DesignPoint("softmax", "fp16", 16, 64, options=(("normalizer", "multiply"),))
    assert point.config == BaselineConfig(lanes=16, max_len=64, normalizer="multiply")
    assert isinstance(point.component(), BaselineSoftmax)
    assert point.name == "softmax_fp16_16x64_multiply"
    assert point.identity()["normalizer"] == "multiply"


def test_a_point_says_its_cuts_as_the_command_line_takes_them():
    point = DesignPoint("unnormed", "paper", 4, 16, options=(("cuts", ("int_max", "sum_2")),))
    assert point.config.plan.registered_stages == ("int_max", "sum_2")
    assert (point.name, point.identity()["cuts"]) == ("unnormed_paper_4x16_int_max_sum_2", "int_max,sum_2")
    assert DesignPoint("unnormed", options=(("cuts", ()),)).identity()["cuts"] == "none"
    with pytest.raises(FlowError, match=r"^cuts does not apply to preset fp16$"):
        DesignPoint("unnormed", "fp16", options=(("cuts", ()),))


def test_integers_of_numpy_make_the_same_point():
    sizes = {"lanes": np.int64(32), "max_len": np.int32(64)}
    point = DesignPoint("pe", options=(("max_d_head", np.int64(64)), ("values", np.False_)), **sizes)
    same = DesignPoint("pe", lanes=32, max_len=64, options=(("max_d_head", 64), ("values", False)))
    assert (point, point.name) == (same, same.name)
    assert json.dumps(point.identity()) == json.dumps(same.identity())


def test_make_takes_the_baseline_with_dividers_and_with_multipliers():
    points = [(p.unit, p.lanes, p.softmax_config.normalizer) for p in main_design_points() if p.preset == "fp16"]
    assert len(points) == len(set(points)) == 14
    assert {(unit, lanes, "multiply") for unit in ("normalization", "softmax", "pe") for lanes in (16, 32)} < set(
        points
    )


@pytest.mark.parametrize("preset", ["paper", "faithful", "fp16"])
def test_make_takes_every_unit_at_16_and_32_lanes(preset):
    points = {(point.unit, point.lanes) for point in main_design_points() if point.preset == preset}
    assert points == {(unit, lanes) for unit in ("unnormed", "normalization", "softmax", "pe") for lanes in (16, 32)}


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (
            {"unit": "tanh"},
            "the unit must be one of unnormed, normalization, softmax, pe, not 'tanh'",
        ),
        ({"unit": "softmax", "lanes": 0}, "lanes must be 1 to 1024, not 0"),
        ({"unit": "softmax", "lanes": -4}, "lanes must be 1 to 1024, not -4"),
        ({"unit": "softmax", "max_len": 0}, "max_len must be 1 to 65536, not 0"),
        ({"unit": "softmax", "lanes": "16"}, "lanes must be an integer, not '16'"),
    ],
)
def test_what_makes_no_point_is_said_in_a_sentence(arguments, text):
    with pytest.raises(FlowError, match=f"^{re.escape(text)}$"):
        DesignPoint(**arguments)


def test_an_unknown_preset_is_named():
    with pytest.raises(FlowError, match=r"^the preset must be one of .*, not 'sharp'$"):
        DesignPoint("softmax", preset="sharp")


def test_the_processing_element_is_a_point_with_a_config_of_its_own():
    point = DesignPoint("pe", "faithful", 8, 64)
    assert point.config.softmax == point.softmax_config
    assert point.config.vector_size == 8
    assert type(point.component()).__name__ == "ProcessingElement"
    with_values = DesignPoint("pe", "faithful", 8, 64, (("values", True),))
    assert with_values.config.values
    assert (point.name, with_values.name) == ("pe_faithful_8x64", "pe_faithful_8x64_values")
    assert (point.identity()["values"], with_values.identity()["values"]) == (False, True)
    with pytest.raises(FlowError, match=r"^values does not apply to unit softmax, only to pe$"):
        DesignPoint("softmax", "faithful", 8, 64, (("values", True),))
    narrow = DesignPoint("pe", "faithful", 8, 64, (("max_d_head", 32),))
    assert (narrow.config.max_d_head, narrow.name) == (32, "pe_faithful_8x64_max_d_head_32")
    assert (point.config.max_d_head, narrow.identity()["max_d_head"]) == (128, 32)
    with pytest.raises(FlowError, match=r"^max_d_head does not apply to unit softmax, only to pe$"):
        DesignPoint("softmax", "faithful", 8, 64, (("max_d_head", 32),))
    with pytest.raises(FlowError, match="lanes must be a power of two"):
        DesignPoint("pe", "paper", 12)
