"""SRAM macros in bit-parallel simulation: all stimuli read and write the same words, which differ in contents."""

from __future__ import annotations

import numpy as np

from ..errors import FlowError
from .netlist import MappedCell

__all__ = ["SimulatedMemory"]


class SimulatedMemory:
    """A macro: :class:`softermax.hw.Sram`, for many stimuli.

    Parameters
    ----------
    cell : MappedCell
        With the pins of such a memory.
    depth, words : int
        Its words, and the words of 64 stimuli.

    Attributes
    ----------
    reads, writes : int
        Accesses of all stimuli together.
    """

    def __init__(self, cell: MappedCell, depth: int, words: int):
        self._cell, self._depth = cell, depth
        self._nets = {port: self._bus(port) for port in ("write_address", "write_data", "read_address", "read_data")}
        self._enables = {port: cell.pins[port] for port in ("write_enable", "read_enable")}
        self._contents = np.zeros((depth, len(self._nets["read_data"]), words), np.uint64)
        self._shown = np.zeros_like(self._contents[0])
        self.reads = self.writes = 0

    def _bus(self, port: str) -> np.ndarray:
        """Nets of a port, lowest bit first."""
        pins = self._cell.pins
        if port in pins:
            return np.array([pins[port]])
        return np.array([pins[f"{port}[{bit}]"] for bit in range(sum(pin.startswith(f"{port}[") for pin in pins))], int)

    def show(self, values: np.ndarray):
        """Put the word that has been read at the output."""
        values[self._nets["read_data"]] = self._shown

    def clock(self, values: np.ndarray, *, counts: bool):
        """Clock edge: a read gives what was there before a write."""
        reads, writes = (values[self._enables[port]] for port in ("read_enable", "write_enable"))
        if reads.any():
            word = self._contents[self._address(values, "read_address", reads)]
            self._shown = (word & reads) | (self._shown & ~reads)
        if writes.any():
            address = self._address(values, "write_address", writes)
            data = values[self._nets["write_data"]]
            self._contents[address] = (data & writes) | (self._contents[address] & ~writes)
        if counts:
            self.reads += int(np.bitwise_count(reads).sum())
            self.writes += int(np.bitwise_count(writes).sum())

    def _address(self, values: np.ndarray, port: str, enabled: np.ndarray) -> int:
        """The address of all stimuli that access.

        Raises
        ------
        FlowError
            If they have not all the same, or it is none of the memory's.
        """
        bits = values[self._nets[port]]
        ones, zeros = ((some & enabled).any(axis=1) for some in (bits, ~bits))
        address = sum(int(one) << place for place, one in enumerate(ones))
        if (ones & zeros).any() or address >= self._depth:
            raise FlowError(f"stimuli must access the same words of {self._cell.name} at once, but do not")
        return address
