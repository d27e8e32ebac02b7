"""Adder and subtractor against the model."""

from amaranth.hdl import Const

from softermax.hw.baseline import ADDER, NONNEGATIVE_ADDER, SUBTRACTOR, adder
from softermax.model import binary16

from .bench import check_in_verilator, faults, pairs


def test_adder_equals_the_model(tmp_path):
    check_in_verilator(ADDER, binary16.add, pairs(8_000), tmp_path)


def test_subtractor_equals_the_model():
    assert not faults(SUBTRACTOR, binary16.subtract)


def add_magnitudes(a, b):
    """The model's sum of operands with their signs cleared."""
    return binary16.add(a & 0x7FFF, b & 0x7FFF)


def test_nonnegative_adder_equals_the_model_whatever_the_signs_are(tmp_path):
    check_in_verilator(NONNEGATIVE_ADDER, add_magnitudes, pairs(8_000), tmp_path)


def test_the_sum_takes_one_cycle():
    assert ADDER.latency == SUBTRACTOR.latency == NONNEGATIVE_ADDER.latency == 1


def test_a_lost_sticky_bit_is_noticed(monkeypatch):
    assert not faults(ADDER, binary16.add)
    align = adder.align
    monkeypatch.setattr(adder, "align", lambda *arguments: (align(*arguments)[0], Const(0, 1)))
    assert faults(ADDER, binary16.add)
