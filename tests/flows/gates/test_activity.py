"""Switching activity of a synthesised unit against an event simulator: Verilator's record of the same netlist."""

from collections import defaultdict
from io import BytesIO

import numpy as np
import pytest
from vcd.reader import TokenKind, tokenize

from softermax.flows.design_points import DesignPoint
from softermax.flows.designs.captured import rows_of_length
from softermax.flows.gates.activity import simulate
from softermax.flows.gates.cell_models import cell_models
from softermax.flows.gates.liberty import read_libraries
from softermax.flows.gates.netlist import read_netlist
from softermax.flows.synthesis.synthesis import AreaOptions, synthesise_component
from softermax.sim.cosim import cosimulate
from softermax.sim.stimuli import pack_inputs
from softermax.sim.trace import RESET_CYCLES

#: The bench changes inputs at even and clocks at odd nanoseconds; VCD counts picoseconds.
CYCLE = 2000


def toggles_of(vcd, top: str, cycles: int, counted_from: int) -> dict[str, int]:
    """Changes of each net from one cycle's end to the next, from a VCD file."""
    names, values, before, toggles, cycle = defaultdict(list), {}, {}, defaultdict(int), 0

    def ends(number):
        if counted_from <= number < cycles:
            for code, bits in values.items():
                for place, (old, new) in enumerate(zip(before.get(code, bits), bits, strict=True)):
                    toggles[code, place] += old != new
        before.update(values)

    widths, scope = {}, []
    # The reader does not take Verilator's name of what holds the ports.
    with BytesIO(vcd.read_bytes().replace(b"$rootio", b"ports")) as file:
        for token in tokenize(file):
            if token.kind is TokenKind.SCOPE:
                scope.append(token.scope.ident)
            elif token.kind is TokenKind.UPSCOPE:
                scope.pop()
            elif token.kind is TokenKind.VAR:
                widths[token.var.id_code] = token.var.size
                if scope == [top]:
                    names[token.var.id_code].append(token.var.reference)
            elif token.kind is TokenKind.CHANGE_TIME:
                # A rising clock ends a cycle; what has changed before it counts.
                while token.time_change >= CYCLE * cycle + CYCLE // 2:
                    ends(cycle)
                    cycle += 1
            elif token.kind is TokenKind.CHANGE_SCALAR:
                values[token.scalar_change.id_code] = [token.scalar_change.value]
            elif token.kind is TokenKind.CHANGE_VECTOR:
                change = token.vector_change
                raw = change.value if isinstance(change.value, int) else 0
                values[change.id_code] = [str(raw >> place & 1) for place in range(widths[change.id_code])]
    counted = {}
    for code, references in names.items():
        for place in range(widths[code]):
            for reference in references:
                name = f"{reference}[{place}]" if widths[code] > 1 else reference
                counted[name] = toggles.get((code, place), 0)
    return counted


@pytest.mark.parametrize(
    "point", [DesignPoint("unnormed", "paper", 2, 16), DesignPoint("normalization", "faithful", 2, 16)], ids=str
)
def test_every_net_changes_as_often_as_in_an_event_simulator(point, tmp_path):
    result = synthesise_component(point.component(), point.name, tmp_path, AreaOptions())
    trace = point.entry.traffic.full_speed_trace(
        point.config, rows_of_length(point.config, 16)[:8], np.random.default_rng(3)
    )
    # As packed stimuli have it during the reset.
    for port in trace.inputs.keys() - {"rst"}:
        trace.inputs[port][:RESET_CYCLES] = [0] * RESET_CYCLES
    library = read_libraries([])
    netlist = read_netlist(result.netlist, point.name, library)
    activity = simulate(netlist, library, pack_inputs([trace] * 64, netlist.input_widths()), counted_from=3)
    models = cell_models(library, {cell.kind for cell in netlist.cells})
    (tmp_path / "gates.v").write_text(f"// verilator lint_off LATCH\n{models}\n{result.netlist.read_text()}")
    [played] = cosimulate(tmp_path / "gates.v", point.name, [trace], tmp_path / "gates", dump_vcd=True)
    assert played.mismatches == 0
    seen = toggles_of(tmp_path / "gates" / "dump.vcd", point.name, trace.cycles, 3)
    nets = {name: count // 64 for name, count in zip(netlist.nets, activity.toggles.tolist(), strict=True)}
    compared = {name: (nets[name], seen[name]) for name in nets if name in seen and name != "clk"}
    assert len(compared) > 0.8 * len(nets)
    assert {name: counts for name, counts in compared.items() if counts[0] != counts[1]} == {}
    assert sum(counts[0] for counts in compared.values()) > 1000
