"""Tables of Liberty files: units, axes and conditions, and the energies that follow from them, by hand.

The library counts in ns, pF and uW: 1 of its energies is 1000 fJ at 1 V, and 4000 at the 2 V of its unit.
"""

import re
from importlib.resources import files

import numpy as np
import pytest

from softermax.flows.errors import FlowError
from softermax.flows.gates.activity import Activity
from softermax.flows.gates.cell_tables import Table, read_tables
from softermax.flows.gates.energy import switched_energy
from softermax.flows.gates.liberty import Library, read_libraries
from softermax.flows.gates.netlist import MappedCell, Netlist
from softermax.flows.gates.timing import find_delays

TABLES = """cell_rise (d) { values ("1, 3", "2, 6"); } cell_fall (t) { values ("1, 2", "3, 6"); }
rise_transition (s) { values ("0.5"); } fall_transition (s) { values ("0.5"); }"""
LIBRARY = f"""library (tables) {{
time_unit : "1ns"; capacitive_load_unit (1, pf); voltage_unit : "2V"; leakage_power_unit : "1uW"; nom_voltage : 1.0;
lu_table_template (d) {{ variable_1 : input_net_transition; variable_2 : total_output_net_capacitance;
  index_1 ("0, 1"); index_2 ("0, 0.5"); }}
lu_table_template (t) {{ variable_1 : total_output_net_capacitance; variable_2 : input_net_transition;
  index_1 ("0, 0.5"); index_2 ("0, 1"); }}
cell (INV) {{ area : 1; cell_leakage_power : 3;
  pg_pin (VDD) {{ pg_type : primary_power; }} pg_pin (VSS) {{ pg_type : primary_ground; }}
  pin (A) {{ direction : input; capacitance : 0.5; rise_capacitance : 0.4; fall_capacitance : 0.6;
    internal_power () {{ rise_power (s) {{ values ("0.01"); }} fall_power (s) {{ values ("0.03"); }} }} }}
  pin (Y) {{ direction : output; function : "!A";
    timing () {{ related_pin : "A"; timing_sense : negative_unate; {TABLES} }} }} }}
cell (NAND) {{ area : 1;
  pg_pin (VDD) {{ pg_type : primary_power; }} pg_pin (VSS) {{ pg_type : primary_ground; }}
  leakage_power () {{ value : 1; when : "A"; }} leakage_power () {{ value : 3; when : "!A"; }}
  pin (A) {{ direction : input; capacitance : 0; }} pin (B) {{ direction : input; capacitance : 0; }}
  pin (Y) {{ direction : output; function : "!(A*B)";
    timing () {{ related_pin : "A B"; timing_sense : negative_unate; {TABLES} }}
    internal_power () {{ related_pin : "A"; related_pg_pin : VDD; rise_power (s) {{ values ("0.1"); }}
      fall_power (s) {{ values ("0.3"); }} }}
    internal_power () {{ related_pin : "A"; related_pg_pin : VSS; rise_power (s) {{ values ("9"); }}
      fall_power (s) {{ values ("9"); }} }}
    internal_power () {{ related_pin : "B"; when : "A"; power (s) {{ values ("0.6"); }} }} }} }}
cell (FLOP) {{ area : 1; ff (Q, QN) {{ clocked_on : "C"; next_state : "D"; }}
  pin (C) {{ direction : input; capacitance : 0.1; }} pin (D) {{ direction : input; capacitance : 0.2; }}
  pin (Q) {{ direction : output; function : "Q"; }} }}
}}"""
#: fJ in one of the library's energies.
UNIT = 4000


@pytest.fixture
def file(tmp_path):
    """The library, as a file."""
    path = tmp_path / "tables.lib"
    path.write_text(LIBRARY)
    return path


def test_tables_are_in_ps_and_ff_with_the_load_last(file):
    [arc] = read_tables(read_libraries([file]), ["INV"])["INV"].arcs
    rise, fall = arc.delays
    assert (arc.source, arc.target, arc.sense, arc.kind) == ("A", "Y", "negative_unate", "combinational")
    # ns by ps: at the corners, in the middle, and outside along the last line.
    places = ((0, 0), (1000, 500), (500, 250), (0, 1000))
    assert [float(rise(at, load)) for at, load in places] == pytest.approx([1000, 6000, 3000, 5000])
    # The same numbers the other way round.
    assert [float(fall(at, load)) for at, load in ((0, 500), (1000, 0))] == pytest.approx([3000, 2000])
    assert [float(table(7, 7)) for table in arc.transitions] == pytest.approx([500, 500])


