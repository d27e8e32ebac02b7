"""Digits: who tests on what, and what the model makes of an image."""

import torch

from softermax.nn.tasks.digits import DigitsTask


def test_three_seeds_test_each_image_once_and_train_on_the_others():
    tasks = [DigitsTask(seed) for seed in (1, 2, 3)]
    assert sorted(image for task in tasks for image in task.test) == list(range(1797))
    for task in tasks:
        assert sorted(task.train + task.test) == list(range(1797))
    assert DigitsTask(4).test != tasks[0].test
    assert DigitsTask(1).test == tasks[0].test


def test_images_go_with_their_truths():
    task = DigitsTask(1, quick=True)
    batch = task.batch([0, 1, 2])
    assert batch["labels"].tolist() == [0, 1, 2]
    assert batch["pixel_values"].shape == (3, 1, 8, 8)
    assert (batch["pixel_values"].min(), batch["pixel_values"].max()) == (-0.5, 0.5)
    outcomes = task.outcomes(list(range(64)))
    assert outcomes.ids[5] == [task.test[5]]
    assert outcomes.values[5] == [5, float(task._truths[task.test[5]])]


def test_a_row_has_a_score_for_each_pixel_and_the_class():
    task = DigitsTask(1, quick=True)
    model = task.start().eval()
    model.set_attn_implementation("eager")
    with torch.no_grad():
        attentions = model(**task.batch([0, 1]), output_attentions=True).attentions
    assert {attention.shape for attention in attentions} == {(2, 4, 65, 65)}
