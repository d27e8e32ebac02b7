"""Libraries that are unlike those at hand: each is used as far as it can be, or refused with the true reason.

Each is the generic library with one thing changed as other foundries and generators have it.
"""

import re

import numpy as np
import pytest

from softermax.flows.errors import FlowError
from softermax.flows.gates.cell_tables import read_tables
from softermax.flows.gates.liberty import read_libraries
from softermax.flows.synthesis.synthesis import synthesise

from .wild import DESIGN, GENERIC, TIMING, cell, marked, temptation, with_cell, with_changed

POWER = """power_lut_template (of_power) {
  variable_1 : input_transition_time; variable_2 : total_output_net_capacitance;
  variable_3 : equal_or_opposite_output_net_capacitance; index_1 ("1, 16"); index_2 ("1, 16, 256"); index_3 ("1, 16"); }
"""
OF_THREE_AXES = """internal_power () { related_pin : "A";
        rise_power (of_power) { values ("1, 2, 3, 4, 5, 6", "7, 8, 9, 10, 11, 12"); } }
      """
DELAY = "  lu_table_template (delay) {"
CCS = """output_current_rise () { vector (ccs) { reference_time : 0.1; index_1 ("1"); index_2 ("2"); index_3 ("1, 2");
  values ("0.1, 0.2"); } } receiver_capacitance1_rise (delay) { values ("1, 2, 3", "1, 2, 3", "1, 2, 3"); }
  ocv_sigma_cell_rise (delay) { sigma_type : early; values ("1, 2, 3", "1, 2, 3", "1, 2, 3"); }"""
FIRST_TIMING = 'related_pin : "A";\n        timing_sense : negative_unate;'
BANK = """  cell (DFF_BANK) { area : 0.1; ff_bank (IQ, IQN, 2) { clocked_on : "C"; next_state : "D"; }
    bundle (D) { members (D0, D1); direction : input; pin (D0) { } pin (D1) { } }
    pin (C) { direction : input; clock : true; capacitance : 1; }
    bundle (Q) { members (Q0, Q1); direction : output; function : "IQ"; pin (Q0) { } pin (Q1) { } } }"""
BUS = """  type (word) { base_type : array; data_type : bit; bit_width : 2; bit_from : 1; bit_to : 0; }
  cell (INV_WORD) { area : 0.1; bus (A) { bus_type : word; direction : input; capacitance : 1; }
    bus (Y) { bus_type : word; direction : output; function : "!A"; } }"""
STATE = """  cell (STATE) { area : 0.1; statetable ("A B", "IQ") { table : "L - : - : L, H - : - : N"; }
    pin (A) { direction : input; } pin (B) { direction : input; }
    pin (Y) { direction : output; function : "A B"; state_function : "IQ"; } }"""

#: What is as good as the generic library, after all.
AS_GOOD = {
    "(0.001, pf)": GENERIC.replace("(1, ff)", "(0.001,pf)"),
    "capitals, spaces": GENERIC.replace("(1, ff)", '( "1.0" , "fF" )').replace('"1ps"', '" 1.0 PS"'),
    "units without quotes": GENERIC.replace('"1ps"', "1ps"),
    "0.001ns": GENERIC.replace('"1ps"', '"0.001ns"'),
    "no related_pin": GENERIC.replace(
        TIMING, f'timing () {{ cell_rise (delay) {{ values ("1, 1, 1", "1, 1, 1", "1, 1, 1"); }} }} {TIMING}'
    ),
    "power of three axes": GENERIC.replace(DELAY, POWER + DELAY).replace(TIMING, OF_THREE_AXES + TIMING, 1),
    "power template first": GENERIC.replace(DELAY, POWER + DELAY),
    "power template last": GENERIC.replace("  cell (INV_X1)", POWER + "  cell (INV_X1)", 1),
    "current sources, variation": GENERIC.replace(FIRST_TIMING, f"{FIRST_TIMING} {CCS}", 1),
    "quoted names": re.sub(r"(cell|pin) \((\w+)\)", r'\1 ("\2")', GENERIC),
    "several pins at once": re.sub(
        r"pin \((\w)\) (\{ direction : input; capacitance : \S+; \})\s*pin \((\w)\) \2", r"pin (\1, \3) \2", GENERIC
    ),
    "no semicolons": re.sub(r";\n", "\n", GENERIC),
    "carriage returns, tabs": GENERIC.replace("\n", "\r\n").replace("  ", "\t"),
    "lines that go on": GENERIC.replace('values ("', 'values ( \\\n   "').replace('", "', '", \\\n   "'),
    "comments everywhere": GENERIC.replace("values (", '/* { " */ values (').replace(";\n", "; /* } */\n"),
    "own axes": GENERIC.replace(
        "cell_rise (delay) {", 'cell_rise (delay) { index_1 ("1, 16, 256"); index_2 ("1, 16, 256");'
    ),
    "a cell without logic": with_cell("  cell (FILL) { area : 1; is_filler_cell : true; }\n  cell (TAP) { }"),
    "a gate without area": with_cell(cell("NAND2_X1", ("cell (NAND2_X1)", "cell (FREE)"), ("area : 1;", ""))),
    "a bank of flip-flops": with_cell(BANK),
    "a word of inverters": with_cell(BUS),
    "a table of states": with_cell(STATE),
    "dont_use": temptation("NAND2_X1", ("area : 0.01;", "area : 0.01; dont_use : true;")),
    "dont_use, quoted": temptation("INV_X1", ("area : 0.01;", 'area : 0.01; dont_use : "true";')),
    "a level shifter": temptation("BUF_X1", ("area : 0.01;", "area : 0.01; is_level_shifter : true;")),
    "an isolation cell": temptation("NOR2_X1", ("area : 0.01;", "area : 0.01; is_isolation_cell : true;")),
    "a retention flip-flop": temptation("DFF", ("area : 0.01;", 'area : 0.01; retention_cell : "save";')),
    "a three-state inverter": temptation("INV_X1", ('function : "!A";', 'function : "!A"; three_state : "!A";')),
    "combinational edges": GENERIC.replace(FIRST_TIMING, f"{FIRST_TIMING} timing_type : combinational;"),
}


