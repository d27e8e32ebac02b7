"""Traces of the processing element: whole heads, and a host that writes and reads its registers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from softermax.hw.pe.streams import context_slice
from softermax.hw.softmax_hardware import softmax_hardware
from softermax.model.framing import Framing, frame
from softermax.model.pe import Head, Register, context, fixed_point, scores
from softermax.model.pe_config import ProcessingElementConfig
from softermax.model.pe_host_timing import Access
from softermax.model.pe_timing import ProcessingElementTiming
from softermax.model.shape import RowShape

from . import baseline_units, softermax_units  # noqa: F401 (each registers its softmax_model)
from .attention import AttentionHead, exact_attention
from .streams import PackedStream, UnitStreams, join
from .trace import Host, Trace, record
from .traffic import rows_to_slices
from .unit_models import softmax_model

__all__ = [
    "HeadHost",
    "context_unit",
    "processing_element_streams",
    "processing_element_timing",
    "processing_element_trace",
    "real_head",
]

#: How many addresses the register port has; some are of no register.
ADDRESSES = 1 << (len(Register) - 1).bit_length()
START = Access(address=Register.CONTROL, writes=True, data=1)
IDLE = Access()


class HeadHost(Host):
    """Loads and starts heads one after the other, each when the one before is done.

    Parameters
    ----------
    heads : sequence of Head
        A head with the very array of keys of the one before does not load them, and its values, again.
    config : ProcessingElementConfig
    rng : numpy.random.Generator or None
        With one, the host is difficult: it waits, reads at random, writes settings and starts while a head is being
        computed, and tries starts that must be refused. Without, it does just what is needed.
    early_queries : bool
        Whether queries may come before their head's settings are written.
    """

    inputs = tuple(f"csr__{port}" for port in ("address", "read_strobe", "write_strobe", "write_data"))
    outputs = {"csr__read_data": 32, "done": 1}  # noqa: RUF012 (read only)

    def __init__(
        self,
        heads: Sequence[Head],
        config: ProcessingElementConfig,
        rng: np.random.Generator | None = None,
        early_queries: bool = True,
    ):
        self._heads, self._config, self._rng = heads, config, rng
        self._words = {"k": 0, "v": 0}
        self._queries = None if early_queries else 0
        self._accesses: Iterator[Access] | None = None
        self._taken: dict[str, int] = {}
        self.finished = False

    def limit(self, name: str) -> int | None:
        """Keys and values come when their head's settings are written."""
        return self._queries if name == "q" else self._words[name]

    def drive(self, timing: ProcessingElementTiming, taken: dict[str, int]) -> dict[str, int]:
        """The next access, or none."""
        self._taken = taken
        if self._accesses is None:
            self._accesses = self._program(timing)
        timing.access = access = next(self._accesses, IDLE)
        return dict(zip(self.inputs, (access.address, int(access.reads), int(access.writes), access.data), strict=True))

    def shown(self, timing: ProcessingElementTiming) -> dict[str, int]:
        """The register port's answer to the access before, and whether a head is done."""
        return {"csr__read_data": timing.read_data, "done": int(timing.done)}

    def _program(self, timing) -> Iterator[Access]:
        keys = None
        if self._rng is not None:
            yield Access(address=Register.STATUS, reads=True)
        for head in self._heads:
            loads = head.k is not keys
            yield from self._settings(head, loads)
            if self._queries is not None:
                self._queries += len(head.q) * self._config.chunks(head.q.shape[1])
            if loads:
                yield from self._refused_starts(head, Register.KEYS)
                # Not all is loaded yet.
                if self._rng is not None and self._taken["k"] < self._words["k"]:
                    yield START
                if self._rng is None:
                    self._offer_keys(head)
                if self._config.values:
                    rows = self._config.chunks(head.q.shape[1]) * self._config.lanes
                    self._words["v"] += rows * self._config.chunks(len(head.k))
                keys = head.k
            while any(self._taken.get(name, 0) < words for name, words in self._words.items()):
                yield self._anything(writes=False)
            yield from self._refused_starts(head, Register.QUERIES)
            yield START
            yield IDLE
            while timing.busy:
                yield self._anything(writes=True)
            yield Access(address=Register.STATUS, reads=True)
        yield IDLE
        self.finished = True

    def _settings(self, head, loads) -> Iterator[Access]:
        for register, value in head.settings().items():
            if register == Register.D_HEAD and loads and self._rng is not None:
                yield from self._early_keys(head)
            if loads or register not in (Register.D_HEAD, Register.KEYS):
                yield Access(address=register, writes=True, reads=True, data=value)
            if loads and register == Register.KEYS and self._rng is not None and self._config.values:
                # The values of the head before are gone, its keys are still there.
                yield START

    def _offer_keys(self, head):
        self._words["k"] += len(head.k) * self._config.chunks(head.q.shape[1])

    def _early_keys(self, head) -> Iterator[Access]:
        """Sizes of queries that are refused; then keys are offered while the right one is written, again and again."""
        yield from self._wrong_sizes(Register.D_HEAD, self._config.max_d_head)
        self._offer_keys(head)
        for _ in range(self._rng.choice([0, 1, 3, 20])):
            yield Access(address=Register.D_HEAD, writes=True, data=head.q.shape[1])

    def _refused_starts(self, head, register) -> Iterator[Access]:
        """Starts with a size that is refused, if the host is difficult."""
        if self._rng is None:
            return
        yield from self._wrong_sizes(register, self._config.max_len)
        for address in (Register.STATUS, int(self._rng.integers(len(Register), ADDRESSES))):
            yield Access(address=address, reads=True, writes=True, data=int(self._rng.integers(1 << 32)))
        yield Access(address=register, writes=True, data=head.settings()[register])

    def _wrong_sizes(self, register, limit: int) -> Iterator[Access]:
        """Starts with none, with one more than there may be, with a few more, and with any number more."""
        few, many = 1 << int(self._rng.integers(4)), int(self._rng.integers((1 << 32) - limit - 1))
        for beyond in (-limit, 1, 1 + few, 1 + many):
            yield Access(address=register, writes=True, data=limit + beyond)
            yield START
            yield Access(address=register, reads=True)

    def _anything(self, *, writes: bool) -> Access:
        """While there is nothing to do: nothing, or for a difficult host at times any access; writes only if asked."""
        if self._rng is None or self._rng.random() < 0.8:
            return IDLE
        reads, written = self._rng.integers(2, size=2).astype(bool).tolist()
        address, data = int(self._rng.integers(ADDRESSES)), int(self._rng.integers(1 << 32))
        return Access(address, reads, writes and written, data)


