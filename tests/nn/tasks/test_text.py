"""Tasks of texts: what the model reads, what is made of its answers; sentiment; training on it."""

import copy

import pytest
import torch

from softermax.nn.tasks import sentiment, training
from softermax.nn.tasks.arms import CONTROL, SETS
from softermax.nn.tasks.errors import TaskError
from softermax.nn.tasks.measures import MEASURES
from softermax.nn.tasks.task import Schedule
from softermax.nn.tasks.text import Text, TextTask

from .tiny import WORDS, encoder

FOLDED = next(arm for arm in SETS["presets"]() if arm.name == "folded")
SCHEDULE = Schedule(epochs=20, rate=5e-3, more_epochs=1, more_rate=1e-3, batch=16)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return encoder(tmp_path_factory.mktemp("model"))


def films(number, seed):
    """Sentences that say whether a film is good, somewhere."""
    draw = torch.Generator().manual_seed(seed)
    texts = []
    for place in range(number):
        words = [WORDS[word] for word in torch.randint(2, 11, (3 + place % 5,), generator=draw).tolist()]
        words.insert(place % len(words), "good" if place % 2 else "bad")
        texts.append(Text(place, (" ".join(words),), float(place % 2)))
    return texts


def task(model, labels=2, train=48):
    options = {"measures": ("accuracy",), "schedule": SCHEDULE, "labels": labels, "max_tokens": 16}
    return TextTask(films(train, 1), films(24, 2), model=model, **options)


def test_batches_are_padded_and_masked(model):
    some = task(model)
    batch = some.batch(some.test[:5])
    assert batch["input_ids"].shape == (5, 10)  # 7 words, the one, and two tokens around
    assert batch["attention_mask"].sum(dim=1).tolist() == [some.length(example) for example in some.test[:5]]
    assert (batch["input_ids"][batch["attention_mask"] == 0] == 0).all()
    assert batch["labels"].tolist() == [0, 1, 0, 1, 0]


def trained(model, arm, seed=1):
    some = task(model)
    training.reproducible(seed)
    network = some.start()
    arm.install(network, training.calibration_batches(some))
    training.train(network, some, some.schedule.epochs, some.schedule.rate, seed)
    return network, training.evaluate(network, some)


@pytest.mark.parametrize("arm", [CONTROL, FOLDED], ids=lambda arm: arm.name)
def test_training_learns_and_comes_out_the_same_again(arm, model):
    network, outcomes = trained(model, arm)
    assert outcomes.ids == [[number] for number in range(24)]
    assert MEASURES["accuracy"](torch.tensor(outcomes.values).numpy()) > 0.9
    again, outcomes_again = trained(model, arm)
    assert outcomes_again == outcomes
    assert all(torch.equal(one, other) for one, other in zip(network.parameters(), again.parameters(), strict=True))
    other, _ = trained(model, arm, seed=2)
    assert not torch.equal(other.classifier.weight, network.classifier.weight)


def test_evaluation_does_not_depend_on_what_is_beside_an_example(model, monkeypatch):
    some = task(model)
    network = some.start()
    outcomes = training.evaluate(network, some)
    monkeypatch.setattr(some, "at_once", 1)
    assert training.evaluate(copy.deepcopy(network), some) == outcomes


def test_long_texts_are_calibrated_on_few(model, monkeypatch):
    some = task(model)
    assert sum(len(batch["labels"]) for batch in training.calibration_batches(some)) == 48
    lengths = [some.length(example) for example in some.train]
    monkeypatch.setattr(training, "ENOUGH_SCORES", lengths[0] ** 2 + lengths[1] ** 2)
    assert [len(batch["labels"]) for batch in training.calibration_batches(some)] == [2]


def test_ratings_are_numbers(model):
    some = task(model, labels=1)
    network = some.start()
    batch = some.batch(some.test[:2])
    assert batch["labels"].dtype == torch.float32
    output = network(**batch)
    assert some.answers(output, batch) == output.logits[:, 0].double().tolist()


def test_a_model_that_is_not_there_is_told(tmp_path):
    with pytest.raises(
        TaskError, match=r"^the model must be a folder or a name on a hub that can be reached, not '/.*': "
    ):
        task(str(tmp_path))


def test_seeds_of_sentiment_share_no_test_example_and_train_on_none(model, monkeypatch, tmp_path):
    rated = [(number % 7 - 3, f"film {number}") for number in range(700)]
    monkeypatch.setattr(sentiment, "read_snippets", lambda folder: rated)
    seeds = [sentiment.sentiment(seed, tmp_path, model, quick=True) for seed in (1, 2, 5)]
    tests, trains = ([{e["text"] for e in getattr(one, part)} for one in seeds] for part in ("test", "train"))
    assert [len(test) for test in tests] == 3 * [sentiment.QUICK.test]
    assert len(set.union(*tests)) == 3 * sentiment.QUICK.test
    assert not set.union(*tests) & set.union(*trains)
    assert trains[0] != trains[1]
    # A rating of 0 is neither good nor bad.
    truths = {text.texts[0]: text.truth for test in tests for text in test}
    assert truths == {text: float(rating > 0) for rating, text in rated if text in truths and rating}
    with pytest.raises(TaskError, match=r"^the seed must be 1 to 5 for test examples of its own, not 6$"):
        sentiment.sentiment(6, tmp_path, model)


def test_sentiment_is_told_by_the_mean_of_tokens(model, monkeypatch, tmp_path):
    texts = [(1 - 2 * (place % 2), "bad film" if place % 2 else "the good film") for place in range(700)]
    monkeypatch.setattr(sentiment, "read_snippets", lambda folder: texts)
    some = sentiment.sentiment(1, tmp_path, model, quick=True)
    training.reproducible(1)
    network = some.start()
    FOLDED.install(network, training.calibration_batches(some))
    training.train(network, some, 20, 5e-3, 1)
    assert MEASURES["accuracy"](torch.tensor(training.evaluate(network, some).values).numpy()) == 1
    batch = some.batch(some.test[:2])
    states = network.encoder(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).last_hidden_state
    means = [row[mask == 1].mean(dim=0) for row, mask in zip(states, batch["attention_mask"], strict=True)]
    torch.testing.assert_close(network(**batch).logits, network.classifier(torch.stack(means)))
