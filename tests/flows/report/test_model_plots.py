"""What a report says of the golden model: errors and the waveform."""

import math
import warnings

import numpy as np
import pytest
from scipy.special import softmax

from softermax.flows.report.error_distribution import absolute_errors, error_table, probabilities
from softermax.flows.report.waveform import softmax_waves
from softermax.hw import SoftermaxUnit
from softermax.model import SoftermaxConfig
from softermax.model import softmax as golden
from softermax.model.baseline import BaselineConfig, baseline_softmax
from softermax.sim.attention import load_heads

CONFIGS = {
    "paper": SoftermaxConfig.paper(lanes=32, max_len=384),
    "faithful": SoftermaxConfig.faithful(lanes=32, max_len=384),
    "fp16": BaselineConfig(lanes=32, max_len=384),
}


@pytest.mark.parametrize("preset", CONFIGS)
def test_errors_are_those_of_scipys_softmax_row_by_row(preset):
    errors = iter(absolute_errors(preset))
    for head in (head for head in load_heads() if head.d_head == 32 and head.tokens <= 384):
        for raw, keep in zip(head.scores, head.keep, strict=True):
            found = [next(errors) for _ in range(keep.sum())]
            if head.tokens != 31:
                continue
            scores = raw / 4 * math.log(2)
            exact = softmax(np.where(keep, scores, -np.inf))
            if preset == "fp16":
                probabilities = baseline_softmax(scores, CONFIGS[preset], keep)
            else:
                probabilities = golden(raw / 4, CONFIGS[preset], keep)
            np.testing.assert_allclose(found, np.abs(probabilities - exact)[keep], atol=1e-12)
    assert next(errors, None) is None


def test_the_table_of_errors():
    table = error_table()
    assert [row[0] for row in table.rows] == ["paper's formats", "faithful", "fp16"]
    rows = dict(zip(("paper", "faithful", "fp16"), (row[1:] for row in table.rows), strict=True))
    for preset, (largest, percentile, mean, median, in_ulp, others) in rows.items():
        errors = np.sort(absolute_errors(preset))
        assert float(largest) == pytest.approx(errors[-1], rel=0.05)
        assert float(percentile) == pytest.approx(errors[int(0.99 * len(errors))], rel=0.06)
        assert float(mean) == pytest.approx(errors.sum() / len(errors), rel=0.05)
        assert float(median) == pytest.approx(errors[len(errors) // 2], rel=0.06)
        if preset != "fp16":
            ulp = CONFIGS[preset].output.ulp
            assert float(in_ulp) == pytest.approx(errors[-1] / ulp, abs=0.006)
            exact = probabilities(preset)[1]
            unsaturated = absolute_errors(preset)[
                exact < CONFIGS[preset].output.to_real(CONFIGS[preset].output.max_raw)
            ]
            assert float(others) == pytest.approx(unsaturated.max() / ulp, abs=0.006)
    # Which is what the preset promises.
    assert float(rows["faithful"][-2]) <= 1


def test_a_largest_error_that_is_saturation_is_said_to_be():
    table = error_table()
    [faithful] = [row for row in table.rows if row[0] == "faithful"]
    assert faithful[-2] == "1.00"
    assert float(faithful[-1]) < 0.6
    said = (
        "The largest error of faithful, 1.00 ulp, is that of a probability saturated to the output format: "
        f"the largest value of UQ(0,8) is 0.996094. All other errors are at most {faithful[-1]} ulp."
    )
    assert said in table.note
    assert "largest error of paper" not in table.note


def test_the_waveform_is_that_of_the_golden_model():
    waves, config = softmax_waves(), SoftermaxConfig.paper(lanes=4, max_len=16)
    for row in range(3):
        scores = [score for item, n in zip(waves.scores, waves.rows_in, strict=True) if n == row for score in item]
        given = [y for item, n in zip(waves.probabilities, waves.rows_out, strict=True) if n == row for y in item]
        assert len(scores) == 16
        assert given == golden(np.array(scores), config).tolist()


def test_its_bits_belong_to_its_slices():
    waves = softmax_waves()
    assert {len(values) for values in waves.bits.values()} == {waves.cycles}
    assert waves.bits["i.valid"] == [int(item is not None) for item in waves.scores]
    assert waves.bits["o.valid"] == [int(item is not None) for item in waves.probabilities]
    for stream, rows in (("i", waves.rows_in), ("o", waves.rows_out)):
        ends = [cycle for cycle, last in enumerate(waves.bits[f"{stream}.last"]) if last]
        assert [rows[cycle] for cycle in ends] == [0, 1, 2]
        assert all(waves.bits[f"{stream}.ready"][cycle] for cycle in ends)


def test_its_latency_is_that_of_the_unit_and_rows_overlap():
    waves = softmax_waves()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        unit = SoftermaxUnit(SoftermaxConfig.paper(lanes=4, max_len=16))
    start, end = waves.latency
    assert end - start == unit.latency
    assert waves.rows_out[end] == 0
    assert waves.rows_in[end] in (1, 2)
