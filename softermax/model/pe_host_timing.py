"""Timing of a processing element's host side: registers, and the loading of matrices."""

from __future__ import annotations

from dataclasses import dataclass

from .pe import Register
from .pe_config import ProcessingElementConfig

__all__ = ["Access", "Loader", "Registers"]


@dataclass(frozen=True)
class Access:
    """An access to the registers in one cycle: reading, writing, both or neither."""

    address: int = 0
    reads: bool = False
    writes: bool = False
    data: int = 0


class Registers:
    """The register interface.

    Attributes
    ----------
    busy, done : bool
    read_data : int
        Word that the register port shows.
    """

    def __init__(self, config: ProcessingElementConfig):
        self._config = config
        self._most = {
            Register.QUERIES: config.max_len,
            Register.KEYS: config.max_len,
            Register.D_HEAD: config.max_d_head,
        }
        scales = (Register.SCALE, Register.CONTEXT_SCALE) if config.values else (Register.SCALE,)
        self._stored = dict.fromkeys((*self._most, *scales, Register.ZERO_POINT, Register.MASK), 0)
        self._left = 0
        self.busy = self.done = self._refused = self._saturated = False
        self.read_data = 0

    def __getitem__(self, register: Register) -> int:
        return self._stored[register]

    def within(self, *registers: Register) -> bool:
        """Whether these sizes are what the processing element takes."""
        return all(0 < self[register] <= self._most[register] for register in registers)

    @property
    def chunks(self) -> int:
        """Words of a query or key."""
        return self._config.chunks(self[Register.D_HEAD])

    @property
    def key_slices(self) -> int:
        """Slices of scores of a row that sees all keys: with values, also the words of all values of an element."""
        return -(-self[Register.KEYS] // self._config.lanes)

    def starts(self, access: Access, keys: int, values: int | None) -> bool:
        """Whether a start is asked for, and taken; given the rows that are loaded, ``values`` None without such."""
        loaded = self[Register.KEYS] <= keys and (values is None or self.chunks * self._config.lanes <= values)
        return self._asks(access) and not self.busy and self.within(*self._most) and loaded

    def _asks(self, access: Access) -> bool:
        return access.writes and access.address == Register.CONTROL and bool(access.data & 1)

    def discards(self, access: Access, *registers: Register) -> bool:
        """Whether one of these sizes is written."""
        return access.writes and not self.busy and access.address in registers

    def clock(self, access: Access, starts: bool, row_taken: bool, saturated: bool):
        """Clock edge."""
        self.read_data = self._read(access.address) if access.reads else 0
        if access.writes and not self.busy and access.address in self._stored:
            self._stored[access.address] = self._kept(access)
        self._saturated |= saturated
        self._refused |= self._asks(access) and not starts
        if starts:
            self.busy, self.done, self._refused, self._saturated = True, False, False, False
            self._left = self[Register.QUERIES]
        elif row_taken:
            self._left -= 1
            if self._left == 0:
                self.busy, self.done = False, True

    def _read(self, address: int) -> int:
        if address == Register.STATUS:
            return self.busy | self.done << 1 | self._refused << 2 | self._saturated << 3
        return self._stored.get(address, 0)

    def _kept(self, access: Access) -> int:
        """Bits of a written word that a register keeps."""
        data, register = access.data, access.address
        if register in self._most:
            return min(data, self._most[register] + 1)
        if register in (Register.SCALE, Register.CONTEXT_SCALE):
            return data & ((1 << self._config.scale_bits) - 1) | data & 0x1F0000
        if register == Register.MASK:
            return data & 1
        low = data & 0x7FFFFF
        return low | 0xFF800000 if low & 0x400000 else low


class Loader:
    """A matrix in the weight buffer: how many rows are loaded, and whether another word has room.

    Parameters
    ----------
    most : int
        Rows that there is room for.

    Attributes
    ----------
    loaded : int
    """

    def __init__(self, most: int):
        self._most = most
        self.loaded, self._word, self._fresh = 0, 0, True

    @property
    def room(self) -> bool:
        """Whether it takes a word."""
        return self._fresh or self.loaded != self._most

    def take(self, words: int):
        """A word comes, of a row of so many words."""
        if self._fresh:
            self.loaded, self._fresh = 0, False
        self._word += 1
        if self._word == words:
            self.loaded, self._word = self.loaded + 1, 0

    def clock(self, starts: bool, discards: bool):
        """Clock edge."""
        if starts or discards:
            self._word, self._fresh = 0, True
        if discards:
            self.loaded = 0
