"""Row Product: every mantissa of the paper's format through its stream at full speed, and other formats at random."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from softermax.hw import RowProduct
from softermax.model import Q, SoftermaxConfig
from softermax.sim.amaranth_bench import observe_in_amaranth

from ..model.oracle import products_of
from ..model.strategies import configs, examples
from .packing import to_signed, unpack

PAPER = SoftermaxConfig.paper(lanes=1, max_len=16, normalizer="row_product")


def products(config, mantissas, exponent=0, flags=0):
    """(products, exponent, flags) for each mantissa, one a clock cycle, taken at once."""
    unit = RowProduct(config)
    scale, layout = unit.i.payload.shape(), unit.o.payload.shape()
    exponent_bits = exponent % 2 ** scale["exponent"].width << scale["exponent"].offset
    scales = [mantissa | exponent_bits | flags << scale.size - 2 for mantissa in mantissas]
    cycles = len(scales) + unit.latency
    idle = [0] * unit.latency
    inputs = {"i__valid": [1] * len(scales) + idle, "i__payload": [*scales, *idle], "o__ready": [1] * cycles}
    seen = observe_in_amaranth(unit, inputs)
    assert seen["i__ready"] == [1] * cycles
    assert seen["o__valid"] == idle + [1] * len(scales)

    out = seen["o__payload"][unit.latency :]
    place, width = layout["exponent"].offset, layout["exponent"].width
    rows = unpack(out, config.product_width, 1 << config.input.fraction_bits).tolist()
    exponents = [to_signed(value >> place & ((1 << width) - 1), width) for value in out]
    return list(zip(rows, exponents, (value >> layout.size - 2 for value in out), strict=True))


def test_every_mantissa_of_the_paper_format():
    """Half a unit for the constant, times a mantissa of at most 1, and half a unit for the product."""
    mantissas = range(64, 129)
    for mantissa, (row, _, _) in zip(mantissas, products(PAPER, mantissas), strict=True):
        assert row == products_of(mantissa, PAPER)
        for k, product in enumerate(row):
            assert abs(product / 2**10 - 2 ** (k / 4) * mantissa / 2**7) <= 2**-10


def test_products_by_hand():
    """The constants are 1024 times 1, 1.1892, 1.4142 and 1.6818, to nearest; 85/128 of them have .75, .56 and .52."""
    assert products(PAPER, [128, 85]) == [([1024, 1218, 1448, 1722], 0, 0), ([680, 809, 962, 1144], 0, 0)]


def test_directed_products_by_hand():
    """The constants are rounded up, and so are 86/128 of them: 688, 818.3, 973.5 and 1157.6."""
    config = SoftermaxConfig(lanes=1, max_len=1, normalizer="row_product", rounding="directed")
    assert products(config, [128, 86]) == [([1024, 1218, 1449, 1723], 0, 0), ([688, 819, 974, 1158], 0, 0)]


def test_a_whole_score_has_one_product_the_reciprocal():
    config = SoftermaxConfig(lanes=1, max_len=1, input=Q(6, 0), normalizer="row_product")
    assert products(config, [128, 85, 64]) == [([8 * mantissa], 0, 0) for mantissa in (128, 85, 64)]


@pytest.mark.parametrize("exponent", [-32, -1, 42])
@pytest.mark.parametrize("flags", [0, 1, 2, 3])
def test_the_exponent_and_the_flags_pass(exponent, flags):
    assert [rest for _, *rest in products(PAPER, [128, 85], exponent, flags)] == [[exponent, flags]] * 2


def test_it_holds_one_row_and_takes_the_next_when_that_is_taken():
    inputs = {"i__valid": [1] * 6, "i__payload": [128, 85, 64, 64, 64, 64], "o__ready": [0, 0, 0, 1, 1, 1]}
    seen = observe_in_amaranth(RowProduct(PAPER), inputs)
    assert seen["i__ready"] == [1, 0, 0, 1, 1, 1]
    assert seen["o__valid"] == [0, 1, 1, 1, 1, 1]
    assert [value & 2047 for value in seen["o__payload"][1:]] == [1024, 1024, 1024, 512, 512]


@examples(40)
@given(config=configs(max_lanes=1, normalizers=("row_product",), most_product_bits=6), seed=st.integers(0, 999))
def test_any_format_equals_the_oracle(config, seed):
    entries = config.reciprocal_table.values
    mantissas = np.random.default_rng(seed).choice(entries, size=20).tolist()
    mantissas += [int(entries.min()), int(entries.max())]
    assert [row for row, *_ in products(config, mantissas)] == [products_of(m, config) for m in mantissas]
