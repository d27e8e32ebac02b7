"""Packets of a processing element: its matrices, what may come in place of a row of one, and its results."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from softermax.model.pe import Head, context, probabilities
from softermax.model.pe_config import ProcessingElementConfig
from softermax.sim.axi import Packet, packet_of


def packets_of(head: Head, name: str, config: ProcessingElementConfig) -> list[Packet]:
    """The packets of a matrix, each as long as its row; of values also those that fill it up to whole slices."""
    matrix = getattr(head, name)
    if name == "v":
        matrix = np.pad(matrix, [(0, 0), (0, -matrix.shape[1] % config.lanes)]).T
    return [packet_of(row, np.ones(len(row), bool), 1) for row in matrix]


def rows_of(head: Head, config: ProcessingElementConfig) -> list[Packet]:
    """What must come out for a head; probabilities have 8 bits."""
    rows = (context if config.values else probabilities)(head, config)
    filled_up = np.pad(rows, [(0, 0), (0, -rows.shape[1] % config.lanes)])
    packets = [packet_of(row, np.ones(len(row), bool), 1) for row in filled_up]
    return packets if config.values else [replace(packet, user=(0,) * len(packet.data)) for packet in packets]


@dataclass(frozen=True)
class Malformed:
    """A packet in place of a row's, what the row is taken for, and how often events are to be counted."""

    packet: Packet
    row: np.ndarray
    early: int = 0
    late: int = 0


#: What may come in place of a row.
WHATS = (
    "tkeep with holes",
    "nothing kept",
    "last beat with nothing kept",
    "tlast early",
    "tlast early, in the first beat",
    "tlast late",
    "tlast late by many beats",
    "tlast missing between two rows",
)


def malformed(what: str, row: np.ndarray, size: int, rng: np.random.Generator) -> Malformed:
    """One of :data:`WHATS` in place of a row, in words of ``size`` bytes."""
    n, place = len(row), np.arange(len(row))
    words = -(-n // size)
    whole = packet_of(row, np.ones(n, bool), 1)
    filled_up = packet_of(np.pad(row, (0, words * size - n)), np.ones(words * size, bool), 1)
    excess = bytes(rng.integers(1, 128, 3 * size - 1).tolist())
    none = (0,) * size

    def begun(number: int) -> Malformed:
        packet = Packet(whole.data[:number], whole.keep[:number])
        return Malformed(packet, np.where(place < number, row, 0), early=-(-number // size) < words)

    def longer(data: bytes) -> Malformed:
        return Malformed(Packet(filled_up.data + data, (1,) * (words * size + len(data))), row, late=1)

    match what:
        case "tkeep with holes":
            holes = rng.integers(0, 2, n)
            return Malformed(Packet(whole.data, tuple(holes.tolist())), row * holes)
        case "nothing kept":
            return Malformed(Packet(b"\x55" * words * size, none * words), row * 0)
        case "last beat with nothing kept":
            kept = Packet(filled_up.data, filled_up.keep[:-size] + none)
            return Malformed(kept, np.where(place < (words - 1) * size, row, 0))
        case "tlast early":
            return begun(size + 1)
        case "tlast early, in the first beat":
            return begun(1)
        case "tlast late":
            return longer(excess)
        case "tlast late by many beats":
            return longer(excess * 9)
        case "tlast missing between two rows":
            return longer(whole.data)
    raise ValueError(f"there is no {what!r}")
