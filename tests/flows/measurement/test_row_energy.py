"""Energy for rows of real scores: the netlist must also do what the golden model says."""

import re

import pytest

from softermax.flows.design_points import DesignPoint
from softermax.flows.errors import FlowError
from softermax.flows.measurement.mapped_unit import read_mapped_unit
from softermax.flows.measurement.row_energy import measure_row_energy
from softermax.flows.synthesis.synthesis import AreaOptions, synthesise_component

UNITS = {
    "unnormed": DesignPoint("unnormed", "paper", 4, 16),
    "normalization": DesignPoint("normalization", "faithful", 2, 16),
    "fp16": DesignPoint("unnormed", "fp16", 2, 16),
    "softmax": DesignPoint("softmax", "paper", 4, 16),
}


def measured(point, unit, **options):
    """The energy of a unit of generic cells."""
    return measure_row_energy(point, read_mapped_unit(unit, []), period=1000, **{"tokens": 16, **options})


@pytest.mark.parametrize("point", UNITS.values(), ids=UNITS)
def test_the_netlist_does_what_the_golden_model_says(point, tmp_path):
    result = synthesise_component(point.component(), point.name, tmp_path, AreaOptions())
    found = measured(point, result)
    assert (found["mismatches"], found["rows"]) == (0, 640)
    assert 0 < found["clock_energy"] < found["energy_per_row"]
    assert found["energy_per_element"] == pytest.approx(found["energy_per_row"] * 1000 / 16, abs=0.01)
    assert found["glitch_factor"] >= 1
    assert found["energy_with_glitches"] >= found["energy_per_row"]
    assert measured(point, result) == found


def test_a_processing_element_is_the_sum_of_its_parts_and_its_memories_of_their_accesses(tmp_path):
    point = DesignPoint("pe", "faithful", 2, 16)
    result = synthesise_component(point.component(), point.name, tmp_path, AreaOptions(), macros=True, parts=True)
    found = measured(point, result)
    assert (found["mismatches"], found["rows"]) == (0, 64 * 6)
    parts = ("operands", "mac_array", "requantiser", "softmax", "registers", "sequencer")
    assert all(found[f"{part}_energy"] > 0 for part in parts)
    # The rest is what input ports drive, the clock among it.
    assert 0.9 * found["energy_with_glitches"] < sum(found[f"{part}_energy"] for part in parts)
    assert sum(found[f"{part}_energy"] for part in parts) < found["energy_with_glitches"]
    # A row has 8 slices of 64 / 2 words, read from 2 banks and the query buffer; and 8 slices in the row buffer.
    named = {name.removeprefix("sram_"): macro for name, macro in result.macros.items()}
    bank, query, row = (named[name].access_energy(1.0) / 1000 for name in ("512x16_1rw", "128x16_1r1w", "12x19_1r1w"))
    least = 8 * 32 * (2 * bank + query) + 8 * 2 * row
    assert least <= found["memory_energy"] <= least + 32 * query


def test_a_spoilt_netlist_is_found(tmp_path):
    point = UNITS["unnormed"]
    result = synthesise_component(point.component(), point.name, tmp_path, AreaOptions())
    spoilt = re.sub(r"NOR2_X1 (?=_\d+_ )", "NAND2_X1 ", result.netlist.read_text(), count=1)
    result.netlist.write_text(spoilt)
    assert measured(point, result)["mismatches"] > 0


@pytest.mark.parametrize("tokens", [0, 17])
def test_lengths_that_do_not_fit_are_refused(tokens, tmp_path):
    point = UNITS["unnormed"]
    result = synthesise_component(point.component(), point.name, tmp_path, AreaOptions())
    with pytest.raises(
        FlowError, match=rf"^tokens must be from 1 to 16, the smaller of max_len and 1024, not {tokens}$"
    ):
        measured(point, result, tokens=tokens)
