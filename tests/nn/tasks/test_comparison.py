"""Standard errors against the textbook's, where it has them."""

import numpy as np
import pytest
from scipy import stats

from softermax.nn.tasks import comparison
from softermax.nn.tasks.comparison import Outcomes, compare, mcnemar, summarise


def outcomes(right, first=0):
    """Of examples that are right or not, numbered from ``first``."""
    return Outcomes([[first + number] for number in range(len(right))], [[float(hit), 1.0] for hit in right])


def random_outcomes(seed, number=200, chance=0.8, first=0):
    return outcomes(np.random.default_rng(seed).random(number) < chance, first)


def hits(one):
    return np.array(one.values)[:, 0]


def test_of_one_seed_the_error_is_that_of_a_mean():
    one = random_outcomes(1)
    result = summarise([one], "accuracy")
    assert result["value"] == pytest.approx(100 * hits(one).mean())
    assert result["se"] == pytest.approx(100 * stats.sem(hits(one)))
    assert result["se_seeds"] is None


def test_differences_are_paired():
    ours, theirs = random_outcomes(1), random_outcomes(2)
    result = compare([ours], [theirs], "accuracy")
    assert result["difference"] == pytest.approx(100 * (hits(ours) - hits(theirs)).mean())
    assert result["difference_se"] == pytest.approx(100 * stats.sem(hits(ours) - hits(theirs)))
    assert result["gained"] == np.sum(hits(ours) > hits(theirs))
    assert result["lost"] == np.sum(hits(ours) < hits(theirs))
    assert compare([ours], [ours], "accuracy")["difference_se"] == 0


def test_perplexities_are_told_as_they_are_and_by_their_quotient():
    losses = np.random.default_rng(1).normal(3, 0.2, (2, 40))
    losses[0] = losses[1] + 0.01 + 0.01 * losses[0]
    ours, theirs = (Outcomes([[number] for number in range(40)], row[:, None].tolist()) for row in losses)
    assert summarise([ours], "perplexity")["value"] == pytest.approx(np.exp(losses[0].mean()))
    result = compare([ours], [theirs], "perplexity")
    assert result["difference"] == pytest.approx(np.exp(losses[0].mean()) - np.exp(losses[1].mean()))
    ratio = np.exp((losses[0] - losses[1]).mean())
    assert result["ratio"] == pytest.approx(ratio)
    # What windows have in common cancels; a quotient so near to 1 is linear in the losses.
    assert result["ratio_se"] == pytest.approx(ratio * stats.sem(losses[0] - losses[1]), rel=1e-3)
    assert "ratio" not in compare([random_outcomes(1)], [random_outcomes(2)], "accuracy")


def test_seeds_with_examples_of_their_own_are_independent():
    ours = [random_outcomes(seed, first=1000 * seed) for seed in (1, 2, 3)]
    theirs = [random_outcomes(seed + 10, chance=0.7, first=1000 * seed) for seed in (1, 2, 3)]
    result = compare(ours, theirs, "accuracy")
    differences = np.array([hits(a) - hits(b) for a, b in zip(ours, theirs, strict=True)])
    expected = np.sqrt(sum(stats.sem(row) ** 2 for row in differences)) / 3
    # Groups of two examples are left out, and they are not all of one seed.
    assert result["difference_se"] == pytest.approx(100 * expected, rel=0.1)
    assert result["difference_se_seeds"] == pytest.approx(100 * stats.sem(differences.mean(axis=1)))
    assert result["p"] == mcnemar(result["gained"], result["lost"])


def test_seeds_with_the_same_examples_are_not():
    ours = [random_outcomes(1), random_outcomes(1)]
    theirs = [random_outcomes(2), random_outcomes(2)]
    one, two = (compare(ours[:seeds], theirs[:seeds], "accuracy") for seeds in (1, 2))
    assert two["difference_se"] == pytest.approx(one["difference_se"])
    assert one["p"] is not None
    assert two["p"] is None


def test_a_correlation_of_pairs_has_the_error_of_its_documents(monkeypatch):
    rng = np.random.default_rng(3)
    documents = rng.normal(size=(30, 2))
    pairs = [(i, j) for i in range(30) for j in range(i)]
    values = [list(documents[i] * documents[j] + rng.normal(size=2)) for i, j in pairs]
    of_documents = summarise([Outcomes([list(pair) for pair in pairs], values)], "pearson")
    of_pairs = summarise([Outcomes([[number] for number in range(len(pairs))], values)], "pearson")
    assert of_documents["value"] == of_pairs["value"] == pytest.approx(100 * np.corrcoef(np.array(values).T)[0, 1])
    without = [
        100 * np.corrcoef(np.array([v for v, pair in zip(values, pairs, strict=True) if one not in pair]).T)[0, 1]
        for one in range(30)
    ]
    assert of_documents["se"] == pytest.approx(np.sqrt(29 * np.var(without)))


def test_groups_make_hardly_a_difference(monkeypatch):
    one = random_outcomes(4, number=1000)
    fine = summarise([one], "f1")["se"]
    monkeypatch.setattr(comparison, "GROUPS", 100)
    assert summarise([one], "f1")["se"] == pytest.approx(fine, rel=0.2)


def test_other_examples_are_refused():
    with pytest.raises(ValueError, match=r"^outcomes must be of the same examples as the control's$"):
        compare([random_outcomes(1)], [random_outcomes(1, first=1)], "accuracy")


@pytest.mark.parametrize(("gained", "lost"), [(0, 0), (3, 3), (0, 5), (12, 30), (500, 430)])
def test_mcnemar_is_a_test_of_a_fair_coin(gained, lost):
    expected = stats.binomtest(gained, gained + lost).pvalue if gained + lost else 1
    assert mcnemar(gained, lost) == pytest.approx(expected)
