"""Commands for the figures of the documents: to measure them again, to see which are old, to write the tables."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import click

from ..errors import FlowError
from ..files import write_whole
from ..jobs.provenance import library_digests
from ..records import RECORDS, documents, fill, read_record, write_record
from ..records.record import check_name, is_stale
from ..results.columns import Column, integer, real
from ..synthesis.options import LIBERTY
from .output import Output, command

__all__ = ["document", "record", "records"]

ROOT = click.Option(
    ["--root"],
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    default=Path(),
    show_default=True,
    help="Folder of the checkout.",
)
RECORD_COLUMNS = (
    Column("record", "record"),
    Column("state", "state"),
    real("minutes", "CPU\nminutes", 0),
    Column("command", "command"),
)


@command(
    "record",
    click.Argument(["name"]),
    LIBERTY,
    ROOT,
    help="Measure one record of figures again and write it to the folder results of the checkout. "
    f"NAME is one of {', '.join(RECORDS)}.",
    example="record units-asap7 --liberty asap7.lib.gz",
)
@click.pass_context
def record(context, output: Output, name, liberty, root):
    check_name(name)
    chosen = RECORDS[name]
    if chosen.liberty != bool(liberty):
        raise FlowError(f"{name} must {'' if chosen.liberty else 'not '}be measured with a --liberty")
    with tempfile.TemporaryDirectory(prefix="softermax-") as scratch:
        results = Path(scratch) / "results.json"
        files = [word for file in liberty for word in ("--liberty", str(file))]
        words = [*chosen.command.split(), *files, "--json", "-o", str(results)]
        context.find_root().command.main(words, "softermax", standalone_mode=False)
        path = write_record(name, json.loads(results.read_text()), library_digests(liberty), root)
    kept = {"record": name, "file": str(path), "results": len(read_record(name, root)["results"])}
    output.show([kept], (Column("record", "record"), Column("file", "file"), integer("results", "results")), "Kept")
    output.note("softermax document writes the tables that show them")


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
            state = "missing"
        rows.append({"record": name, "state": state, "minutes": each.minutes, "command": f"softermax {each.command}"})
    output.show(rows, RECORD_COLUMNS, "Records")


@command(
    "document",
    click.Option(["--check"], is_flag=True, help="Write nothing, and fail if a table differs from its record."),
    ROOT,
    help="Write the tables of figures of README and documents from the records.",
    example="document --check",
)
def document(output: Output, check, root):
    filled = {file: fill(file.read_text(), root) for file in documents(root)}
    changed = [file for file, text in filled.items() if text != file.read_text()]
    if check and changed:
        raise FlowError(f"tables of {', '.join(map(str, changed))} must be those of the records: softermax document")
    for file in changed:
        write_whole(file, filled[file])
    rows = [{"document": str(file), "tables": "written" if file in changed else "as before"} for file in filled]
    output.show(rows, (Column("document", "document"), Column("tables", "tables")), "Documents")
