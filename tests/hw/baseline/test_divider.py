"""Divider against the model, at several pipeline depths."""

import re
from importlib import import_module

import pytest

from softermax.hw.baseline import DIVIDER, divider
from softermax.model import binary16

from .bench import check_in_verilator, faults, pairs


def test_divider_equals_the_model(tmp_path):
    check_in_verilator(DIVIDER, binary16.divide, pairs(4_000), tmp_path)


@pytest.mark.parametrize("digits", [(11,), (0, 5, 6)])
def test_any_number_of_stages(digits):
    operator = divider(digits)
    assert operator.latency == len(digits)
    assert not faults(operator, binary16.divide)


def test_a_quotient_without_its_last_digit_is_noticed(monkeypatch):
    monkeypatch.setattr(import_module("softermax.hw.baseline.divider"), "DIGITS", 10)
    assert faults(divider((5, 5)), binary16.divide)


@pytest.mark.parametrize("digits", [(), (11, 1), (-1, 12)])
def test_digits_must_add_up(digits):
    text = f"digits must be 0 or more in each stage and 11 in all, not {digits!r}"
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        divider(digits)
