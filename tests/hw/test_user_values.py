"""What users give to hardware: names of presets, formats as texts, and NumPy's integers."""

import re

import numpy as np
import pytest

from softermax.hw import AxiStreamSoftmax, IntMax, NormalizationUnit, SoftermaxUnit, Sram, UnnormedSoftmaxUnit
from softermax.hw.baseline.adder import ADDER
from softermax.hw.baseline.from_fixed import from_fixed_operator
from softermax.hw.baseline.operator import Pipeline
from softermax.hw.baseline.score_converter import Binary16Scores
from softermax.hw.baseline.softmax import BaselineSoftmax
from softermax.model import Q, SoftermaxConfig
from softermax.model.baseline import BaselineConfig

PRESETS = {"paper": SoftermaxConfig.paper(), "faithful": SoftermaxConfig.faithful()}


@pytest.mark.parametrize("unit", [SoftermaxUnit, UnnormedSoftmaxUnit, NormalizationUnit, IntMax, AxiStreamSoftmax])
def test_a_unit_takes_a_preset_by_name(unit):
    for name, config in PRESETS.items():
        assert unit(name).config == config
    with pytest.raises(ValueError, match=r"^config must be a \w+ or a preset of it, .*paper or faithful, not 'papre'$"):
        unit("papre")


def test_a_baseline_unit_takes_its_preset_by_name():
    assert BaselineSoftmax("fp16").config == AxiStreamSoftmax("fp16").config == BaselineConfig.fp16()
    with pytest.raises(ValueError, match=r"^config must be a BaselineConfig or a preset of it, fp16, not 'paper'$"):
        BaselineSoftmax("paper")


def test_hardware_takes_formats_as_texts():
    assert from_fixed_operator("Q(6,2)").operands == from_fixed_operator(Q(6, 2)).operands
    assert Binary16Scores("Q(6,2)", "fp16").signature == Binary16Scores(Q(6, 2), "fp16").signature
    with pytest.raises(ValueError, match=r"^the format must be written Q\(i,f\) or UQ\(i,f\), not 'int8'$"):
        from_fixed_operator("int8")


def test_hardware_takes_any_integers():
    memory = Sram(np.int64(8), np.uint8(4))
    assert (type(memory.width), type(memory.depth)) == (int, int)
    assert len(Pipeline(ADDER, np.int64(2)).o.payload) == 2


@pytest.mark.parametrize("value", [True, np.True_, 4.0, np.float64(4), "4", None, [4]])
def test_what_is_no_integer_is_refused(value):
    with pytest.raises(ValueError, match=f"^{re.escape(f'depth must be an integer of 1 or more, not {value!r}')}$"):
        Sram(8, value)
    with pytest.raises(ValueError, match=f"^{re.escape(f'lanes must be an integer of 1 or more, not {value!r}')}$"):
        Pipeline(ADDER, value)
