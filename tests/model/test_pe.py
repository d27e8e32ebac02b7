"""Golden model of the processing element: scores in exact fractions, masks, and what is refused."""

from dataclasses import replace
from fractions import Fraction
from math import floor

import numpy as np
import pytest

from softermax.model import UQ, Q, SoftermaxConfig
from softermax.model.baseline import BaselineConfig
from softermax.model.pe import Head, Register, context, fixed_point, probabilities, requantise, scores, visible_keys
from softermax.model.pe_config import ProcessingElementConfig
from softermax.model.reference import softmax_fractions

PAPER = ProcessingElementConfig(softmax=SoftermaxConfig.paper(lanes=4, max_len=24), vector_size=4, max_d_head=16)
FP16 = replace(PAPER, softmax=BaselineConfig(lanes=4, max_len=24))
PAPER_VALUES, FP16_VALUES = replace(PAPER, values=True), replace(FP16, values=True)


def random_head(seed, *, queries=7, keys=11, d_head=16, **settings):
    """A head of anything, with scores over most of the format's range."""
    rng = np.random.default_rng(seed)
    q, k = (rng.integers(-128, 128, (rows, d_head)).astype(np.int8) for rows in (queries, keys))
    return Head(q=q, k=k, **{"multiplier": 181, "shift": 17, **settings})


@pytest.mark.parametrize(
    ("factor", "expected"),
    [
        (0.5, (1 << 15, 16)),
        (1.0, (1 << 15, 15)),
        (0.75, (3 << 14, 16)),
        (1e-3, (33554, 25)),  # 1e-3 * 2**25 = 33554.4
        (1 - 2**-20, (1 << 15, 15)),  # rounds up to a 17th bit
    ],
)
def test_fixed_point(factor, expected):
    assert fixed_point(factor) == expected


@pytest.mark.parametrize("shift", [0, 1, 9, 31])
@pytest.mark.parametrize("fmt", [Q(6, 2), Q(4, 4), Q(3, 1)])
def test_requantiser_rounds_to_nearest_and_saturates(shift, fmt):
    rng = np.random.default_rng(shift)
    sums = np.concatenate([rng.integers(-(1 << 23), 1 << 23, 500), rng.integers(-600, 600, 500), [-(1 << 23), 0, 1]])
    for multiplier in (0, 1, 181, 255, 65535):
        exact = [floor(Fraction(int(a) * multiplier, 1 << shift) + Fraction(1, 2)) for a in sums]
        wanted = [min(max(x, fmt.min_raw), fmt.max_raw) for x in exact]
        assert requantise(sums, multiplier, shift, fmt).tolist() == wanted


def test_scores_are_scaled_dot_products_less_the_zero_point():
    head = random_head(1, zero_point=-1234)
    for r, row in enumerate(scores(head, PAPER).tolist()):
        for j, x in enumerate(row):
            dot = sum(int(a) * int(b) for a, b in zip(head.q[r], head.k[j], strict=True)) + 1234
            assert x == min(max(floor(Fraction(dot * 181, 1 << 17) + Fraction(1, 2)), -128), 127)


def test_a_zero_point_changes_no_probability_where_nothing_saturates():
    # A zero point of one score exactly: multiplier / 2**shift = 1/1024.
    head = random_head(2, d_head=4, multiplier=128, shift=17)
    moved = replace(head, zero_point=4 * 1024)
    assert np.abs(scores(head, PAPER)).max() < 120
    assert (probabilities(head, PAPER) == probabilities(moved, PAPER)).all()


@pytest.mark.parametrize("config", [PAPER, FP16], ids=["paper", "fp16"])
def test_probabilities_are_near_softmax_of_the_scores_and_0_where_masked(config):
    head = random_head(3, queries=13, causal=True)
    y, x = probabilities(head, config), scores(head, config)
    for r, seen in enumerate(head.visible):
        if config is PAPER:
            real, limit = PAPER.softmax.output.to_real(y[r]), 0.2
            exact = [float(p) for p in softmax_fractions(x[r, :seen], 2)]
        else:
            real, limit = y[r].view(np.float16).astype(float), 2e-3
            powers = np.exp(x[r, :seen] / 4 - x[r, :seen].max() / 4)
            exact = powers / powers.sum()
        assert not real[seen:].any()
        assert np.abs(real[:seen] - exact).max() < limit


def test_visible_keys():
    assert visible_keys(4, 6, causal=False).tolist() == [6, 6, 6, 6]
    assert visible_keys(4, 6, causal=True).tolist() == [1, 2, 3, 4]
    assert visible_keys(4, 2, causal=True).tolist() == [1, 2, 2, 2]


def test_settings_of_a_head():
    head = random_head(4, zero_point=-1, causal=True)
    assert head.settings() == {
        Register.QUERIES: 7,
        Register.KEYS: 11,
        Register.D_HEAD: 16,
        Register.SCALE: 181 | 17 << 16,
        Register.ZERO_POINT: 0xFFFFFFFF,
        Register.MASK: 1,
    }
    values = np.zeros((11, 16), np.int8)
    with_values = replace(head, v=values, context_multiplier=129, context_shift=3).settings()
    assert with_values == head.settings() | {Register.CONTEXT_SCALE: 129 | 3 << 16}