def test_capacitances_leakage_and_sources(file):
    cells = read_tables(read_libraries([file]), ["INV", "NAND"])
    assert cells["INV"].capacitances == {"A": pytest.approx((400, 600))}
    # uW in nW; a cell with states has their mean.
    assert (cells["INV"].leakage, cells["NAND"].leakage) == pytest.approx((3000, 2000))
    assert [arc.source for arc in cells["NAND"].arcs] == ["A", "B"]
    # What is drawn from the ground is the same energy again.
    assert [(e.pin, e.source) for e in cells["NAND"].energies] == [("Y", "A"), ("Y", "B")]


def test_a_cell_that_is_not_there_is_named(file):
    with pytest.raises(FlowError, match=r"^the library must have every cell of the netlist, but has no XOR$"):
        read_tables(read_libraries([file]), ["INV", "XOR"])


@pytest.mark.parametrize("tables", [("rise_transition",), ("cell_rise", "cell_fall")])
def test_a_cell_without_its_tables_is_named(tables, tmp_path):
    text = (files("softermax.flows.gates") / "cells" / "generic.lib").read_text()
    start = text.index("cell (INV_X1)")
    end = text.index("cell (", start + 1)
    cell = re.sub(rf"({'|'.join(tables)}) \(delay\) {{.*?}}", "", text[start:end])
    path = tmp_path / "cells.lib"
    path.write_text(text[:start] + cell + text[end:])
    with pytest.raises(
        FlowError,
        match=r"cells\.lib: cell INV_X1 must have tables of delays and of transitions at Y; --exclude INV_X1 leaves",
    ):
        read_tables(read_libraries([path]), {"INV_X1", "NAND2_X1"})


def test_a_table_of_one_value_is_that_value():
    table = Table(np.array([0.0]), np.array([0.0]), np.array([[4.0]]))
    assert table(np.array([1, 2]), np.array([3, 4])).tolist() == [4, 4]


def test_delays_follow_loads_and_transitions(file):
    cells = [MappedCell("a", "INV", {"A": 0, "Y": 1}), MappedCell("b", "INV", {"A": 1, "Y": 2})]
    netlist = Netlist(cells, {"a": 0}, {"y": 2}, ["a", "w", "y"])
    found = find_delays(netlist, read_libraries([file])).slowest()
    # The first falls against 600 fF after 1000 + 2000 * 600 / 500, from an edge without duration; the second rises
    # against a port's 1 fF, half way between both rows of its table: 1500 + 3000 / 500.
    assert [step.edge for step in found.path] == ["rise", "fall", "rise"]
    assert [step.arrival for step in found.path] == pytest.approx([0, 3400, 3400 + 1506])
    assert found.period == pytest.approx(4906)


def energy_of(file, cells, nets, toggles, clocked, **how):
    """Energy of a netlist with some counts of changes and clock edges, in 10 cycles."""
    library: Library = read_libraries([file])
    netlist = Netlist(cells, {}, {}, nets)
    activity = Activity(np.array(toggles), np.array(clocked), {}, 10)
    delays = find_delays(netlist, library)
    found = switched_energy(netlist, library, delays, activity, **{"voltage": 3.0, "period": 100.0} | how)
    return found[""]


def test_an_inverter_that_drives_another(file):
    cells = [MappedCell("a", "INV", {"A": 0, "Y": 1}), MappedCell("b", "INV", {"A": 1, "Y": 2})]
    energy = energy_of(file, cells, ["a", "w", "y"], [8, 6, 0], [0, 0, 0])
    # Half of 500 fF at 3 V for each change of either input.
    assert energy.net_switching == pytest.approx((8 + 6) * 500 * 9 / 2)
    # Inside, half a rise and half a fall of each input.
    assert energy.cells == pytest.approx((8 + 6) * (0.01 + 0.03) / 2 * UNIT)
    # Two cells of 3 uW, ten cycles of 100 ps.
    assert (energy.clock, energy.leakage) == (0, pytest.approx(2 * 3e-6 * 10 * 100e-12 * 1e15))


def test_an_outputs_energy_is_split_by_its_inputs_changes(file):
    cells = [MappedCell("n", "NAND", {"A": 0, "B": 1, "Y": 2})]
    energy = energy_of(file, cells, ["a", "b", "y"], [3, 1, 10], [0, 0, 0])
    # Three quarters are A's doing, at 0.2 on average, one quarter B's at 0.6.
    assert energy.cells == pytest.approx(10 * (0.75 * 0.2 + 0.25 * 0.6) * UNIT)
    assert (energy.net_switching, energy.clock) == (0, 0)


def test_a_clock_is_charged_for_two_edges_a_tick(file):
    cells = [MappedCell("f", "FLOP", {"C": 0, "D": 1, "Q": 2})]
    energy = energy_of(file, cells, ["clk", "d", "q"], [0, 4, 4], [10, 0, 0])
    assert energy.clock == pytest.approx(2 * 10 * 100 * 9 / 2)
    assert energy.net_switching == pytest.approx(4 * 200 * 9 / 2)