@pytest.mark.parametrize("recipe", ["least-area", "balanced"])
@pytest.mark.parametrize("library", AS_GOOD.values(), ids=AS_GOOD)
def test_what_can_be_used_is_used(library, recipe, mapped, usual):
    assert library != GENERIC
    kinds, area, period = mapped(library, recipe=recipe)
    assert (kinds, area) == usual[recipe][:2]
    assert period == pytest.approx(usual[recipe][2])


def test_a_missing_time_unit_is_a_nanosecond(mapped, usual):
    _, area, period = mapped(re.sub("time_unit[^;]*;", "", GENERIC))
    assert area == usual["least-area"][1]
    assert period == pytest.approx(1000 * usual["least-area"][2], rel=0.01)


def test_a_missing_unit_of_capacitance_is_a_picofarad(tmp_path):
    path = tmp_path / "wild.lib"
    path.write_text(re.sub("capacitive_load_unit[^;]*;", "", GENERIC))
    [(rise, fall)] = read_tables(read_libraries([path]), ["INV_X1"])["INV_X1"].capacitances.values()
    assert (rise, fall) == pytest.approx((1000, 1000))


def test_marked_cells_are_never_taken(mapped, tmp_path):
    """The smallest flip-flop and the smallest inverter are marked; larger ones are there."""
    larger = [
        cell("DFF", ("cell (DFF)", "cell (DFF_X2)"), ("area : 5.33;", "area : 6;")),
        cell("TIE0", ("cell (TIE0)", "cell (TIE0_X2)"), ("area : 0.67;", "area : 1;")),
    ]
    text = marked("dont_use : true;", "DFF", "INV_X1", "TIE0").replace(
        "  cell (INV_X1)", "\n".join([*larger, "  cell (INV_X1)"]), 1
    )
    kinds, *_ = mapped(text, recipe="balanced")
    assert "DFF_X2" in kinds
    assert not kinds & {"DFF", "INV_X1", "TIE0"}
    library = read_libraries([tmp_path / "wild.lib"])
    assert library.inverter == "INV_X2"
    assert library.smallest("0") == ("TIE0_X2", "Y")


def test_energy_over_a_second_load_is_that_at_its_least(tmp_path):
    path = tmp_path / "wild.lib"
    path.write_text(AS_GOOD["power of three axes"])
    [energy] = read_tables(read_libraries([path]), ["INV_X1"])["INV_X1"].energies
    assert energy.tables[0].values.tolist() == np.array([[1, 3, 5], [7, 9, 11]]).tolist()


def test_edges_that_are_told_apart_are_one_arc_each(tmp_path):
    path = tmp_path / "wild.lib"
    text = cell("INV_X1")
    start, end = text.index("timing ()"), text.rindex("}\n    }\n  }") + 1
    timing = text[start:end]
    rise = re.sub(r"(cell_fall|fall_transition)[^}]*\}", "", timing).replace(
        "related_pin", "timing_type : combinational_rise; related_pin"
    )
    fall = re.sub(r"(cell_rise|rise_transition)[^}]*\}", "", timing).replace(
        "related_pin", "timing_type : combinational_fall; related_pin"
    )
    path.write_text(GENERIC.replace(timing, rise + fall, 1))
    arcs = read_tables(read_libraries([path]), ["INV_X1"])["INV_X1"].arcs
    assert [[table is not None for table in arc.delays] for arc in arcs] == [[True, False], [False, True]]


