"""Exponential against the model."""

from importlib import import_module

import numpy as np
import pytest

from softermax.hw.baseline import NONPOSITIVE_EXPONENTIAL, exponential_operator
from softermax.model.exponential import Exponential, exponential

from .bench import check_in_verilator, faults

#: Every eleventh operand, and what is infinite, no number or zero.
OPERANDS = np.concatenate([np.arange(0, 1 << 16, 11), [0x7C00, 0xFC00, 0x7C01, 0xFFFF, 0x7E00, 0x8000]])


def of_minus_magnitude(x):
    return exponential(x | 0x8000)


def test_exponential_equals_the_model(tmp_path):
    check_in_verilator(exponential_operator(), exponential, [OPERANDS], tmp_path)


def test_the_one_for_a_softmax_takes_every_operand_as_negative():
    assert not faults(NONPOSITIVE_EXPONENTIAL, of_minus_magnitude)


def test_other_tables():
    assert not faults(exponential_operator(Exponential(64)), Exponential(64))


def test_a_wrong_constant_is_noticed(monkeypatch):
    module = import_module("softermax.hw.baseline.exponential")
    monkeypatch.setattr(module, "_times_log2_e", lambda m, significand: (significand * 23636)[10:26])
    assert faults(exponential_operator(), exponential)


def test_a_config_must_be_one():
    with pytest.raises(TypeError, match=r"^config must be an Exponential, not 32$"):
        exponential_operator(32)
