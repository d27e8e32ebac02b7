"""Processing element: from 8-bit queries and keys to probabilities."""

from __future__ import annotations

from amaranth.hdl import Module
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from softermax.model.baseline import BaselineConfig
from softermax.model.pe import ProcessingElementConfig

from .. import streams as softermax_streams
from ..baseline import BaselineSoftmax
from ..baseline import streams as baseline_streams
from ..softermax import Softermax
from .binary16_scores import Binary16Scores
from .mac_array import MacArray
from .operands import Operands
from .registers import Registers, register_port
from .requantiser import Requantiser
from .sequencer import Sequencer
from .streams import vector

__all__ = ["ProcessingElement"]


class ProcessingElement(wiring.Component):
    """Vector MACs, requantiser and a complete softmax behind a register interface (paper: processing element).

    Keys are loaded first, then a head is started; queries stream in and probabilities stream out, row by row. The MACs
    work without a pause as long as queries come and probabilities are taken: while a row is normalised, the scores of
    the next are computed. A row ends with the slice that holds the last key that it may see.

    Parameters
    ----------
    config : ProcessingElementConfig

    Members
    -------
    csr : In, :func:`softermax.hw.pe.registers.register_port`
    done : Out, 1
        As in the status register.
    k, q : In, streams of :func:`softermax.hw.pe.streams.vector`
        Keys and queries in order, each in words of ``vector_size`` elements, filled up with zeros.
    o : Out, stream of the softmax's probabilities

    Raises
    ------
    TypeError
        If the config is none.
    """

    def __init__(self, config: ProcessingElementConfig):
        if not isinstance(config, ProcessingElementConfig):
            raise TypeError(f"config must be a ProcessingElementConfig, not {config!r}")
        self.config = config
        payloads = baseline_streams if isinstance(config.softmax, BaselineConfig) else softermax_streams
        super().__init__(
            {
                "csr": In(register_port()),
                "done": Out(1),
                "k": In(stream.Signature(vector(config))),
                "q": In(stream.Signature(vector(config))),
                "o": Out(stream.Signature(payloads.probability_slice(config.softmax))),
            }
        )

    def elaborate(self, platform):
        m = Module()
        m.submodules.registers = registers = Registers(self.config)
        m.submodules.sequencer = sequencer = Sequencer(self.config)
        m.submodules.operands = operands = Operands(self.config)
        m.submodules.mac_array = macs = MacArray(self.config)
        m.submodules.requantiser = requantiser = Requantiser(self.config)
        settings = registers.settings
        connect(m, flipped(self.csr), registers.csr)
        connect(m, flipped(self.k), operands.k)
        connect(m, flipped(self.q), operands.q)
        connect(m, sequencer.o, operands.i)
        connect(m, operands.o, macs.i)
        connect(m, macs.o, requantiser.i)
        m.d.comb += [
            sequencer.start.eq(registers.start),
            sequencer.settings.eq(settings),
            operands.chunks.eq(settings.chunks),
            operands.start.eq(registers.start),
            operands.busy.eq(registers.busy),
            operands.discard.eq(registers.discard),
            registers.loaded.eq(operands.loaded),
            macs.zero_point.eq(settings.zero_point),
            requantiser.multiplier.eq(settings.multiplier),
            requantiser.shift.eq(settings.shift),
            self.done.eq(registers.done),
        ]
        softmax = self._softmax(m, requantiser.o)
        connect(m, softmax.o, flipped(self.o))
        taken, probabilities = self.o.valid & self.o.ready, self.o.payload
        m.d.comb += registers.row_taken.eq(taken & probabilities.last)
        if not isinstance(self.config.softmax, BaselineConfig):
            m.d.comb += registers.saturated.eq(taken & probabilities.saturated)
        return m

    def _softmax(self, m, scores):
        """The softmax, fed with the scores."""
        if not isinstance(self.config.softmax, BaselineConfig):
            m.submodules.softmax = softmax = Softermax(self.config.softmax)
            connect(m, scores, softmax.i)
            return softmax
        m.submodules.binary16_scores = converter = Binary16Scores(self.config)
        m.submodules.softmax = softmax = BaselineSoftmax(self.config.softmax)
        connect(m, scores, converter.i)
        connect(m, converter.o, softmax.i)
        return softmax