NOT_A_NUMBER = "the area of cell NAND2_X1 must be a number of 0 or more, not "


@pytest.mark.parametrize(
    ("library", "text"),
    [
        (with_changed("NAND2_X1", ("area : 1;", "area : -1;")), NOT_A_NUMBER + "'-1'"),
        (with_changed("NAND2_X1", ("area : 1;", "area : nan;")), NOT_A_NUMBER + "'nan'"),
        (with_changed("NAND2_X1", ("area : 1;", "area : big;")), NOT_A_NUMBER + "'big'"),
        (GENERIC.replace('"1ps"', '"2ns"'), "the time_unit must be one of 1ps, 10ps, 100ps, 1ns, not '2ns'"),
        (GENERIC.replace('"1ps"', '"fast"'), "the time_unit must be a number and a unit, as in 1ps, not 'fast'"),
        (
            GENERIC.replace("(1, ff)", "(1, kg)"),
            "the capacitive_load_unit must be a number and a unit, as in 1pf, not '1kg'",
        ),
    ],
    ids=["negative area", "nan", "no number", "2ns", "no time", "no capacitance"],
)
def test_what_cannot_be_used_is_refused_before_synthesis(library, text, mapped, tmp_path):
    with pytest.raises(FlowError) as caught:
        mapped(library)
    assert str(caught.value) == f"{tmp_path / 'wild.lib'}: {text}"
    assert not (tmp_path / "build" / "netlist.v").exists()


@pytest.mark.parametrize(
    ("library", "text"),
    [
        (
            re.sub(r"(cell_rise|cell_fall|rise_transition|fall_transition) \(delay\) \{.*?\}", "", GENERIC),
            "cell {} must have tables of delays and of transitions at",
        ),
        (
            GENERIC.replace('"2, 17, 257", "2, 17, 257", "2, 17, 257"', '"2, 17, 257", "2, 17"'),
            "cell {} must have 3 by 3 values in its cell_rise",
        ),
        (
            GENERIC.replace('index_2 ("1, 16, 256")', 'index_2 ("1, 16, 16")'),
            "cell {} must have a rising index_2 in its cell_rise",
        ),
        (
            GENERIC.replace("capacitance : 1;", "capacitance : nan;"),
            "cell {} must have a capacitance of 0 or more at pin A, not 'nan'",
        ),
        (GENERIC.replace('"2, 17, 257"', '"2, 17, x"', 1), "cell INV_X1"),
    ],
    ids=["no tables", "too few values", "axis that does not rise", "capacitance", "no number"],
)
def test_tables_that_cannot_be_used_are_named(library, text, tmp_path):
    path = tmp_path / "wild.lib"
    path.write_text(library)
    found = read_libraries([path])
    with pytest.raises(FlowError) as caught:
        read_tables(found, ["INV_X1"])
    assert str(caught.value).startswith(f"{path}: {text.format('INV_X1')}")
    assert str(caught.value).endswith("; --exclude INV_X1 leaves it out")


#: What abc must survive, as areas need no tables, and what a recipe that looks at delays says of it.
WITHOUT_TIMING = {
    "no tables": (
        re.sub(r"(cell_rise|cell_fall|rise_transition|fall_transition) \(delay\) \{.*?\}", "", GENERIC),
        r"wild\.lib: cell \w+ must have tables of delays and of transitions at Y",
    ),
    "no timing": (
        re.sub(r"timing \(\) \{.*?\n      \}", "", GENERIC, flags=re.DOTALL),
        r"the library must have delays to Y of AND2_X1; --exclude AND2_X1 leaves",
    ),
    "no template": (
        GENERIC.replace(DELAY, "  lu_table_template (another) {"),
        "must have 1 by 1 values in its cell_rise",
    ),
}


@pytest.mark.parametrize(("library", "text"), WITHOUT_TIMING.values(), ids=WITHOUT_TIMING)
def test_areas_need_no_tables(library, text, usual, tmp_path):
    (tmp_path / "top.v").write_text(DESIGN)
    (tmp_path / "wild.lib").write_text(library)
    options = {"liberty": [tmp_path / "wild.lib"], "build_dir": tmp_path / "build"}
    assert synthesise(tmp_path / "top.v", "top", **options).area == usual["least-area"][1]
    with pytest.raises(FlowError, match=text):
        synthesise(tmp_path / "top.v", "top", recipe="balanced", **options)
