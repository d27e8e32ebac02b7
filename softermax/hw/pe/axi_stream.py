"""The processing element with AXI4-Stream data ports."""

from __future__ import annotations

from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from softermax.model.pe_config import ProcessingElementConfig

from ..axi_stream import ROW_FLAGS, axi_clock, axi_stream, connect_numbers, row_flags
from ..packet_framer import PacketFramer
from .processing_element import ProcessingElement
from .registers import register_port
from .streams import vector

__all__ = ["AxiStreamProcessingElement"]


class AxiStreamProcessingElement(wiring.Component):
    """A processing element whose queries, keys, values and results are AXI4-Stream packets.

    A packet is a key, a query, or a row of transposed values, its last beat kept as far as it goes. It is as long as
    the registers say, or else filled up with zeros or cut by a :class:`softermax.hw.packet_framer.PacketFramer`, so
    that the next one is in its place. No packet is begun until a size has been written that the processing element
    takes. Out comes a packet for each row, with all bytes kept. Latency and throughput are the processing element's.

    Parameters
    ----------
    config : ProcessingElementConfig

    Members
    -------
    aclk : In, 1
    aresetn : In, 1
        Synchronous, low to reset. As long as it is low, nothing is taken or offered, and what has been taken is lost.
    csr : In, :func:`softermax.hw.pe.registers.register_port`
    done : Out, 1
    s_axis_k_..., s_axis_q_... and, with values, s_axis_v_...
        ``tdata``, ``tkeep``, ``tlast``, ``tvalid`` : In; ``tready`` : Out
    k_ends_early, k_ends_late, ... : Out, 1
        For each of them, for a cycle: a packet has ended too early, has not ended where it should.
    m_axis_tdata, m_axis_tkeep, m_axis_tlast, m_axis_tvalid : Out; m_axis_tready : In
    m_axis_tuser : Out, 2
        With probabilities only, as :class:`softermax.hw.AxiStreamSoftmax` has it.

    Attributes
    ----------
    inner : ProcessingElement
        The processing element itself.

    Raises
    ------
    TypeError
        If the config is none.
    """

    def __init__(self, config: ProcessingElementConfig):
        self.inner = element = ProcessingElement(config)
        self.config = config
        self._matrices = [name for name in ("k", "q", "v") if name in element.signature.members]
        members = {"aclk": In(1), "aresetn": In(1), "csr": In(register_port()), "done": Out(1)}
        for name in self._matrices:
            port = axi_stream(f"s_axis_{name}", vector(config))
            members |= {name: member.flip() for name, member in port.items()}
            members |= {f"{name}_{event}": Out(1) for event in ("ends_early", "ends_late")}
        user = 0 if config.values else len(ROW_FLAGS)
        super().__init__(members | axi_stream("m_axis", self._numbers.shape(), user=user))

    @property
    def _numbers(self):
        """Probabilities or context, as they leave."""
        payload = self.inner.o.payload
        return payload.x if self.config.values else payload.y

    def elaborate(self, platform):
        m = Module()
        element, clocked = self.inner, axi_clock(m, self)
        m.submodules.processing_element = clocked(element)
        connect(m, flipped(self.csr), element.csr)
        m.d.comb += self.done.eq(element.done)
        registers, config = element.registers, self.config
        settings, start = registers.settings, registers.start
        framers = {
            "k": self._frame(m, "k", settings.chunks, config.max_chunks, start | registers.discard_keys),
            # Queries that have been sent stay for the next head.
            "q": self._frame(m, "q", settings.chunks, config.max_chunks, 0),
        }
        if config.values:
            restart = start | registers.discard_values
            framers["v"] = self._frame(m, "v", settings.key_slices, config.softmax.max_slices, restart)
        for name, framer in framers.items():
            m.submodules[f"framer_{name}"] = clocked(framer)
        flags = None if config.values else row_flags(element.o.payload)
        connect_numbers(m, self, "m_axis", element.o, self._numbers, flags)
        return m

    def _frame(self, m, name: str, words, most: int, restart) -> PacketFramer:
        """What frames the packets of a matrix, connected."""
        framer = PacketFramer(self.config.vector_size, most)
        inner = getattr(self.inner, name)
        port = {part: getattr(self, f"s_axis_{name}_t{part}") for part in ("data", "keep", "last", "valid", "ready")}
        m.d.comb += [
            framer.i.payload.data.as_value().eq(port["data"]),
            framer.i.payload.keep.eq(port["keep"]),
            framer.i.payload.last.eq(port["last"]),
            framer.i.valid.eq(port["valid"] & self.aresetn),
            port["ready"].eq(framer.i.ready & self.aresetn),
            framer.words.eq(words),
            framer.restart.eq(restart),
            inner.payload.as_value().eq(framer.o.payload.as_value()),
            inner.valid.eq(framer.o.valid),
            framer.o.ready.eq(inner.ready),
            getattr(self, f"{name}_ends_early").eq(framer.ends_early),
            getattr(self, f"{name}_ends_late").eq(framer.ends_late),
        ]
        return framer