@pytest.mark.parametrize(
    ("changes", "error", "says"),
    [
        ({"softmax": None}, TypeError, "softmax must be the config of a softmax, such as a SoftermaxConfig, not None"),
        ({"vector_size": 12}, ValueError, "vector_size must be a power of two"),
        ({"softmax": SoftermaxConfig.paper(lanes=3, max_len=24)}, ValueError, "lanes must be a power of two"),
        (
            {"softmax": SoftermaxConfig.paper(lanes=1, max_len=24)},
            ValueError,
            "lanes must be a power of two, 2 or more",
        ),
        ({"max_d_head": 129}, ValueError, "max_d_head must be 1 to 128"),
        ({"scale_bits": 17}, ValueError, "scale_bits must be 4 to 16"),
        ({"scale_bits": 8.0}, TypeError, "scale_bits must be an integer"),
    ],
)
def test_configs_that_are_refused(changes, error, says):
    with pytest.raises(error, match=says):
        replace(PAPER, **changes)


def head_with_values(seed, **settings):
    """A head whose context takes most of 8 bits."""
    head = random_head(seed, **settings)
    v = np.random.default_rng(seed + 100).integers(-128, 128, head.k.shape).astype(np.int8)
    return replace(head, v=v, context_multiplier=160, context_shift=14)


@pytest.mark.parametrize("config", [PAPER_VALUES, FP16_VALUES], ids=["paper", "fp16"])
def test_context_is_the_scaled_sum_of_probabilities_times_values(config):
    head = head_with_values(5, queries=9, causal=True)
    y = probabilities(head, config)
    if config is FP16_VALUES:
        reals = [[Fraction(float(p)) for p in row] for row in y.view(np.float16)]
        y = [[min(floor(p * 256 + Fraction(1, 2)), 255) for p in row] for row in reals]
    found = context(head, config)
    assert np.abs(found).max() > 100
    for r, e in np.ndindex(found.shape):
        total = sum(int(p) * int(v) for p, v in zip(y[r], head.v[:, e], strict=True))
        wanted = floor(Fraction(total * 160, 1 << 14) + Fraction(1, 2))
        assert found[r, e] == min(max(wanted, -128), 127)


@pytest.mark.parametrize("config", [PAPER_VALUES, FP16_VALUES], ids=["paper", "fp16"])
def test_context_of_equal_values_is_that_value(config):
    head = random_head(6, queries=4)
    one = 1 << config.probability.fraction_bits
    v = np.full(head.k.shape, -77, np.int8)
    head = replace(head, v=v, context_multiplier=128, context_shift=one.bit_length() - 1 + 7)
    assert np.abs(context(head, config) + 77).max() <= 0.05 * 77


@pytest.mark.parametrize(
    ("changes", "error", "says"),
    [
        ({"q": [[1]]}, TypeError, "q must be an array of int8"),
        ({"q": np.zeros((2, 3), np.int16)}, TypeError, "q must be an array of int8"),
        ({"k": np.zeros((0, 16), np.int8)}, ValueError, "k must be a matrix"),
        ({"k": np.zeros((2, 15), np.int8)}, ValueError, "rows of one length"),
        ({"shift": 32}, ValueError, "shift must be 0 to 31"),
        ({"zero_point": 1 << 22}, ValueError, "zero_point must be"),
        ({"v": np.zeros((11, 15), np.int8)}, ValueError, r"v must have the shape of k, \(11, 16\), not \(11, 15\)"),
        ({"v": np.zeros((11, 16))}, TypeError, "v must be an array of int8, not float64"),
        ({"context_shift": 32}, ValueError, "context_shift must be 0 to 31"),
    ],
)
def test_heads_that_are_refused(changes, error, says):
    with pytest.raises(error, match=says):
        replace(random_head(0), **changes)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"queries": 25}, "at most max_len = 24 queries and keys, not 25"),
        ({"keys": 30}, "at most max_len = 24 queries and keys, not 30"),
        ({"d_head": 17}, "d_head must be at most max_d_head = 16, not 17"),
        ({"multiplier": 256}, "multiplier must have at most 8 bits"),
    ],
)
def test_heads_that_a_processing_element_does_not_take(changes, says):
    with pytest.raises(ValueError, match=says):
        scores(random_head(0, **changes), PAPER)


def test_a_processing_element_with_values_takes_heads_that_have_some_and_fit():
    with pytest.raises(ValueError, match="a head must have values"):
        context(random_head(0), PAPER_VALUES)
    with pytest.raises(ValueError, match="context_multiplier must have at most 8 bits, not 300"):
        context(replace(head_with_values(0), context_multiplier=300), PAPER_VALUES)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"vector_size": 8}, "vector_size must be lanes = 4 with values, not 8"),
        ({"softmax": SoftermaxConfig(lanes=4, max_len=24, input=Q(4, 2))}, "scores must have 8 bits with values"),
        (
            {"softmax": SoftermaxConfig(lanes=4, max_len=24, output=UQ(0, 9))},
            r"probabilities must have at most 8 bits with values, not UQ\(0,9\)",
        ),
        ({"softmax": SoftermaxConfig.paper(lanes=4, max_len=24, saturate=True)}, "power sums must not saturate"),
    ],
)
def test_configs_that_are_refused_with_values(changes, says):
    with pytest.raises(ValueError, match=says):
        replace(PAPER, values=True, **changes)
