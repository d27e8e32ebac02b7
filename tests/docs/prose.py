"""Rules of the project's English, and the sentences of pages, docstrings and help texts that are held to them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import click
from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.colon_fence import colon_fence_plugin

__all__ = [
    "MAX_WORDS",
    "Sentence",
    "docstring_lines",
    "faults",
    "help_sentences",
    "opening_faults",
    "sentences_of_page",
]

#: Maximum number of words of a sentence; inline code is one word.
MAX_WORDS = 25
#: Phrases that have a plainer form in every place, each with that form.
PHRASES = {
    r"(?:that|those) of\b": "repeat the noun, or use a possessive",
    r"whoever\b": "name who acts",
    r"nobody\b": "begin with a subject that acts",
    r"but for\b": "use 'except'",
    r"all but\b": "use 'all except'",
    r"none but\b": "use 'only'",
    r"anew\b": "use 'again'",
    r"the same for\b": "repeat the noun and the verb",
    r"(?:tells?|told|telling)(?: \w+)? apart\b": "use 'distinguish'",
    r"(?:takes?|taken|taking)(?: \w+)? apart\b": "use 'partition'",
    r"the least(?!-| significant)\b": "use 'the minimum' or 'the smallest'",
    r"(?:speaks?|spoke) of\b": "use 'describe'",
    r"what (?:it|they) follows? from\b": "use 'inputs'",
    r"what has been kept\b": "use 'cached results'",
    r"(?:has|have) nothing to say\b": "say which tool accepts what",
    r"unless told\b": "use 'by default'",
    r"(?:of|in|from|with|to) what\b": "name the thing",
}
#: First words of a description that come before the noun that it describes.
OPENINGS = {
    r"Of\b": "begin with the noun that is described",
    r"What\b(?=.*\.$)": "begin with the noun that is described",
    r"Whoever\b": "name who acts",
    r"(?:That of|Those)\b": "begin with the noun that is described",
}
#: Abbreviations whose full stop ends no sentence.
ABBREVIATIONS = ("al.", "cf.", "e.g.", "Eq.", "Fig.", "i.e.", "No.", "Sec.", "vs.")
#: Stands for inline code, which is one word.
CODE = "\N{WHITE SQUARE}"
BOUNDARY = re.compile(rf"[.!?][\"”')\]]*\s+(?=[\"“'(\[]*[A-Z0-9{CODE}])")
#: Directives without sentences in them.
NO_PROSE = {"toctree", "eval-rst"}


@dataclass(frozen=True)
class Sentence:
    """A sentence of a page, in the place where it begins; or a heading or a cell of a table.

    Parameters
    ----------
    text : str
    line : int
        From 1.
    is_sentence : bool
        Headings and cells are not held to the rules of sentences.
    """

    text: str
    line: int
    is_sentence: bool = True


def faults(sentence: Sentence) -> list[str]:
    """The rules that a sentence breaks, each in words; a heading or cell is searched for phrases only."""
    found = [f"{advice}, not {hit[0]!r}" for rule, advice in PHRASES.items() if (hit := _search(rule, sentence.text))]
    if sentence.is_sentence:
        words = sum(any(c.isalnum() or c == CODE for c in word) for word in sentence.text.split())
        found += [f"{words} words, more than {MAX_WORDS}"] * (words > MAX_WORDS) + opening_faults(sentence.text)
    return found


def opening_faults(text: str) -> list[str]:
    """The rules that the beginning of a sentence, a docstring or a help text breaks."""
    return [f"{advice}, not {hit[0]!r}" for rule, advice in OPENINGS.items() if (hit := re.match(rule, text))]


def _search(rule: str, text: str) -> re.Match | None:
    return re.search(rf"\b{rule}", text, re.IGNORECASE)


def sentences_of_page(text: str, line: int = 1) -> Iterator[Sentence]:
    """The sentences, headings and cells of a Markdown page; ``line`` is the number of its first line."""
    previous = None
    for token in MarkdownIt("commonmark").enable("table").use(colon_fence_plugin).parse(text):
        if token.type == "inline" and previous.type == "paragraph_open":
            yield from _sentences(_visible(token), line + token.map[0])
        elif token.type == "inline":
            yield Sentence(_visible(token), line + token.map[0], is_sentence=False)
        elif token.type == "colon_fence":
            yield from sentences_of_page(_directive(token), line + token.map[0] + 1)
        previous = token


def _visible(token: Token) -> str:
    """The text of a paragraph as a reader sees it, with its line breaks; code is one character."""
    shown = {"text": lambda child: child.content, "code_inline": lambda _: CODE}
    shown |= dict.fromkeys(("softbreak", "hardbreak"), lambda _: "\n")
    return "".join(shown[child.type](child) for child in token.children if child.type in shown)


def _directive(token: Token) -> str:
    """The Markdown in a directive, on lines of the same numbers; a glossary's terms are no sentences."""
    name = token.info.strip().partition("}")[0].lstrip("{")
    lines = token.content.splitlines()
    if name in NO_PROSE:
        return ""
    if name == "glossary":
        return "\n".join(text.strip() if text.startswith("  ") else "" for text in lines)
    return "\n".join("" if re.match(r":[\w-]+:", text) else text for text in lines)


def _sentences(text: str, line: int = 1) -> Iterator[Sentence]:
    start = 0
    for boundary in BOUNDARY.finditer(text):
        if text[start : boundary.end()].split()[-1] not in ABBREVIATIONS:
            yield Sentence(_on_one_line(text[start : boundary.end()]), line + text.count("\n", 0, start))
            start = boundary.end()
    if text[start:].strip():
        yield Sentence(_on_one_line(text[start:]), line + text.count("\n", 0, start))


def _on_one_line(text: str) -> str:
    return " ".join(text.split())


def docstring_lines(source: str) -> Iterator[Sentence]:
    """The first line of each public docstring of a module's source."""
    for node in _public(ast.parse(source)):
        if text := ast.get_docstring(node):
            yield Sentence(text.splitlines()[0], getattr(node, "lineno", 1))


def description_lines(source: str) -> Iterator[Sentence]:
    """The first line of each description in docstrings: of a parameter, an attribute, a port, a result or an error."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (ast.get_docstring(node) or "").splitlines()
            for name, text in pairwise(lines):
                if name[:1].strip() and text.startswith("    "):
                    yield Sentence(text.strip(), getattr(node, "lineno", 1))


def _public(node: ast.Module | ast.ClassDef) -> Iterator[ast.AST]:
    yield node
    for child in node.body:
        if isinstance(child, ast.ClassDef) and not child.name.startswith("_"):
            yield from _public(child)
        elif isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef) and not child.name.startswith("_"):
            yield child


def help_sentences(command: click.Command, name: str = "softermax") -> Iterator[tuple[str, Sentence]]:
    """The sentences of a command's help, its options' and its subcommands', each with the command or option."""
    for sentence in _sentences(command.help or ""):
        yield name, sentence
    for parameter in command.params:
        for sentence in _sentences(getattr(parameter, "help", None) or ""):
            yield f"{name} {parameter.opts[0]}", sentence
    for subcommand in getattr(command, "commands", {}).values():
        yield from help_sentences(subcommand, f"{name} {subcommand.name}")
