"""Row buffer: order, capacity and latency, and the timing model on every cycle."""

import numpy as np
import pytest

from softermax.hw import RowBuffer
from softermax.hw.streams import unnormed_slice
from softermax.model import SoftermaxConfig
from softermax.model.timing import RowBufferTiming
from softermax.sim.amaranth_bench import observe_in_amaranth
from softermax.sim.traffic import bursty

from .handshakes import broken_promises, moves

PAPER = SoftermaxConfig.paper(lanes=1, max_len=1)

each_size = pytest.mark.parametrize("slices", [1, 2, 5, 6, 7, 24])


def run(slices, i_valid, o_ready):
    """Inputs, with the cycle's number as payload, and what is seen."""
    inputs = {"i__valid": i_valid, "o__ready": o_ready, "i__payload": list(range(len(i_valid)))}
    unit = RowBuffer(unnormed_slice(PAPER), slices + 2)
    return inputs, observe_in_amaranth(unit, inputs)


@each_size
def test_it_holds_the_longest_row_and_two_slices(slices):
    inputs, seen = run(slices, [1] * 40, [0] * 40)
    assert moves(inputs, seen, "i") == list(range(slices + 2))


@each_size
def test_latency_and_a_slice_a_cycle(slices):
    inputs, seen = run(slices, [1] * 60, [1] * 60)
    assert moves(inputs, seen, "i") == list(range(60))
    assert moves(inputs, seen, "o") == list(range(RowBuffer.latency, 60))


def test_a_slice_by_itself_takes_the_latency():
    inputs, seen = run(2, [0, 0, 1, 0, 0, 0, 0], [1] * 7)
    assert moves(inputs, seen, "o") == [2 + RowBuffer.latency]


@each_size
def test_full_speed_resumes_when_a_full_buffer_drains(slices):
    inputs, seen = run(slices, [1] * 100, [0] * 40 + [1] * 60)
    assert moves(inputs, seen, "o") == list(range(40, 100))


@each_size
@pytest.mark.parametrize("seed", range(3))
def test_order_contract_and_every_handshake_of_the_timing_model(slices, seed):
    rng = np.random.default_rng(seed)
    i_valid, o_ready = bursty(rng, 1500).astype(int).tolist(), bursty(rng, 1500).astype(int).tolist()
    inputs, seen = run(slices, i_valid, o_ready)
    taken, given = moves(inputs, seen, "i"), moves(inputs, seen, "o")
    assert len(given) > 100
    assert [seen["o__payload"][cycle] for cycle in given] == taken[: len(given)]
    assert broken_promises(inputs, seen, "o") == []

    timing = RowBufferTiming(slices + 2)
    for cycle, permits in enumerate(zip(i_valid, o_ready, strict=True)):
        valids, readies = permits[:1], permits[1:]
        assert (seen["i__ready"][cycle],) == timing.ready(valids, readies)
        assert (seen["o__valid"][cycle],) == timing.valids()
        assert timing.shown()[0] < 0 or seen["o__payload"][cycle] == taken[timing.shown()[0]]
        timing.clock(valids, readies)


def test_a_buffer_without_room_for_its_output_register_is_refused():
    with pytest.raises(ValueError, match=r"^depth must be 2 or more, not 1$"):
        RowBuffer(unnormed_slice(PAPER), 1)
