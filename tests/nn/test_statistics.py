"""Statistics of scores: against NumPy on the scores themselves."""

import math

import numpy as np
import pytest
import torch

from softermax.model import SoftermaxConfig
from softermax.nn import score_statistics
from softermax.nn.observation import observe

from .models import HEADS, LAYERS, batch, make

CONFIG = SoftermaxConfig.paper(lanes=4, max_len=32, base="e")


def wide():
    """Scores that exceed Q(6,2)."""
    model = make("bert")
    with torch.no_grad():
        for layer in model.encoder.layer:
            layer.attention.self.query.weight.mul_(12)
    return model


def recorded(model, config):
    """Every kept score, in units of the format, and every row's probabilities: for each layer, head by head."""
    layers = {}

    def record(module, scores, keep, probabilities):
        kept = torch.ones_like(scores, dtype=torch.bool) if keep is None else keep
        unit = math.log2(math.e) if config.base == "e" else 1
        # What lies 150 octaves below its row's highest is 0 in exact softmax in float32, as if masked.
        shown = scores.masked_fill(~kept, -math.inf)
        kept = kept & (shown * unit > shown.amax(-1, keepdim=True) * unit - 150)
        heads = layers.setdefault(module, [([], []) for _ in range(HEADS)])
        for head, (values, rows) in enumerate(heads):
            values.append((scores.double() * unit)[:, head][kept[:, head]].numpy())
            rows.append(probabilities[:, head].double().reshape(-1, scores.shape[-1]).numpy())

    observe(model, [batch("bert"), batch("bert")], config, record)
    return [[tuple(map(np.concatenate, head)) for head in heads] for heads in layers.values()]


@pytest.mark.parametrize("base", ["2", "e"])
def test_every_figure_is_numpys(base):
    config = SoftermaxConfig.paper(lanes=4, max_len=32, base=base)
    found = score_statistics(wide(), [batch("bert"), batch("bert")], config)
    expected = recorded(wide(), config)
    assert [(row["layer"], row["module"], row["head"]) for row in found] == [
        (layer, f"encoder.layer.{layer}.attention.self", head) for layer in range(LAYERS) for head in range(HEADS)
    ]
    for row in found:
        values, rows = expected[row["layer"]][row["head"]]
        assert row["scores"] == len(values) <= 2 * 9 * 14
        for field, percent in {"least": 0, "p1": 1, "p50": 50, "p99": 99, "p99_999": 99.999, "greatest": 100}.items():
            exact = np.percentile(values, percent, method="inverted_cdf")
            assert exact <= row[field] < exact + 1 / 4
        for prefix, zero_point in (("", 0), ("moved_", row["zero_point"])):
            raw = values * 4 - zero_point
            assert row[f"{prefix}clipped_above"] == pytest.approx((raw > 127.5).mean())
            assert row[f"{prefix}clipped_below"] == pytest.approx((raw < -128.5).mean())
        entropy = -(rows * np.log2(np.maximum(rows, 1e-300))).sum(-1).mean()
        assert row["entropy"] == pytest.approx(entropy)
        assert row["max_probability"] == pytest.approx(rows.max(-1).mean())
    assert max(row["clipped_above"] for row in found) > 0.01


def test_uniform_rows():
    model = make("vit")
    with torch.no_grad():
        for module in model.modules():
            if hasattr(module, "q_proj"):
                module.q_proj.weight.zero_()
                module.q_proj.bias.zero_()
    for row in score_statistics(model, [batch("vit")], CONFIG):
        assert row["entropy"] == pytest.approx(math.log2(17))
        assert row["max_probability"] == pytest.approx(1 / 17)
        assert row["least"] == row["greatest"] == row["zero_point"] == 0


def test_fully_masked_rows_have_no_say():
    inputs = batch("bert")
    with_masked = inputs | {"attention_mask": inputs["attention_mask"] * torch.tensor([[1], [0]])}
    alone = {name: value[:1] for name, value in inputs.items()}
    model = make("bert")
    for found, expected in zip(
        score_statistics(model, [with_masked], CONFIG), score_statistics(model, [alone], CONFIG), strict=True
    ):
        assert found == pytest.approx(expected)


def test_the_model_stays_as_it_is():
    model = make("bert", "sdpa").train()
    names = set(model.state_dict())
    score_statistics(model, [batch("bert")], CONFIG)
    assert model.config._attn_implementation == "sdpa"
    assert model.training
    assert set(model.state_dict()) == names
