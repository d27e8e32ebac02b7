"""Payloads: the place of every field, on which users of the Verilog ports rely."""

import pytest
from amaranth.hdl import Shape, signed, unsigned

from softermax import hw
from softermax.hw.streams import (
    probability_slice,
    row_products,
    row_scale,
    row_summary,
    score_slice,
    shape_of,
    unnormed_slice,
)
from softermax.model import UQ, Q, SoftermaxConfig

PAPER = SoftermaxConfig.paper(lanes=16, max_len=384)
PRODUCTS = SoftermaxConfig.paper(lanes=16, max_len=384, normalizer="row_product")


def places(layout):
    """First bit and width of each field."""
    return {name: (layout[name].offset, layout[name].width) for name, _ in layout}


def test_shapes_keep_the_formats_signs():
    assert shape_of(Q(6, 2)) == signed(8)
    assert shape_of(UQ(1, 15)) == unsigned(16)


def test_score_slice():
    layout = score_slice(PAPER)
    assert places(layout) == {"x": (0, 128), "keep": (128, 16), "last": (144, 1)}
    assert Shape.cast(layout["x"].shape.elem_shape) == signed(8)


def test_unnormed_slice():
    layout = unnormed_slice(PAPER)
    assert places(layout) == {"u": (0, 256), "maximum": (256, 7), "last": (263, 1)}
    assert Shape.cast(layout["maximum"].shape) == signed(7)


def test_unnormed_slice_by_row_product_holds_the_scores_themselves():
    assert unnormed_slice(PRODUCTS) == score_slice(PRODUCTS) == score_slice(PAPER)


def test_row_products_hold_the_largest_product():
    # Four of up to 1722/1024, in 11 bits; then what the scale holds but for its mantissa.
    assert places(row_products(PRODUCTS)) == {
        "products": (0, 44), "exponent": (44, 7), "saturated": (51, 1), "overlong": (52, 1),
    }  # fmt: skip
    assert Shape.cast(row_products(PRODUCTS)["exponent"].shape) == signed(7)


def test_row_summary():
    layout = row_summary(PAPER)
    assert places(layout) == {"maximum": (0, 7), "power_sum": (7, 16), "saturated": (23, 1), "overlong": (24, 1)}
    assert Shape.cast(layout["maximum"].shape) == signed(7)


def test_row_scale_holds_every_exponent():
    # From the lowest maximum, -32, with exponent 0, to the highest, 32, with exponent 10.
    layout = row_scale(PAPER)
    assert places(layout) == {"mantissa": (0, 8), "exponent": (8, 7), "saturated": (15, 1), "overlong": (16, 1)}
    assert Shape.cast(layout["exponent"].shape) == signed(7)


def test_probability_slice():
    assert places(probability_slice(PAPER)) == {
        "y": (0, 128), "last": (128, 1), "saturated": (129, 1), "overlong": (130, 1),
    }  # fmt: skip


def test_a_single_lane_is_an_array_of_one():
    config = SoftermaxConfig.paper(lanes=1, max_len=8)
    assert places(score_slice(config)) == {"x": (0, 8), "keep": (8, 1), "last": (9, 1)}


#: What is made of sizes, or of other configs.
OTHERS = {"AxiStreamProcessingElement", "AxiStreamSoftmax", "ProcessingElement", "RowBuffer", "Sram"}


@pytest.mark.parametrize("unit", [getattr(hw, name) for name in hw.__all__ if name not in OTHERS])
def test_a_unit_is_made_of_a_config_and_of_nothing_else(unit):
    with pytest.raises(TypeError, match=r"^config must be a SoftermaxConfig, not 5$"):
        unit(5)
