"""Elastic registers: order, one item a cycle, no bubbles, and streams that are taken in different cycles."""

from itertools import product

import pytest
from amaranth.hdl import Module
from amaranth.lib import stream
from amaranth.lib.wiring import Component, In, Out

from softermax.hw.elastic import StageOutput, elastic_register
from softermax.sim.amaranth_bench import observe_in_amaranth

from .handshakes import broken_promises, moves


class Pipeline(Component):
    """``stages`` registers in a row."""

    i: In(stream.Signature(8))
    o: Out(stream.Signature(8))

    def __init__(self, stages):
        self.stages = stages
        super().__init__()

    def elaborate(self, platform):
        m = Module()
        head, data = StageOutput.of(self.i), {"payload": self.i.payload}
        for _ in range(self.stages):
            data, [head] = elastic_register(m, head, data)
        m.d.comb += [self.o.valid.eq(head.valid), head.ready.eq(self.o.ready), self.o.payload.eq(data["payload"])]
        return m


class Fork(Component):
    """A register that feeds ``o`` with every item and ``odd`` with the odd ones."""

    i: In(stream.Signature(8))
    o: Out(stream.Signature(8))
    odd: Out(stream.Signature(8))

    def elaborate(self, platform):
        m = Module()
        data, heads = elastic_register(
            m, StageOutput.of(self.i), {"payload": self.i.payload}, feeds=(1, self.i.payload[0])
        )
        for head, out in zip(heads, (self.o, self.odd), strict=True):
            m.d.comb += [out.valid.eq(head.valid), head.ready.eq(out.ready), out.payload.eq(data["payload"])]
        return m


def every_pattern(streams, length):
    """Every way in which ``streams`` bits can go for ``length`` cycles, one after the other, then ones."""
    patterns = [cycle for way in product(product((0, 1), repeat=streams), repeat=length) for cycle in way]
    return [list(permit) for permit in zip(*patterns, *[(1,) * streams] * 9, strict=True)]


def passed(inputs, seen, stream):
    """What passed on a stream, in order."""
    payloads = {**inputs, **seen}[f"{stream}__payload"]
    return [payloads[cycle] for cycle in moves(inputs, seen, stream)]


@pytest.mark.parametrize("stages", [1, 2, 3])
def test_nothing_is_lost_doubled_or_reordered(stages):
    i_valid, o_ready = every_pattern(2, 5)
    inputs = {"i__valid": i_valid, "o__ready": o_ready, "i__payload": [cycle % 251 for cycle in range(len(i_valid))]}
    seen = observe_in_amaranth(Pipeline(stages), inputs)
    taken = passed(inputs, seen, "i")
    assert len(taken) > 1000
    assert passed(inputs, seen, "o") == taken[: len(taken) - stages]  # the source offers to the end
    assert broken_promises(inputs, seen, "o") == []


@pytest.mark.parametrize("stages", [1, 2, 3])
def test_an_item_a_cycle_after_a_cycle_a_stage(stages):
    inputs = {"i__valid": [1] * 50, "o__ready": [1] * 50, "i__payload": list(range(50))}
    seen = observe_in_amaranth(Pipeline(stages), inputs)
    assert moves(inputs, seen, "i") == list(range(50))
    assert moves(inputs, seen, "o") == list(range(stages, 50))


def test_a_stalled_pipeline_fills_up_without_bubbles():
    inputs = {"i__valid": [1, 0, 1, 0, 1, 0, 1, 1], "o__ready": [0] * 8, "i__payload": list(range(8))}
    assert moves(inputs, observe_in_amaranth(Pipeline(3), inputs), "i") == [0, 2, 4]


def test_every_stream_gets_its_items_once_whenever_it_takes_them():
    i_valid, is_odd, o_ready, odd_ready = every_pattern(4, 3)
    payloads = [2 * cycle % 256 + odd for cycle, odd in enumerate(is_odd)]
    inputs = {"i__valid": i_valid, "o__ready": o_ready, "odd__ready": odd_ready, "i__payload": payloads}
    seen = observe_in_amaranth(Fork(), inputs)
    taken = passed(inputs, seen, "i")
    assert len(taken) > 1000
    assert passed(inputs, seen, "o") == taken[:-1]
    assert passed(inputs, seen, "odd") == [payload for payload in taken[:-1] if payload % 2]
    assert broken_promises(inputs, seen, "o") == broken_promises(inputs, seen, "odd") == []


def test_a_fork_takes_the_next_item_as_soon_as_both_streams_are_done():
    i_valid, is_odd, o_ready, odd_ready = every_pattern(4, 3)
    inputs = {"i__valid": i_valid, "o__ready": o_ready, "odd__ready": odd_ready, "i__payload": is_odd}
    seen = observe_in_amaranth(Fork(), inputs)
    streams = zip(seen["o__valid"], o_ready, seen["odd__valid"], odd_ready, strict=True)
    assert seen["i__ready"] == [int((not v or r) and (not v_odd or r_odd)) for v, r, v_odd, r_odd in streams]
