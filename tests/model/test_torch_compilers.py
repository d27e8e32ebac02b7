"""torch.compile, torch.export, tensors without values and ONNX: the same bits as without them."""

import numpy as np
import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode

from softermax.model import UQ, SoftermaxConfig
from softermax.model import softmax as golden
from softermax.model.torch import Softermax, softmax
from softermax.model.torch.operator import _config, _text

CONFIGS = {
    "paper": SoftermaxConfig.paper(),
    "paper, base e": SoftermaxConfig.paper(base="e"),
    "row product": SoftermaxConfig.paper(normalizer="row_product"),
    "saturating": SoftermaxConfig.paper(lanes=4, power_sum=UQ(3, 6), saturate=True),
    "faithful": SoftermaxConfig.faithful(base="e"),
    "multiply": SoftermaxConfig.faithful(normalizer="multiply"),
    "directed": SoftermaxConfig.faithful(rounding="directed"),
    "cascade": SoftermaxConfig.faithful(rounding="cascade", base="e"),
    "cascade of long rows": SoftermaxConfig.faithful(rounding="cascade", base="e", max_len=65536),
    "16 bits": SoftermaxConfig.faithful(output=UQ(0, 16)),
}
each = pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
DYNAMIC = torch.export.Dim.DYNAMIC


class Masked(torch.nn.Module):
    """Softermax beside other operations, with a mask."""

    def __init__(self, config):
        super().__init__()
        self.config = config

    def forward(self, scores, mask):
        return softmax(scores * 1.0, self.config, mask=mask)


def rows(queries=6, keys=100, seed=1):
    """Scores and a mask; a row of which nothing is kept, a score that vanishes, others that saturate."""
    generator = torch.Generator().manual_seed(seed)
    scores = 12 * torch.randn(3, queries, keys, generator=generator)
    mask = torch.rand(queries, keys, generator=generator) < 0.8
    mask[0] = False
    scores[0, 1, 2], scores[1, 2, 3] = -1e9, 1e9
    return scores, mask


def assert_golden(y, scores, mask, config):
    np.testing.assert_array_equal(y.detach().double().numpy(), golden(scores.detach().numpy(), config, mask.numpy()))


@pytest.fixture(autouse=True)
def _anew():
    torch._dynamo.reset()


@each
def test_a_whole_graph_is_compiled(config):
    scores, mask = rows()
    compiled = torch.compile(Masked(config), fullgraph=True)
    assert_golden(compiled(scores, mask), scores, mask, config)
    more = rows(queries=9, keys=77, seed=2)
    assert_golden(compiled(*more), *more, config)


@pytest.mark.parametrize("mode", ["default", "reduce-overhead", "max-autotune-no-cudagraphs"])
def test_gradients_of_a_compiled_graph_are_the_same(mode):
    config, (scores, mask) = CONFIGS["cascade"], rows()
    scores.requires_grad_()
    weights = torch.randn(scores.shape, generator=torch.Generator().manual_seed(3))
    compiled = torch.compile(Masked(config), fullgraph=True, mode=mode)
    found, expected = (
        torch.autograd.grad((module(scores, mask) * weights).sum(), scores)[0] for module in (compiled, Masked(config))
    )
    assert found.equal(expected)
    assert found.any()


@pytest.mark.parametrize("exact", [("output",), ("input", "sum")])
def test_approximations_are_left_out_of_a_compiled_graph_too(exact):
    scores, _ = rows()
    module = Softermax(CONFIGS["paper"], exact=exact)
    assert torch.compile(module, fullgraph=True)(scores.clamp(-99, 99)).equal(module(scores.clamp(-99, 99)))


def test_the_default_config_is_compiled_too():
    scores, _ = rows()
    assert torch.compile(lambda x: softmax(x), fullgraph=True)(scores).equal(softmax(scores))


def test_a_compiled_graph_refuses_what_is_not_finite():
    compiled = torch.compile(Softermax(CONFIGS["paper"]), fullgraph=True)
    with pytest.raises(ValueError, match=r"^scores must be finite where the mask keeps them, not nan$"):
        compiled(torch.tensor([[0.0, torch.nan]]))


