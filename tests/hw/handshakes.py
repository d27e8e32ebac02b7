"""What a stream did, read from what was driven and seen: when it moved, and whether it kept its contract."""

from __future__ import annotations


def moves(trace_inputs, seen, stream: str) -> list[int]:
    """Cycles, outside of reset, in which an item passed on an input or an output stream."""
    ports = {**trace_inputs, **seen}
    resets = trace_inputs.get("rst", [0] * len(ports[f"{stream}__valid"]))
    passed = zip(ports[f"{stream}__valid"], ports[f"{stream}__ready"], resets, strict=True)
    return [cycle for cycle, (valid, ready, reset) in enumerate(passed) if valid and ready and not reset]


def broken_promises(trace_inputs, seen, stream: str) -> list[int]:
    """Cycles in which an output stream withdrew or changed an item that had been offered and not taken."""
    valid, payload, ready = seen[f"{stream}__valid"], seen[f"{stream}__payload"], trace_inputs[f"{stream}__ready"]
    resets = trace_inputs.get("rst", [0] * len(valid))
    return [
        cycle
        for cycle in range(1, len(valid))
        if valid[cycle - 1] and not ready[cycle - 1] and not resets[cycle - 1]
        if not valid[cycle] or payload[cycle] != payload[cycle - 1]
    ]
