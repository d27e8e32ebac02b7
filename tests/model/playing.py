"""Playing items into a unit's timing model, and reading what moved."""

from __future__ import annotations

from hypothesis import strategies as st

#: Permissions of a source or a sink, a cycle each; after the last one everything is allowed.
permits = st.lists(st.booleans(), max_size=120)


def flags(lengths):
    """End-of-row flags of rows of these lengths."""
    return [place == length - 1 for length in lengths for place in range(length)]


def play(timing, counts, permits=None, cycles=10_000, silence=10):
    """Play items into a unit and let its sinks take them: ``{stream: [(cycle, item), ...]}``, for both directions.

    Sources keep what they offer until it is taken. Checks that the unit's outputs do as much. Ends when every item has
    been taken in and for more cycles than ``silence`` nothing has moved or been shown.
    """
    permits = permits or {}

    def allowed(name, cycle):
        permit = permits.get(name, ())
        return cycle >= len(permit) or permit[cycle]

    moves = {name: [] for name in (*timing.inputs, *timing.outputs)}
    offered = dict.fromkeys(timing.inputs, False)
    waiting = dict.fromkeys(timing.outputs)
    still = 0
    for cycle in range(cycles):
        for name in timing.inputs:
            offered[name] = (offered[name] or allowed(name, cycle)) and len(moves[name]) < counts[name]
        valids = tuple(offered.values())
        readies = tuple(allowed(name, cycle) for name in timing.outputs)
        taken = [valid and ready for valid, ready in zip(valids, timing.ready(valids, readies), strict=True)]
        for name, valid, item, ready in zip(timing.outputs, timing.valids(), timing.shown(), readies, strict=True):
            if waiting[name] is not None:
                assert (valid, item) == (True, waiting[name]), f"{name} withdrew an item in cycle {cycle}"
            waiting[name] = item if valid and not ready else None
            if valid and ready:
                moves[name].append((cycle, item))
        for name, moved in zip(timing.inputs, taken, strict=True):
            if moved:
                moves[name].append((cycle, len(moves[name])))
                offered[name] = False
        timing.clock(valids, readies)
        still = 0 if any(taken) or any(timing.valids()) else still + 1
        if still > silence and all(len(moves[name]) == counts[name] for name in timing.inputs):
            break
    return moves


def items(moves):
    """The items of a stream in the order in which they moved."""
    return [item for _, item in moves]


def cycles(moves):
    """The cycles in which a stream moved."""
    return [cycle for cycle, _ in moves]
