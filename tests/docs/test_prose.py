"""Plain English: pages, help texts and the first lines of docstrings keep the rules of ``prose.py``."""

import subprocess
import sys
import tomllib
from pathlib import Path

import click
import pytest

from softermax.flows.commands.app import app

from .pages import PAGES, ROOT
from .prose import (
    MAX_WORDS,
    Sentence,
    description_lines,
    docstring_lines,
    faults,
    help_sentences,
    opening_faults,
    sentences_of_page,
)


def texts(page: str) -> list[str]:
    return [sentence.text for sentence in sentences_of_page(page)]


def test_a_page_is_read_sentence_by_sentence():
    page = """# A heading.

One `x = 1` is code. It
spans ([two lines](there.md)). "A third."

- An item; of two parts. `code` begins.

| cell | of a table |
|---|---|
| x. Y | z |

```console
$ not read. At all.
```
"""
    sentences = list(sentences_of_page(page))
    assert [(each.line, each.text) for each in sentences if each.is_sentence] == [
        (3, "One \N{WHITE SQUARE} is code."),
        (3, "It spans (two lines)."),
        (4, '"A third."'),
        (6, "An item; of two parts."),
        (6, "\N{WHITE SQUARE} begins."),
    ]
    assert [each.text for each in sentences if not each.is_sentence] == [
        "A heading.", "cell", "of a table", "x. Y", "z"
    ]  # fmt: skip


def test_a_word_that_ends_like_an_abbreviation_ends_a_sentence():
    assert texts("Both are equal. One is not.") == ["Both are equal.", "One is not."]


def test_directives_are_read_without_their_options():
    page = ":::{note}\n:class: wide\nRead this. And that.\n:::\n\n```{toctree}\nnot this\n```\n"
    assert [(each.line, each.text) for each in sentences_of_page(page)] == [(3, "Read this."), (3, "And that.")]
    assert texts(":::{glossary}\nterm\n  Its meaning. More.\n:::\n") == ["Its meaning.", "More."]
    assert texts("::::{grid}\n:::{card} Title\nInside.\n:::\n::::\n") == ["Inside."]


@pytest.mark.parametrize("text", ["Stevens et al. Softermax is one.", "See Fig. 3 there.", "It takes 1.5 V or 2.0 V."])
def test_some_full_stops_end_no_sentence(text):
    assert texts(text) == [text]


def test_a_sentence_has_a_number_of_words():
    assert faults(Sentence(" ".join(["word"] * MAX_WORDS), 1)) == []
    assert faults(Sentence(" ".join(["word"] * MAX_WORDS + ["="]), 1)) == []
    long = " ".join(["word"] * (MAX_WORDS + 1))
    assert faults(Sentence(long, 1)) == [f"{MAX_WORDS + 1} words, more than {MAX_WORDS}"]
    assert faults(Sentence(long, 1, is_sentence=False)) == []


@pytest.mark.parametrize(
    "text",
    [
        "Of the rows, one is masked.",
        "What is measured is the area.",
        "Whoever drives the port must know.",
        "Those that come first run first.",
        "Latency is that of a slice.",
        "The same for rows.",
        "It equals the other, but for its name.",
        "Nobody reads it.",
        "It is computed anew.",
        "It computes the least clock period.",
        "The bench can tell them apart.",
        "Results are kept under a digest of what they follow from.",
        "The format is Q(6,2) unless told otherwise.",
    ],
)
def test_habits_are_found(text):
    assert len(faults(Sentence(text, 1))) >= 1


@pytest.mark.parametrize(
    "text",
    [
        "Often the least significant bit is lost.",
        "What is a lane?",
        "At least one lane is masked.",
        "The unit has nothing but registers.",
        "It is not small but forced to zero.",
    ],
)
def test_plain_sentences_pass(text):
    assert faults(Sentence(text, 1)) == []


