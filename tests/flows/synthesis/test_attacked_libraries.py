"""Libraries that a fresh attack broke: each is used as far as it can be, or refused with the true reason."""

import re

import pytest

from softermax.flows.errors import FlowError
from softermax.flows.gates.cell_tables import read_tables
from softermax.flows.gates.liberty import read_libraries
from softermax.flows.synthesis.synthesis import synthesise

from .wild import DESIGN, GENERIC, TIMING, cell, marked, with_cell, with_changed

#: Legal, and as good as the generic library after all.
AS_GOOD = {
    "a unit in a comment": GENERIC.replace(
        "library (generic)", "/* the old file had time_unit : 1ns */\nlibrary (generic)"
    ),
    "a unit in a string": GENERIC.replace("delay_model", 'comment : "time_unit : 1ns;"; delay_model'),
    "escaped quotes": GENERIC.replace("delay_model", 'comment : "by \\"us\\""; delay_model'),
    "dont_use : false, quoted": marked('dont_use : "false";', "INV_X1", "NAND2_X1"),
    "dont_use : FALSE": marked("dont_use : FALSE;", "INV_X1", "DFF"),
    "a function that goes on": GENERIC.replace('function : "!A";', 'function : "!\\\nA";', 1),
    "comments in statements": GENERIC.replace("area : 0.67;", "area /* of */ : 0.67 /* GE */;").replace(
        "cell (INV_X1) {", "cell (INV_X1) /* smallest */ {"
    ),
    "a value in the next line": GENERIC.replace("area : 0.67;", "area :\n 0.67;"),
    "a cell twice": with_cell(cell("NAND2_X1", ("area : 1;", "area : 0.5;"))),
    "an unknown related_pin": GENERIC.replace(
        TIMING, f'timing () {{ related_pin : "Z"; cell_rise (delay) {{ values ("1"); }} }} {TIMING}', 1
    ),
    "a name that begins with a digit": with_cell(
        cell("INV_X1", ("cell (INV_X1)", "cell (1NV)"), ("area : 0.67", "area : 0.01"))
    ),
    "a byte order mark": "\ufeff" + GENERIC,
    "one state": GENERIC.replace("ff (IQ, IQN)", "ff (IQ)"),
    "capital senses": GENERIC.replace(": negative_unate", ": NEGATIVE_UNATE"),
}


@pytest.mark.parametrize("library", AS_GOOD.values(), ids=AS_GOOD)
def test_what_can_be_used_is_used(library, mapped, usual):
    assert library != GENERIC
    kinds, area, period = mapped(library, recipe="balanced")
    assert (kinds, area, period) == (*usual["balanced"][:2], pytest.approx(usual["balanced"][2]))


def test_of_a_cell_in_two_files_the_last_counts(tmp_path):
    (tmp_path / "top.v").write_text(DESIGN)
    first, second = tmp_path / "a.lib", tmp_path / "b.lib"
    first.write_text(GENERIC)
    second.write_text(GENERIC.replace("area : 5.33;", "area : 6.33;"))
    made = [
        synthesise(tmp_path / "top.v", "top", liberty=files, build_dir=tmp_path / "build").sequential_area
        for files in ([first], [first, second], [second, first])
    ]
    assert made[1] - made[0] == pytest.approx(9)
    assert made[2] == made[0]


@pytest.mark.parametrize(
    ("library", "text"),
    [
        (GENERIC.replace("(1, ff)", "(1e300, ff)"), "the capacitive_load_unit must be a number and a unit"),
        (
            GENERIC.replace("(1, ff)", ": 1ff").replace("unit :", "unit :", 1),
            "the capacitive_load_unit must be written as",
        ),
        (with_changed("NAND2_X1", ("area : 1;", "area : 1e300;")), "the area of cell NAND2_X1 must be a number"),
        (GENERIC.replace('"!A"', '"!(A"', 1), "output Y of cell INV_X1: a cell's function must be whole"),
        (GENERIC.replace('"!A"', '"!B"', 1), "output Y of cell INV_X1 must be a function of its pins, not of B"),
        (
            GENERIC.replace('"!A"', f'"{"(" * 3000}A{")" * 3000}"', 1),
            "output Y of cell INV_X1: a cell's function must be of",
        ),
    ],
    ids=["huge unit", "colon", "huge area", "not whole", "another pin", "deep"],
)
def test_what_cannot_be_used_is_refused(library, text, mapped, tmp_path):
    with pytest.raises(FlowError) as caught:
        mapped(library)
    assert str(caught.value).startswith(f"{tmp_path / 'wild.lib'}: {text}")


def test_a_file_that_includes_another_is_refused(mapped):
    with pytest.raises(FlowError, match=r"wild\.lib must be a Liberty file, but includes another"):
        mapped(GENERIC.replace("delay_model", "include_file (other.lib); delay_model"))


def test_tables_of_infinite_numbers_are_refused(tmp_path):
    (tmp_path / "wild.lib").write_text(GENERIC.replace('"2, 17, 257"', '"2, 17, inf"', 1))
    with pytest.raises(FlowError, match=r"cell INV_X1 must have numbers up to 1e\+12 in its cell_rise"):
        read_tables(read_libraries([tmp_path / "wild.lib"]), ["INV_X1"])


HOT = "default_operating_conditions : hot; operating_conditions (hot) { voltage : 0.9; }"


@pytest.mark.parametrize(("written", "volts"), [("nom_voltage : 0.8;", 0.8), (HOT, 0.9)])
def test_the_voltage_is_nominal_or_of_the_usual_conditions(written, volts, tmp_path):
    (tmp_path / "wild.lib").write_text(re.sub("nom_voltage[^;]*;", written, GENERIC))
    assert read_libraries([tmp_path / "wild.lib"]).voltage == volts


@pytest.mark.parametrize("written", ["", "nom_voltage : inf;", "nom_voltage : VDD;", "nom_voltage : -1;"])
def test_a_voltage_that_is_none_is_refused(written, tmp_path):
    (tmp_path / "wild.lib").write_text(re.sub("nom_voltage[^;]*;", written, GENERIC))
    with pytest.raises(FlowError, match=r"^the library must have a nom_voltage to compute energies$"):
        _ = read_libraries([tmp_path / "wild.lib"]).voltage
