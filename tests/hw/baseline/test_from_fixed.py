"""Conversion from fixed point against the model."""

import re

import numpy as np
import pytest

from softermax.flows.cosimulation.operators import random_trace
from softermax.hw.baseline import Pipeline, from_fixed_operator
from softermax.model import UQ, Q, binary16
from softermax.sim.amaranth_bench import play_in_amaranth

from .bench import check_in_verilator


def model(fmt):
    return lambda raw: binary16.from_fixed(raw, fmt.fraction_bits)


def test_integers_over_the_whole_range(tmp_path):
    fmt = Q(6, 10)
    check_in_verilator(from_fixed_operator(fmt), model(fmt), [np.arange(-(1 << 15), 1 << 15, 11)], tmp_path)


@pytest.mark.parametrize(
    "fmt", [Q(6, 2), Q(1, 0), Q(1, 14), Q(16, 0), Q(11, 0), Q(12, 0), Q(13, 0), Q(16, 14)], ids=str
)
def test_any_format(fmt):
    raw = np.random.default_rng(1).integers(fmt.min_raw, fmt.max_raw + 1, size=300)
    raw[:4] = fmt.min_raw, fmt.max_raw, 0, -1
    operator = from_fixed_operator(fmt)
    assert play_in_amaranth(Pipeline(operator), random_trace(operator, model(fmt), [raw], 1, seed=4)) == []


@pytest.mark.parametrize("fmt", [UQ(6, 2), Q(17, 0), Q(2, 15)], ids=str)
def test_formats_must_fit(fmt):
    text = f"the format must be Q(i,f) with i of at most 16 and f of at most 14, not {fmt}"
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        from_fixed_operator(fmt)


def test_a_format_must_be_one():
    with pytest.raises(TypeError, match=r"^the format must be a QFormat, not 6$"):
        from_fixed_operator(6)
