"""SRAM macros in bit-parallel simulation: a whole processing element's netlist against the golden model."""

import numpy as np
import pytest

from softermax.flows.errors import FlowError
from softermax.flows.gates.activity import simulate
from softermax.flows.gates.liberty import read_libraries
from softermax.flows.gates.netlist import read_netlist
from softermax.flows.synthesis.synthesis import AreaOptions, synthesise_component
from softermax.hw import ProcessingElement
from softermax.model import SoftermaxConfig
from softermax.model.baseline import BaselineConfig
from softermax.model.pe import Head
from softermax.model.pe_config import ProcessingElementConfig
from softermax.sim.pe_trace import processing_element_trace
from softermax.sim.stimuli import pack_inputs, unpack_bits

CONFIGS = {
    "faithful, values": ProcessingElementConfig(
        softmax=SoftermaxConfig.faithful(lanes=2, max_len=8), vector_size=2, max_d_head=4, values=True
    ),
    "fp16": ProcessingElementConfig(softmax=BaselineConfig(lanes=2, max_len=8), vector_size=4, max_d_head=4),
}


def stimuli(config, sizes):
    """A trace for each stimulus, all of heads of the same sizes."""
    rng = np.random.default_rng(5)
    traces = []
    for queries, keys in sizes:
        q, k, v = (rng.integers(-128, 128, (rows, 4)).astype(np.int8) for rows in (queries, keys, keys))
        scales = {"multiplier": 200, "shift": 16, "context_multiplier": 130, "context_shift": 14}
        traces.append(processing_element_trace([Head(q=q, k=k, v=v, **scales)], config, {}, rng))
    return traces


def play(config, traces, tmp_path):
    """Simulate the mapped processing element; returns its activity."""
    component = ProcessingElement(config)
    result = synthesise_component(component, "pe", tmp_path, AreaOptions(), macros=True, parts=True)
    library = read_libraries([])
    netlist = read_netlist(result.netlist, "pe", library)
    stimuli = pack_inputs(traces, netlist.input_widths())
    depths = {kind: macro.depth for kind, macro in result.macros.items()}
    return simulate(netlist, library, stimuli, counted_from=2, memories=depths)


@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
def test_every_stimulus_gets_its_own_head(config, tmp_path):
    traces = stimuli(config, [(3, 7)] * 64)
    activity = play(config, traces, tmp_path)
    for number in (0, 31, 63):
        for port, expected in traces[number].outputs.items():
            seen = unpack_bits(activity.outputs[port], number)
            assert [(c, e, s) for c, (e, s) in enumerate(zip(expected, seen, strict=True)) if e not in (None, s)] == []
    banks = [counts for name, counts in activity.accesses.items() if "bank" in name]
    assert len(banks) == config.lanes
    # Every bank is read for three rows of four slices, and its share of seven keys has been written.
    scores = 64 * 3 * 4 * config.chunks(4)
    assert all(reads >= scores for reads, _ in banks)
    assert sum(writes for _, writes in banks) >= 64 * 7 * config.chunks(4)


def test_stimuli_that_do_different_things_are_refused(tmp_path):
    config = CONFIGS["fp16"]
    traces = stimuli(config, [(3, 7)] * 63 + [(3, 4)])
    with pytest.raises(FlowError, match="stimuli must access the same words"):
        play(config, traces, tmp_path)
