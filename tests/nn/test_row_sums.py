"""What calibration says of the mass that outputs lose, and of a format that loses none."""

import json
import math
import re
import warnings
from dataclasses import replace

import numpy as np
import pytest
import torch
from transformers import LlamaConfig, LlamaModel

from softermax.model import UQ, SoftermaxConfig, softmax
from softermax.model.lost_mass import LITTLE
from softermax.nn import calibrate, load_quantisers, register
from softermax.nn.row_sums import RowSums

from .models import batch, make

LONG = 300


def config(**changes):
    return SoftermaxConfig.faithful(**{"lanes": 4, "max_len": LONG, "base": "e"} | changes)


def sums_of(scores, chosen, keep=None):
    found = RowSums(scores.shape[1], chosen)
    found.add(scores, keep)
    return found


def scores(seed=1, heads=3, rows=20, n=LONG):
    return torch.randn(2, heads, rows, n, generator=torch.Generator().manual_seed(seed)).double()


@pytest.mark.parametrize("base", ["2", "e"])
def test_sums_are_the_golden_models(base):
    """Of rows whose largest score is the format's greatest already."""
    chosen, given = config(base=base), scores()
    unit = math.log2(math.e) if base == "e" else 1.0
    given += 31.75 / unit - given.amax(dim=-1, keepdim=True)
    keep = torch.rand(given.shape, generator=torch.Generator().manual_seed(2)) > 0.3
    keep.scatter_(-1, given.argmax(dim=-1, keepdim=True), True)
    keep[0, :, 3] = False
    expected = np.asarray(softmax(given.numpy(), chosen, keep.numpy())).sum(-1)
    found = sums_of(given, chosen, keep)
    assert found.rows.tolist() == [39] * 3
    for head in range(3):
        rows = np.delete(expected[:, head].ravel(), 3)
        assert found.head(head) == {
            "row_sum": pytest.approx(rows.mean()),
            "least_row_sum": rows.min(),
            "greatest_row_sum": rows.max(),
            "mass_error": pytest.approx(np.abs(rows - 1).mean()),
        }


def test_a_zero_point_moves_no_sum():
    given = scores()
    first, second = (sums_of(moved, config()).head(1) for moved in (given, given * 1.0 + 1000))
    assert first == pytest.approx(second, abs=1e-3)


def long_llama():
    """A model whose rows are long and flat."""
    sizes = {
        "vocab_size": 50,
        "hidden_size": 16,
        "intermediate_size": 16,
        "num_hidden_layers": 2,
        "max_position_embeddings": 64,
    }
    torch.manual_seed(1)
    model = LlamaModel(LlamaConfig(**sizes, num_attention_heads=2, num_key_value_heads=2)).eval()
    ids = torch.randint(0, 50, (2, LONG), generator=torch.Generator().manual_seed(3))
    return model, [{"input_ids": ids}]


def test_lost_mass_is_warned_of_once_and_the_format_does():
    model, batches = long_llama()
    with pytest.warns(UserWarning, match="rows do not sum to one") as warned:
        report = calibrate(model, batches, config())
    [text] = [str(each.message) for each in warned]
    worst = max(report, key=lambda entry: entry["mass_error"])
    assert worst["mass_error"] > LITTLE
    assert re.fullmatch(
        rf"rows do not sum to one in UQ\(0,8\) in 4 of 4 heads; rows of head {worst['head']} of {worst['module']} "
        rf"sum to {worst['row_sum']:.3f} on average, {worst['least_row_sum']:.3f} at least: "
        r'take output=UQ\(0,(\d+)\), or rounding="cascade" with guard_bits=8',
        text,
    )
    bits = int(re.search(r"output=UQ\(0,(\d+)\)", text)[1])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for changes in ({"output": UQ(0, bits)}, {"rounding": "cascade", "guard_bits": 8}):
            report = calibrate(model, batches, config(**changes))
            assert max(entry["mass_error"] for entry in report) <= LITTLE
    with pytest.warns(UserWarning, match="rows do not sum"):
        calibrate(model, batches, config(output=UQ(0, bits - 1)))


def test_few_guard_bits_are_named():
    model, batches = long_llama()
    with pytest.warns(UserWarning, match=r"at least: take guard_bits=8$"):
        calibrate(model, batches, config(rounding="cascade", guard_bits=1))


def test_the_default_loses_nothing():
    model, batches = long_llama()
    register()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        report = calibrate(model, batches)
    assert max(entry["mass_error"] for entry in report) <= 1 / 256


def test_tables_that_lose_mass_are_said_to():
    given = scores(n=20)
    paper = SoftermaxConfig.paper(lanes=4, max_len=32)
    found = sums_of(given, replace(paper, output=UQ(1, 12), reciprocal_segments=1))
    assert found.head(0)["mass_error"] > LITTLE
    assert found.remedy().startswith("take SoftermaxConfig.faithful")


def test_the_report_is_json_and_in_the_state():
    model, other = make("bert"), make("bert")
    chosen = config(max_len=32)
    report = calibrate(model, [batch("bert")], chosen)
    assert json.loads(json.dumps(report)) == report
    assert set(report[0]) == {
        "module", "head", "zero_point", "clipped_above", "clipped_below", "row_sum", "least_row_sum",
        "greatest_row_sum", "mass_error",
    }  # fmt: skip
    load_quantisers(other, model.state_dict(), chosen)
    for name, head in ((entry["module"], entry["head"]) for entry in report):
        quantisers = (each.get_submodule(f"{name}.score_quantiser") for each in (model, other))
        assert len({json.dumps(quantiser.head(head)) for quantiser in quantisers}) == 1


def test_rows_that_are_too_long_are_refused_when_calibrating():
    model, batches = long_llama()
    with pytest.raises(ValueError, match=rf"^rows must have at most max_len = 64 scores, not {LONG}: calibrate with "):
        calibrate(model, batches, config(max_len=64))


def test_exact_probabilities_in_that_many_bits_sum_to_one():
    given, chosen = scores(heads=2), config(base="2")
    found = sums_of(given, chosen)
    exact = torch.softmax(given * math.log(2), -1).numpy()
    sums = {bits: np.floor(exact * 2**bits + 0.5).sum(-1) / 2**bits for bits in range(8, 17)}
    errors = {bits: np.abs(each - 1).mean((0, 2)).max() for bits, each in sums.items()}
    assert found.enough == min(bits for bits, error in errors.items() if error <= LITTLE)