def real_head(captured: AttentionHead, config: ProcessingElementConfig) -> Head:
    """A captured head as the processing element takes it: padding is not loaded, the scale has ``scale_bits`` bits.

    Captured scales have log2(e) folded for a softmax of base 2; for one of base e it is taken out. Units of context are
    those of :func:`context_unit`.
    """
    scale = captured.multiplier / 2**captured.shift
    of_scores = scale / np.log2(config.softmax.arithmetic.exponential_base)
    multiplier, shift = fixed_point(of_scores, config.scale_bits)
    of_context = captured.v_scale * config.probability.to_real(1) / context_unit(captured)
    context_multiplier, context_shift = fixed_point(of_context, config.scale_bits)
    return Head(
        q=captured.q,
        k=captured.k[: captured.valid],
        multiplier=multiplier,
        shift=shift,
        # From units of a score to units of a dot product.
        zero_point=round(captured.zero_point / scale),
        causal=captured.causal,
        v=captured.v[: captured.valid],
        context_multiplier=context_multiplier,
        context_shift=context_shift,
    )


def context_unit(captured: AttentionHead) -> float:
    """Value of a unit of a captured head's context, so that 8 bits just hold it."""
    return float(np.abs(exact_attention(captured)[1]).max()) / 127


def processing_element_timing(heads: Sequence[Head], config: ProcessingElementConfig):
    """The timing model for some heads, and what it gives: (ProcessingElementTiming, PackedStream)."""
    framing, saturated, output = _output(heads, config)
    return ProcessingElementTiming(config, framing, saturated), output


