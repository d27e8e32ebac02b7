"""Maximum against the model."""

from importlib import import_module

from softermax.hw.baseline import MAXIMUM
from softermax.model import binary16

from .bench import check_in_verilator, faults, pairs


def test_maximum_equals_the_model(tmp_path):
    check_in_verilator(MAXIMUM, binary16.maximum, pairs(4_000), tmp_path)


def test_an_unsigned_comparison_is_noticed(monkeypatch):
    assert not faults(MAXIMUM, binary16.maximum)
    module = import_module("softermax.hw.baseline.maximum")
    monkeypatch.setattr(module, "greater", lambda m, a, b: a[:15] > b[:15])
    assert faults(MAXIMUM, binary16.maximum)
