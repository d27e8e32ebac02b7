"""Softermax in PyTorch is the golden model, bit by bit: every config, mask, shape and type."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from softermax.flows.measurement.faithfulness import faithful_grid
from softermax.model import UQ, Q, SoftermaxConfig, softmax_exact
from softermax.model import softmax as golden
from softermax.model import softmax_raw as golden_raw
from softermax.model.torch import Softermax, softmax, softmax_raw
from softermax.sim.attention import load_heads

from .strategies import configs, configs_and_rows, examples

pytestmark = pytest.mark.usefixtures("arithmetic")

PAPER = SoftermaxConfig.paper(lanes=16, max_len=384)
STYLES = [
    SoftermaxConfig.paper(lanes=lanes, max_len=384, normalizer=normalizer, base=base)
    for lanes in (16, 32)
    for normalizer in ("multiply", "row_product")
    for base in ("2", "e")
] + [
    SoftermaxConfig.faithful(max_len=384, normalizer=normalizer, rounding=rounding, base=base)
    for normalizer, rounding in (
        ("multiply", "nearest"),
        ("row_product", "nearest"),
        ("row_product", "directed"),
        ("multiply", "cascade"),
        ("row_product", "cascade"),
    )
    for base in ("2", "e")
]
#: Rows longer than a table of results, with the widest formats there are.
WIDEST = SoftermaxConfig(
    lanes=1024,
    max_len=8192,
    input=Q(4, 8),
    unnormed=UQ(1, 36),
    power_sum=UQ(14, 39),
    reciprocal=UQ(1, 20),
    output=UQ(1, 24),
    power_segments=256,
    reciprocal_segments=256,
)


def assert_golden(scores: torch.Tensor, config: SoftermaxConfig, mask: torch.Tensor | None = None):
    """The same values as the golden model's on the same scores, of the scores' shape."""
    y = softmax(scores, config, mask=mask)
    plain = scores.float() if scores.dtype == torch.bfloat16 else scores
    expected = golden(plain.numpy(), config, None if mask is None else mask.numpy())
    np.testing.assert_array_equal(y.double().numpy(), expected)


def random_scores(shape, seed, spread=4.0):
    """Rows of many spreads, in float32."""
    generator = torch.Generator().manual_seed(seed)
    wide = spread * torch.exp(torch.randn((*shape[:-1], 1), generator=generator))
    return torch.randn(shape, generator=generator) * wide


def random_mask(shape, seed):
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed)) < 0.8


# Against the golden model


@examples(300)
@given(configs_and_rows())
@example((SoftermaxConfig(lanes=4, max_len=4, power_sum=UQ(1, 5), saturate=True), np.zeros(4, int), np.ones(4, bool)))
@example((SoftermaxConfig(lanes=1, max_len=2, power_sum=UQ(10, 38)), np.array([127, 0]), np.ones(2, bool)))
def test_raw_rows_of_any_config(case):
    config, raw, kept = case
    y = softmax_raw(torch.tensor(raw), config, mask=torch.tensor(kept))
    assert y.dtype == torch.int32
    assert y.tolist() == golden_raw(raw, config, kept).tolist()


@examples(100)
@given(configs(), st.integers(0, 2**32 - 1))
def test_real_rows_of_any_config(config, seed):
    spread = 2.0 ** (config.input.integer_bits - 2)
    scores = random_scores((20, config.max_len), seed, spread)
    for dtype in (torch.float32, torch.float64):
        assert_golden(scores.to(dtype), config)
        assert_golden(scores.to(dtype), config, random_mask(scores.shape, seed))


@pytest.mark.parametrize("config", STYLES)
def test_a_million_elements_of_every_style(config):
    """Half of them masked, with rows of which nothing is kept."""
    scores = random_scores((2048, 384), 1)
    mask = random_mask(scores.shape, 2)
    mask[::7] = False
    assert_golden(scores[:1024], config)
    assert_golden(scores[1024:], config, mask[1024:])


@pytest.mark.parametrize("point", faithful_grid(), ids=lambda point: f"{point.name}")
def test_the_faithful_grid(point):
    config = point.config
    scores = random_scores((max(1, 20000 // config.max_len), config.max_len), config.max_len)
    assert_golden(scores, config, random_mask(scores.shape, 3))


@pytest.mark.parametrize("normalizer", ["multiply", "row_product"])
@pytest.mark.parametrize("length", [100, 8192])
def test_the_widest_formats(length, normalizer):
    """Tables of results for rows longer than they are, arithmetic for shorter ones."""
    config = replace(WIDEST, normalizer=normalizer, product=UQ(1, 24))
    assert_golden(random_scores((8, length), 5).double(), config, random_mask((8, length), 6))


@pytest.mark.parametrize("config", [PAPER, SoftermaxConfig.faithful(max_len=384)], ids=["paper", "faithful"])
def test_real_attention_rows(config):
    for head in load_heads():
        if head.tokens <= config.max_len:
            raw, keep = torch.tensor(head.scores), torch.from_numpy(head.keep.copy())
            expected = golden_raw(head.scores, config, head.keep)
            np.testing.assert_array_equal(softmax_raw(raw, config, mask=keep).numpy(), expected)
            y = softmax(raw * config.input.ulp, config, mask=keep)
            np.testing.assert_array_equal((y / config.output.ulp).numpy(), expected)


def test_ties_round_to_even_and_scores_saturate():
    ulp = PAPER.input.ulp
    scores = torch.arange(-400, 400).reshape(-1, 4) * (ulp / 2)
    assert_golden(scores, PAPER)
    assert_golden(torch.tensor([[3.4e38, -3.4e38, 31.0, -32.0, 1e-45]]), PAPER)
    assert_golden(torch.tensor([[1e308, -1e308, 31.0, 5e-324]], dtype=torch.float64), PAPER)


@pytest.mark.parametrize("base", ["2", "e"])
def test_float64_scores_are_not_rounded_to_float32_first(base):
    """A millionth of a millionth beside a tie, on either side."""
    config = SoftermaxConfig.paper(base=base)
    ties = (torch.arange(-127, 127, dtype=torch.float64) + 0.5) / 4 / (np.log2(np.e) if base == "e" else 1)
    for shift in (-1e-12, 1e-12):
        assert_golden(torch.stack([ties + shift, ties.round()], dim=1), config)


def test_base_e_rounds_as_float64_does_at_every_tie():
    """Scores next to where log2(e) times the score is a tie: the float32 product would go wrong."""
    natural = SoftermaxConfig.paper(base="e")
    ties = (np.arange(-127, 127) + 0.5) / 4 / np.log2(np.e)
    near = ties.astype(np.float32)
    scores = np.stack([np.nextafter(near, np.float32(-99)), near, np.nextafter(near, np.float32(99))], axis=1)
    raw = natural.input.quantise(scores.astype(np.float64) * np.log2(np.e))
    in_float32 = natural.input.quantise(scores * np.float32(np.log2(np.e)))
    assert (raw != in_float32).any()
    pairs = torch.from_numpy(np.stack([scores.ravel(), np.zeros(scores.size, np.float32)], axis=1))
    assert_golden(pairs, natural)


# Shapes, axes and masks


@pytest.mark.parametrize("shape", [(20,), (2, 3, 20), (2, 1, 3, 16), (1, 1, 1), (0, 20), (2, 0, 16), (700, 2, 384)])
@pytest.mark.parametrize("masked", [False, True])
def test_leading_axes_of_any_number_and_size(shape, masked):
    assert_golden(random_scores(shape, 7), PAPER, random_mask(shape, 8) if masked else None)


@pytest.mark.parametrize("dim", [0, 1, 2, -1, -2, -3])
def test_rows_along_any_axis(dim):
    scores, mask = random_scores((5, 30, 40), 9), random_mask((30, 1), 10)
    y = softmax(scores, PAPER, dim, mask)
    moved = golden(scores.movedim(dim, -1).numpy(), PAPER, mask.expand(scores.shape).movedim(dim, -1).numpy())
    np.testing.assert_array_equal(y.movedim(dim, -1).numpy(), moved)
    raw = torch.from_numpy(PAPER.input.quantise(scores.numpy()))
    np.testing.assert_array_equal(softmax_raw(raw, PAPER, dim, mask).numpy() / 128, y.numpy())


def test_scores_need_not_be_contiguous():
    scores = random_scores((6, 50, 80), 11)
    for view in (scores[:, ::2, ::3], scores.transpose(0, 1), scores[:1].expand(4, 50, 80)):
        assert_golden(view, PAPER)


@pytest.mark.parametrize("shape", [(20,), (1, 20), (3, 1), (2, 1, 20), (2, 3, 20), (1,), ()])
def test_masks_broadcast(shape):
    assert_golden(random_scores((2, 3, 20), 12), PAPER, random_mask(shape, 13))


@pytest.mark.parametrize("hidden", [-np.inf, np.inf, np.nan, 6e4])
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_masked_scores_may_be_anything(hidden, dtype):
    scores, mask = random_scores((9, 40), 14).to(dtype), random_mask((9, 40), 15)
    expected = softmax(scores, PAPER, mask=mask)
    assert softmax(scores.masked_fill(~mask, hidden), PAPER, mask=mask).equal(expected)
    assert not expected[~mask].any()
    assert expected.any()


def test_a_fully_masked_row_gives_zeros_beside_others():
    scores, mask = torch.zeros(3, 4), torch.ones(3, 4, dtype=torch.bool)
    mask[1] = False
    assert softmax(scores, PAPER, mask=mask).tolist() == [[0.25] * 4, [0.0] * 4, [0.25] * 4]


def test_arguments_are_not_changed():
    scores, mask = random_scores((3, 50), 16), random_mask((3, 50), 17)
    raw = torch.from_numpy(PAPER.input.quantise(scores.numpy())).int()
    before = scores.clone(), mask.clone(), raw.clone()
    softmax(scores, PAPER, mask=mask)
    softmax_raw(raw, PAPER, mask=mask)
    softmax_raw(raw, PAPER)
    assert all(now.equal(then) for now, then in zip((scores, mask, raw), before, strict=True))


# Types


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
@pytest.mark.parametrize("output", [UQ(0, 8), UQ(1, 7), UQ(0, 9), UQ(1, 10), UQ(0, 12), UQ(0, 24), UQ(1, 24)], ids=str)
def test_results_are_exact_in_a_type_that_holds_them(output, dtype):
    config = SoftermaxConfig(lanes=4, max_len=64, reciprocal=UQ(1, 20), unnormed=UQ(1, 24), output=output)
    scores = random_scores((200, 64), 18, spread=1.0).to(dtype)
    assert_golden(scores, config)
    bits = {torch.float16: 11, torch.bfloat16: 8, torch.float32: 24, torch.float64: 53}
    expected = next(d for d in (dtype, torch.float32, torch.float64) if bits[d] >= output.width)
    assert softmax(scores, config).dtype == expected


@pytest.mark.parametrize("dtype", [torch.int8, torch.uint8, torch.int16, torch.int32, torch.int64])
def test_every_integer_type_is_raw(dtype):
    raw = torch.tensor([[0, 3, 9, 127], [1, 1, 1, 1]])
    assert softmax_raw(raw.to(dtype), PAPER).equal(softmax_raw(raw, PAPER))


@pytest.mark.parametrize("config", [PAPER, SoftermaxConfig.paper(base="e"), WIDEST], ids=["2", "e", "widest"])
@pytest.mark.parametrize("exact", [(), ("output",), ("input", "sum")], ids=str)
def test_autocast_changes_no_bit(config, exact):
    scores = random_scores((30, 50), 19).requires_grad_()
    plain = softmax(scores, config, exact=exact)
    (plain * torch.arange(50)).sum().backward()
    gradient, scores.grad = scores.grad, None
    with torch.autocast("cpu", torch.bfloat16):
        y = softmax(scores, config, exact=exact)
        (y * torch.arange(50)).sum().backward()
    assert y.dtype == plain.dtype
    assert y.equal(plain)
    assert scores.grad.equal(gradient)


def test_number_of_threads_and_default_type_change_no_bit():
    scores = random_scores((3000, 384), 20)
    expected, threads = softmax(scores, PAPER), torch.get_num_threads()
    try:
        torch.set_num_threads(1 if threads > 1 else 2)
        torch.set_default_dtype(torch.float64)
        assert softmax(scores, PAPER).equal(expected)
    finally:
        torch.set_num_threads(threads)
        torch.set_default_dtype(torch.float32)


# The module, and what is not loaded


def test_the_module_is_the_function():
    scores, mask = random_scores((5, 30, 20), 21), random_mask((30, 1), 22)
    module = Softermax(PAPER, 1, exact=["output"])
    assert module(scores, mask).equal(softmax(scores, PAPER, 1, mask, exact={"output"}))
    assert Softermax(PAPER)(scores).equal(softmax(scores, PAPER))
    assert not list(module.parameters())
    assert not module.state_dict()
    assert "dim=1, exact=['output']" in repr(module)


def test_nothing_else_of_the_project_loads_torch():
    code = "import sys, softermax.model, softermax.flows.commands.app; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_without_a_config_it_is_ordinary_softmax_whose_rows_sum_to_one():
    rng = np.random.default_rng(3)
    scores = rng.normal(0, 3, (50, 700))
    y = softmax(torch.tensor(scores)).numpy()
    np.testing.assert_array_equal(y, golden(scores))
    np.testing.assert_array_equal(y, Softermax()(torch.tensor(scores)).numpy())
    assert np.abs(y - softmax_exact(scores, base="e")).max() < 0.05  # scores are rounded to a quarter
    assert np.abs(y.sum(axis=-1) - 1).max() <= 1 / 256
