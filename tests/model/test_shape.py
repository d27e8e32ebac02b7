"""Sizes of rows: slices and capacity, and what is no size."""

import re

import pytest

from softermax.model.shape import RowShape


@pytest.mark.parametrize(
    ("lanes", "max_len", "slices", "capacity"), [(16, 384, 24, 384), (16, 385, 25, 400), (1, 7, 7, 7), (64, 1, 1, 64)]
)
def test_rows_are_cut_into_whole_slices(lanes, max_len, slices, capacity):
    shape = RowShape(lanes=lanes, max_len=max_len)
    assert (shape.max_slices, shape.capacity) == (slices, capacity)


@pytest.mark.parametrize(
    ("sizes", "error", "text"),
    [
        ({"lanes": 0, "max_len": 4}, ValueError, "lanes must be 1 to 1024, not 0"),
        ({"lanes": 4, "max_len": 65537}, ValueError, "max_len must be 1 to 65536, not 65537"),
        ({"lanes": True, "max_len": 4}, TypeError, "lanes must be an integer, not True"),
        ({"lanes": 4, "max_len": 4.0}, TypeError, "max_len must be an integer, not 4.0"),
    ],
)
def test_what_is_no_size_is_said(sizes, error, text):
    with pytest.raises(error, match=f"^{re.escape(text)}$"):
        RowShape(**sizes)
