"""Reciprocal: every sum of the paper's format through its stream at full speed, and other formats at random."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from softermax.hw import Reciprocal
from softermax.model import UQ, SoftermaxConfig
from softermax.model.normalization import reciprocal
from softermax.sim.amaranth_bench import observe_in_amaranth

from ..model.oracle import reciprocal_entry
from ..model.strategies import configs, examples
from .packing import to_signed


def scales(config, sums, maximum=0, flags=0):
    """(mantissa, exponent, flags) for each sum, one a clock cycle, taken at once."""
    unit = Reciprocal(config)
    layout = unit.o.payload.shape()
    summaries = [
        maximum % 2**config.maximum.width | total << config.maximum.width | flags << unit.i.payload.shape().size - 2
        for total in sums
    ]
    idle = [0] * unit.latency
    cycles = len(summaries) + unit.latency
    inputs = {"i__valid": [1] * len(summaries) + idle, "i__payload": [*summaries, *idle], "o__ready": [1] * cycles}
    seen = observe_in_amaranth(unit, inputs)
    assert seen["i__ready"] == [1] * cycles
    assert seen["o__valid"] == idle + [1] * len(summaries)

    def field(name, value):
        return value >> layout[name].offset & ((1 << layout[name].width) - 1)

    return [
        (
            field("mantissa", value),
            to_signed(field("exponent", value), layout["exponent"].width),
            value >> layout.size - 2,
        )
        for value in seen["o__payload"][unit.latency :]
    ]


def test_every_sum_of_the_paper_format():
    config = SoftermaxConfig.paper(lanes=1, max_len=16)
    sums = range(32, 1 << 16)  # from 1/2
    seen = scales(config, sums)
    bound = config.reciprocal_table.error_bound
    assert bound < 2**-7
    for total, (mantissa, exponent, _) in zip(sums, seen, strict=True):
        assert exponent == total.bit_length() - 6  # 1/2 is bit 5
        assert abs(mantissa / 2**7 - 2.0 ** (exponent - 1) / (total / 2**6)) <= bound
    golden = reciprocal(np.array(sums), config)
    assert [(m, e) for m, e, _ in seen] == list(zip(*(v.tolist() for v in golden), strict=True))


def test_powers_of_two_are_exact():
    config = SoftermaxConfig.paper(lanes=1, max_len=16)
    assert scales(config, [1 << bit for bit in range(5, 16)]) == [(1 << 7, bit - 5, 0) for bit in range(5, 16)]


@pytest.mark.parametrize("maximum", [-32, -1, 32])
@pytest.mark.parametrize("flags", [0, 1, 2, 3])
def test_the_exponent_counts_from_the_row_maximum_and_flags_pass(maximum, flags):
    config = SoftermaxConfig.paper(lanes=1, max_len=16)
    assert scales(config, [32, 64, 1 << 15], maximum, flags) == [(128, maximum + e, flags) for e in (0, 1, 10)]


@example(SoftermaxConfig(lanes=1, max_len=1, power_sum=UQ(1, 1), reciprocal=UQ(1, 1)), 0)
@examples(40)
@given(config=configs(max_lanes=1), seed=st.integers(0, 999))
def test_any_format_equals_the_oracle(config, seed):
    rng = np.random.default_rng(seed)
    lowest, highest = 1 << (config.power_sum.fraction_bits - 1), config.power_sum.max_raw
    logarithms = rng.uniform(np.log2(lowest), np.log2(highest + 1), size=40)
    sums = [lowest, highest, *np.exp2(logarithms).astype(int).clip(lowest, highest).tolist()]
    assert [(m, e) for m, e, _ in scales(config, sums)] == [reciprocal_entry(total, config) for total in sums]
