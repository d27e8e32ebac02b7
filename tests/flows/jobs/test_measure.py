"""Measures: options become arguments, points become jobs, results are completed."""

import click
import pytest

from softermax.flows.jobs import measure as module
from softermax.flows.jobs.cache import cached
from softermax.flows.jobs.measure import Measure, OptionGroup
from softermax.flows.results.columns import Column

LANES, RECIPE, TOKENS = (click.Option([f"--{name}"]) for name in ("lanes", "recipe", "tokens"))


def work(point, build_dir, **options):
    return {"n": point, **options}


def measure(**changes) -> Measure:
    facts = {"name": "work", "help": "h", "example": "work", "title": "Work", "progress": "Working", "run": work}
    return Measure(**facts | {"columns": (Column("n", "n"),)} | changes)


@pytest.fixture
def ran(monkeypatch):
    """Jobs are run in this process, without their points' identities."""
    monkeypatch.setattr(
        module,
        "run_jobs",
        lambda jobs, description, console: [job.function(job.point, job.build_dir, **job.options) for job in jobs],
    )


def test_options_become_arguments_and_others_are_left():
    group = OptionGroup("options", lambda lanes, recipe: (lanes, recipe), (LANES, RECIPE))
    made = measure(options=(group, TOKENS))
    assert made.parameters == [LANES, RECIPE, TOKENS]
    given = {"lanes": 2, "recipe": "r", "tokens": 3, "unit": "pe"}
    assert made.arguments(given) == {"options": (2, "r"), "tokens": 3}
    assert given == {"unit": "pe"}


def test_each_value_of_an_argument_is_a_job_and_results_are_completed(ran, tmp_path):
    doubled = measure(each="recipe", complete=lambda results: [*results, "ratios"])
    found = doubled.results([1, 2], tmp_path, None, recipe=["a", "b"], tokens=3)
    expected = [{"n": n, "recipe": recipe, "tokens": 3} for n in (1, 2) for recipe in ("a", "b")]
    assert found == [*expected, "ratios"]


def test_jobs_have_the_check_of_their_measure(tmp_path):
    def check(point, build_dir, **options):
        pass

    jobs = measure(check=check).jobs([1, 2], tmp_path, tokens=3)
    assert [(job.point, job.options, job.check) for job in jobs] == [(n, {"tokens": 3}, check) for n in (1, 2)]


def test_a_measure_is_cached_if_its_job_is():
    assert not measure().cached
    assert measure(run=cached(lambda point: "key")(work)).cached
