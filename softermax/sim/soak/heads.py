"""Batches for a processing element: whole heads, and the host that loads and starts them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from softermax.model.pe import Head, Register, fixed_point
from softermax.model.pe_config import ProcessingElementConfig
from softermax.model.pe_host_timing import Access, Registers
from softermax.sim.attention import AttentionHead, load_heads
from softermax.sim.pe_trace import processing_element_streams
from softermax.sim.streams import UnitStreams

from .bench import Step, StepKind

__all__ = ["HeadBatches"]

#: Slices of a head with which it is busy for long enough that the host, whatever it waits, asks for a start meanwhile.
LONG_ENOUGH = 30


@lru_cache
def _captured() -> list[AttentionHead]:
    return load_heads()


@dataclass(frozen=True)
class HeadBatches:
    """Batches for a processing element.

    Most heads have no more elements than a word has, so that the MACs finish a slice of scores in every cycle.

    Parameters
    ----------
    config : ProcessingElementConfig
    """

    config: ProcessingElementConfig

    def mixed(self, rng: np.random.Generator, slices: int) -> tuple[UnitStreams, list[Step]]:
        """About so many slices, at least: heads of all sizes, some with the keys and values of the one before."""
        heads, made = [], 0
        while made < slices:
            queries, keys = (int(rng.integers(1, self.config.max_len + 1)) for _ in "qk")
            same_keys, same_size = (heads and rng.random() < 0.3 for _ in range(2))
            d_head = heads[-1].q.shape[1] if same_size else self._d_head(rng)
            before = heads[-1] if same_keys else None
            heads.append(self._head(rng, queries, keys, d_head, bool(rng.integers(2)), before))
            made += self._slices(heads[-1])
        return self._batch(heads, rng)

    def even(self, rng: np.random.Generator, slices: int) -> tuple[UnitStreams, list[Step]]:
        """About so many slices, at least: heads of the greatest size, all with the same keys and values."""
        longest, d_head = self.config.max_len, min(self.config.vector_size, self.config.max_d_head)
        heads = [self._head(rng, longest, longest, d_head, False)]
        while len(heads) * self._slices(heads[0]) < slices:
            heads.append(self._head(rng, longest, longest, d_head, False, heads[0]))
        return self._batch(heads, None)

    def _d_head(self, rng) -> int:
        """Up to a word of elements, up to four, or up to the most."""
        words = int(rng.choice([1, 4, self.config.max_chunks], p=[0.85, 0.1, 0.05]))
        return int(rng.integers(1, min(words * self.config.vector_size, self.config.max_d_head) + 1))

    def _slices(self, head: Head) -> int:
        """Slices that a head gives."""
        if self.config.values:
            return len(head.q) * self.config.chunks(head.q.shape[1])
        return int((-(-head.visible // self.config.lanes)).sum())

    def _head(self, rng, queries: int, keys: int, d_head: int, causal: bool, before: Head | None = None) -> Head:
        """A head of parts of captured queries and keys, or of random ones, with scales that suit or do not."""
        if before is None:
            q, k, v = self._matrices(rng, queries, keys, d_head)
        else:
            k, v = before.k, before.v
            q = self._matrices(rng, queries, 1, k.shape[1])[0]
        multiplier, shift = self._scale(rng, q, k)
        context_multiplier, context_shift = fixed_point(float(2.0 ** rng.uniform(-12, -6)), self.config.scale_bits)
        return Head(
            q=q,
            k=k,
            multiplier=multiplier,
            shift=shift,
            zero_point=int(
                rng.choice([0, rng.integers(-5000, 5000), -(1 << 22), (1 << 22) - 1], p=[0.5, 0.4, 0.05, 0.05])
            ),
            causal=causal,
            v=v if self.config.values else None,
            context_multiplier=context_multiplier,
            context_shift=context_shift,
        )

    @staticmethod
    def _matrices(rng, queries, keys, d_head) -> list[np.ndarray]:
        if rng.random() < 0.5:
            return [rng.integers(-128, 128, (rows, d_head)).astype(np.int8) for rows in (queries, keys, keys)]
        captured = _captured()[rng.integers(len(_captured()))]
        columns = rng.integers(0, captured.d_head, d_head)
        of_keys = rng.integers(0, captured.tokens, keys)
        of_queries = rng.integers(0, captured.tokens, queries)
        return [captured.q[of_queries][:, columns], captured.k[of_keys][:, columns], captured.v[of_keys][:, columns]]

    def _scale(self, rng, q: np.ndarray, k: np.ndarray) -> tuple[int, int]:
        """With which scores spread over a few units, over their whole range, or beyond; or any scale."""
        bits = self.config.scale_bits
        if rng.random() < 0.1:
            return int(rng.integers(1 << bits)), int(rng.integers(32))
        spread = max(float((q[:8].astype(np.int32) @ k[:64].astype(np.int32).T).std()), 1.0)
        factor = np.clip(rng.choice([1, 8, 40, 200]) / spread, 2.0 ** (bits - 31), 2.0 ** (bits - 1))
        return fixed_point(float(factor), bits)

    def _batch(self, heads: Sequence[Head], rng) -> tuple[UnitStreams, list[Step]]:
        streams, saturated = processing_element_streams(heads, self.config)
        long = [self._slices(head) >= LONG_ENOUGH for head in heads]
        return streams, _Script(self.config, rng).of(heads, saturated, long)


class _Script:
    """The steps of a host that computes heads one after the other, and checks what it reads.

    Parameters
    ----------
    rng : numpy.random.Generator or None
        With one, the host is difficult: it tries starts that must be refused, and at times lets keys come while the
        head before is being computed.
    """

    def __init__(self, config: ProcessingElementConfig, rng: np.random.Generator | None):
        self._config, self._rng = config, rng
        self._registers = Registers(config)
        self._words = {"k": 0, "v": 0} if config.values else {"k": 0}
        self._steps: list[Step] = []
        self._done = self._refused = self._saturated = False

    def of(self, heads: Sequence[Head], saturated: Sequence[bool], long: Sequence[bool]) -> list[Step]:
        """The steps for heads, given of each whether a power sum of it saturates and whether it takes long."""
        self._read_all(heads[0])
        followers = [*heads[1:], None]
        before, early = None, False
        for head, follower, saturates, takes_long in zip(heads, followers, saturated, long, strict=True):
            loads = before is None or head.k is not before.k
            if loads and not early:
                self._discard(head)
            self._settings(head, loads)
            if loads:
                self._load(head, early)
            early = self._follows_early(head, follower)
            self._start(head, bool(saturates), bool(takes_long), follower if early else None)
            before = head
        return self._steps

    def _follows_early(self, head: Head, follower: Head | None) -> bool:
        """Whether a head's keys are to come while the head before is being computed: only if they lie alike."""
        loads = follower is not None and follower.k is not head.k
        return loads and follower.k.shape[1] == head.k.shape[1] and self._tries()

    def _discard(self, head: Head):
        """Write the size of a key, with which keys and values are gone."""
        self._write(Register.D_HEAD, head.k.shape[1])
        if self._tries():
            self._refused_start()

    def _settings(self, head: Head, loads: bool):
        others = {Register.D_HEAD, *(() if loads else (Register.KEYS,))}
        for register, value in head.settings().items():
            if register not in others:
                self._write(register, value)
            if register == Register.KEYS and loads and self._config.values and self._tries():
                # Values are gone with it, whatever has become of keys.
                self._refused_start()

    def _load(self, head: Head, early: bool):
        if not early:
            self._grant_keys(head)
        if self._config.values:
            rows = self._config.chunks(head.k.shape[1]) * self._config.lanes
            self._words["v"] += rows * self._config.chunks(len(head.k))
            self._steps.append(Step(StepKind.GRANT, "v", self._words["v"]))
        for name, words in self._words.items():
            self._steps.append(Step(StepKind.AWAIT_TAKEN, name, words))

    def _grant_keys(self, head: Head):
        self._words["k"] += len(head.k) * self._config.chunks(head.k.shape[1])
        self._steps.append(Step(StepKind.GRANT, "k", self._words["k"]))

    def _start(self, head: Head, saturates: bool, takes_long: bool, early: Head | None):
        """Start, wait, and read everything; meanwhile keys of another head may come."""
        if self._tries():
            self._write(Register.QUERIES, int(self._rng.integers(self._config.max_len + 1, 1 << 32)))
            self._refused_start()
            self._write(Register.QUERIES, len(head.q))
        self._ask()
        self._done, self._refused, self._saturated = True, False, saturates
        if takes_long and self._tries():
            self._ask()
            self._refused = True
        if early is not None:
            self._grant_keys(early)
        self._steps.append(Step(StepKind.AWAIT_DONE))
        self._read_status()
        self._read_all(head)

    def _read_all(self, head: Head):
        """Read every setting."""
        for register in head.settings():
            self._steps.append(Step(StepKind.READ, register, self._registers[register]))

    def _tries(self) -> bool:
        return self._rng is not None and self._rng.random() < 0.3

    def _refused_start(self):
        self._ask()
        self._refused = True
        self._read_status()

    def _ask(self):
        self._steps.append(Step(StepKind.WRITE, Register.CONTROL, 1))

    def _read_status(self):
        status = self._done << 1 | self._refused << 2 | self._saturated << 3
        self._steps.append(Step(StepKind.READ, Register.STATUS, status))

    def _write(self, register: Register, value: int):
        self._registers.clock(Access(register, writes=True, data=value), False, False, False)
        self._steps.append(Step(StepKind.WRITE, register, value))