def test_headings_are_searched_for_phrases_alone():
    assert faults(Sentence("What it does", 1, is_sentence=False)) == []
    assert faults(Sentence("all but one", 1, is_sentence=False)) != []


def test_public_docstrings_are_read():
    source = '''"""Module.

More."""
def shown():
    """Of a function.
    """
    def inner():
        """Not public."""
def _hidden():
    """Not public."""
class Shown:
    """A class."""
    def method(self):
        """A method."""
    def _hidden(self):
        """Not public."""
'''
    lines = list(docstring_lines(source))
    assert [(line.line, line.text) for line in lines] == [
        (1, "Module."), (4, "Of a function."), (11, "A class."), (13, "A method.")
    ]  # fmt: skip
    assert [len(faults(line)) for line in lines] == [0, 1, 0, 0]


def test_descriptions_are_read():
    source = '''def shown(a, b):
    """A function.

    Parameters
    ----------
    a : int
        Of something.
        More.
    b : int
        The second number.
    """
'''
    assert [(line.line, line.text) for line in description_lines(source)] == [
        (1, "Of something."),
        (1, "The second number."),
    ]
    assert [len(opening_faults(line.text)) for line in description_lines(source)] == [1, 0]


def test_help_texts_are_read():
    option = click.Option(["--size"], help="What it takes. More.")
    group = click.Group("all", commands=[click.Command("one", params=[option], help="Do it.")], help="Group.")
    assert [(name, sentence.text) for name, sentence in help_sentences(group, "all")] == [
        ("all", "Group."),
        ("all one", "Do it."),
        ("all one --size", "What it takes."),
        ("all one --size", "More."),
    ]


#: Pages that people write; the tables of results come from commands.
WRITTEN = [page for page in PAGES if page.parent != ROOT / "docs/results/tables"]
MODULES = sorted((ROOT / "softermax").rglob("*.py"))


def name(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


def found(place: str, sentences) -> list[str]:
    return [f"{place}:{each.line}: {fault}: {each.text}" for each in sentences for fault in faults(each)]


@pytest.mark.parametrize("page", WRITTEN, ids=name)
def test_pages_are_plain(page):
    assert found(name(page), sentences_of_page(page.read_text())) == []


def test_pages_have_sentences():
    assert sum(len(list(sentences_of_page(page.read_text()))) for page in WRITTEN) > 2000


def test_meanings_of_fields_are_plain():
    meanings = tomllib.loads((ROOT / "docs/reference/fields.toml").read_text())
    assert len(meanings) > 100
    assert [fault for field, text in meanings.items() for fault in found(field, sentences_of_page(text))] == []


def test_first_lines_of_docstrings_are_plain():
    lines = {file: list(docstring_lines(file.read_text())) for file in MODULES}
    assert sum(map(len, lines.values())) > 1000
    assert [fault for file, each in lines.items() for fault in found(name(file), each)] == []


def test_descriptions_begin_with_their_noun():
    lines = [(file, line) for file in MODULES for line in description_lines(file.read_text())]
    assert len(lines) > 1000
    wrong = [f"{name(file)}:{each.line}: {each.text}" for file, each in lines if opening_faults(each.text)]
    assert wrong == []


def test_helps_are_plain():
    sentences = list(help_sentences(app))
    assert len(sentences) > 100
    assert sorted({f"{place}: {fault}: {each.text}" for place, each in sentences for fault in faults(each)}) == []


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ("It is computed again; the normalizer initialises a neighbour.", None),
        ("It is computed anew.", "anew ==> again"),
        ("The behavior of a unit.", "behavior ==> behaviour"),
        ("Teh unit.", "Teh ==> The"),
    ],
)
def test_the_linter_of_words_refuses_the_project_s_words(tmp_path, text, refused):
    page = tmp_path / "page.md"
    page.write_text(text)
    linter = Path(sys.executable).with_name("codespell")
    done = subprocess.run([linter, page], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines() == ([] if refused is None else [f"{page}:1: {refused}"])
    assert done.stderr == ""
