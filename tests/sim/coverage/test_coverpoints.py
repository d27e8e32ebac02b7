"""Coverpoints and their hits: the books are kept right."""

import numpy as np
import pytest

from softermax.sim.coverage.coverpoints import (
    Coverage,
    CoverageError,
    Coverpoints,
    amount_bins,
    amounts,
    counted,
    named,
)

POINTS = Coverpoints()


@POINTS("length", lambda view: range(1, 4))
def _length(view):
    return view


@POINTS("parity", lambda view: ["odd", "even"])
def _parity(view):
    return counted({"odd": np.asarray(view) % 2 == 1}, "even")


def count(*views):
    coverage = Coverage()
    for view in views:
        coverage.count(POINTS, view)
    return coverage


def test_hits_add_up_and_bins_are_there_before_they_are_hit():
    assert count([1, 3, 3], [1]).hits == {"length": {"1": 2, "2": 0, "3": 2}, "parity": {"odd": 4, "even": 0}}


def test_rows_name_what_is_not_covered():
    first, second = count([1, 3]).rows()
    assert first == {"coverpoint": "length", "bins": 3, "hit": 2, "covered": 2 / 3, "uncovered": ["2"]}
    assert second == {"coverpoint": "parity", "bins": 2, "hit": 1, "covered": 0.5, "uncovered": ["even"]}


def test_a_merge_has_the_hits_of_both():
    merged = count([1])
    merged.merge(count([2, 2]))
    assert merged.hits == count([1], [2, 2]).hits
    assert merged.rows()[1]["uncovered"] == []


def test_a_bin_that_cannot_be_is_an_error_of_its_rule():
    with pytest.raises(CoverageError, match="length must have no '4' in this config, but it was hit 2 times"):
        count([4, 1, 4])


def test_the_first_case_that_holds_gives_the_name():
    cases = {"low": np.array([1, 1, 0, 0], bool), "even": np.array([1, 0, 1, 0], bool)}
    assert named(cases).tolist() == ["low", "low", "even"]
    assert named(cases, "other").tolist() == ["low", "low", "even", "other"]
    assert counted(cases) == {"low": 2, "even": 1}
    assert counted(cases, "other") == {"low": 2, "even": 1, "other": 1}


def test_amounts_from_a_limit_on_are_one_bin():
    assert amount_bins(3, 7) == ["0", "1", "2", "3 and more"]
    assert amount_bins(3, 2) == ["0", "1", "2"]
    assert amounts(np.array([0, 2, 2, 3, 9]), 3) == {"0": 1, "2": 2, "3 and more": 2}
