"""Real commands on terminals 40, 80 and 120 characters wide, and piped: every number is whole."""

import json

import pytest

from softermax.flows.studies.heads import HEAD_COLUMNS

from .process import softermax
from .terminal import at_terminal

WIDTHS = (40, 80, 120, None)


def printed(width, *call, cwd) -> str:
    """What a command prints, where no line may be longer than the terminal."""
    if width is None:
        return softermax(*call, cwd=cwd).stdout
    text = at_terminal(width, *call, cwd=cwd)
    assert all(len(line) <= width for line in text.splitlines())
    return text


@pytest.fixture(scope="module")
def heads(tmp_path_factory):
    """Results of a command whose table has 14 columns."""
    return json.loads(softermax("heads", "--json", cwd=tmp_path_factory.mktemp("heads")).stdout)


@pytest.mark.parametrize("width", WIDTHS)
def test_numbers_of_a_table_are_whole(heads, width, tmp_path):
    text = printed(width, "heads", cwd=tmp_path)
    names = " ".join(text.split()).partition("Left out for want of width: ")[2].partition("; --json has all.")[0]
    missing = names.split(", ") if names else []
    assert bool(missing) == (width == 120)
    words = text.split()
    for column in HEAD_COLUMNS:
        if not column.hidden and column.one_line_heading(heads[0]) not in missing:
            assert {column.text(head) for head in heads} <= set(words)
    assert "…" not in text


@pytest.mark.parametrize("width", WIDTHS)
def test_facts_are_whole(width, tmp_path):
    size = ("--lanes", "4", "--max-len", "64")
    facts = json.loads(softermax("info", *size, "--json", cwd=tmp_path).stdout)[0]
    words = printed(width, "info", *size, cwd=tmp_path).split()
    assert [word for value in facts.values() for word in str(value).split() if word not in words] == []
