"""The memory interface: against a list of words, and a platform's own memory in its place."""

import numpy as np
import pytest
from amaranth.back import rtlil
from amaranth.hdl import Instance, Module

from softermax.hw import RowBuffer, Sram
from softermax.hw.streams import score_slice
from softermax.model import SoftermaxConfig
from softermax.sim.amaranth_bench import observe_in_amaranth


@pytest.mark.parametrize(("width", "depth"), [(1, 1), (9, 2), (8, 5), (130, 16)])
def test_reads_see_writes_before_them_and_stay(width, depth):
    rng = np.random.default_rng(depth)
    cycles = 400
    inputs = {
        "write_enable": rng.integers(0, 2, cycles).tolist(),
        "write_address": rng.integers(0, depth, cycles).tolist(),
        "write_data": [int.from_bytes(rng.bytes(17)) % (1 << width) for _ in range(cycles)],
        "read_enable": rng.integers(0, 2, cycles).tolist(),
        "read_address": rng.integers(0, depth, cycles).tolist(),
    }
    if depth == 1:
        del inputs["write_address"], inputs["read_address"]
    seen = observe_in_amaranth(Sram(width, depth), inputs)["read_data"]
    words, shown = [None] * depth, None
    for cycle in range(cycles):
        if shown is not None:
            assert seen[cycle] == shown
        if inputs["read_enable"][cycle]:
            shown = words[inputs.get("read_address", [0] * cycles)[cycle]]
        if inputs["write_enable"][cycle]:
            words[inputs.get("write_address", [0] * cycles)[cycle]] = inputs["write_data"][cycle]


@pytest.mark.parametrize(("width", "depth"), [(0, 1), (1, 0), (8, -1), (8, 2.0)])
def test_sizes_that_make_no_memory_are_refused(width, depth):
    with pytest.raises(ValueError, match="must be an integer of 1 or more"):
        Sram(width, depth)


class WithMacros:
    """A platform whose memories are instances of macros."""

    @staticmethod
    def sram(memory):
        m = Module()
        m.submodules.macro = Instance(f"macro_{memory.depth}x{memory.width}", o_q=memory.read_data)
        return m


def test_a_platform_puts_macros_in_place_of_memories():
    buffer = RowBuffer(score_slice(SoftermaxConfig.paper(lanes=3, max_len=24)), 10)
    assert "macro_9x28" in rtlil.convert(buffer, platform=WithMacros())
    assert "macro" not in rtlil.convert(buffer)
