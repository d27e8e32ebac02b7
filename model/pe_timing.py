"""Timing model of the processing element; see :mod:`softermax.model.timing` for what such a model has.

Besides its streams it has a register interface: each cycle's ``access``, and ``read_data`` as it stands there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .baseline import BaselineConfig
from .baseline_timing import BaselineSoftmaxTiming
from .elastic import Chain
from .framing import Framing
from .pe import ProcessingElementConfig, Register
from .timing import SoftermaxTiming

__all__ = ["Access", "ProcessingElementTiming"]


@dataclass(frozen=True)
class Access:
    """An access to the registers in one cycle: reading, writing, both or neither."""

    address: int = 0
    reads: bool = False
    writes: bool = False
    data: int = 0


class ProcessingElementTiming:
    """Registers, buffers, MACs, requantiser and softmax.

    Parameters
    ----------
    config : ProcessingElementConfig
    framing : Framing
        Of all slices of scores that will be computed.
    saturated : ndarray of bool, (slices,)
        Whether a slice's row has a saturated sum.

    Attributes
    ----------
    access : Access
        To the registers, in the present cycle; to be set before the model is asked for anything.
    read_data : int
        What the register port shows.
    busy, done : bool
    multiplications : int
        Cycles in which the MACs have been given operands.
    """

    inputs = ("k", "q")
    outputs = ("o",)

    def __init__(self, config: ProcessingElementConfig, framing: Framing, saturated: np.ndarray):
        self.access = Access()
        self._registers = _Registers(config)
        self._keys = _Keys(config)
        self._sequence = _Sequence(config)
        self._query_words, self._query_level = config.query_words, 0
        self._last, self._saturated = framing.last, saturated
        self._macs = Chain(3)
        self._final = []
        self._slices = 0
        if isinstance(config.softmax, BaselineConfig):
            self._scores = Chain(2)
            self._softmax = BaselineSoftmaxTiming(framing, config.softmax)
        else:
            self._scores = Chain(1)
            self._softmax = SoftermaxTiming(framing, config.softmax.buffer_depth, config.softmax.row_stages)

    @property
    def read_data(self) -> int:
        """``csr.read_data``."""
        return self._registers.read_data

    @property
    def busy(self) -> bool:
        """Whether a head is being computed."""
        return self._registers.busy

    @property
    def done(self) -> bool:
        """``done``."""
        return self._registers.done

    @property
    def multiplications(self) -> int:
        """Cycles in which the MACs have been given operands."""
        return len(self._final)

    def _begins(self) -> tuple[bool, bool]:
        """Whether the access starts a head, and whether it discards the keys."""
        return self._registers.starts(self.access, self._keys.loaded), self._registers.discards(self.access)

    def ready(self, valids, readies):
        """``k.ready`` and ``q.ready``."""
        k_ready = self._keys.room and not self._registers.busy and not any(self._begins())
        return k_ready, self._query_level < self._query_words

    def valids(self):
        """``o.valid``."""
        return self._softmax.valids()

    def shown(self):
        """The slice at ``o``."""
        return self._softmax.shown()

    def clock(self, valids, readies):
        """Clock edge."""
        k_ready, q_ready = self.ready(valids, readies)
        starts, discards = self._begins()
        taken = self.shown()[0] if self.valids()[0] and readies[0] else None
        self._compute(readies)
        self._query_level += valids[1] and q_ready
        chunks = self._registers.chunks
        if valids[0] and k_ready:
            self._keys.take(chunks)
        self._keys.clock(starts, discards)
        if starts:
            self._sequence.start(self._registers)
        flags = taken is not None and bool(self._last[taken]), taken is not None and bool(self._saturated[taken])
        self._registers.clock(self.access, starts, *flags)

    def _compute(self, readies):
        """Clock edge of the pipeline from operands to probabilities."""
        scores_valid = self._scores.valid
        [softmax_ready] = self._softmax.ready(scores_valid, readies)
        scores_ready = self._scores.ready(softmax_ready)
        step = None
        if self._sequence.running and self._query_level > self._sequence.chunk and self._macs.ready(scores_ready):
            step = len(self._final)
            final, last = self._sequence.step()
            self._final.append(final)
            self._query_level -= self._registers.chunks if last else 0
        summed = None
        if self._macs.valid[0] and scores_ready:
            summed, self._slices = self._slices, self._slices + 1
        self._softmax.clock(scores_valid, readies)
        self._scores.clock(summed, softmax_ready)
        self._macs.clock(step, scores_ready, feeds=lambda item: (self._final[item],))


class _Registers:
    """The register interface."""

    def __init__(self, config: ProcessingElementConfig):
        self._config = config
        self._most = {
            Register.QUERIES: config.max_len,
            Register.KEYS: config.max_len,
            Register.D_HEAD: config.max_d_head,
        }
        self._stored = dict.fromkeys((*self._most, Register.SCALE, Register.ZERO_POINT, Register.MASK), 0)
        self._left = 0
        self.busy = self.done = self._refused = self._saturated = False
        self.read_data = 0

    def __getitem__(self, register: Register) -> int:
        return self._stored[register]

    @property
    def chunks(self) -> int:
        """Words of a query."""
        return self._config.chunks(self[Register.D_HEAD])

    def _writes(self, access: Access, register: Register) -> bool:
        return access.writes and access.address == register

    def starts(self, access: Access, loaded: int) -> bool:
        """Whether a start is asked for, and taken."""
        within = all(0 < self[register] <= most for register, most in self._most.items())
        return self._asks(access) and not self.busy and within and self[Register.KEYS] <= loaded

    def _asks(self, access: Access) -> bool:
        return self._writes(access, Register.CONTROL) and bool(access.data & 1)

    def discards(self, access: Access) -> bool:
        """Whether the size of a key is written."""
        return self._writes(access, Register.D_HEAD) and not self.busy

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
        """What a register keeps of what is written to it."""
        data, register = access.data, access.address
        if register in self._most:
            return min(data, self._most[register] + 1)
        if register == Register.SCALE:
            return data & ((1 << self._config.scale_bits) - 1) | data & 0x1F0000
        if register == Register.MASK:
            return data & 1
        low = data & 0x7FFFFF
        return low | 0xFF800000 if low & 0x400000 else low


class _Keys:
    """The weight buffer: how many keys it holds, and whether another word has room."""

    def __init__(self, config: ProcessingElementConfig):
        self._most = config.max_len
        self.loaded, self._chunk, self._fresh = 0, 0, True

    @property
    def room(self) -> bool:
        """Whether it takes a word."""
        return self._fresh or self.loaded != self._most

    def take(self, chunks: int):
        """A word comes."""
        if self._fresh:
            self.loaded, self._fresh = 0, False
        self._chunk += 1
        if self._chunk == chunks:
            self.loaded, self._chunk = self.loaded + 1, 0

    def clock(self, starts: bool, discards: bool):
        """Clock edge."""
        if starts or discards:
            self._chunk, self._fresh = 0, True
        if discards:
            self.loaded = 0


class _Sequence:
    """The steps of a head."""

    def __init__(self, config: ProcessingElementConfig):
        self._lanes = config.lanes
        self.running, self.chunk = False, 0

    def start(self, registers: _Registers):
        """Begin a head."""
        self._queries, self._keys = registers[Register.QUERIES], registers[Register.KEYS]
        self._chunks, self._causal = registers.chunks, registers[Register.MASK]
        self.running, self.chunk, self._row, self._slice = True, 0, 0, 0

    def step(self) -> tuple[bool, bool]:
        """Go on by a step; returns whether it was the final one of its slice, and of its row."""
        seen = min(self._row + 1, self._keys) if self._causal else self._keys
        final = self.chunk == self._chunks - 1
        last = final and self._slice == (seen - 1) // self._lanes
        self.chunk = 0 if final else self.chunk + 1
        self._slice = 0 if last else self._slice + final
        self._row += last
        self.running = self._row < self._queries
        return final, last
