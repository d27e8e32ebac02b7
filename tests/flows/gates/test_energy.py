"""Switching activity and energy: circuits that can be counted by hand, in the generic cells.

They have 1 V and take no energy inside. An inverter's input and a flip-flop's pins are loads of 1, and so is an output
port; a change of a load takes half of it.
"""

from itertools import pairwise

import numpy as np
import pytest

from softermax.flows.errors import FlowError
from softermax.flows.gates.activity import simulate
from softermax.flows.gates.energy import switched_energy
from softermax.flows.gates.glitches import simulate_glitches
from softermax.flows.gates.liberty import read_libraries
from softermax.flows.gates.netlist import read_netlist
from softermax.flows.gates.timing import find_delays

CYCLES = 50


@pytest.fixture
def play(tmp_path):
    """Simulate a netlist on random words; returns netlist, stimuli, activity and energy."""

    def simulate_text(verilog, words=2, **ports):
        path = tmp_path / "netlist.v"
        path.write_text(verilog)
        rng = np.random.default_rng(7)
        stimuli = {name: rng.integers(0, 1 << 64, (CYCLES, bits, words), np.uint64) for name, bits in ports.items()}
        library = read_libraries([])
        netlist = read_netlist(path, "top", library)
        activity = simulate(netlist, library, stimuli, counted_from=1)
        delays = find_delays(netlist, library)
        [energy] = switched_energy(netlist, library, delays, activity, voltage=1.0, period=1000).values()
        return netlist, stimuli, activity, energy

    return simulate_text


def changes(values) -> int:
    """Bits that differ from one cycle to the next."""
    return int(np.bitwise_count(values[1:] ^ values[:-1]).sum())


def of_net(netlist, counts, name) -> int:
    """A net's count."""
    return int(counts[netlist.nets.index(name)])


def test_an_inverter(play):
    netlist, stimuli, activity, energy = play(
        "module top(input clk, a, output y); INV_X1 i (.A(a), .Y(y)); endmodule", a=1
    )
    times = changes(stimuli["a"])
    assert of_net(netlist, activity.toggles, "a") == of_net(netlist, activity.toggles, "y") == times
    assert (activity.outputs["y"] == ~stimuli["a"]).all()
    assert (energy.net_switching, energy.cells, energy.leakage) == (pytest.approx(times), 0, 0)
    assert activity.cycles == (CYCLES - 1) * 2 * 64


def test_every_cell_does_what_its_function_says(play):
    cells = {
        "NAND2_X1": lambda a, b: ~(a & b),
        "NOR2_X1": lambda a, b: ~(a | b),
        "XOR2_X1": lambda a, b: a ^ b,
    }
    text = " ".join(f"{kind} c{n} (.A(a), .B(b), .Y(y[{n}]));" for n, kind in enumerate(cells))
    ends = f"AOI21_X1 d (.A(a), .B(b), .C(c), .Y(y[{len(cells)}]));"
    _, s, activity, _ = play(f"module top(input clk, a, b, c, output [3:0] y); {text} {ends} endmodule", a=1, b=1, c=1)
    a, b, c = (s[name][:, 0] for name in "abc")
    for n, function in enumerate(cells.values()):
        assert (activity.outputs["y"][:, n] == function(a, b)).all()
    assert (activity.outputs["y"][:, 3] == ~((a & b) | c)).all()


def test_a_flip_flop_shows_what_came_a_cycle_before_and_is_clocked_in_each(play):
    netlist, stimuli, activity, energy = play(
        "module top(input clk, d, output q); DFF f (.C(clk), .D(d), .Q(q)); endmodule", d=1
    )
    assert (activity.outputs["q"][1:] == stimuli["d"][:-1]).all()
    assert of_net(netlist, activity.clocked, "clk") == activity.cycles
    # Two edges of a clock that drives one load; data at D and at the port.
    assert energy.clock == pytest.approx(activity.cycles)
    data = changes(stimuli["d"]) + changes(activity.outputs["q"])
    assert energy.net_switching == pytest.approx(data / 2)


