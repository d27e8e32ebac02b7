"""Probability buffer: a row of probabilities on its way from the softmax back to the MACs."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from softermax.model.pe_config import OPERAND_BITS, ProcessingElementConfig

from ..softmax_hardware import softmax_hardware
from ..sram import Sram

__all__ = ["ProbabilityBuffer"]


class ProbabilityBuffer(wiring.Component):
    """Holds a row, 8 bits a probability, and takes no slice of another one until the row is released.

    Probabilities in floating point become fixed point first.

    Parameters
    ----------
    config : ProcessingElementConfig

    Members
    -------
    i : In, stream of the softmax's probabilities
    chunk : In
        Slice of the row.
    available : Out, 1
        Whether that slice is there.
    read_enable : In, 1
    slice : Out
        The slice read last, lanes probabilities of 8 bits.
    release : In, 1
        Drop the row; together with the last read of it.
    """

    def __init__(self, config: ProcessingElementConfig):
        self.config = config
        self._hardware = softmax_hardware(config.softmax)
        super().__init__(
            {
                "i": In(stream.Signature(self._hardware.probability_slice(config.softmax))),
                "chunk": In(range(config.softmax.max_slices)),
                "available": Out(1),
                "read_enable": In(1),
                "slice": Out(data.ArrayLayout(OPERAND_BITS, config.lanes)),
                "release": In(1),
            }
        )

    def elaborate(self, platform):
        m = Module()
        m.submodules.row = row = Sram(self.slice.shape().size, self.config.softmax.max_slices)
        level = Signal(range(row.depth + 1))
        complete = Signal()
        taken = self.i.valid & self.i.ready
        m.d.comb += [
            self.i.ready.eq(~complete),
            self.available.eq(level > self.chunk),
            row.write_enable.eq(taken),
            row.write_address.eq(level),
            row.write_data.eq(Cat(self._byte(m, y) for y in self.i.payload.y)),
            row.read_enable.eq(self.read_enable),
            row.read_address.eq(self.chunk),
            self.slice.as_value().eq(row.read_data),
        ]
        with m.If(taken):
            m.d.sync += [level.eq(level + 1), complete.eq(self.i.payload.last)]
        with m.If(self.release):
            m.d.sync += [level.eq(0), complete.eq(0)]
        return m

    def _byte(self, m, y):
        """A probability in 8 bits."""
        byte = Signal(OPERAND_BITS)
        m.d.comb += byte.eq(self._hardware.to_fixed(m, y, self.config.softmax))
        return byte
