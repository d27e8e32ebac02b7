"""Integers and yes or no as users have them: NumPy's count, and a config stores plain ones."""

import re
from fractions import Fraction

import numpy as np
import pytest

from softermax.model import Q, QFormat, SoftermaxConfig
from softermax.model.baseline import BaselineConfig
from softermax.model.pe import Head
from softermax.model.pe_config import ProcessingElementConfig

KINDS = (np.int64, np.int8, np.uint16, lambda value: np.array(value, np.int32))


@pytest.mark.parametrize("kind", KINDS)
def test_a_config_takes_any_integers_and_stores_plain_ones(kind):
    config = SoftermaxConfig(
        lanes=kind(16), max_len=kind(64), power_segments=kind(4), mantissa_guard_bits=kind(2), input=Q(kind(6), kind(2))
    )
    assert config == SoftermaxConfig(lanes=16, max_len=64)
    assert {type(getattr(config, name)) for name in ("lanes", "max_len", "power_segments", "max_slices")} == {int}
    assert (type(config.input.integer_bits), type(config.input.fraction_bits)) == (int, int)
    assert SoftermaxConfig.faithful(lanes=kind(4), max_len=kind(16)) == SoftermaxConfig.faithful(lanes=4, max_len=16)
    assert BaselineConfig(lanes=kind(16), max_len=kind(64)) == BaselineConfig(lanes=16, max_len=64)


def test_a_processing_element_and_its_heads_take_any_integers():
    softmax = SoftermaxConfig(lanes=16, max_len=64)
    config = ProcessingElementConfig(softmax=softmax, vector_size=np.int64(16), values=np.True_)
    assert (type(config.vector_size), config.values) == (int, True)
    assert type(config.max_chunks) is int
    ones = np.ones((2, 4), np.int8)
    head = Head(q=ones, k=ones, multiplier=np.uint8(200), shift=np.int64(7), causal=np.False_)
    assert {type(value) for value in (head.multiplier, head.shift, *head.settings().values())} == {int}


@pytest.mark.parametrize("value", [True, np.True_, np.array(True), 4.0, np.float64(4), "4", None, Fraction(4), [4]])
def test_what_is_no_integer_is_refused(value):
    with pytest.raises(TypeError, match=f"^{re.escape(f'lanes must be an integer, not {value!r}')}$"):
        SoftermaxConfig(lanes=value, max_len=16)
    with pytest.raises(TypeError, match=f"^{re.escape(f'fraction_bits must be an integer, not {value!r}')}$"):
        Q(6, value)


def test_yes_or_no_may_be_numpys_and_nothing_else():
    assert SoftermaxConfig(lanes=16, max_len=2048, saturate=np.True_).saturate is True
    assert QFormat(6, 2, np.True_).signed is True
    with pytest.raises(TypeError, match=r"^values must be a bool, not 1$"):
        ProcessingElementConfig(softmax=SoftermaxConfig(lanes=16, max_len=64), values=1)
    ones = np.ones((2, 4), np.int8)
    with pytest.raises(TypeError, match=r"^causal must be a bool, not 'no'$"):
        Head(q=ones, k=ones, multiplier=1, shift=0, causal="no")
