"""Registers: a head's settings, its start, and what became of it."""

from __future__ import annotations

from functools import reduce
from operator import or_

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from softermax.model.pe import Register
from softermax.model.pe_config import SHIFT_BITS, ZERO_POINT_BITS, ProcessingElementConfig

from .streams import settings

__all__ = ["Registers", "register_port"]


def register_port() -> wiring.Signature:
    """A port that a CSR bus can drive, seen from the bus; ``read_data`` comes a cycle after ``read_strobe``, else 0."""
    return wiring.Signature(
        {
            "address": Out(range(len(Register))),
            "read_strobe": Out(1),
            "read_data": In(32),
            "write_strobe": Out(1),
            "write_data": Out(32),
        }
    )


class Registers(wiring.Component):
    """The register interface, :class:`softermax.model.pe.Register`.

    Settings keep what is written to them until it is changed; while a head is being computed, writes to them are
    ignored. A number beyond what the processing element takes is stored as one more than that. A write to ``D_HEAD``
    discards the keys that are loaded, and a write to either size of values, ``D_HEAD`` or ``KEYS``, the values.

    A start is refused, with a bit in ``STATUS`` and nothing else, if a head is being computed, if there is no query
    or no key, if queries, keys or d_head are more than it takes, or if fewer keys or rows of values are loaded. A start
    that is taken clears all bits of ``STATUS`` but busy; it is done when the last that the head gives has been taken.

    Parameters
    ----------
    config : ProcessingElementConfig

    Members
    -------
    csr : In, :func:`register_port`
    settings : Out, :func:`softermax.hw.pe.streams.settings`
    start : Out, 1
        In the cycle in which a start is taken.
    discard_keys : Out, 1
        In the cycle in which ``D_HEAD`` is written: keys that are loaded lie otherwise then.
    busy, done : Out, 1
        As in ``STATUS``.
    keys_loaded : In
        Number of whole keys in the weight buffer.
    discard_values : Out, 1
        In the cycle in which ``D_HEAD`` or ``KEYS`` is written; this and what follows with values only.
    values_fit : Out, 1
        Whether the number of keys is one that the processing element takes.
    values_loaded : In
        Number of whole rows of transposed values in the weight buffer.
    row_taken : In, 1
        The last of a row is being taken.
    saturated : In, 1
        Probabilities of a row whose sum has saturated are being taken.
    """

    def __init__(self, config: ProcessingElementConfig):
        self.config = config
        members = {
            "csr": In(register_port()),
            "settings": Out(settings(config)),
            "start": Out(1),
            "discard_keys": Out(1),
            "busy": Out(1),
            "done": Out(1),
            "keys_loaded": In(range(config.max_len + 1)),
            "row_taken": In(1),
            "saturated": In(1),
        }
        if config.values:
            members |= {
                "discard_values": Out(1),
                "values_fit": Out(1),
                "values_loaded": In(range(config.value_rows + 1)),
            }
        super().__init__(members)

    def elaborate(self, platform):
        m = Module()
        stored = self._settings(m)
        self._take_settings(m, stored)
        complete = self._complete(m, stored)
        starts = self.csr.write_strobe & (self.csr.address == Register.CONTROL) & self.csr.write_data[0]
        m.d.comb += self.start.eq(starts & ~self.busy & complete)
        m.d.comb += self.discard_keys.eq(self._writes(Register.D_HEAD))
        refused = Signal()
        saturated = Signal()
        with m.If(starts & ~self.start):
            m.d.sync += refused.eq(1)
        with m.If(self.saturated):
            m.d.sync += saturated.eq(1)
        self._rows(m)
        with m.If(self.start):
            m.d.sync += [refused.eq(0), saturated.eq(0)]
        self._read(m, stored | {Register.STATUS: Cat(self.busy, self.done, refused, saturated)})
        return m

    def _writes(self, register: Register) -> Value:
        """Whether a setting is written."""
        return self.csr.write_strobe & ~self.busy & (self.csr.address == register)

    def _settings(self, m) -> dict[Register, Value]:
        """The stored settings, by address."""
        config = self.config
        sizes = {
            Register.QUERIES: (Signal(range(config.max_len + 2), name="queries"), config.max_len),
            Register.KEYS: (Signal(range(config.max_len + 2), name="keys"), config.max_len),
            Register.D_HEAD: (Signal(range(config.max_d_head + 2), name="d_head"), config.max_d_head),
        }
        scales = {Register.SCALE: ""} | ({Register.CONTEXT_SCALE: "context_"} if config.values else {})
        zero_point, causal = Signal(ZERO_POINT_BITS, name="zero_point"), Signal(name="causal")
        written = self.csr.write_data
        for register, (size, most) in sizes.items():
            with m.If(self._writes(register)):
                m.d.sync += size.eq(Mux(written > most, most + 1, written))
        scaled = {}
        for register, prefix in scales.items():
            multiplier = Signal(config.scale_bits, name=f"{prefix}multiplier")
            shift = Signal(SHIFT_BITS, name=f"{prefix}shift")
            scaled[register] = Cat(multiplier, Const(0, 16 - len(multiplier)), shift)
            with m.If(self._writes(register)):
                m.d.sync += [multiplier.eq(written), shift.eq(written[16:])]
        with m.If(self._writes(Register.ZERO_POINT)):
            m.d.sync += zero_point.eq(written)
        with m.If(self._writes(Register.MASK)):
            m.d.sync += causal.eq(written)
        others = {Register.ZERO_POINT: zero_point.as_signed(), Register.MASK: causal}
        return {register: size for register, (size, _) in sizes.items()} | scaled | others

    def _take_settings(self, m, stored):
        """Connect the settings."""
        config = self.config
        word_bits, lane_bits = (size.bit_length() - 1 for size in (config.vector_size, config.lanes))
        m.d.comb += [
            self.settings.queries.eq(stored[Register.QUERIES]),
            self.settings.keys.eq(stored[Register.KEYS]),
            self.settings.chunks.eq((stored[Register.D_HEAD] + config.vector_size - 1) >> word_bits),
            self.settings.key_slices.eq((stored[Register.KEYS] + config.lanes - 1) >> lane_bits),
            self.settings.multiplier.eq(stored[Register.SCALE]),
            self.settings.shift.eq(stored[Register.SCALE][16:]),
            self.settings.zero_point.eq(stored[Register.ZERO_POINT]),
            self.settings.causal.eq(stored[Register.MASK]),
        ]
        if config.values:
            scale = stored[Register.CONTEXT_SCALE]
            m.d.comb += [self.settings.context_multiplier.eq(scale), self.settings.context_shift.eq(scale[16:])]

    def _complete(self, m, stored) -> Value:
        """Whether all sizes are what the processing element takes, and everything is loaded."""
        config = self.config
        most = {Register.QUERIES: config.max_len, Register.KEYS: config.max_len, Register.D_HEAD: config.max_d_head}
        within = {register: (stored[register] != 0) & (stored[register] <= limit) for register, limit in most.items()}
        complete = Cat(within.values()).all() & (stored[Register.KEYS] <= self.keys_loaded)
        if not config.values:
            return complete
        m.d.comb += [
            self.values_fit.eq(within[Register.KEYS]),
            self.discard_values.eq(self._writes(Register.D_HEAD) | self._writes(Register.KEYS)),
        ]
        return complete & (self.settings.chunks * config.lanes <= self.values_loaded)

    def _rows(self, m):
        """Busy until the last row has left."""
        left = Signal.like(self.settings.queries, name="rows_left", reset_less=True)
        busy = Signal()
        done = Signal()
        m.d.comb += [self.busy.eq(busy), self.done.eq(done)]
        with m.If(self.start):
            m.d.sync += [left.eq(self.settings.queries), busy.eq(1), done.eq(0)]
        with m.Elif(self.row_taken):
            m.d.sync += left.eq(left - 1)
            with m.If(left == 1):
                m.d.sync += [busy.eq(0), done.eq(1)]

    def _read(self, m, readable):
        data = Signal(32)
        words = []
        for register, value in readable.items():
            words.append(word := Signal(32, name=f"{register.name.lower()}_word"))
            with m.If(self.csr.read_strobe & (self.csr.address == register)):
                m.d.comb += word.eq(value)
        m.d.comb += self.csr.read_data.eq(data)
        m.d.sync += data.eq(reduce(or_, words))
