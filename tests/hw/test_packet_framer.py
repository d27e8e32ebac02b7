"""Packet framer: the words that any packets become, by a model of whole packets, and that they take no time."""

import numpy as np
import pytest
from amaranth.sim import Simulator

from softermax.hw.packet_framer import PacketFramer, packet_word
from softermax.sim.trace import PackedStream
from softermax.sim.traffic import bursty

SIZE, MOST, CYCLES = 2, 5, 700


def random_packets(rng, words: int, number: int):
    """Data and keep of each packet, both (beats, SIZE); half of them as long as they should be."""
    lengths = np.where(rng.random(number) < 0.5, words, rng.integers(1, 2 * MOST, number))
    return [(rng.integers(0, 256, (n, SIZE)), rng.random((n, SIZE)) < 0.8) for n in lengths]


def framed(packets, words: int) -> list[int]:
    """The words that must come of packets."""
    out = []
    for data, keep in packets:
        kept = np.where(keep, data, 0)[:words]
        out += np.pad(kept, [(0, words - len(kept)), (0, 0)]).astype(np.uint8).reshape(-1).view("<u2").tolist()
    return out


def beats_of(packets) -> list[int]:
    """Payloads of the input."""
    last = np.concatenate([np.arange(len(data)) == len(data) - 1 for data, _ in packets])
    data, keep = (np.concatenate([packet[part] for packet in packets]) for part in (0, 1))
    return PackedStream.pack(packet_word(SIZE), {"data": data, "keep": keep, "last": last}).payloads


def play(beats: list[int], offers, takes, words, restarts=()):
    """Words and the cycles in which they were taken, cycles in which beats were, and of early and of late ends.

    ``offers``, ``takes`` and ``words`` are of each cycle; in those of ``restarts`` there is one, and nothing taken.
    """
    framer = PacketFramer(SIZE, MOST)
    out, taken, early, late = [], [], [], []

    async def bench(ctx):
        offered = False
        for cycle, (offer, take, number) in enumerate(zip(offers, takes, words, strict=True)):
            offered = (offered or bool(offer)) and len(taken) < len(beats)
            beat = beats[min(len(taken), len(beats) - 1)] ^ (0 if offered else 0xFFF)
            ctx.set(framer.i.payload, packet_word(SIZE).from_bits(beat))
            ctx.set(framer.i.valid, offered)
            ctx.set(framer.o.ready, bool(take) and cycle not in restarts)
            ctx.set(framer.words, int(number))
            ctx.set(framer.restart, cycle in restarts)
            if ctx.get(framer.o.valid) and ctx.get(framer.o.ready):
                out.append((cycle, ctx.get(framer.o.payload.as_value())))
            early.extend([cycle] * ctx.get(framer.ends_early))
            late.extend([cycle] * ctx.get(framer.ends_late))
            if offered and ctx.get(framer.i.ready):
                taken.append(cycle)
                offered = False
            await ctx.tick()

    simulator = Simulator(framer)
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.run()
    return out, taken, early, late


def at_full_speed(beats: list[int], words: int, restarts=()):
    return play(beats, np.ones(CYCLES), np.ones(CYCLES), np.full(CYCLES, words), restarts)


@pytest.mark.parametrize("words", range(1, MOST + 1))
def test_every_packet_becomes_as_many_words_as_it_should_be(words):
    rng = np.random.default_rng(words)
    packets = random_packets(rng, words, 30)
    permits = bursty(rng, CYCLES), bursty(rng, CYCLES)
    out, taken, early, late = play(beats_of(packets), *permits, np.full(CYCLES, words))
    assert [word for _, word in out] == framed(packets, words)
    assert len(taken) == sum(len(data) for data, _ in packets)
    assert len(early) == sum(len(data) < words for data, _ in packets)
    assert len(late) == sum(len(data) > words for data, _ in packets)


def test_packets_of_the_right_length_take_no_time():
    packets = [(np.full((3, SIZE), 7), np.ones((3, SIZE), bool))] * 20
    out, taken, *events = at_full_speed(beats_of(packets), 3)
    assert [cycle for cycle, _ in out] == taken == list(range(60))
    assert events == [[], []]


@pytest.mark.parametrize("wrong", [0, MOST + 1, MOST + 2])
def test_no_packet_is_begun_while_there_is_no_size(wrong):
    packets = random_packets(np.random.default_rng(1), 3, 10)
    words = np.where(np.arange(CYCLES) < 50, wrong, 3)
    out, taken, *_ = play(beats_of(packets), np.ones(CYCLES), np.ones(CYCLES), words)
    assert min(taken) == min(cycle for cycle, _ in out) == 50
    assert [word for _, word in out] == framed(packets, 3)


@pytest.mark.parametrize(("cycle", "begun"), [(4, 0), (5, 1), (6, 2)])
def test_a_restart_drops_the_rest_of_a_packet_that_has_begun(cycle, begun):
    # The second packet's words are taken in cycles 3 to 5, if nothing comes between.
    rng = np.random.default_rng(2)
    packets = [(rng.integers(1, 256, (n, SIZE)), np.ones((n, SIZE), bool)) for n in (4, 6, 4, 4)]
    out, taken, *_ = at_full_speed(beats_of(packets), 4, restarts=[cycle])
    second = framed(packets[1:2], 4)[:begun] if begun else framed(packets[1:2], 4)
    assert [word for _, word in out] == framed(packets[:1], 4) + second + framed(packets[2:], 4)
    assert len(taken) == 18


def test_a_restart_ends_filling_up():
    packets = [(np.full((n, SIZE), 9), np.ones((n, SIZE), bool)) for n in (2, 5)]
    out, *_ = at_full_speed(beats_of(packets), 5, restarts=[3])
    assert [word for _, word in out] == [*framed(packets[:1], 2), 0, *framed(packets[1:], 5)]
