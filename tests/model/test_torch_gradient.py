"""The gradient of Softermax in PyTorch: that of the exact softmax, by itself and in everything that trains."""

import numpy as np
import pytest
import torch
from torch.utils.checkpoint import checkpoint

from softermax.model import SoftermaxConfig, softmax_exact
from softermax.model.torch import Softermax, softmax, softmax_base2

PAPER = SoftermaxConfig.paper(lanes=16, max_len=384)
NATURAL = SoftermaxConfig.paper(lanes=16, max_len=384, base="e")
CONFIGS = pytest.mark.parametrize("config", [PAPER, NATURAL], ids=["2", "e"])


def numbers(*shape, seed=1, scale=1.0):
    return scale * torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def half_of(*shape, seed=2):
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed)) < 0.5


def exact(scores, config, dim=-1, mask=None):
    """Softmax in PyTorch's own differentiable operations, for rows of which something is kept."""
    x = scores if mask is None else scores.masked_fill(~mask, -np.inf)
    return torch.softmax(x * np.log(2) if config.base == "2" else x, dim)


def gradient(function, scores, weights, **options):
    """Of the weighted sum of a function's results."""
    leaf = scores.detach().clone().requires_grad_()
    (function(leaf, **options) * weights).sum().backward()
    return leaf.grad


# The exact softmax


@pytest.mark.parametrize("masked", [False, True])
def test_softmax_base2_is_the_exact_one(masked):
    scores, mask = numbers(20, 50, scale=8.0), half_of(20, 50)
    mask[3] = False
    y = softmax_base2(scores, mask=mask if masked else None)
    expected = softmax_exact(scores.numpy(), mask.numpy() if masked else None)
    np.testing.assert_allclose(y.numpy(), expected, rtol=1e-12, atol=0)
    assert softmax_base2(scores.T, 0).equal(softmax_base2(scores).T)


def test_softmax_base2_in_float32_is_accurate_for_great_scores():
    """log(2) times 10000.25 would be rounded by 2**-11."""
    scores = 10000 + numbers(5, 60).mul(4).round() / 4
    y = softmax_base2(scores.float()).double()
    np.testing.assert_allclose(y.numpy(), softmax_exact(scores.numpy()), rtol=1e-6)


def test_softmax_base2_has_its_own_gradient():
    mask = half_of(4, 6)
    mask[1] = False
    scores = numbers(4, 6).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: softmax_base2(x, 0), scores)
    assert torch.autograd.gradcheck(lambda x: softmax_base2(x, -1, mask), scores)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_softmax_base2_of_a_narrow_type_is_rounded_once(dtype):
    scores = numbers(5, 60).to(dtype)
    assert softmax_base2(scores).equal(softmax_base2(scores.float()).to(dtype))


def test_softmax_base2_refuses_what_is_none():
    with pytest.raises(TypeError, match=r"^scores must be a tensor, not list$"):
        softmax_base2([1.0])
    with pytest.raises(TypeError, match=r"^scores must be float16, bfloat16, float32 or float64, not torch\.int64$"):
        softmax_base2(torch.arange(3))


# The gradient by itself


@CONFIGS
@pytest.mark.parametrize("dim", [0, 1, -1])
def test_the_gradient_is_that_of_the_exact_softmax(config, dim):
    scores, weights = numbers(300, 20, 50, scale=3.0), numbers(300, 20, 50, seed=3)
    ours = gradient(softmax, scores, weights, config=config, dim=dim)
    torch.testing.assert_close(ours, gradient(exact, scores, weights, config=config, dim=dim), rtol=1e-12, atol=1e-15)


@CONFIGS
def test_masked_scores_have_a_gradient_of_zero_and_the_others_that_of_the_exact_softmax(config):
    scores, weights, mask = numbers(2000, 300), numbers(2000, 300, seed=3), half_of(2000, 300)
    expected = gradient(exact, scores, weights, config=config, mask=mask)
    scores[~mask] = np.nan
    ours = gradient(softmax, scores, weights, config=config, mask=mask)
    torch.testing.assert_close(ours, expected, rtol=1e-12, atol=1e-15)
    assert not ours[~mask].any()


