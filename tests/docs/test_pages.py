"""Every code block of the documentation runs, and prints what it says."""

import pytest
from markdown_it import MarkdownIt

from .pages import PAGES, ROOT, commands_of, matches, play

#: Languages of blocks: those that are run or read by the tests, and what is no code.
LANGUAGES = {"console", "python", "verilog", "toml", "text"}


def name(page) -> str:
    return page.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_the_blocks_of_a_page_run(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    play(page)


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_all_code_is_in_blocks_that_are_run(page):
    tokens = MarkdownIt("commonmark").parse(page.read_text())
    assert [token.content for token in tokens if token.type == "code_block"] == [], "indented code is not run: fence it"
    languages = {token.info.split()[0] if token.info else "" for token in tokens if token.type == "fence"}
    assert {language for language in languages if not language.startswith("{")} <= LANGUAGES


@pytest.mark.parametrize(
    ("expected", "printed", "same"),
    [
        ("a\nb\n", "a  \nb\n\n", True),
        ("a\n", "b\n", False),
        ("a\n...\nc\n", "a\nb\nb\nc\n", True),
        ("a\n...\nc\n", "a\nb\n", False),
        ("took ... s\n", "took 1.25 s\n", True),
        ("1.5 (a)\n", "1x5 (a)\n", False),
        ("", "", True),
        ("", "a\n", False),
    ],
)
def test_dots_stand_for_anything(expected, printed, same):
    assert matches(expected, printed) is same


def test_a_block_of_the_console_has_commands_with_their_output():
    block = "$ one\n$ two \\\n>   more\nits output\n> too\n"
    assert list(commands_of(block)) == [("one", ""), ("two \\\n  more", "its output\n> too\n")]
    with pytest.raises(ValueError, match="must begin with"):
        list(commands_of("output\n"))


def test_what_differs_is_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    page = tmp_path / "page.md"
    page.write_text("# Page\n\n```console\n$ echo one\ntwo\n```\n")
    with pytest.raises(AssertionError, match="should print\ntwo\n\nbut prints\none"):
        play(page)
    page.write_text("<!-- not run: long -->\n```console\n$ softermax area --no-such\n```\n")
    with pytest.raises(AssertionError, match=r"there is no option \['--no-such'\]"):
        play(page)
