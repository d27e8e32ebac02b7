"""The baseline's config: its stages, and what is no config."""

import re

import numpy as np
import pytest

from softermax.model.baseline import BaselineConfig, exponential_sums
from softermax.model.binary16 import INFINITY

DIVIDE = BaselineConfig(lanes=16, max_len=384)
MULTIPLY = BaselineConfig(lanes=16, max_len=384, normalizer="multiply")


@pytest.mark.parametrize(
    ("lanes", "levels", "numerator_latency"), [(1, 0, 3), (2, 1, 3), (3, 2, 3), (6, 3, 3), (16, 4, 3), (1024, 10, 3)]
)
def test_latency_of_the_unnormed_softmax_unit(lanes, levels, numerator_latency):
    config = BaselineConfig(lanes=lanes, max_len=lanes)
    assert (config.tree_levels, config.numerator_latency) == (levels, numerator_latency)


def test_stages_of_the_normalization_unit():
    assert (DIVIDE.row_latency, DIVIDE.slice_latency) == (1, 3)
    assert (MULTIPLY.row_latency, MULTIPLY.slice_latency) == (3, 1)


@pytest.mark.parametrize(
    ("parameters", "error", "text"),
    [
        ({"lanes": 0}, ValueError, "lanes must be 1 to 1024, not 0"),
        ({"lanes": 1025}, ValueError, "lanes must be 1 to 1024, not 1025"),
        ({"lanes": 2.0}, TypeError, "lanes must be an integer, not 2.0"),
        ({"max_len": 0}, ValueError, "max_len must be 1 to 65536, not 0"),
        ({"max_len": "9"}, TypeError, "max_len must be an integer, not '9'"),
        ({"normalizer": "row_product"}, ValueError, "normalizer must be 'divide' or 'multiply', not 'row_product'"),
        ({"max_len": 32753}, ValueError, "max_len must be at most 32752 with 16 lanes, not 32753"),
    ],
)
def test_a_config_refuses(parameters, error, text):
    with pytest.raises(error, match=f"^{re.escape(text)}$"):
        BaselineConfig(**{"lanes": 16, "max_len": 384, **parameters})


def test_a_config_takes_keywords_only_and_has_base_e():
    with pytest.raises(TypeError):
        BaselineConfig(16, 384)
    assert BaselineConfig(lanes=16, max_len=384) == DIVIDE
    assert DIVIDE.base == "e"


@pytest.mark.parametrize("lanes", [16, 17, 18, 63])
def test_the_longest_row_does_not_overflow_the_sum(lanes):
    """17 lanes are the worst: from 2**15 on each slice of 17 ones rounds up to 32."""
    longest = 32759 // lanes * lanes
    config = BaselineConfig(lanes=lanes, max_len=longest)
    rows = exponential_sums(np.zeros((1, config.max_slices, lanes), np.uint16), None, config)
    assert rows.total[0, -1] < INFINITY
    with pytest.raises(ValueError, match=rf"^max_len must be at most {longest} with {lanes} lanes, not {longest + 1}$"):
        BaselineConfig(lanes=lanes, max_len=longest + 1)
