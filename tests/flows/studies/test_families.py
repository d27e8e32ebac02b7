"""The table of families."""

import pytest
from rich.console import Console

from softermax.flows.errors import FlowError
from softermax.flows.studies.families import family_verdicts, summary, wrong

QUIET = Console(quiet=True)


def test_families_are_tried_in_every_kind_that_has_them():
    found = family_verdicts(["bart", "bloom"], QUIET)
    assert [(row["kind"], row["family"]) for row in found] == [
        ("causal", "bart"), ("causal", "bloom"), ("seq2seq", "bart"), ("encoder", "bart"),
    ]  # fmt: skip
    counts = summary(found)
    assert [(row["kind"], row["works"], row["not reached"]) for row in counts] == [
        ("causal", 1, 1), ("seq2seq", 1, 0), ("encoder", 1, 0),
    ]  # fmt: skip
    assert wrong(found) is None


def test_what_is_wrong_is_said():
    rows = [
        {"family": name, "verdict": verdict} for name, verdict in (("a", "works"), ("b", "differs"), ("c", "fails"))
    ]
    assert wrong(rows) == "2 of 3 families are wrong, the first of them b: differs"


def test_an_unknown_family_is_refused():
    with pytest.raises(FlowError, match=r"^families must be names of the installed transformers, .*, not 'lama'$"):
        family_verdicts(["lama"], QUIET)
