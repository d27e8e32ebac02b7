"""Code blocks of the documentation: read by Sybil, run, and on demand their printed output written again.

Blocks of ``console`` are lines ``$ COMMAND``, each with what it prints below. ``...`` in a line stands for any text, on
a line of its own for any lines. Blocks of ``python`` are run, or compared if they are sessions with ``>>>``. A block
with a caption is written into a file of that name. A comment before a block says how it is treated otherwise:

- ``<!-- quick: COMMAND -->``: the block takes long. This command is run in its place, and only must succeed.
- ``<!-- not run: REASON -->``: commands and options of its lines must exist, nothing more.

``python tests/docs/pages.py FILE...`` writes the output of console blocks again, except where ``...`` still matches.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Iterator
from doctest import ELLIPSIS, NORMALIZE_WHITESPACE
from pathlib import Path

import click
from sybil import Document, Example, Region, Sybil
from sybil.parsers.myst import CodeBlockParser, PythonCodeBlockParser

__all__ = ["PAGES", "ROOT", "TIMEOUT", "blocks_of", "commands_of", "matches", "play"]

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(ROOT.glob("docs/**/*.md"))]
#: Seconds for a command.
TIMEOUT = 300
TREATMENT = re.compile(r"<!-- (quick|not run): ((?:(?!-->).)*) -->\n\Z", re.DOTALL)
PROMPT, CONTINUED = "$ ", "> "
#: How errors begin, which a page shows behind what is printed.
ERROR = "softermax: "
#: Where a page may put packages of its own (``pip install --target``).
INSTALLED = "installed"


def matches(expected: str, printed: str) -> bool:
    """Whether a printed text is as expected, but for white space at ends of lines and what ``...`` stands for."""
    pattern = ""
    for line in expected.rstrip().splitlines():
        if line.strip() == "...":
            pattern += r"(?:.*\n)*?"
        else:
            pattern += r".*?".join(map(re.escape, line.rstrip().split("..."))) + "\n"
    text = "".join(f"{line.rstrip()}\n" for line in printed.rstrip().splitlines())
    return re.fullmatch(pattern, text) is not None


def commands_of(source: str) -> Iterator[tuple[str, str]]:
    """The commands of a console block, each with the output below it; a line ``> `` continues a command."""
    command, output = None, ""
    for line in source.splitlines(keepends=True):
        if command is not None and line.startswith(CONTINUED) and not output:
            command += line.removeprefix(CONTINUED)
        elif line.startswith(PROMPT):
            if command is not None:
                yield command.rstrip("\n"), output
            command, output = line.removeprefix(PROMPT), ""
        elif command is None:
            raise ValueError(f"a console block must begin with {PROMPT!r}, not {line!r}")
        else:
            output += line
    if command is not None:
        yield command.rstrip("\n"), output


def play(page: Path):
    """Run all blocks of a page, in order, in the current folder; an AssertionError or SybilFailure is what differs."""
    for example in blocks_of(page):
        example.evaluate()


def blocks_of(page: Path) -> Iterable[Example]:
    """The blocks of a page that are run."""
    return Sybil([_console, _files, _python], path=str(ROOT)).parse(page)


def _treatment(document: Document, region: Region) -> tuple[str, str]:
    found = TREATMENT.search(document.text[: region.start])
    return (found[1], found[2]) if found else ("run", "")


def _console(document: Document) -> Iterator[Region]:
    yield from CodeBlockParser("console", _run_console)(document)


def _caption(region: Region) -> str | None:
    return region.lexemes.get("options", {}).get("caption")


def _files(document: Document) -> Iterator[Region]:
    for language in ("python", "verilog", "toml"):
        for region in CodeBlockParser(language, _write_file)(document):
            if _caption(region) or language == "toml":
                yield region


def _python(document: Document) -> Iterator[Region]:
    for region in PythonCodeBlockParser(doctest_optionflags=ELLIPSIS | NORMALIZE_WHITESPACE)(document):
        if not _caption(region) and _treatment(document, region)[0] == "run":
            yield region


def _write_file(example: Example):
    caption = _caption(example.region)
    if caption:
        Path(caption).write_text(example.parsed)
    else:
        tomllib.loads(example.parsed)


def _run_console(example: Example):
    kind, text = _treatment(example.document, example.region)
    if kind == "quick":
        printed = run(text)
        assert printed.returncode == 0, f"{text} has failed:\n{printed.stdout}{printed.stderr}"
        return
    for command, expected in commands_of(example.parsed):
        if kind == "not run":
            check_exists(command)
            continue
        done = run(command)
        assert matches(expected, done.stdout), f"{command}\nshould print\n{expected}\nbut prints\n{done.stdout}"
        check_success(done, expected)


def run(command: str) -> subprocess.CompletedProcess:
    """Run a command as a reader does; progress on standard error is not part of a page."""
    paths = {
        "PATH": [str(Path(sys.executable).parent), os.environ["PATH"]],
        "PYTHONPATH": [str(Path(INSTALLED).resolve()), os.environ.get("PYTHONPATH", "")],
    }
    variables = {name: os.pathsep.join(parts) for name, parts in paths.items()}
    variables |= {"COLUMNS": "100", "CHECKOUT": str(ROOT)}
    done = subprocess.run(
        ["bash", "-c", command],
        capture_output=True,
        text=True,
        env=os.environ | variables,
        timeout=TIMEOUT,
        check=False,
    )
    errors = [line for line in done.stderr.splitlines(keepends=True) if line.startswith(ERROR)]
    done.stdout += "".join(errors)
    return done


def check_success(done: subprocess.CompletedProcess, expected: str):
    """A command may fail only if its page shows the error."""
    shown = any(line.startswith(ERROR) for line in expected.splitlines())
    assert (done.returncode != 0) == shown, f"{done.args[-1]} ends with {done.returncode}:\n{done.stdout}{done.stderr}"


def check_exists(command: str):
    """Refuse a command of make or softermax that does not exist, or not with these options."""
    from softermax.flows.commands.app import app

    words = shlex.split(command.replace("\\\n", " "), comments=True)
    if words[0] == "make":
        targets = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
        unknown = [word for word in words[1:] if "=" not in word and word not in targets]
        assert not unknown, f"{command}: make has no target {unknown}"
    if Path(words[0]).name == "softermax":
        group = app
        while isinstance(group, click.Group):
            name, words = words[1], words[1:]
            assert name in group.commands, f"{command}: softermax has no command {name}"
            group = group.commands[name]
        options = {option for parameter in group.params for option in (*parameter.opts, *parameter.secondary_opts)}
        given = [word.partition("=")[0] for word in words[1:] if re.match(r"--?[a-z]", word)]
        unknown = [option for option in given if option not in options | {"--help"}]
        assert not unknown, f"{command}: there is no option {unknown}"


def write_outputs(page: Path):
    """Write what the commands of a page print under them; a block with ``...`` in it stays if it still matches."""
    text, shift = page.read_text(), 0
    for example in blocks_of(page):
        region = example.region
        if region.evaluator is not _run_console or _treatment(example.document, region)[0] != "run":
            example.evaluate()
            continue
        new = ""
        for command, expected in commands_of(example.parsed):
            done = run(command)
            printed = done.stdout
            check_success(done, printed)
            kept = expected if matches(expected, printed) else "".join(f"{x.rstrip()}\n" for x in printed.splitlines())
            new += f"{PROMPT}{command}\n{kept}".replace(
                f"{command}\n", command.replace("\n", f"\n{CONTINUED}") + "\n", 1
            )
        start = text.index(example.parsed, region.start + shift)
        text = text[:start] + new + text[start + len(example.parsed) :]
        shift += len(new) - len(example.parsed)
    page.write_text(text)


if __name__ == "__main__":
    for name in sys.argv[1:]:
        file = Path(name).resolve()
        with tempfile.TemporaryDirectory() as folder:
            os.chdir(folder)
            write_outputs(file)
