"""Liberty files: what is read of them, and what broken ones are told."""

import gzip
from importlib.resources import files

import pytest

from softermax.flows.errors import FlowError
from softermax.flows.gates.liberty import read_libraries

GENERIC = files("softermax.flows.gates") / "cells" / "generic.lib"

INVERTER = 'cell (N) { area : 2; pin (A) { direction : input; } pin (Y) { direction : output; function : "(A)\'"; } }'
FLOP = """cell (F) { area : 9; ff (Q, QN) { clocked_on : "C"; next_state : "D"; }
pin (C) { direction : input; } pin (D) { direction : input; } pin (Q) { direction : output; function : "Q"; } }"""
RESET_FLOP = FLOP.replace("cell (F)", "cell (R)").replace("next_state", 'clear : "!X"; next_state')


def read(path, **options):
    """The library of one file that is not compressed."""
    return read_libraries([path], **options)


@pytest.fixture
def library(tmp_path):
    """A Liberty file of some cells."""

    def write(*cells):
        path = tmp_path / "some.lib"
        path.write_text("library (some) {\n" + "\n".join(cells) + "\n}\n")
        return path

    return write


def test_cells_are_read(library):
    found = read(library(INVERTER, FLOP, RESET_FLOP))
    assert {name: (cell.area, cell.kind, cell.inputs) for name, cell in found.cells.items()} == {
        "N": (2.0, "logic", ("A",)),
        "F": (9.0, "flop", ("C", "D")),
        "R": (9.0, "other flop", ("C", "D")),
    }
    assert found.smallest("!A") == ("N", "Y")
    assert found.smallest("A") is None
    assert found.of_kind("flop") == ["F"]


def test_a_file_is_read_once_and_again_when_it_has_changed(library, monkeypatch):
    first = read(library(INVERTER, FLOP))
    changed = library(INVERTER.replace("area : 2", "area : 3"), FLOP)
    assert read(changed).cells["N"].area == 3
    monkeypatch.setattr("softermax.flows.gates.liberty_files.parse_liberty", None)
    assert read(library(INVERTER, FLOP)).cells == first.cells


def test_the_generic_cells_count_columns():
    cells = read(GENERIC).cells
    # Gate columns and one of space, over 3: NAND2 is 1 by definition.
    assert (cells["NAND2_X1"].area, cells["INV_X1"].area, cells["AOI22_X1"].area) == (1.0, 0.67, 1.67)
    assert (cells["NAND2_X2"].area, cells["INV_X4"].area) == (1.67, 1.67)
    assert (cells["DFF"].kind, cells["ICG"].kind) == ("flop", "clock gate")


def test_excluded_cells_are_gone(library):
    two = library(INVERTER, INVERTER.replace("(N)", "(N_big)").replace("area : 2", "area : 1"), FLOP)
    assert read(two).smallest("!A") == ("N_big", "Y")
    assert read(two, exclude=["*_big"]).smallest("!A") == ("N", "Y")


@pytest.mark.parametrize("fault", [("area : 2", "area : -1"), ("(A)'", "(A +* B)"), ("(A)'", "(B)'")])
def test_a_broken_cell_that_is_left_out_is_not_looked_at(library, fault):
    broken = library(INVERTER.replace(*fault).replace("(N)", "(broken)"), INVERTER, FLOP)
    with pytest.raises(FlowError, match="cell broken"):
        read(broken)
    assert list(read(broken, exclude=["bro*"]).cells) == ["N", "F"]


@pytest.mark.parametrize(("cells", "lacks"), [((INVERTER, RESET_FLOP), "a flip-flop"), ((FLOP,), "an inverter")])
def test_a_library_must_have_what_designs_need(library, cells, lacks):
    text = f"the library must have {lacks}, which some.lib has not: add a Liberty file that has one"
    with pytest.raises(FlowError) as caught:
        read(library(*cells))
    assert str(caught.value) == text


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (b"/* nothing else */\n", "is empty"),
        (b"no library\n", "begins with 'no library'"),
        (bytes(range(256)), "begins with '\\x00\\x01\\x02\\x03\\x04\\x05\\x06\\x07\\x08\\t'"),
        (b"library (cut) {\n" + INVERTER.encode(), "ends before library cut, which begins in line 1, does"),
        (b"library (cut) {\n cell (X) { area : 1;", "ends before cell X, which begins in line 2, does"),
        (b"library (odd) { cell (X) { area : } ; } }", "has text after its library, in line 1"),
        (b"library (odd) {\n  cell X { } }", "has something that is no statement in line 2: 'cell X { } }'"),
        (b"module top(input a); endmodule\n", "begins with 'module top(input a); endmodule'"),
    ],
    ids=["empty", "comment", "text", "binary", "truncated", "cut", "syntax", "no brackets", "verilog"],
)
def test_what_is_no_liberty_file_is_refused_with_the_place(content, reason, tmp_path):
    path = tmp_path / "bad.lib"
    path.write_bytes(content)
    with pytest.raises(FlowError) as caught:
        read(path)
    assert str(caught.value) == f"{path} must be a Liberty file, but {reason}"


def test_compressed_files_are_unpacked(library, tmp_path):
    plain = library(INVERTER, FLOP)
    packed = tmp_path / "packed.lib.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    found = read_libraries([packed, plain])
    assert [source.path for source in found.sources] == [packed, plain]
    assert {source.text for source in found.sources} == {plain.read_text()}


def test_without_files_there_are_the_generic_cells():
    assert read_libraries([]).cells == read(GENERIC).cells


@pytest.mark.parametrize("content", [b"not compressed", gzip.compress(b"library (x) {}")[:-9]], ids=["plain", "cut"])
def test_a_broken_archive_is_refused(content, tmp_path):
    path = tmp_path / "broken.lib.gz"
    path.write_bytes(content)
    with pytest.raises(FlowError, match=r"broken\.lib\.gz cannot be read: "):
        read(path)
