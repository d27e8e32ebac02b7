"""The error of a reciprocal is exact, and found without a look at each of millions of entries."""

import time

import numpy as np
import pytest

from softermax.model import UQ, SoftermaxConfig
from softermax.model.error_budget import _reciprocal_error
from softermax.model.tables import reciprocal_table


def error_of_every_entry(table, truncated: bool) -> float:
    lowest = 1 + np.arange(1 << table.fraction_bits) * 2.0**-table.fraction_bits
    highest = lowest + (2.0**-table.fraction_bits if truncated else 0.0)
    values = table.values * 2.0**-table.output_fraction_bits
    return max(np.abs(values * lowest - 1).max(), np.abs(values * highest - 1).max())


@pytest.mark.parametrize("truncated", [False, True])
@pytest.mark.parametrize("direction", ["nearest", "up"])
@pytest.mark.parametrize("segments", [1, 2, 8, 256])
def test_the_error_of_a_reciprocal_is_that_of_its_worst_entry(segments, direction, truncated):
    for mantissa_bits in (1, 5, 9, 12, 14):
        for output_bits in (1, 4, 7, 11, 16, 20):
            table = reciprocal_table(mantissa_bits, segments, output_bits, truncated=truncated, direction=direction)
            assert _reciprocal_error(table, truncated) == error_of_every_entry(table, truncated)


def test_a_config_of_16_bits_is_made_about_as_fast_as_one_of_8():
    """Once it took 80 times as long."""

    def seconds(bits: int, max_len: int) -> float:
        start = time.perf_counter()
        SoftermaxConfig.faithful(output=UQ(0, bits), max_len=max_len)
        return time.perf_counter() - start

    # Lengths at which no other test makes them: they are kept.
    assert seconds(16, 1017) < 20 * seconds(8, 1018)