def test_a_gated_clock_ticks_when_it_is_enabled(play):
    netlist, stimuli, activity, energy = play(
        "module top(input clk, e, d, output q); wire g; ICG i (.C(clk), .E(e), .GC(g));"
        "DFF f (.C(g), .D(d), .Q(q)); endmodule",
        e=1,
        d=1,
    )
    held = np.zeros_like(stimuli["d"][0])
    for cycle in range(CYCLES):
        assert (activity.outputs["q"][cycle] == held).all()
        enabled = stimuli["e"][cycle]
        held = (stimuli["d"][cycle] & enabled) | (held & ~enabled)
    ticks = int(np.bitwise_count(stimuli["e"][1:]).sum())
    assert of_net(netlist, activity.clocked, "g") == ticks
    # The gate's clock pin is a load of 2.
    assert energy.clock == pytest.approx(2 * activity.cycles + ticks)


def hazard(inverters: int, loads: int) -> str:
    """A NAND of an input and its inverse, which comes later; it drives inverters."""
    wires = ["a", *(f"w{n}" for n in range(inverters))]
    chain = " ".join(f"INV_X1 i{n} (.A({a}), .Y({y}));" for n, (a, y) in enumerate(pairwise(wires)))
    chain += " ".join(f"INV_X1 l{n} (.A(y), .Y(z[{n}]));" for n in range(loads))
    ends = f"NAND2_X1 n (.A(a), .B({wires[-1]}), .Y(y)); endmodule"
    return f"module top(input clk, a, output y, output [7:0] z); wire {', '.join(wires[1:])}; {chain} {ends}"


@pytest.mark.parametrize(("inverters", "loads", "pulses"), [(5, 0, 1), (1, 8, 0)])
def test_a_hazard_is_a_pulse_if_it_is_long_enough(play, inverters, loads, pulses):
    netlist, stimuli, activity, _ = play(hazard(inverters, loads), a=1)
    assert of_net(netlist, activity.toggles, "y") == 0
    library, sample = read_libraries([]), range(11, 31)
    delays = find_delays(netlist, library)
    whole, without, glitching = simulate_glitches(netlist, library, delays, stimuli, counted_from=1, sample=sample)
    before, after = stimuli["a"][sample.start - 1 : sample.stop - 1], stimuli["a"][sample.start : sample.stop]
    rises = int(np.bitwise_count(after & ~before).sum())
    assert of_net(netlist, glitching.toggles, "y") == 2 * rises * pulses
    assert of_net(netlist, without.toggles, "y") == 0
    changed = int(np.bitwise_count(after ^ before).sum())
    assert of_net(netlist, glitching.toggles, "w0") == of_net(netlist, without.toggles, "w0") == changed
    assert (without.cycles, glitching.cycles) == (20 * 128, 20 * 128)
    assert (whole.toggles == activity.toggles).all()
    assert (whole.outputs["y"] == activity.outputs["y"]).all()


def test_constants_and_ports_of_several_bits(play):
    _, stimuli, activity, _ = play(
        "module top(input clk, input [2:0] a, output [3:0] y); assign y = {a[0], 1'b1, 1'b0, a[2]}; endmodule", a=3
    )
    assert (activity.outputs["y"][:, 0] == stimuli["a"][:, 2]).all()
    assert not activity.outputs["y"][:, 1].any()
    assert (activity.outputs["y"][:, 2] == np.uint64(0xFFFFFFFFFFFFFFFF)).all()
    assert (activity.outputs["y"][:, 3] == stimuli["a"][:, 0]).all()


def test_an_input_without_stimuli_is_named(play):
    with pytest.raises(FlowError, match=r"^the stimuli must drive every input, but do not drive b$"):
        play("module top(input clk, a, b, output y); NAND2_X1 n (.A(a), .B(b), .Y(y)); endmodule", a=1)
    with pytest.raises(FlowError, match="must have a clock called clk"):
        play("module top(input a, output y); INV_X1 i (.A(a), .Y(y)); endmodule", a=1)
