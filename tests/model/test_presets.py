"""Names where a preset is meant and texts where a format is meant."""

import re

import numpy as np
import pytest

from softermax.model import UQ, Q, SoftermaxConfig, quantise_scores, softmax, softmax_raw
from softermax.model.baseline import BaselineConfig, baseline_softmax, baseline_softmax_raw
from softermax.model.error_budget import error_budget
from softermax.model.faithful import smaller_normalizer
from softermax.model.pe_config import ProcessingElementConfig
from softermax.model.shape import RowShape

PRESETS = {"paper": SoftermaxConfig.paper(), "faithful": SoftermaxConfig.faithful()}
SCORES = np.array([[0.0, 1.5, -3.25], [2.0, 2.0, 30.0]])
WRONG = "config must be a SoftermaxConfig or a preset of it, paper or faithful, not 'papre'"


@pytest.mark.parametrize("name", PRESETS)
def test_the_golden_model_takes_a_preset_by_name(name):
    config = PRESETS[name]
    raw = quantise_scores(SCORES, config)
    assert (quantise_scores(SCORES, name) == raw).all()
    assert (softmax(SCORES, name) == softmax(SCORES, config)).all()
    assert (softmax_raw(raw, name) == softmax_raw(raw, config)).all()
    assert error_budget(name) == error_budget(config)


@pytest.mark.parametrize("name", PRESETS)
def test_configs_take_a_preset_by_name(name):
    assert SoftermaxConfig.of(name) == PRESETS[name]
    assert ProcessingElementConfig(softmax=name).softmax == PRESETS[name]


def test_the_baseline_takes_its_preset_by_name():
    config = BaselineConfig(lanes=16, max_len=384)
    raw = SCORES.astype(np.float16).view(np.uint16)
    assert BaselineConfig.fp16() == BaselineConfig.of("fp16") == RowShape.of("fp16") == config
    assert (baseline_softmax(SCORES, "fp16") == baseline_softmax(SCORES, config)).all()
    assert (baseline_softmax_raw(raw, "fp16") == baseline_softmax_raw(raw, config)).all()
    assert ProcessingElementConfig(softmax="fp16").softmax == config


def test_a_name_that_is_no_preset_is_refused():
    for function in (softmax, softmax_raw, quantise_scores):
        with pytest.raises(ValueError, match=f"^{re.escape(WRONG)}$"):
            function([0], "papre")


@pytest.mark.parametrize("wrong", [None, 5, Q(6, 2), BaselineConfig])
def test_what_is_no_config_is_refused(wrong):
    # Raw scores are in a format, so only real ones have a default.
    for function in (softmax_raw, quantise_scores, *([] if wrong is None else [softmax])):
        with pytest.raises(TypeError, match=f"^{re.escape(f'config must be a SoftermaxConfig, not {wrong!r}')}$"):
            function([0], wrong)


def test_a_preset_of_another_kind_is_refused():
    with pytest.raises(ValueError, match=r"^config must be a SoftermaxConfig or a preset of it, .*, not 'fp16'$"):
        softmax(SCORES, "fp16")
    with pytest.raises(ValueError, match=r"^config must be a BaselineConfig or a preset of it, fp16, not 'paper'$"):
        baseline_softmax(SCORES, "paper")
    with pytest.raises(ValueError, match=r"^softmax must be a RowShape or a preset of it, .*, not 'papre'$"):
        ProcessingElementConfig(softmax="papre")


def test_formats_may_be_written_as_the_paper_writes_them():
    config = SoftermaxConfig(lanes=16, max_len=64, input="Q(6,2)", output="uq(1, 7)", product="UQ(1,10)")
    assert config == SoftermaxConfig(lanes=16, max_len=64)
    assert config.input == Q(6, 2)
    faithful = SoftermaxConfig.faithful(input="Q(5,3)", output="UQ(0,6)", max_len=64)
    assert faithful == SoftermaxConfig.faithful(input=Q(5, 3), output=UQ(0, 6), max_len=64)
    assert smaller_normalizer("Q(5,3)") == smaller_normalizer(Q(5, 3))


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: SoftermaxConfig.faithful(input="Q6.2"), "input must be written Q(i,f) or UQ(i,f), not 'Q6.2'"),
        (lambda: SoftermaxConfig.faithful(output=""), "output must be written Q(i,f) or UQ(i,f), not ''"),
        (lambda: SoftermaxConfig.faithful(output="Q(1,7)"), "output must be unsigned, not Q(1,7)"),
        (
            lambda: SoftermaxConfig.faithful(output="UQ(0,17)"),
            "output must have at most 16 fraction bits to be faithful, not UQ(0,17)",
        ),
        (lambda: SoftermaxConfig(lanes=1, max_len=1, power_sum="10,6"), "power_sum must be written Q(i,f) or UQ(i,f)"),
    ],
)
def test_a_text_that_is_no_format_is_refused(make, text):
    with pytest.raises(ValueError, match=f"^{re.escape(text)}"):
        make()


@pytest.mark.parametrize("wrong", [None, 8, (6, 2)])
def test_what_is_no_format_is_refused(wrong):
    with pytest.raises(TypeError, match=f"^{re.escape(f'input must be a QFormat, not {wrong!r}')}$"):
        SoftermaxConfig.faithful(input=wrong)


def test_long_rows_of_the_papers_formats_name_the_power_sum_that_would_do():
    with pytest.raises(ValueError, match=r"unless saturate is true, as UQ\(11,6\) does, not only"):
        SoftermaxConfig.paper(max_len=1024)
    assert SoftermaxConfig.paper(max_len=1024, power_sum="UQ(11,6)").power_sum == UQ(11, 6)
