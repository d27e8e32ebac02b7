"""Elastic registers: a slot and a chain of them hold what is not yet taken, in order."""

import pytest

from softermax.model.elastic import Chain, Slot


def test_slot_holds_until_each_stream_has_taken():
    slot = Slot(streams=2)
    assert (slot.item, slot.valid, slot.ready(False, False)) == (-1, [False, False], True)
    slot.clock(7, (True, True), False, False)
    assert (slot.item, slot.valid) == (7, [True, True])
    slot.clock(None, (False, False), True, False)
    assert slot.valid == [False, True]
    assert not slot.ready(True, False)
    assert slot.ready(False, True)
    slot.clock(8, (True, False), False, True)
    assert (slot.item, slot.valid) == (8, [True, False])
    slot.clock(None, (False, False), True, False)
    assert (slot.item, slot.valid) == (8, [False, False])


def test_a_chain_is_as_slow_as_it_is_long_and_passes_an_item_a_cycle():
    chain, seen = Chain(3), []
    for cycle in range(6):
        assert chain.ready(True)
        chain.clock(cycle, True)
        seen.append((chain.item, chain.valid))
    assert seen == [(-1, [False]), (-1, [False]), (0, [True]), (1, [True]), (2, [True]), (3, [True])]


@pytest.mark.parametrize("length", [1, 2, 5])
def test_a_chain_that_nobody_empties_closes_its_gaps_and_fills(length):
    chain, entered = Chain(length), 0
    for cycle in range(4 * length):
        if cycle % 2 == 0 and chain.ready(False):
            chain.clock(entered, False)
            entered += 1
        else:
            chain.clock(None, False)
    assert (entered, chain.item, chain.ready(False), chain.ready(True)) == (length, 0, False, True)


def test_the_last_register_of_a_chain_feeds_the_streams_that_its_item_is_for():
    chain = Chain(2, streams=2)
    feeds = [(True, False), (True, True)]
    for item in (0, 1):
        chain.clock(item, False, True, feeds=feeds.__getitem__)
    assert (chain.item, chain.valid) == (0, [True, False])
    chain.clock(None, True, True, feeds=feeds.__getitem__)
    assert (chain.item, chain.valid) == (1, [True, True])
    chain.clock(None, False, True, feeds=feeds.__getitem__)
    assert (chain.item, chain.valid, chain.ready(True, False)) == (1, [True, False], True)
