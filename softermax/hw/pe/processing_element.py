"""Processing element: from 8-bit queries, keys and values to context, or to probabilities."""

from __future__ import annotations

from amaranth.hdl import Module, Mux
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from softermax.model.pe_config import ProcessingElementConfig

from ..softmax_hardware import softmax_hardware
from .mac_array import MacArray
from .operands import Operands
from .registers import Registers, register_port
from .requantiser import Requantiser
from .sequencer import Sequencer
from .streams import context_slice, vector

__all__ = ["ProcessingElement"]


class ProcessingElement(wiring.Component):
    """Vector MACs, requantiser and a complete softmax behind a register interface (paper: processing element).

    Keys are loaded first, then a head is started; queries stream in and probabilities stream out, row by row. The MACs
    work without a pause as long as queries come and probabilities are taken: while a row is normalised, the scores of
    the next are computed. A row ends with the slice that holds the last key that it may see.

    With values, which are loaded like keys, probabilities return to the MACs, and context streams out. Rows take turns:
    the context of one is computed after the scores of the next.

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
    v : In, stream of :func:`softermax.hw.pe.streams.vector`
        With values only: transposed values, for each element those of all keys, filled up with zeros to whole words;
        and further rows of zeros, up to a multiple of lanes.
    o : Out, stream of the softmax's probabilities; with values of :func:`softermax.hw.pe.streams.context_slice`

    Attributes
    ----------
    registers : Registers
        Whose settings and start hardware around it may want to know.

    Raises
    ------
    TypeError
        If the config is none.
    """

    def __init__(self, config: ProcessingElementConfig):
        if not isinstance(config, ProcessingElementConfig):
            raise TypeError(f"config must be a ProcessingElementConfig, not {config!r}")
        self.config = config
        self.registers = Registers(config)
        self._hardware = softmax_hardware(config.softmax)
        output = context_slice(config) if config.values else self._hardware.probability_slice(config.softmax)
        matrices = ("k", "v", "q") if config.values else ("k", "q")
        super().__init__(
            {
                "csr": In(register_port()),
                "done": Out(1),
                **{name: In(stream.Signature(vector(config))) for name in matrices},
                "o": Out(stream.Signature(output)),
            }
        )

    def elaborate(self, platform):
        m = Module()
        m.submodules.registers = registers = self.registers
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
        self._scale(m, requantiser, settings)
        m.d.comb += [
            sequencer.start.eq(registers.start),
            sequencer.settings.eq(settings),
            operands.chunks.eq(settings.chunks),
            operands.start.eq(registers.start),
            operands.busy.eq(registers.busy),
            operands.discard_keys.eq(registers.discard_keys),
            registers.keys_loaded.eq(operands.keys_loaded),
            macs.zero_point.eq(settings.zero_point),
            self.done.eq(registers.done),
            registers.row_taken.eq(self.o.valid & self.o.ready & self.o.payload.last),
        ]
        softmax = self._softmax(m, requantiser.o)
        if self.config.values:
            self._values(m, registers, operands)
            connect(m, softmax.o, operands.p)
            connect(m, requantiser.context, flipped(self.o))
        else:
            connect(m, softmax.o, flipped(self.o))
        if "saturated" in softmax.o.payload.shape().members:
            taken = softmax.o.valid & softmax.o.ready
            m.d.comb += registers.saturated.eq(taken & softmax.o.payload.saturated)
        return m

    def _scale(self, m, requantiser, settings):
        """The scale of the slice that is being requantised."""
        for name in ("multiplier", "shift"):
            scale = getattr(settings, name)
            if self.config.values:
                scale = Mux(requantiser.i.payload.context, getattr(settings, f"context_{name}"), scale)
            m.d.comb += getattr(requantiser, name).eq(scale)

    def _values(self, m, registers, operands):
        """What the buffers must know to load values."""
        connect(m, flipped(self.v), operands.v)
        m.d.comb += [
            operands.key_slices.eq(registers.settings.key_slices),
            operands.discard_values.eq(registers.discard_values),
            operands.values_fit.eq(registers.values_fit),
            registers.values_loaded.eq(operands.values_loaded),
        ]

    def _softmax(self, m, scores):
        """The softmax, fed with the scores; the sequencer makes no row too long, so nothing in it counts slices."""
        if self._hardware.score_converter is not None:
            m.submodules.score_converter = converter = self._hardware.score_converter(
                self.config.score, self.config.softmax
            )
            connect(m, scores, converter.i)
            scores = converter.o
        m.submodules.softmax = softmax = self._hardware.element_softmax(self.config.softmax, overlong_rows=False)
        connect(m, scores, softmax.i)
        return softmax
