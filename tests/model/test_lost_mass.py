"""What rounding takes from rows: the bound against rows that lose the most."""

from dataclasses import replace

import numpy as np
import pytest

from softermax.model import UQ, SoftermaxConfig, softmax
from softermax.model.lost_mass import LITTLE, lost_mass, output_that_keeps

BASE = SoftermaxConfig.faithful(max_len=512)


def config(**changes):
    """Widths stay those of the base: they have no part in this."""
    guard_bits = {"guard_bits": 8} if changes.get("rounding") == "cascade" else {}
    return replace(BASE, **guard_bits | changes)


def test_a_long_row_can_lose_all():
    chosen = config()
    assert lost_mass(chosen) == 1.0
    assert softmax(np.zeros((1, 512)), chosen).sum() == 0


@pytest.mark.parametrize(("rounding", "half"), [("nearest", 0.5), ("directed", 0.0)])
@pytest.mark.parametrize("bits", [12, 13])
def test_no_row_of_equal_scores_loses_more_and_one_nearly_as_much(rounding, half, bits):
    """Of exact probabilities, rounded."""
    lengths = np.arange(2, 513)
    sums = lengths * np.floor(2**bits / lengths + half) / 2**bits
    bound = lost_mass(config(output=UQ(0, bits), rounding=rounding))
    assert 0.75 * bound < np.abs(sums - 1).max() <= bound


def test_a_cascade_keeps_what_its_bound_says():
    for guard_bits in (1, 3, 8):
        chosen = config(rounding="cascade", guard_bits=guard_bits)
        assert lost_mass(chosen) == (512 * 2.0 ** -(guard_bits + 1) + 0.5) / 256
        rows = np.random.default_rng(1).normal(0, 1, (50, 512))
        assert np.abs(softmax(rows, chosen).sum(axis=-1) - 1).max() <= lost_mass(chosen) + chosen.output.ulp


@pytest.mark.parametrize(("rounding", "bits"), [("nearest", 15), ("directed", 16), ("cascade", 8)])
def test_the_output_that_keeps_the_mass(rounding, bits):
    chosen = config(rounding=rounding)
    found = output_that_keeps(chosen)
    assert found == UQ(0, bits)
    assert lost_mass(config(rounding=rounding, output=found)) <= LITTLE
    assert bits == 8 or lost_mass(config(rounding=rounding, output=UQ(0, bits - 1))) > LITTLE


def test_there_may_be_none():
    assert output_that_keeps(replace(config(rounding="directed"), max_len=1024, saturate=True)) is None