def processing_element_streams(
    heads: Sequence[Head], config: ProcessingElementConfig
) -> tuple[UnitStreams, np.ndarray]:
    """All streams over some heads, framed as they leave; and for each head whether a power sum of it saturates."""
    framing, saturated, output = _output(heads, config)
    first_rows = np.cumsum([0, *(len(head.q) for head in heads[:-1])])
    of_heads = np.logical_or.reduceat(saturated[framing.last], first_rows)
    if config.values:
        framing = frame(_context_last(heads, config), RowShape(lanes=config.lanes, max_len=config.max_d_head))
    return UnitStreams(_sources(heads, config), {"o": output}, framing), of_heads


def _output(heads, config) -> tuple[Framing, np.ndarray, PackedStream]:
    """Framing of all slices of scores, whether the row of each saturates, and what leaves the processing element."""
    softmax = config.softmax
    words = [softmax.arithmetic.encode(scores(head, config), softmax) for head in heads]
    rows = [
        (row[:n], np.ones(n, bool))
        for head, of_head in zip(heads, words, strict=True)
        for row, n in zip(of_head, head.visible, strict=True)
    ]
    streams = softmax_model(softmax).streams(rows_to_slices(rows, softmax), softmax)
    probabilities = streams.shown["o"]
    saturated = probabilities.flag(softmax_hardware(softmax).probability_slice(softmax), "saturated")
    return streams.framing, saturated, _context_stream(heads, config) if config.values else probabilities


def _context_stream(heads: Sequence[Head], config: ProcessingElementConfig) -> PackedStream:
    """The context of every row in slices, filled up with zeros."""
    slices = []
    for head in heads:
        raw = context(head, config)
        slices.append(np.pad(raw, [(0, 0), (0, -raw.shape[1] % config.lanes)]).reshape(-1, config.lanes))
    fields = {"x": np.concatenate(slices), "last": _context_last(heads, config)}
    return PackedStream.pack(context_slice(config), fields)


def _context_last(heads: Sequence[Head], config: ProcessingElementConfig) -> np.ndarray:
    """Which slices of context end a row."""
    of_rows = [(np.arange(config.chunks(head.q.shape[1]))[::-1] == 0, len(head.q)) for head in heads]
    return np.concatenate([np.tile(of_a_row, rows) for of_a_row, rows in of_rows])


def processing_element_trace(
    heads: Sequence[Head],
    config: ProcessingElementConfig,
    permits: dict[str, np.ndarray],
    rng: np.random.Generator,
    *,
    difficult: bool = False,
    early_queries: bool = True,
) -> Trace:
    """Trace of the processing element over some heads.

    Parameters
    ----------
    permits : dict of str to ndarray of bool
        Permissions of the streams ``k``, ``v``, ``q`` and ``o``, as for
        :meth:`softermax.sim.unit_models.UnitModel.trace`.
    difficult, early_queries : bool
        Options of the host, see :class:`HeadHost`.
    """
    timing, output = processing_element_timing(heads, config)
    host = HeadHost(heads, config, rng if difficult else None, early_queries)
    return record(timing, _sources(heads, config), {"o": output}, permits, rng, host)


def _sources(heads: Sequence[Head], config: ProcessingElementConfig) -> dict[str, PackedStream]:
    """Keys, queries and, if they are kept, values; keys that stay are not loaded again."""
    loading = [
        head for head, before in zip(heads, [None, *heads], strict=False) if before is None or head.k is not before.k
    ]
    size = config.vector_size
    sources = {"k": join([head.k for head in loading], size), "q": join([head.q for head in heads], size)}
    if config.values:
        filled_up = [np.pad(head.v, [(0, 0), (0, -head.v.shape[1] % config.lanes)]) for head in loading]
        sources["v"] = join([values.T for values in filled_up], size)
    return sources
