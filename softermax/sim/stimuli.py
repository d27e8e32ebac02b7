"""Stimuli for bit-parallel simulation: the inputs of many traces side by side, a bit of a word for each."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .trace import RESET_CYCLES, Trace

__all__ = ["pack_inputs", "unpack_bits"]

#: Stimuli in a word.
WORD = 64


def pack_inputs(traces: Sequence[Trace], widths: dict[str, int]) -> dict[str, np.ndarray]:
    """Inputs of traces as words of bits. During the first reset all others are 0, so that all stimuli begin alike.

    Parameters
    ----------
    traces : sequence of Trace
        A multiple of 64. Shorter ones stay at their last cycle's inputs.
    widths : dict of str to int
        Bits of each input port.

    Returns
    -------
    dict of str to ndarray of uint64, (cycles, bits, words)
        Lowest bit first; stimulus n is bit n mod 64 of word n / 64.
    """
    if len(traces) % WORD or not traces:
        raise ValueError(f"the number of traces must be a multiple of {WORD}, not {len(traces)}")
    cycles = max(trace.cycles for trace in traces)
    packed = {port: _pack([trace.inputs[port] for trace in traces], cycles, width) for port, width in widths.items()}
    for port in packed.keys() - {"rst"}:
        packed[port][:RESET_CYCLES] = 0
    return packed


def _pack(stimuli: Sequence[list[int]], cycles: int, width: int) -> np.ndarray:
    size = -(-width // 8)
    bits = np.zeros((cycles, width, len(stimuli)), np.uint8)
    for place, values in enumerate(stimuli):
        raw = b"".join(value.to_bytes(size, "little") for value in values)
        of_cycles = np.unpackbits(np.frombuffer(raw, np.uint8).reshape(-1, size), axis=1, bitorder="little")[:, :width]
        bits[: len(values), :, place] = of_cycles
        bits[len(values) :, :, place] = of_cycles[-1]
    return np.packbits(bits, axis=2, bitorder="little").view(np.uint64)


def unpack_bits(words: np.ndarray, stimulus: int) -> list[int]:
    """A port's values for one stimulus, cycle by cycle, from words as :func:`pack_inputs` makes them."""
    bits = (words[:, :, stimulus // WORD] >> np.uint64(stimulus % WORD)).astype(np.uint8) & 1
    packed = np.packbits(bits, axis=1, bitorder="little")
    return [int.from_bytes(row.tobytes(), "little") for row in packed]
