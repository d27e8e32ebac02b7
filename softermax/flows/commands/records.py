"""Commands for the figures of the documents: to measure them again, to see which are old, to write the tables."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from contextlib import redirect_stdout
from functools import partial
from pathlib import Path

import click

from ..errors import FlowError
from ..files import check_writable, write_whole
from ..gates.liberty import read_libraries
from ..jobs.provenance import library_digests
from ..records import RECORDS, Record, documents, fill, read_record, write_record
from ..records.record import check_name, is_stale, joined, path_of
from ..results.columns import Column, integer, real
from ..synthesis.options import LIBERTY
from .output import Output, command

__all__ = ["document", "record", "records"]


class Checkout(click.Path):
    """A folder that has what documents and records need, so that no record is kept where nothing reads it."""

    def convert(self, value, param, ctx):
        path = super().convert(value, param, ctx)
        if not (path / "README.md").is_file() or not (path / "docs").is_dir():
            self.fail(f"it must be a checkout, with README.md and docs, not {str(path)!r}", param, ctx)
        return path


ROOT = click.Option(
    ["--root"],
    type=Checkout(path_type=Path, exists=True, file_okay=False),
    default=Path(),
    show_default=True,
    help="Folder of the checkout.",
)
RECORD_COLUMNS = (
    Column("record", "record"),
    Column("state", "state"),
    real("minutes", "CPU\nminutes", 1),
    Column("command", "command"),
)


@command(
    "record",
    click.Argument(["name"]),
    LIBERTY,
    ROOT,
    help="Measure one record of figures again and write it to the folder results of the checkout. "
    "`softermax records` lists the names.",
    example="record units-asap7 --liberty asap7.lib.gz",
)
@click.pass_context
def record(context, output: Output, name, liberty, root):
    check_name(name)
    chosen = RECORDS[name]
    if chosen.liberty != bool(liberty):
        raise FlowError(f"{name} must {'' if chosen.liberty else 'not '}be measured with a --liberty")
    _check_library(name, liberty)
    check_writable(path_of(name, root))
    run = partial(_run, context.find_root().command, liberty)
    path = write_record(name, _measured(chosen, run), library_digests(liberty), root)
    kept = {"record": name, "file": str(path), "results": len(read_record(name, root)["results"])}
    output.show([kept], (Column("record", "record"), Column("file", "file"), integer("results", "results")), "Kept")
    output.note("softermax document writes the tables that show them")


def _measured(chosen: Record, run: Callable[[list[str]], list[dict]]) -> list[dict]:
    """Results of all commands of a record, in the order of its variants."""
    found = []
    for variant, lines in chosen.runs():
        named = {} if variant is None else {"variant": variant}
        results = [named | result for words in lines for result in run(words)]
        found += results if variant is None and len(lines) == 1 else joined(results)
    return found


def _run(program: click.Command, liberty: tuple[Path, ...], words: list[str]) -> list[dict]:
    """What a command line prints as JSON."""
    files = [word for file in liberty for word in ("--liberty", str(file))]
    with redirect_stdout(io.StringIO()) as printed:
        program.main([*words, *files, "--json"], "softermax", standalone_mode=False)
    return json.loads(printed.getvalue())


def _check_library(name: str, liberty: tuple[Path, ...]):
    """A FlowError if a record that is called after a library is to be measured with another one."""
    wanted = name.rpartition("-")[2]
    if liberty and not any(wanted in cell.lower() for cell in read_libraries(liberty).cells):
        raise FlowError(f"{name} must be measured with the cells of {wanted}, which {liberty[0].name} has not")


@command(
    "records",
    ROOT,
    help="List the records of figures: whether their sources have changed since, and the CPU time of each.",
    example="records",
)
def records(output: Output, root):
    rows = []
    for name, each in RECORDS.items():
        try:
            state = "sources have changed" if is_stale(name, root) else "up to date"
        except FlowError:
            state = "broken" if path_of(name, root).exists() else "missing"
        rows.append({"record": name, "state": state, "minutes": each.minutes, "command": _command(each)})
    output.show(rows, RECORD_COLUMNS, "Records")


def _command(record: Record) -> str:
    text = "; ".join(f"softermax {command}" for command in record.commands)
    return f"{text} ... ({len(record.variants)} variants)" if record.variants else text


@command(
    "document",
    click.Option(["--check"], is_flag=True, help="Write nothing, and fail if a table differs from its record."),
    ROOT,
    help="Write the tables of figures of README and documents from the records.",
    example="document --check",
)
def document(output: Output, check, root):
    filled = {file: _filled(file, root) for file in documents(root)}
    changed = [file for file, text in filled.items() if text != file.read_text()]
    if check and changed:
        raise FlowError(f"tables of {', '.join(map(str, changed))} must be those of the records: softermax document")
    for file in changed:
        write_whole(file, filled[file])
    rows = [{"document": str(file), "tables": "written" if file in changed else "as before"} for file in filled]
    output.show(rows, (Column("document", "document"), Column("tables", "tables")), "Documents")


def _filled(file: Path, root: Path) -> str:
    """The text of a document with its tables; an error names the document."""
    try:
        return fill(file.read_text(), root)
    except FlowError as error:
        raise FlowError(f"{file}: {error}") from error
