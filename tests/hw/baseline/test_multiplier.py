"""Multiplier against the model."""

from softermax.hw.baseline import MULTIPLIER, multiplier
from softermax.hw.baseline.rounding import pack
from softermax.model import binary16

from .bench import check_in_verilator, faults, pairs


def test_multiplier_equals_the_model(tmp_path):
    check_in_verilator(MULTIPLIER, binary16.multiply, pairs(8_000), tmp_path)


def test_a_wrong_fraction_bit_is_noticed(monkeypatch):
    assert not faults(MULTIPLIER, binary16.multiply)
    wrong = lambda m, sign, exponent, fraction, **flags: pack(m, sign, exponent, fraction | 1, **flags)  # noqa: E731
    monkeypatch.setattr(multiplier, "pack", wrong)
    assert faults(MULTIPLIER, binary16.multiply)
