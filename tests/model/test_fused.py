"""The fused baseline's model: its exponential and its sum against float64, and what it does with what is no number."""

import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given

from softermax.model import softmax_exact
from softermax.model.baseline import BaselineConfig, baseline_softmax_raw, exponential_sums
from softermax.model.binary16 import INFINITY, NAN, ONE
from softermax.model.fixed_sum import SUM_FRACTION_BITS, to_fixed_numerator, total_of
from softermax.model.fused_exponential import NOTHING, FusedExponential, to_binary16

from . import fused_oracle as oracle
from .strategies import baseline_configs_and_rows, examples

CONFIG = BaselineConfig(lanes=4, max_len=16, datapath="fused")
MINUS = 0x8000

each_base = pytest.mark.parametrize("base", ["e", "2"])


def operands(seed, count=400_000):
    """Finite scores and maxima: any, of like size, and small ones of both signs."""
    rng = np.random.default_rng(seed)
    a = rng.integers(0, 1 << 16, count)
    near = (a + rng.integers(-700, 700, count)) % (1 << 16)
    small = rng.integers(0, 0x4C00, count) | rng.integers(0, 2, count) << 15
    kind = rng.integers(0, 3, count)
    b = np.choose(kind, [rng.integers(0, 1 << 16, count), near, small])
    a = np.where(kind == 2, rng.integers(0, 0x4C00, count) | rng.integers(0, 2, count) << 15, a)
    a, b = (each[np.isfinite(oracle.numbers(a)) & np.isfinite(oracle.numbers(b))].astype(np.uint16) for each in (a, b))
    swap = oracle.numbers(a) > oracle.numbers(b)
    return np.where(swap, b, a), np.where(swap, a, b)


def real(magnitude):
    """What a fused exponential gives, as a real number."""
    power = (1024 + (magnitude & 1023)) * 2.0 ** ((magnitude >> 10) - 25)
    return np.where(magnitude == NOTHING, 0.0, power)


@each_base
def test_every_power_is_within_what_its_widths_allow(base):
    x, maximum = operands(1)
    power, exact = real(FusedExponential(base)(x, maximum)), oracle.exact_power(x, maximum, base)
    counts = exact >= 2.0**-17
    assert counts.sum() > 50_000
    error = np.abs(power / np.where(counts, exact, 1) - 1)[counts]
    assert (error <= oracle.tolerance(x, maximum, base)[counts]).all()
    assert power[exact < 2.0**-17.1].max() < 2.0**-17


@each_base
def test_a_power_is_much_more_exact_than_that_of_operators(base):
    """In units in the last place of the exact power: 1.7 where scores have bits below the difference's, else 1.1."""
    x, maximum = operands(2)
    magnitude, exact = FusedExponential(base)(x, maximum), oracle.exact_power(x, maximum, base)
    counts = exact >= 2.0**-14
    error = (np.abs(real(magnitude) - exact) / 2.0 ** (np.floor(np.log2(np.maximum(exact, 2.0**-20))) - 10))[counts]
    whole = ((oracle.numbers(x) % oracle.UNITS[base] == 0) & (oracle.numbers(maximum) % oracle.UNITS[base] == 0))[
        counts
    ]
    assert 1 < error.max() < 1.8
    assert error[whole].max() < 1.1


@each_base
def test_the_power_of_0_is_1_and_beyond_the_reach_nothing_is_left(base):
    exponential = FusedExponential(base)
    for raw in (0, MINUS, ONE, 0x7BFF, 0xFBFF, 0x0001):
        assert to_binary16(exponential(np.uint16(raw), np.uint16(raw))) == ONE
    reach = {"e": 0x4A00, "2": 0x4C80}[base]
    assert exponential.reach == reach
    assert exponential(np.uint16(MINUS | reach), np.uint16(0)) == NOTHING
    assert real(exponential(np.uint16(MINUS | (reach - 1)), np.uint16(0))) < 2.0**-17