def test_a_fully_masked_row_has_a_gradient_of_zero_beside_others():
    scores, weights = numbers(3, 5), numbers(3, 5, seed=3)
    mask = torch.tensor([[True], [False], [True]])
    ours = gradient(softmax, scores, weights, config=PAPER, mask=mask)
    assert not ours[1].any()
    assert ours[::2].equal(gradient(softmax, scores[::2], weights[::2], config=PAPER))
    assert ours[::2].all()


def test_where_every_result_is_rounded_to_zero_there_is_a_gradient():
    scores, weights = torch.zeros(1, 384), torch.eye(384)[:1]
    assert not softmax(scores, PAPER).any()
    assert gradient(softmax, scores, weights, config=PAPER)[0, 0] > np.log(2) / 400


def test_scores_beyond_the_input_format_have_the_gradient_of_scores_not_saturated():
    scores = torch.tensor([[40.0, 41.0]])
    ours = gradient(softmax, scores, torch.tensor([[0.0, 1.0]]), config=PAPER)
    torch.testing.assert_close(ours, torch.tensor([[-1.0, 1.0]]) * 2 / 9 * np.log(2).item())


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_the_gradient_has_the_type_of_the_scores_and_is_rounded_once(dtype):
    scores, weights = numbers(30, 50).to(dtype), numbers(30, 50, seed=3).to(dtype)
    for config in (PAPER, SoftermaxConfig.faithful(max_len=384)):
        ours = gradient(softmax, scores, weights, config=config)
        assert ours.dtype == dtype
        expected = gradient(exact, scores.double(), weights.double(), config=config)
        torch.testing.assert_close(ours.double(), expected, rtol=torch.finfo(dtype).eps, atol=1e-6)


def test_only_the_scores_are_kept_for_the_gradient():
    saved = []
    scores, mask = numbers(6, 40).requires_grad_(), half_of(40)
    with torch.autograd.graph.saved_tensors_hooks(lambda x: saved.append(x) or x, lambda x: x):
        softmax(scores, PAPER, mask=mask)
    assert [x.untyped_storage().data_ptr() for x in saved] == [x.untyped_storage().data_ptr() for x in (scores, mask)]


@CONFIGS
def test_second_derivatives_are_those_of_the_exact_softmax(config):
    scores, weights, mask = numbers(4, 7).requires_grad_(), numbers(4, 7, seed=3), half_of(4, 7)
    mask[:, 0] = True

    def curvature(function, **options):
        (first,) = torch.autograd.grad((function(scores, **options) * weights).sum(), scores, create_graph=True)
        return torch.autograd.grad((first * weights.flip(1)).sum(), scores)[0]

    for options in ({}, {"mask": mask}):
        ours = curvature(softmax, config=config, **options)
        torch.testing.assert_close(ours, curvature(exact, config=config, **options), rtol=1e-10, atol=1e-14)


# In what trains


@pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated:DeprecationWarning")
def test_torch_func():
    scores, weights = numbers(5, 6), numbers(6, seed=3)
    mask = half_of(5, 6)
    mask[:, 0] = True

    def loss(x, m=None):
        return (softmax(x, PAPER, mask=m) * weights).sum()

    expected = gradient(softmax, scores, weights.expand(5, 6), config=PAPER)
    torch.testing.assert_close(torch.func.grad(loss)(scores), expected)
    torch.testing.assert_close(torch.vmap(torch.func.grad(loss))(scores), expected)
    masked = gradient(softmax, scores, weights.expand(5, 6), config=PAPER, mask=mask)
    torch.testing.assert_close(torch.vmap(torch.func.grad(loss))(scores, mask), masked)
    one_row = gradient(softmax, scores[:1].expand(5, 6), weights.expand(5, 6), config=PAPER, mask=mask)
    torch.testing.assert_close(torch.vmap(torch.func.grad(loss), in_dims=(None, 0))(scores[0], mask), one_row)
    assert torch.vmap(lambda x: softmax(x, PAPER), in_dims=1)(scores).equal(softmax(scores.T, PAPER))
    assert torch.vmap(lambda x, m: softmax(x, PAPER, mask=m))(scores, mask).equal(softmax(scores, PAPER, mask=mask))
    of_one = torch.vmap(lambda m: softmax(scores[0], PAPER, mask=m))(mask)
    assert of_one.equal(softmax(scores[:1].expand(5, 6), PAPER, mask=mask))
    row = scores[0]
    jacobian = torch.func.jacrev(lambda x: softmax(x, PAPER))(row)
    torch.testing.assert_close(jacobian, torch.func.jacrev(lambda x: exact(x, PAPER))(row))
    torch.testing.assert_close(torch.func.jacfwd(lambda x: softmax(x, PAPER))(row), jacobian)
    hessian = torch.func.hessian(lambda x: (exact(x, PAPER) * weights).sum())(row)
    torch.testing.assert_close(torch.func.hessian(loss)(row), hessian)


def test_checkpoint_gives_the_same_results_and_gradient():
    scores, weights = numbers(20, 60), numbers(20, 60, seed=3)
    expected = gradient(softmax, scores, weights, config=PAPER)
    for reentrant in (False, True):
        again = gradient(
            lambda x, reentrant=reentrant: checkpoint(lambda s: softmax(s * 1, PAPER), x, use_reentrant=reentrant),
            scores,
            weights,
        )
        assert again.equal(expected)


def test_without_a_gradient_the_results_are_the_same():
    scores = numbers(20, 60).requires_grad_()
    expected = softmax(scores, PAPER)
    assert expected.requires_grad
    for context in (torch.no_grad(), torch.inference_mode()):
        with context:
            y = softmax(scores, PAPER)
        assert not y.requires_grad
        assert y.equal(expected)
    # What was computed in inference mode first, the tables say, serves training as well.
    fresh = SoftermaxConfig.paper(lanes=3, max_len=99)
    with torch.inference_mode():
        softmax(scores, fresh)
    assert gradient(softmax, scores, 1.0, config=fresh, exact={"sum"}).isfinite().all()


def test_a_module_learns_through_it():
    """Attention with a query to be learnt, whose row is to single out a key."""
    keys = numbers(12, 8).float()
    query = torch.zeros(8, requires_grad=True)
    attention = Softermax(PAPER)
    optimiser = torch.optim.Adam([query], lr=0.3)
    losses = []
    for _ in range(60):
        loss = 1 - attention(keys @ query)[5]
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[0] > 0.9
    assert losses[-1] < 0.05


@CONFIGS
def test_softermax_in_a_compiled_network_is_softermax(config):
    scores, weights = numbers(20, 60).float(), numbers(20, 60, seed=3).float()
    compiled = torch.compile(Softermax(config))
    assert compiled(scores).equal(softmax(scores, config))
    assert gradient(compiled, scores, weights).equal(gradient(softmax, scores, weights, config=config))


@pytest.mark.parametrize("context", [torch.no_grad, torch.enable_grad])
def test_forward_mode_needs_no_grad_mode(context):
    """Nor do maps over a batch, whose tensors have no values to look at."""
    config = SoftermaxConfig.paper()
    scores, tangent = numbers(3, 20).float(), numbers(3, 20, seed=2).float()
    with context():
        y, change = torch.func.jvp(lambda x: softmax(x, config), (scores,), (tangent,))
        mapped = torch.func.vmap(lambda x: softmax(x, config))(scores)
        with torch.autograd.forward_ad.dual_level():
            dual = torch.autograd.forward_ad.make_dual(scores, tangent)
            again = torch.autograd.forward_ad.unpack_dual(softmax(dual, config)).tangent
    assert change.any()
    assert again.equal(change)
    assert y.equal(mapped)
