"""Libraries that will not do: commands say so in a sentence, in seconds, and take nothing for a result."""

import gzip
import re
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest

from softermax.flows.errors import FlowError
from softermax.flows.jobs.provenance import library_digests

COMMAND = Path(sys.executable).with_name("softermax")
GENERIC = (files("softermax.flows.gates") / "cells" / "generic.lib").read_text()
SMALL = ("unnormed", "--lanes", "2", "--max-len", "16")


def without(pattern: str) -> str:
    """The generic cells but those of a name."""
    start, end = GENERIC.index("  cell ("), GENERIC.rindex("}")
    cells = re.split(r"(?=  cell \()", GENERIC[start:end])
    return GENERIC[:start] + "".join(cell for cell in cells if not re.match(rf"  cell \({pattern}", cell)) + "}\n"


def without_function(name: str) -> str:
    """The generic cells, those of a name without functions."""
    start, end = GENERIC.index("  cell ("), GENERIC.rindex("}")
    cells = re.split(r"(?=  cell \()", GENERIC[start:end])
    bare = [re.sub(r"function : [^;]*;", "", cell) if f"cell ({name}" in cell else cell for cell in cells]
    return GENERIC[:start] + "".join(bare) + "}\n"


def refused(tmp_path, *arguments, library="cells.lib") -> str:
    """The one sentence of a call that finds no figure."""
    command = [COMMAND, *arguments, "--liberty", library, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1), done.stderr
    assert not list((tmp_path / "build").glob("evaluation/*"))
    return done.stderr.removeprefix("softermax: ").rstrip("\n")


@pytest.mark.parametrize(
    ("library", "text"),
    [
        (
            without("DFF"),
            "the library must have a flip-flop, which cells.lib has not: add a Liberty file that has one",
        ),
        (
            without_function("DFF"),
            "the library must have a flip-flop with a function at its output: add a Liberty file that has one",
        ),
        (
            without_function("INV"),
            "the library must have an inverter, which cells.lib has not: add a Liberty file that has one",
        ),
        (
            without("(NAND|NOR|AND|OR)2"),
            "the library must have a NAND, NOR, AND or OR of two inputs: add a Liberty file that has one",
        ),
    ],
    ids=["no flip-flop", "flip-flop without function", "inverter without function", "no gates"],
)
def test_what_makes_no_design_is_refused(library, text, tmp_path):
    (tmp_path / "cells.lib").write_text(library)
    assert refused(tmp_path, "area", *SMALL) == text
    assert not (tmp_path / "build" / "cache").exists()


@pytest.mark.parametrize(
    ("library", "text"),
    [
        (
            without("NAND2"),
            "the library must have a NAND2, from which the areas of memories follow: add one that has",
        ),
        (
            re.sub("nom_voltage[^;]*;", "", GENERIC),
            "the library must have a nom_voltage to compute energies",
        ),
    ],
    ids=["no NAND2", "no nom_voltage"],
)
def test_an_evaluation_finds_out_before_it_does_anything_that_takes_long(library, text, tmp_path):
    (tmp_path / "cells.lib").write_text(library)
    assert refused(tmp_path, "evaluate") == text
    assert {path.name for path in tmp_path.glob("build/area/*")} <= {"unnormed_paper_2x16", "softmax_paper_2x16"}


@pytest.mark.parametrize(
    ("name", "content", "text"),
    [
        ("none.lib", None, "the Liberty file none.lib does not exist"),
        ("a.lib", bytes(range(256)), "a.lib must be a Liberty file, but begins with "),
        (
            "cut.lib",
            GENERIC[:-3].encode(),
            "cut.lib must be a Liberty file, but ends before library generic, which begins in line ",
        ),
        (
            "cut.lib.gz",
            gzip.compress(GENERIC.encode())[:-100],
            "the Liberty file cut.lib.gz cannot be read: "
            "Compressed file ended before the end-of-stream marker was reached",
        ),
    ],
)
@pytest.mark.parametrize("command", [("area", *SMALL), ("evaluate",)], ids=["area", "evaluate"])
def test_what_cannot_be_read_is_refused(command, name, content, text, tmp_path):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    assert refused(tmp_path, *command, library=name).startswith(text)


def test_a_folder_is_no_library(tmp_path):
    (tmp_path / "cells.lib").mkdir()
    assert refused(tmp_path, "evaluate") == "the Liberty file cells.lib is not a file"


def test_a_file_that_must_not_be_read_is_refused(tmp_path, monkeypatch):
    """The system alone decides: root may read everything."""
    path = tmp_path / "cells.lib"
    path.write_text(GENERIC)

    def refuse(self):
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(FlowError, match=r"^the Liberty file \S*cells\.lib cannot be read: .*Permission denied"):
        library_digests([path])