@each
@pytest.mark.parametrize("strict", [False, True])
def test_exported_programs(config, strict):
    """For rows of any number and length, saved and loaded again."""
    scores, mask = rows()
    shapes = {0: DYNAMIC, 1: DYNAMIC, 2: DYNAMIC}, {0: DYNAMIC, 1: DYNAMIC}
    program = torch.export.export(Masked(config), (scores, mask), dynamic_shapes=shapes, strict=strict)
    more = rows(queries=9, keys=77, seed=2)
    assert_golden(program.module()(*more), *more, config)


def test_an_exported_program_is_saved_and_loaded(tmp_path):
    scores, mask = rows()
    torch.export.save(torch.export.export(Masked(CONFIGS["cascade"]), (scores, mask)), tmp_path / "program.pt2")
    loaded = torch.export.load(tmp_path / "program.pt2").module()
    assert_golden(loaded(scores, mask), scores, mask, CONFIGS["cascade"])


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
@each
def test_tensors_without_values_have_shape_and_type(config, dtype):
    scores, mask = rows()
    expected = softmax(scores.clamp(-1e4, 1e4).to(dtype), config, 1, mask)
    found = softmax(scores.to("meta", dtype), config, 1, mask.to("meta"))
    scores = scores.to(dtype)
    with FakeTensorMode() as mode:
        fake = softmax(mode.from_tensor(scores), config, 1, mode.from_tensor(mask))
    for one in (found, fake):
        assert (one.shape, one.dtype) == (expected.shape, expected.dtype)
    assert (found.device.type, fake.device.type) == ("meta", "cpu")


@each
def test_a_config_is_what_its_words_say(config):
    assert _config(_text(config)) == config
    other = SoftermaxConfig(lanes=8, max_len=64, cuts=("int_max", "sum_1"))
    assert _config(_text(other)) == other
    assert _config(_text(SoftermaxConfig(lanes=8, max_len=64, cuts=()))).cuts == ()


@each
@pytest.mark.filterwarnings("ignore")
def test_onnx_in_standard_operators(config, tmp_path):
    """For any number of rows of a length; the interpreter of ONNX computes the same bits."""
    onnx = pytest.importorskip("onnx")
    pytest.importorskip("onnxscript")
    from onnx.reference import ReferenceEvaluator

    scores, mask = rows()
    shapes = {0: DYNAMIC}, None
    module = Masked(config).eval()
    torch.onnx.export(module, (scores, mask), tmp_path / "m.onnx", dynamo=True, dynamic_shapes=shapes, verbose=False)
    model = onnx.load(tmp_path / "m.onnx")
    onnx.checker.check_model(model)
    assert {node.domain for node in model.graph.node} <= {"", "ai.onnx"}
    scores = rows(seed=4)[0][:2]
    names = [each.name for each in model.graph.input]

    def run(scores):
        values = dict(zip(names, (scores.numpy(), mask.numpy()), strict=True))
        return torch.from_numpy(ReferenceEvaluator(model).run(None, values)[0])

    assert_golden(run(scores), scores, mask, config)
    # No graph can refuse anything.
    scores[1, 3, mask[3].nonzero()[0]] = torch.nan
    y = run(scores)
    assert y[1, 3].isnan().all()
    assert y.isnan().sum() == y.shape[-1]


def test_what_onnx_cannot_have_is_refused():
    pytest.importorskip("onnxscript")
    scores, _ = rows()
    with pytest.raises(Exception, match="Softermax must have no approximation left out to be exported to ONNX"):
        torch.onnx.export(Softermax("paper", exact=["sum"]).eval(), (scores,), dynamo=True, verbose=False)
    with pytest.raises(ValueError, match=r"^torch.onnx.export must have dynamo=True to export Softermax, not False$"):
        torch.onnx.export(Softermax("paper").eval(), (scores,), "none.onnx", dynamo=False)


def test_traced_functions_are_the_operator():
    scores, mask = rows()
    module = Masked(CONFIGS["cascade"])
    more = rows(queries=6, keys=100, seed=2)
    assert_golden(torch.jit.trace(module, (scores, mask))(*more), *more, CONFIGS["cascade"])