@pytest.mark.parametrize(
    ("power", "fixed"),
    [(1.0, 1 << 16), (2.0**-16, 1), (2.0**-17, 1), (2.0**-17 * (1 - 2.0**-11), 0), (1.5 * 2.0**-16, 2), (0.75, 49152)],
)
def test_numerators_are_rounded_to_the_sums_last_place(power, fixed):
    fraction, exponent = np.frexp(power)
    magnitude = ((int(exponent) + 13) << 10) + int(fraction * 2048)
    assert to_fixed_numerator(np.array(magnitude)) == fixed
    assert to_fixed_numerator(np.array(NOTHING)) == 0


@pytest.mark.parametrize(
    ("total", "raw"), [(0, ONE), (1, ONE), (1.5, 0x3E00), (1 + 2.0**-11, 0x3C01), (2 - 2.0**-16, 0x4000), (384, 0x5E00)]
)
def test_totals_are_rounded_to_binary16(total, raw):
    assert total_of(np.array(int(total * 2**SUM_FRACTION_BITS))) == raw


@examples(200)
@given(baseline_configs_and_rows())
def test_every_row_is_near_exact_softmax_or_gives_nans(case):
    config, raw, kept = case
    for base in ("e", "2"):
        config = replace(config, datapath="fused", base=base)
        y = baseline_softmax_raw(raw, config, kept).view(np.float16).astype(np.float64)
        scores = raw.view(np.float16).astype(np.float64)
        spoilt = np.isnan(scores[kept]).any() or (kept.any() and not np.isfinite(scores[kept].max()))
        if spoilt:
            assert np.isnan(y).all()
            continue
        assert not y[~kept].any()
        exact = softmax_exact(scores, kept, base=base)
        # Of numerators and of the sum less than 2 units of 2**-10 each, of the rounding twice a half; what is flushed.
        assert np.abs(y - exact).max() <= exact.max() * 5 * 2.0**-10 + 2.0**-14 + len(raw) * 2.0**-17


def test_a_row_that_is_spoilt_has_no_numerators_but_a_flag():
    x = np.array([[[0, INFINITY], [0, 0]], [[0xFE00, 0], [0, 0]], [[MINUS | INFINITY] * 2] * 2, [[0, 0], [0, 0]]])
    keep = np.ones(x.shape, bool)
    rows = exponential_sums(x.astype(np.uint16), keep, replace(CONFIG, lanes=2))
    assert rows.no_number.tolist() == [True, True, True, False]
    assert not rows.numerators[:3].any()
    assert rows.total[:, -1].tolist() == [ONE] * 3 + [0x4400]


def test_what_is_masked_spoils_no_row():
    y = baseline_softmax_raw([0x7E00, 0, INFINITY, 0xFFFF, 0], CONFIG, [False, True, False, False, True])
    assert y.tolist() == [0, 0x3800, 0, 0, 0x3800]
    assert baseline_softmax_raw([NAN, 0], CONFIG, [False, False]).tolist() == [0, 0]


def test_long_rows_lose_nothing_of_small_scores():
    """A binary16 sum that has reached 1 does not notice any of them."""
    row = np.zeros(4096, np.float16)
    row[0] = 8
    exact = softmax_exact(row.astype(np.float64), base="e")
    errors = {}
    for datapath in ("operators", "fused"):
        config = BaselineConfig.fp16(max_len=4096, datapath=datapath)
        y = baseline_softmax_raw(row.view(np.uint16), config).view(np.float16)
        errors[datapath] = np.abs(y - exact).max()
    assert errors["fused"] < 0.001 < errors["operators"]


def test_datapath_and_base_must_be_known():
    for name, known in (("datapath", "'operators' or 'fused'"), ("base", "'e' or '2'")):
        text = f"{name} must be {known}, not 'other'"
        with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
            BaselineConfig.fp16(**{name: "other"})
    with pytest.raises(ValueError, match=r"^base must be 'e' or '2', not 'other'$"):
        FusedExponential("other")
