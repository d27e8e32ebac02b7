"""Weight buffer: the keys of a sequence, and with values also those, a bank for each lane."""

from __future__ import annotations

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from softermax.model.pe_config import OPERAND_BITS, ProcessingElementConfig

from ..sram import Sram
from .streams import operands, vector

__all__ = ["Loader", "WeightBuffer"]


class Loader(wiring.Component):
    """Says where the words of a matrix go that comes row by row: row j into bank j mod lanes.

    The first word after a start begins a new matrix; until then the old one stays. The very first one comes after a
    discard.

    Parameters
    ----------
    config : ProcessingElementConfig
    rows : int
        Most rows.
    first : int
        A bank's first word for this matrix.
    words : int
        Words of the longest row.

    Members
    -------
    i : In, stream of :func:`softermax.hw.pe.streams.vector`
        Not taken when ``rows`` rows are there, nor unless it ``may``.
    may : In, 1
    words : In
        Words of a row.
    start, discard : In, 1
        Begin a new matrix with the next word; and forget this one.
    loaded : Out
        Number of whole rows.
    taken : Out, 1
        A word comes.
    bank, bank_word : Out
        Where it goes.
    """

    def __init__(self, config: ProcessingElementConfig, *, rows: int, first: int, words: int):
        self.config, self._rows, self._first = config, rows, first
        super().__init__(
            {
                "i": In(stream.Signature(vector(config))),
                "may": In(1),
                "words": In(range(words + 1)),
                "start": In(1),
                "discard": In(1),
                "loaded": Out(range(rows + 1)),
                "taken": Out(1),
                "bank": Out(range(config.lanes)),
                "bank_word": Out(range(config.bank_words)),
            }
        )

    def elaborate(self, platform):
        m = Module()
        loaded = Signal.like(self.loaded, name="loaded")
        fresh = Signal(init=1)
        row_word, word = (
            Signal(range(self.config.bank_words), name=name, reset_less=True) for name in ("row_word", "word")
        )
        number = Signal.like(self.words, name="number", reset_less=True)
        bank = Signal(range(self.config.lanes), reset_less=True)
        completes = Signal()
        m.d.comb += [
            self.i.ready.eq((fresh | (loaded != self._rows)) & self.may),
            self.taken.eq(self.i.valid & self.i.ready),
            self.loaded.eq(loaded),
            self.bank.eq(bank),
            self.bank_word.eq(word),
            completes.eq(number == self.words - 1),
        ]
        with m.If(self.taken):
            m.d.sync += [fresh.eq(0), loaded.eq(Mux(fresh, 0, loaded) + completes)]
            m.d.sync += [number.eq(number + 1), word.eq(word + 1)]
            with m.If(completes):
                m.d.sync += [number.eq(0), bank.eq(bank + 1), word.eq(row_word)]
                with m.If(bank == self.config.lanes - 1):
                    m.d.sync += [row_word.eq(word + 1), word.eq(word + 1)]
        with m.If(self.start | self.discard):
            m.d.sync += [fresh.eq(1), number.eq(0), bank.eq(0), row_word.eq(self._first), word.eq(self._first)]
        with m.If(self.discard):
            m.d.sync += loaded.eq(0)
        return m


class WeightBuffer(wiring.Component):
    """A bank for each lane; row j of a matrix is in bank j mod lanes.

    Keys come in order. Values come transposed: all of their first elements, then all of their second ones; so that what
    a lane adds up lies in one bank. Both stay for further queries until others come.

    Parameters
    ----------
    config : ProcessingElementConfig

    Members
    -------
    k : In, stream of :func:`softermax.hw.pe.streams.vector`
        Taken neither while ``busy``, nor in the cycle of ``start`` or ``discard_keys``, nor when ``max_len`` keys are
        there.
    chunks : In
        Words of a key.
    start, busy : In, 1
    discard_keys : In, 1
        Forget the keys.
    keys_loaded : Out
        Number of whole keys.
    v, key_slices, discard_values, values_loaded
        The same for the rows of transposed values, of ``key_slices`` words; with values only. At most
        ``config.value_rows`` rows, and no word while a key is taken or while ``values_fit`` (In, 1) is low.
    read_enable, read_word : In
    banks : Out, array of lanes of :func:`softermax.hw.pe.streams.vector`
        The words read last.
    """

    def __init__(self, config: ProcessingElementConfig):
        self.config = config
        members = {
            "k": In(stream.Signature(vector(config))),
            "chunks": In(range(config.max_chunks + 1)),
            "start": In(1),
            "busy": In(1),
            "discard_keys": In(1),
            "keys_loaded": Out(range(config.max_len + 1)),
            "read_enable": In(1),
            "read_word": In(range(config.bank_words)),
            "banks": Out(operands(config)["banks"].shape),
        }
        if config.values:
            members |= {
                "v": In(stream.Signature(vector(config))),
                "key_slices": In(range(config.softmax.max_slices + 1)),
                "discard_values": In(1),
                "values_fit": In(1),
                "values_loaded": Out(range(config.value_rows + 1)),
            }
        super().__init__(members)

    def elaborate(self, platform):
        m = Module()
        config = self.config
        m.submodules.keys = keys = Loader(config, rows=config.max_len, first=0, words=config.max_chunks)
        connect(m, flipped(self.k), keys.i)
        m.d.comb += [
            keys.may.eq(~self.busy & ~self.start & ~self.discard_keys),
            keys.words.eq(self.chunks),
            keys.start.eq(self.start),
            keys.discard.eq(self.discard_keys),
            self.keys_loaded.eq(keys.loaded),
        ]
        taken, bank, bank_word, word = keys.taken, keys.bank, keys.bank_word, self.k.payload
        if config.values:
            values = self._values(m, keys.taken)
            taken = keys.taken | values.taken
            bank, bank_word = (Mux(keys.taken, getattr(keys, n), getattr(values, n)) for n in ("bank", "bank_word"))
            word = Mux(keys.taken, self.k.payload.as_value(), self.v.payload.as_value())
        self._banks(m, taken, bank, bank_word, word)
        return m

    def _values(self, m, key_taken) -> Loader:
        """The loader of the values."""
        slices = self.config.softmax.max_slices
        values = Loader(self.config, rows=self.config.value_rows, first=self.config.key_words, words=slices)
        m.submodules.values = values
        connect(m, flipped(self.v), values.i)
        m.d.comb += [
            values.may.eq(~self.busy & ~self.start & ~self.discard_values & ~key_taken & self.values_fit),
            values.words.eq(self.key_slices),
            values.start.eq(self.start),
            values.discard.eq(self.discard_values),
            self.values_loaded.eq(values.loaded),
        ]
        return values

    def _banks(self, m, taken, bank, bank_word, word):
        for number, read in enumerate(self.banks):
            memory = Sram(OPERAND_BITS * self.config.vector_size, self.config.bank_words, one_port=True)
            m.submodules[f"bank_{number}"] = memory
            m.d.comb += [
                memory.write_enable.eq(taken & (bank == number)),
                memory.write_address.eq(bank_word),
                memory.write_data.eq(word),
                memory.read_enable.eq(self.read_enable),
                memory.read_address.eq(self.read_word),
                read.as_value().eq(memory.read_data),
            ]
